"""Mails over real sockets: refused, cut, in the clear, late, and into a maildir."""

import shutil
import ssl
import subprocess
from datetime import UTC, datetime
from mailbox import Maildir
from pathlib import Path
from typing import Any

import pytest

from alerts.delivery import MaildirSender, SmtpSender, make_sender
from alerts.outbox import Claimed, Result
from settings import Settings
from tests.support.not_run import not_run
from tests.support.ports import find_free_port
from tests.support.smtp import CUT, SmtpServer, running_smtp_server

MAIL = (
    b"Subject: P2 grade 3 ICANS (A-0142)\r\nMessage-ID: <uid@hospital.org>\r\n\r\nA line.\r\n.\r\n..two\r\n"
)


def claimed(address: str = "li@hospital.org", uid: str = "uid") -> Claimed:
    return Claimed(1, uid, address, 2, MAIL, 1, datetime(2026, 3, 8, tzinfo=UTC), "w1")


def sender_for(server: SmtpServer, **more: Any) -> SmtpSender:
    return SmtpSender(site(server.port, **more), timeout_s=2)


def site(port: int, **more: Any) -> Settings:
    values: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    return Settings(**values | {"smtp_from": "vigil@hospital.org"} | more)


def test_a_mail_arrives_as_it_was_built_and_the_reply_is_kept(smtp_server: SmtpServer) -> None:
    sender = sender_for(smtp_server)
    outcome = sender.send(claimed())
    sender.close()
    assert (outcome.result, outcome.reply) == (Result.SENT, "250 2.0.0 Ok: queued")
    (mail,) = smtp_server.wait_for(1)
    assert mail.content == MAIL
    assert (mail.mail_from, mail.recipients) == ("vigil@hospital.org", ["li@hospital.org"])


def test_the_connection_stays_open_between_mails(smtp_server: SmtpServer) -> None:
    sender = sender_for(smtp_server)
    for _ in range(3):
        assert sender.send(claimed()).result is Result.SENT
    sender.close()
    assert [step for step, _ in smtp_server.attempts].count("EHLO") == 1


def test_a_connection_lost_while_idle_is_opened_again(smtp_server: SmtpServer) -> None:
    sender = sender_for(smtp_server)
    assert sender.send(claimed()).result is Result.SENT
    smtp_server.refuse("MAIL", CUT)
    cuts: list[str] = []

    def cut_once(step: str, _argument: str) -> str | None:
        if step == "MAIL" and not cuts:
            cuts.append(step)
            return CUT
        return None

    smtp_server.answer = cut_once
    assert sender.send(claimed()).result is Result.SENT
    sender.close()
    assert [step for step, _ in smtp_server.attempts].count("EHLO") == 2
    assert len(smtp_server.received) == 2


def test_an_idle_connection_is_checked_before_it_is_used(
    smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.delivery._IDLE_S", 0.0)
    sender = sender_for(smtp_server)
    for _ in range(2):
        assert sender.send(claimed()).result is Result.SENT
    assert sender._open is not None
    assert sender._open.sock is not None
    sender._open.sock.close()
    assert sender.send(claimed()).result is Result.SENT
    sender.close()


@pytest.mark.parametrize(
    ("step", "reply", "result"),
    [
        ("EHLO", CUT, Result.RETRY),
        ("MAIL", "451 4.3.0 try later", Result.RETRY),
        ("MAIL", "530 5.7.0 sign in first", Result.RETRY),
        ("MAIL", "550 5.1.0 sender refused", Result.RETRY),
        ("MAIL", CUT, Result.RETRY),
        ("RCPT", "450 4.2.0 greylisted", Result.RETRY),
        ("RCPT", "421 4.3.2 shutting down", Result.RETRY),
        ("RCPT", "550 5.1.1 no such user", Result.REFUSED),
        ("RCPT", CUT, Result.RETRY),
        ("DATA", "451 4.3.0 try later", Result.RETRY),
        ("DATA", "554 5.7.1 refused", Result.REFUSED),
        ("DATA", CUT, Result.UNKNOWN),
    ],
)
def test_each_reply_has_its_result_and_the_next_mail_still_goes(
    smtp_server: SmtpServer, step: Any, reply: str, result: Result
) -> None:
    smtp_server.refuse(step, reply)
    sender = sender_for(smtp_server)
    outcome = sender.send(claimed())
    assert outcome.result is result
    assert outcome.reply
    if reply != CUT and step != "EHLO":
        assert reply in outcome.reply
    smtp_server.accept_all()
    assert sender.send(claimed()).result is Result.SENT
    sender.close()


def test_one_refused_recipient_does_not_touch_the_others(smtp_server: SmtpServer) -> None:
    smtp_server.refuse("RCPT", "550 5.1.1 no such user", only="bad@")
    sender = sender_for(smtp_server)
    results = [sender.send(claimed(address)).result for address in ("a@x.org", "bad@x.org", "c@x.org")]
    sender.close()
    assert results == [Result.SENT, Result.REFUSED, Result.SENT]
    assert [mail.recipients for mail in smtp_server.received] == [["a@x.org"], ["c@x.org"]]


def test_a_server_that_does_not_answer_after_the_dot_leaves_it_unknown(smtp_server: SmtpServer) -> None:
    smtp_server.delay_s["DATA"] = 1.0
    sender = SmtpSender(site(smtp_server.port), timeout_s=20, after_dot_s=0.2)
    assert sender.send(claimed()).result is Result.UNKNOWN
    sender.close()


def test_an_unreachable_server_is_a_reason_to_wait() -> None:
    outcome = SmtpSender(site(find_free_port()), timeout_s=1).send(claimed())
    assert outcome.result is Result.RETRY
    assert "The mail server cannot be reached" in outcome.reply


def test_an_address_with_other_letters_is_refused_for_good(smtp_server: SmtpServer) -> None:
    sender = sender_for(smtp_server)
    assert sender.send(claimed("李@hospital.org")).result is Result.REFUSED
    assert sender.send(claimed()).result is Result.SENT
    sender.close()


def test_without_starttls_nothing_is_sent(smtp_server: SmtpServer) -> None:
    sender = sender_for(smtp_server, smtp_security="starttls")
    outcome = sender.send(claimed())
    assert outcome.result is Result.RETRY
    assert "does not offer what SMTP_SECURITY" in outcome.reply
    assert "MAIL" not in [step for step, _ in smtp_server.attempts]


def test_a_wrong_password_is_told_without_the_password(certificate: Path) -> None:
    with running_smtp_server(security="starttls", tls=server_tls(certificate), vigil="right") as server:
        more = {"smtp_user": "vigil", "smtp_password": "a secret", "smtp_security": "starttls"}
        sender = SmtpSender(site(server.port, **more), timeout_s=2, tls=trusting(certificate))
        outcome = sender.send(claimed())
        assert outcome.result is Result.RETRY
        assert "refused the sign-in" in outcome.reply
        assert "a secret" not in outcome.reply
        right = site(server.port, **(more | {"smtp_password": "right"}))
        signed_in = SmtpSender(right, timeout_s=2, tls=trusting(certificate))
        assert signed_in.send(claimed()).result is Result.SENT
        signed_in.close()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_stops_the_mail(certificate: Path, security: Any) -> None:
    with running_smtp_server(security=security, tls=server_tls(certificate)) as server:
        sender = SmtpSender(site(server.port, smtp_security=security), timeout_s=2)
        outcome = sender.send(claimed())
        assert outcome.result is Result.RETRY
        assert "certificate does not fit" in outcome.reply
        assert server.received == []
        trusted = SmtpSender(
            site(server.port, smtp_security=security), timeout_s=2, tls=trusting(certificate)
        )
        assert trusted.send(claimed()).result is Result.SENT
        trusted.close()


def test_without_a_server_mails_go_into_a_maildir(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    sender = make_sender(settings)
    assert isinstance(sender, MaildirSender)
    for _ in range(2):
        assert sender.send(claimed()).result is Result.SENT
    assert sender.send(claimed(uid="other")).result is Result.SENT
    sender.close()
    mails = list(Maildir(settings.mail_dir, create=False))
    assert len(mails) == 2
    assert {mail["Message-ID"] for mail in mails} == {"<uid@hospital.org>"}
    assert (settings.mail_dir / "new" / "uid").read_bytes() == MAIL


def test_a_maildir_that_cannot_be_written_is_a_reason_to_wait(tmp_path: Path) -> None:
    sender = MaildirSender(tmp_path)
    shutil.rmtree(tmp_path / "tmp")
    outcome = sender.send(claimed())
    assert outcome.result is Result.RETRY
    assert "could not be written" in outcome.reply


def test_with_a_server_mails_go_there(smtp_server: SmtpServer) -> None:
    assert isinstance(make_sender(site(smtp_server.port)), SmtpSender)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, with its key in the same file."""
    openssl = shutil.which("openssl") or not_run("openssl was not found (apt-get install openssl)")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def server_tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def trusting(folder: Path) -> Any:
    return lambda: ssl.create_default_context(cafile=str(folder / "certificate.pem"))

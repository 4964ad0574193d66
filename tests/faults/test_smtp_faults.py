"""Every fault at every step of a mail: what the outbox then holds, and that everything leaves afterwards.

The mails go over STARTTLS with a sign-in, as in service; time is a value that the test moves.
"""

import base64
import logging
import smtplib
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from sqlmodel import select

from alerts.outbox import RETRY_S, Claimed, Outcome, Result
from db.models import Delivery, DeliveryAttempt
from db.session import DatabaseUnreachable, reading, writing
from tests.alerts.conftest import Ward
from tests.faults.outboxes import (
    Post,
    copied_post,
    fill_post,
    mails_by_id,
    message_id,
    post_to,
    sender_of,
)
from tests.support.databases import Filled
from tests.support.faulty_smtp import (
    PASSWORD,
    USER,
    FaultyServer,
    How,
    Step,
    make_certificate,
    running_faulty_server,
    server_context,
)
from tests.support.ports import find_free_port

EVERYONE: Final = 3
CODED: Final = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
SECRETS: Final = (PASSWORD, base64.b64encode(PASSWORD.encode()).decode().rstrip("="), CODED)
Due = Callable[[int], Post]
FAULTS: Final = [(step, how) for step in Step for how in How]


@pytest.fixture(scope="module")
def filled_post(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled[Ward]:
    """A ward whose mails are due, to copy."""
    return fill_post(sqlite_template, tmp_path_factory.mktemp("post"))


@pytest.fixture
def due(filled_post: Filled[Ward], sqlite_database: str, tmp_path: Path) -> Due:
    """Three recipients' mails about one grade 3, for the mail server on a port."""
    return partial(copied_post, filled_post, sqlite_database, tmp_path)


def expected(step: Step, how: How) -> str:
    """The state of a delivery after its first attempt met this fault."""
    if step is Step.DOT and how in (How.SLOW, How.CUT, How.NONSENSE):
        return "unknown"
    about_the_recipient = step in (Step.RCPT, Step.DATA, Step.DOT)
    return "failed" if about_the_recipient and how in (How.FOR_GOOD, How.FOR_GOOD_AND_CUT) else "pending"


def secret_free(post: Post, log: pytest.LogCaptureFixture) -> bool:
    """Whether neither the log nor the database, which the pages are drawn from, holds the password."""
    path = post.ward.settings.database_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path)
    ours = [one.getMessage() for one in log.records if one.name != "mail.log"]  # that is the test's server
    everything = "\n".join([*connection.iterdump(), *ours])
    connection.close()
    return not any(secret in everything for secret in SECRETS)


def nothing_in_the_clear(server: FaultyServer) -> bool:
    """Whether every sign-in, address and message came over TLS."""
    return all(
        over_tls for step, over_tls in server.commands if step not in (Step.CONNECT, Step.EHLO, Step.STARTTLS)
    )


def meet_the_fault(post: Post, server: FaultyServer, certificate: Path, step: Step, how: How) -> None:
    """One pass of the outbox into the fault; a machine that dawdles is given another."""
    if how is not How.SLOW or step is Step.DOT:
        post.empty(sender_of(post, certificate, after_dot_s=0.1))
        return
    for _ in range(20):
        post.empty(sender_of(post, certificate, timeout_s=0.1))
        if server.came_to(step):
            return
        post.advance()


@pytest.mark.parametrize(("step", "how"), FAULTS, ids=[f"{how.value} at {step}" for step, how in FAULTS])
def test_each_fault_at_each_step_delays_and_loses_nothing(
    due: Due,
    certificate: Path,
    caplog: pytest.LogCaptureFixture,
    step: Step,
    how: How,
) -> None:
    caplog.set_level(logging.DEBUG)
    with running_faulty_server(tls=server_context(certificate)) as server:
        post = due(server.port)
        built = post.messages()
        server.go_wrong(step, how)
        meet_the_fault(post, server, certificate, step, how)

        after = expected(step, how)
        assert server.came_to(step)
        assert post.states() == [after] * EVERYONE
        assert all(one.last_error and one.lease_until is None for one in post.ward.deliveries())
        assert post.empty(sender_of(post, certificate)) == 0, "nothing is tried again at once"

        server.heal()
        post.advance()
        retried = EVERYONE if after != "failed" else 0
        assert post.empty(sender_of(post, certificate)) == retried
        assert post.states() == ["sent" if retried else "failed"] * EVERYONE

        assert post.messages() == built, "the bytes of a mail never change"
        arrived = mails_by_id(server)
        copies = 2 if after == "unknown" else 1
        wanted = {message_id(one): [one.message] * copies for one in post.ward.deliveries() if retried}
        assert arrived == wanted, "a second copy only where the first may have arrived, byte for byte"
        assert nothing_in_the_clear(server)
        assert secret_free(post, caplog)


@pytest.mark.parametrize(
    ("step", "how"),
    [(step, how) for step, how in FAULTS if step is Step.DOT or (step is Step.RCPT and how is not How.SLOW)],
)
def test_a_fault_of_one_recipient_leaves_the_others_alone(
    due: Due, certificate: Path, step: Step, how: How
) -> None:
    with running_faulty_server(tls=server_context(certificate)) as server:
        post = due(server.port)
        server.go_wrong(step, how, only="li@hospital.org")
        post.empty(sender_of(post, certificate, after_dot_s=0.1 if how is How.SLOW else 20.0))
        assert post.states() == ["sent", expected(step, how), "sent"]
        whole = {message_id(one) for one in post.ward.deliveries() if one.state == "sent"}
        assert {name for name, copies in mails_by_id(server).items() if len(copies) == 1} >= whole


def test_a_greylisting_server_gets_every_mail_at_the_second_attempt(database: str, tmp_path: Path) -> None:
    seen: set[str] = set()

    def greylist(step: Step, argument: str) -> str | None:
        if step is not Step.RCPT or argument in seen:
            return None
        seen.add(argument)
        return "451 4.7.1 Greylisted, try again in 5 seconds"

    with running_faulty_server(sign_in=False) as server:
        post = post_to(database, tmp_path, server.port, encrypted=False)
        server.plan = greylist
        assert post.empty(sender_of(post)) == EVERYONE
        assert post.states() == ["pending"] * EVERYONE
        post.advance(timedelta(seconds=RETRY_S[0] * 1.1))
        assert post.empty(sender_of(post)) == EVERYONE
        assert post.states() == ["sent"] * EVERYONE
        assert [len(copies) for copies in mails_by_id(server).values()] == [1] * EVERYONE


def test_a_port_that_refuses_is_tried_again_until_somebody_listens(database: str, tmp_path: Path) -> None:
    port = find_free_port()
    post = post_to(database, tmp_path, port, encrypted=False)
    for attempt in (1, 2, 3):
        assert post.empty(sender_of(post)) == EVERYONE
        assert {(one.state, one.attempts) for one in post.ward.deliveries()} == {("pending", attempt)}
        post.advance()
    assert all("cannot be reached" in str(one.last_error) for one in post.ward.deliveries())
    with running_faulty_server(sign_in=False) as server:
        moved = post.ward.settings.model_copy(update={"smtp_port": server.port})
        post.ward.settings = moved
        post.empty(sender_of(post))
        assert [len(copies) for copies in mails_by_id(server).values()] == [1] * EVERYONE


@pytest.mark.parametrize("name", ["self-signed", "another host's", "no STARTTLS"])
def test_without_an_encryption_that_can_be_trusted_nothing_leaves(
    sqlite_database: str,
    tmp_path: Path,
    certificate: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = make_certificate(tmp_path, "DNS:mail.example.org") if name == "another host's" else certificate
    with running_faulty_server(
        tls=server_context(shown), offer_starttls=name != "no STARTTLS", sign_in=False
    ) as server:
        post = post_to(sqlite_database, tmp_path, server.port)
        trusted = None if name == "self-signed" else shown
        assert post.empty(sender_of(post, trusted)) == EVERYONE
        assert post.states() == ["pending"] * EVERYONE
        words = "does not offer" if name == "no STARTTLS" else "certificate does not fit"
        assert all(words in str(one.last_error) for one in post.ward.deliveries())
        assert {step for step, _ in server.commands} <= {Step.CONNECT, Step.EHLO, Step.STARTTLS}
        assert secret_free(post, caplog)


@pytest.mark.parametrize("secret", SECRETS, ids=["as it is", "coded", "coded with the name"])
def test_a_server_that_repeats_the_password_spreads_it_nowhere(
    sqlite_database: str, tmp_path: Path, certificate: Path, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with running_faulty_server(tls=server_context(certificate)) as server:
        post = post_to(sqlite_database, tmp_path, server.port)
        for step in (Step.AUTH, Step.MAIL, Step.DOT):
            server.go_wrong(step, f"535 5.7.8 cannot sign in with {secret}")
            post.empty(sender_of(post, certificate))
            post.advance()
        assert all("***" in str(one.last_error) for one in post.ward.deliveries())
        assert secret_free(post, caplog)


def test_a_password_with_other_letters_is_named_and_not_shown(
    sqlite_database: str, tmp_path: Path, certificate: Path
) -> None:
    with running_faulty_server(tls=server_context(certificate)) as server:
        post = post_to(sqlite_database, tmp_path, server.port, smtp_password="schlüssel")
        post.empty(sender_of(post, certificate))
        for one in post.ward.deliveries():
            assert one.state == "pending"
            assert "SMTP_PASSWORD holds letters" in str(one.last_error)
            assert "ü" not in str(one.last_error)
            assert "xfc" not in str(one.last_error)


@pytest.mark.parametrize(
    "address",
    ["li@x.org\r\nRCPT TO:<spy@x.org>", "li@x.org, spy@x.org", "li@x.org\n", "李@x.org"],
)
def test_an_address_that_is_not_one_is_refused_and_stops_nobody(
    sqlite_database: str, tmp_path: Path, address: str
) -> None:
    with running_faulty_server(sign_in=False) as server:
        post = post_to(sqlite_database, tmp_path, server.port, encrypted=False)
        with writing() as session:
            first = session.get_one(Delivery, 1)
            first.address = address
            session.add(first)
        post.empty(sender_of(post))
        assert post.states() == ["failed", "sent", "sent"]
        assert not any("spy" in to for mail in server.received for to in mail.recipients)


def test_only_a_lost_reply_to_the_dot_makes_a_second_copy(database: str, tmp_path: Path) -> None:
    with running_faulty_server(sign_in=False) as server:
        post = post_to(database, tmp_path, server.port, encrypted=False)
        server.go_wrong(Step.DOT, How.CUT, only="li@hospital.org")
        post.empty(sender_of(post))
        assert post.states() == ["sent", "unknown", "sent"]
        server.heal()
        post.advance(timedelta(seconds=55))
        assert post.empty(sender_of(post)) == 0, "not before 60 s"
        post.advance(timedelta(seconds=5))
        assert post.empty(sender_of(post)) == 1
        ward, li, wu = post.ward.deliveries()
        copies = mails_by_id(server)
        assert copies == {
            message_id(ward): [ward.message],
            message_id(li): [li.message] * 2,
            message_id(wu): [wu.message],
        }
        with reading() as session:
            tried = session.exec(select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == li.id)).all()
        assert [one.outcome for one in tried] == ["unknown", "sent"]


def test_the_wait_for_the_dots_reply_counts_towards_the_60_s(database: str, tmp_path: Path) -> None:
    post = post_to(database, tmp_path, find_free_port(), encrypted=False)

    class Silent:
        def send(self, claimed: Claimed) -> Outcome:
            return Outcome(Result.UNKNOWN, "no reply", waited_s=30)

        def close(self) -> None:
            pass

    post.empty(Silent())
    assert {one.due_at - post.now for one in post.ward.deliveries()} == {timedelta(seconds=30)}


def test_a_relay_may_think_longer_after_the_dot_than_anywhere_else(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float | None] = []
    read = smtplib.SMTP.getreply

    def noting(self: smtplib.SMTP) -> tuple[int, bytes]:
        waits.append(self.sock.gettimeout() if self.sock else None)
        return read(self)

    monkeypatch.setattr(smtplib.SMTP, "getreply", noting)
    with running_faulty_server(sign_in=False) as server:
        post = post_to(sqlite_database, tmp_path, server.port, encrypted=False)
        post.empty(sender_of(post, timeout_s=20, after_dot_s=40))
    greeting_and_ehlo, mail, goodbye = [20] * 2, [20, 20, 20, 40], [20]
    assert waits == greeting_and_ehlo + mail * EVERYONE + goodbye


def test_what_a_lost_database_kept_from_being_written_is_written_first(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_faulty_server(sign_in=False) as server:
        post = post_to(sqlite_database, tmp_path, server.port, encrypted=False)
        sender = sender_of(post)
        courier = post.courier(sender)

        def away(*_arguments: object, **_more: object) -> None:
            raise DatabaseUnreachable

        with monkeypatch.context() as patched:
            patched.setattr("alerts.courier.record_outcomes", away)
            with pytest.raises(DatabaseUnreachable):
                courier.empty_outbox()
            with pytest.raises(DatabaseUnreachable):
                courier.empty_outbox()
        post.advance()
        assert courier.empty_outbox() == EVERYONE - 1
        sender.close()
        assert post.states() == ["sent"] * EVERYONE
        assert [len(copies) for copies in mails_by_id(server).values()] == [1] * EVERYONE

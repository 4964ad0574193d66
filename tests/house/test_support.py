"""The servers that other tests rely on really are what they say."""

import re
import smtplib

import pytest
from playwright.sync_api import Browser
from sqlalchemy import create_engine, inspect, text

from tests.support.smtp import CUT, SmtpServer, running_smtp_server

MESSAGE = "Subject: Grade 3\r\n\r\nPatient 007 has grade 3 CRS.\r\n"


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_gets_an_empty_database_on_either_engine(engine_url: str, attempt: int) -> None:
    engine = create_engine(engine_url)
    try:
        with engine.begin() as connection:
            assert inspect(connection).get_table_names() == []
            connection.execute(text("CREATE TABLE kept (attempt INTEGER)"))
    finally:
        engine.dispose()


def test_the_browser_opens_a_page(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<title>t</title><h1>Board</h1>")
    assert page.get_by_role("heading", name="Board").is_visible()
    page.close()


def test_our_list_of_what_the_browser_does_without_holds_playwrights_own(browser: Browser) -> None:
    page = browser.new_page()
    page.goto("chrome://version")
    given = re.findall(r"--disable-features=(\S+)", page.locator("#command_line").inner_text())
    page.close()
    assert len(given) == 2, given
    assert set(given[0].split(",")) <= set(given[1].split(","))


def send(server: SmtpServer, recipient: str = "pi@hospital.org") -> None:
    with smtplib.SMTP(server.host, server.port, timeout=10) as client:
        client.sendmail("vigil@hospital.org", [recipient], MESSAGE)


def test_the_mail_server_keeps_what_it_took(smtp_server: SmtpServer) -> None:
    send(smtp_server)
    (mail,) = smtp_server.wait_for(1)
    assert (mail.mail_from, mail.recipients) == ("vigil@hospital.org", ["pi@hospital.org"])
    assert mail.message["Subject"] == "Grade 3"
    assert mail.content == MESSAGE.encode()


def test_the_mail_server_refuses_one_recipient_only(smtp_server: SmtpServer) -> None:
    smtp_server.refuse("RCPT", "550 5.1.1 No such user", only="gone@")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtp_server, "gone@hospital.org")
    send(smtp_server)
    assert [mail.recipients for mail in smtp_server.received] == [["pi@hospital.org"]]


def test_the_mail_server_can_cut_after_it_took_the_message(smtp_server: SmtpServer) -> None:
    smtp_server.refuse("DATA", CUT)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(smtp_server)
    assert len(smtp_server.wait_for(1)) == 1
    smtp_server.accept_all()
    send(smtp_server)
    assert len(smtp_server.wait_for(2)) == 2


def test_the_mail_server_can_refuse_a_message(smtp_server: SmtpServer) -> None:
    smtp_server.refuse("DATA", "451 4.3.0 Try again later")
    with pytest.raises(smtplib.SMTPDataError) as error:
        send(smtp_server)
    assert error.value.smtp_code == 451
    assert smtp_server.received == []


def test_the_mail_server_asks_for_a_password() -> None:
    with (
        running_smtp_server(vigil="secret") as server,
        smtplib.SMTP(server.host, server.port, timeout=10) as client,
    ):
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("vigil@hospital.org", ["pi@hospital.org"], MESSAGE)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("vigil", "wrong")
        client.login("vigil", "secret")
        client.sendmail("vigil@hospital.org", ["pi@hospital.org"], MESSAGE)
        assert len(server.wait_for(1)) == 1

"""Every signal is told, whatever is wrong with the telling: a story, a template, a name, a stored word."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from alerts import messages
from alerts.messages import Addressee, build_message
from alerts.telling.teller import Teller
from alerts.words.shell import MailContent, content_from
from db.audit import verify_chain
from db.session import reading
from tests.alerts.conftest import Ward
from tests.alerts.lively import lively_ward, raw_mails_of
from tests.alerts.mail_scenarios import SCENARIOS
from tests.alerts.test_messages import ENVELOPE, TO, parsed, part

PATIENT_TEXT = "38.6 degrees in the patient by the window"
VALUES = ("norepinephrine", "38.", "88 %", "86 %", "84 mmHg", "L/min")
"""What stands in these mails when they are told in full."""

WORDS = {
    "grade3_unanswered": "grade 3 CRS",
    "grade3_course": "CRS",
    "rise2": "rise to at least grade 2 CRS",
    "support_graded": "support without a CRS grade",
    "support_explained": "support without a CRS grade",
    "support_gone": "support without a CRS grade",
    "unsettled": "a toxicity is unsettled",
    "missed": "an assessment is missed",
    "program": "the program is unwell",
}


@pytest.fixture(params=SCENARIOS)
def name(request: pytest.FixtureRequest) -> str:
    """A course of events."""
    return str(request.param)


@pytest.fixture
def ward(sqlite_database: str, tmp_path: Path) -> Ward:
    """With the real plans."""
    return lively_ward(sqlite_database, tmp_path)


def contents(ward: Ward) -> list[MailContent]:
    return [content_from(notice.content) for notice in ward.notices()]


def test_a_story_that_cannot_be_told_is_told_in_fixed_words(
    ward: Ward, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> NoReturn:
        raise RuntimeError(PATIENT_TEXT)

    monkeypatch.setattr(Teller, "story", fails)
    SCENARIOS[name](ward)
    whose = "Vigil" if name == "program" else "Patient CART-007"
    mails = raw_mails_of(ward)
    assert mails
    for message in mails:
        subject, text = parsed(message)["Subject"], " ".join(part(message, "plain").split())
        assert text.startswith(f"{whose}: ")
        assert WORDS[name] in subject or " grade 3 CRS" in subject
        assert "Open the alert: https://vigil.hospital.org/alerts?a=" in text
        assert not [word for word in VALUES if word in text]
    failed = [one for one in caplog.records if one.name == "alerts.telling"]
    assert len(failed) == len(ward.notices())
    assert {one.levelno for one in failed} == {logging.ERROR}
    assert "window" not in caplog.text
    with reading() as session:
        assert verify_chain(session).whole
    caplog.clear()  # it was expected; see the fixture `told_in_full`


def test_a_template_that_fails_leaves_fixed_words_and_the_link(
    ward: Ward, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_name: str) -> NoReturn:
        raise RuntimeError("a broken template")

    monkeypatch.setattr(messages, "_template", fails)
    SCENARIOS[name](ward)
    for delivery in ward.deliveries():
        assert delivery.message is not None
        mail = parsed(delivery.message)
        assert mail["Message-ID"] == f"<{delivery.uid}@hospital.org>"
        assert mail["Subject"] == "Vigil has an alert"
        assert "https://vigil.hospital.org/alerts?a=" in mail.get_content()
        assert "CART-007" not in mail.get_content()


def test_a_nul_or_a_lone_surrogate_never_keeps_a_mail_from_being_built(ward: Ward, name: str) -> None:
    SCENARIOS[name](ward)
    for content in contents(ward):
        for odd in ("\x00", "\udcff", "\r\nBcc: all@x.org"):
            names = build_message(content, Addressee(f"Dr {odd} Li", TO.address, TO.group), ENVELOPE)
            words = build_message(replace(content, headline=f"Patient {odd}", subject=odd), TO, ENVELOPE)
            for message in (names, words):
                mail = parsed(message)
                assert mail["Message-ID"] == "<6f0c-uid@hospital.org>"
                assert mail["Bcc"] is None
                assert content.link.encode() in message.replace(b"=3D", b"=").replace(b"=\r\n", b"")

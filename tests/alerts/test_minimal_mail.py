"""An entry is saved and its alert told, also where the story of a mail cannot be written."""

import logging
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from actions import context
from alerts.jobs import sweep
from alerts.reconcile import pending_changes
from alerts.telling.teller import Teller
from clock import utc_now
from db.audit import verify_chain
from db.models import Alert, Assessment
from db.session import reading, writing
from tests.alerts.conftest import PEOPLE, Ward, at
from tests.alerts.test_reconcile import GRADE_3, GRADE_4, mail_of, text_of
from tests.support import made_up

pytestmark = pytest.mark.postgresql_in_soak

PATIENT_TEXT = "38.6 degrees in the patient by the window"


def a_well_patient(ward: Ward) -> None:
    """Nothing was told yet."""


def at_grade_3(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    ward.mark_sent()


def acknowledged(ward: Ward) -> None:
    at_grade_3(ward)
    with writing() as session:
        session.get_one(Alert, 1).state = "acknowledged"


def recovered_by_a_slip(ward: Ward) -> None:
    at_grade_3(ward)
    ward.assess(16)
    ward.assess(20)
    ward.mark_sent()


def at_4_then_3(ward: Ward) -> None:
    ward.assess(4, **GRADE_4)
    ward.assess(8, **GRADE_3)
    ward.mark_sent()


def almost_recovered(ward: Ward) -> None:
    at_grade_3(ward)
    ward.assess(12)


def well_since(ward: Ward) -> None:
    ward.assess(20)
    ward.assess(24)


def correct_first(ward: Ward, **values: Any) -> None:
    with reading() as session:
        first = session.exec(select(Assessment.stable_id).order_by(col(Assessment.id))).first()
    assert first is not None
    made_up.correct(first, at(25), "typing error", **values)


KINDS: dict[str, tuple[Callable[[Ward], None], Callable[[Ward], object], str]] = {
    "opening": (a_well_patient, lambda ward: ward.assess(4, **GRADE_3), "P2 at least grade 3 CRS"),
    "worsened": (at_grade_3, lambda ward: ward.assess(8, **GRADE_4), "P1 at least grade 4 CRS"),
    "again": (
        recovered_by_a_slip,
        lambda ward: ward.assess(13, entered_after=8, **GRADE_3),
        "P2 at least grade 3 CRS",
    ),
    "recovery": (almost_recovered, lambda ward: ward.assess(18), "P3 news of at least grade 3 CRS"),
    "death": (
        at_grade_3,
        lambda ward: ward.assess(8, death_due_to="crs", **GRADE_3),
        "P1 news of grade 5 CRS",
    ),
    "amendment": (
        at_4_then_3,
        lambda ward: correct_first(ward, vasopressors="norepinephrine"),
        "P3 news of at least grade 3 CRS",
    ),
    "retraction": (
        at_grade_3,
        lambda ward: correct_first(ward, vasopressors="none"),
        "P2 news of at least grade 3 CRS",
    ),
    "late": (
        well_since,
        lambda ward: ward.assess(4, entered_after=21, **GRADE_3),
        "P3 news of at least grade 3 CRS",
    ),
    "lapsed": (
        acknowledged,
        lambda ward: sweep(ward.settings, context.protocol()),
        "P2 at least grade 3 CRS",
    ),
}


def break_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every story ends in a query that the database refuses: on PostgreSQL that ends a transaction."""

    def story(teller: Teller, *_more: object) -> NoReturn:
        teller._desk.session.connection().execute(text(f"SELECT '{PATIENT_TEXT}' FROM no_such_table"))
        raise AssertionError

    monkeypatch.setattr(Teller, "story", story)


@pytest.mark.parametrize("kind", KINDS)
def test_a_story_that_cannot_be_told_refuses_no_entry(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    before, step, subject = KINDS[kind]
    before(ward)
    mails = len(ward.deliveries())
    with reading() as session:
        entries = len(session.exec(select(Assessment.id)).all())
    break_the_story(monkeypatch)
    step(ward)
    with reading() as session:
        assert len(session.exec(select(Assessment.id)).all()) == entries + (kind != "lapsed")
        now = utc_now() if kind == "lapsed" else at(25)
        assert not pending_changes(session, ward.infusion_id, now, context.protocol(), ward.settings.zone)
        assert verify_chain(session).whole
    notice = ward.notices()[-1]
    assert (notice.kind, notice.alert_id) == (kind, ward.alert().id)
    new = ward.deliveries()[mails:]
    assert [one.address for one in new] == [one.address for one in PEOPLE]
    for one in new:
        assert mail_of(one.message)["Subject"] == f"{subject} (A-0001)"
    body = text_of(new[0].message).splitlines()
    assert " ".join(body[:2]).strip() == f"Patient CART-007: {subject[3:]}, on the day of the first infusion."
    assert "https://vigil.hospital.org/alerts?a=1" in body
    assert "norepinephrine" not in "\n".join(body)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("alerts.telling", logging.ERROR)
    said = record.getMessage()
    assert said.startswith(f"The {kind} notice of alert 1 could not be written in full (")
    assert "test_minimal_mail.py" in said
    assert PATIENT_TEXT not in caplog.text
    assert not record.exc_info
    caplog.clear()  # it was expected; see the fixture `told_in_full`


def test_the_next_notice_is_told_in_full_again(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        break_the_story(broken)
        ward.assess(4, **GRADE_3)
    assert len(caplog.records) == 1
    caplog.clear()
    ward.assess(8, **GRADE_4)
    last = ward.deliveries()[-1]
    assert "epinephrine" in text_of(last.message)
    assert mail_of(last.message)["In-Reply-To"] == f"<{ward.deliveries()[2].uid}@hospital.org>"

"""A refusal without a word of explanation: due again after an hour, on the board, the form and the grid."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from actions import context
from actions.skips import skip_assessment
from db.inputs import SkipIn
from db.queries.assess import load_assess
from db.queries.board import load_board
from db.queries.committee import load_committee
from db.roles import SYSTEM
from db.session import reading
from pages.ward.board_parts.standing import due_of
from pages.ward.patient_parts.due import DueSlot, due_grid
from pages.ward.patient_parts.grid import slot_words
from pages.ward.patient_parts.loaded import load
from settings import Settings
from tests.support import made_up
from trial.calendar import Slot, SlotKind, SlotStatus
from trial.due import skips_that_count
from trial.protocol import load_protocol

pytestmark = pytest.mark.postgresql_in_soak

ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
NOW = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)  # 09:00 at the hospital
DUE_AT = datetime(2026, 3, 7, 22, 0, tzinfo=UTC)  # 06:00
NO_ICE = {**made_up.WELL, "ice_score": None, "ice_not_done": "refused"}


def back(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


@pytest.fixture(autouse=True)
def _program(database: str, tmp_path: Path) -> None:
    context.configure(Settings(data_dir=tmp_path, site_timezone="Asia/Shanghai"), PROTOCOL)


def a_patient() -> tuple[int, int]:
    """Infused three days ago, well at 22:00 yesterday."""
    patient_id = made_up.enrol("CART-001", back(200))
    infusion_id = made_up.infuse(patient_id, 1, back(72))
    made_up.assess(patient_id, infusion_id, [(back(11), made_up.WELL), (back(7), made_up.VITAL_SIGNS_ONLY)])
    return patient_id, infusion_id


def refuse(kind: str, entered_at: datetime, explanation: str | None = None) -> None:
    entry = {"patient_id": "CART-001", "infusion_number": 1, "kind": kind, "due_at": DUE_AT}
    words = {} if explanation is None else {"explanation": explanation}
    skip_assessment(SkipIn.model_validate({**entry, "reason": "refused", **words}), by=SYSTEM, now=entered_at)


def overdue(now: datetime) -> list[str]:
    """What the board calls overdue; the form and the board must never differ."""
    with reading() as session:
        (patient,) = load_board(session, now, PROTOCOL, zone=ZONE)
        facts = load_assess(session, "CART-001", now)
    assert facts is not None
    assert skips_that_count(facts.skipped, now) == skips_that_count(patient.skipped, now)
    for kind in SlotKind:
        charted = [one.at for one in facts.course if one.recorded.holds(kind, now)]
        assert charted == [point.at for point in patient.points if point.holds(kind, now)]
    return [slot.kind.value for slot in due_of(patient, now, PROTOCOL, ZONE).overdue]


def grid(now: datetime) -> dict[SlotKind, DueSlot]:
    """How what was due at 06:00 stands in the patient's grid."""
    with reading() as session:
        _, loaded = load(session, "CART-001", None, None, now=now, protocol=PROTOCOL, zone=ZONE)
    assert loaded is not None
    return {one.slot.kind: one for one in due_grid(loaded) if one.slot.due_at == DUE_AT}


def test_the_board_asks_again_for_what_was_refused_without_a_word() -> None:
    a_patient()
    refuse("vital_signs", back(1.9))  # 07:06
    refuse("ice", back(1.9), "tired of the questions")
    assert overdue(back(0.95)) == []
    assert overdue(back(0.9)) == ["vital_signs"]
    refuse("vital_signs", back(0.5))
    assert overdue(NOW) == []
    assert overdue(NOW + timedelta(minutes=29)) == []
    assert overdue(NOW + timedelta(minutes=30)) == ["vital_signs"]
    refuse("vital_signs", NOW + timedelta(minutes=31), "afraid of the cuff")
    assert overdue(NOW + timedelta(hours=2)) == []


def test_the_board_asks_again_for_an_ice_charted_as_refused_without_a_word() -> None:
    place = a_patient()
    (stable_id,) = made_up.assess(*place, [(back(2.5), NO_ICE)])  # 06:30
    assert overdue(back(1.6)) == []
    assert overdue(NOW) == ["ice"]
    made_up.correct(stable_id, NOW, "why it was refused", comment="wants to sleep")
    assert overdue(NOW) == []


def test_the_grid_says_when_it_was_refused_and_asked_again() -> None:
    place = a_patient()
    made_up.assess(
        *place, [(back(2 + 5 / 6), {**NO_ICE, "temperature_c": None})]
    )  # 06:10, so vital signs are not met
    refuse("vital_signs", back(3.5))
    before = grid(back(2.6))  # 06:24
    assert before[SlotKind.VITAL_SIGNS].skipped_because == "refused"
    assert before[SlotKind.ICE].status is SlotStatus.MET
    asked = grid(back(2.5))
    assert asked[SlotKind.VITAL_SIGNS].status is SlotStatus.DUE
    assert asked[SlotKind.ICE].status is SlotStatus.MET
    after = grid(NOW)
    assert slot_words(after[SlotKind.VITAL_SIGNS], ZONE) == (
        "Signs missing: refused 05:30, asked again from 06:30"
    )
    assert slot_words(after[SlotKind.ICE], ZONE) == "ICE missing: refused 06:10, asked again from 07:10"
    refuse("vital_signs", back(0.5), "afraid of the cuff")
    assert slot_words(grid(NOW)[SlotKind.VITAL_SIGNS], ZONE) == "Signs skipped: refused"


def test_a_lapsed_refusal_is_no_entry_that_ends_what_was_due_before() -> None:
    place = a_patient()
    made_up.assess(*place, [(back(0.5), NO_ICE)])  # 08:30, too late for 06:00
    assert grid(NOW)[SlotKind.ICE].status is SlotStatus.MISSED
    later = NOW + timedelta(hours=1)
    assert grid(later)[SlotKind.ICE].status is SlotStatus.OVERDUE
    assert slot_words(grid(later)[SlotKind.ICE], ZONE) == "ICE missing"
    assert overdue(later) == ["ice"]


def test_the_committee_sees_each_refused_assessment_once() -> None:
    a_patient()
    refuse("ice", back(2))
    refuse("ice", back(0.5), "afraid")
    with reading() as session:
        (patient,) = load_committee(session, ZONE)
    (skip,) = patient.infusions[0].skipped
    assert (skip.kind, skip.explanation) == (SlotKind.ICE, "afraid")


def test_a_slot_without_a_refusal_has_plain_words() -> None:
    slot = Slot(DUE_AT, SlotKind.ICE)
    assert slot_words(DueSlot(slot, SlotStatus.OVERDUE, None, None), ZONE) == "ICE missing"

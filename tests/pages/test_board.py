"""Who is on the board, in which order, and what a card says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, update
from sqlmodel import col

from actions import context
from db.models import Patient, Recipient
from db.queries import board
from db.queries.board import BoardPatient, Missing, Point, load_board, load_missing
from db.queries.board_alerts import BoardAlert, load_board_alerts
from db.session import engine, reading, writing
from grading.scale import RULESET, Grade, Toxicity
from pages.ward.board_parts.cards import (
    Card,
    Place,
    acknowledged_words,
    alert_words,
    in_order,
    overdue_words,
    told_words,
    write_card,
)
from pages.ward.board_parts.saved import SavedNote, saved_words
from pages.ward.board_parts.standing import standing
from settings import Settings
from tests.support import made_up
from tests.support.made_up import VITAL_SIGNS_ONLY, WELL
from trial.calendar import Slot, SlotKind
from trial.protocol import load_protocol

pytestmark = pytest.mark.postgresql_in_soak

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 8, 0, 32, tzinfo=UTC)  # 08:32 at the hospital
PROTOCOL = load_protocol()
FEVER = {**WELL, "temperature_c": 38.6}
SHOCK = {**FEVER, "vasopressors": "norepinephrine"}


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def point(hours: float, grade: int | None, at_least: int | None = None, *, ice: bool = True) -> Point:
    """An assessment with this CRS grade (and a settled ICANS 0)."""
    least = at_least if at_least is not None else grade or 0
    return Point(ago(hours), 1, True, ice, grade, least, 0, 0)


@pytest.mark.parametrize(
    ("points", "is_overdue", "tile", "words"),
    [
        ([], False, (None, None), "no assessment yet"),
        ([point(2, 0)], False, (0, 0), "first grade"),
        ([point(20, 1), point(0.7, 3)], False, (3, 3), "up from 1 at 7 Mar 12:32"),
        ([point(6, 3), point(2, 1)], False, (1, 1), "down from 3 at 02:32"),
        ([point(6, None, 3), point(2, 1)], False, (1, 1), "down from at least 3 at 02:32"),
        ([point(23, 2), point(2, 2)], False, (2, 2), "no change in 24 h"),
        ([point(25, 0), point(2, 2)], False, (2, 2), "no change in 24 h"),
        ([point(24, 0), point(2, 2)], False, (2, 2), "up from 0 at 7 Mar 08:32"),
        ([point(6, 1), point(2, None, 3)], False, (None, 3), "up from 1 at 02:32"),
        ([point(6, 1), point(3, None, 2), point(2, None, 3)], False, (None, 3), "up from 1 at 02:32"),
        ([point(6, 1), point(3, None, 3), point(2, None, 0)], False, (None, 3), "up from 1 at 02:32"),
        ([point(6, 0), point(2, None, 0)], False, (0, 0), "first grade, settled 02:32"),
        ([point(10, 0), point(6, None, 0)], True, (None, 0), "not graded since 7 Mar 22:32"),
        ([point(12, 0), point(10, 0)], True, (None, 0), "not graded since 7 Mar 22:32"),
        ([point(12, 0), point(10, 2)], True, (2, 2), "up from 0 at 7 Mar 20:32, settled 7 Mar 22:32"),
        ([point(10, 3), point(6, None, 0)], True, (3, 3), "first grade, settled 7 Mar 22:32"),
        ([point(6, None, 0), point(2, None, 0)], False, (None, 0), "not graded yet"),
        ([point(6, None, 2), point(2, None, 0)], False, (None, 2), "first grade"),
    ],
)
def test_a_grade_is_the_last_settled_one_or_anything_higher_since(
    points: list[Point], is_overdue: bool, tile: tuple[int | None, int | None], words: str
) -> None:
    found = standing(points, Toxicity.CRS, NOW, ZONE, is_overdue=is_overdue)
    assert (found.grade, found.at_least) == tile
    assert found.words == words


def test_overdue_names_what_and_since_when() -> None:
    vital_signs, ice = (Slot(ago(2.45), kind) for kind in SlotKind)
    assert (
        overdue_words([vital_signs, ice], NOW, ZONE) == "Overdue 2 h 27 min: vital signs and ICE, due 06:05."
    )
    later = Slot(ago(10.45), SlotKind.ICE)
    assert overdue_words([later, vital_signs], NOW, ZONE) == (
        "Overdue 10 h 27 min: ICE, due 7 Mar 22:05; vital signs, due 06:05."
    )


@pytest.mark.parametrize(
    ("recipients", "told", "words"),
    [
        (0, 0, "Nobody is on the list of recipients."),
        (1, 0, "1 person is being told."),
        (3, 0, "3 people are being told."),
        (3, 2, "2 of 3 people told."),
        (3, 3, "3 people told."),
    ],
)
def test_told_means_that_the_mail_has_left(recipients: int, told: int, words: str) -> None:
    alert = BoardAlert(1, 1, "crs", 3, True, NOW, NOW, recipients, told, False, None, None)
    assert told_words(alert) == words


@pytest.mark.parametrize(
    ("signal", "slot", "level", "waits", "acknowledged"),
    [
        ("grade3", "icans", 3, "ICANS 3 since 08:32", "ICANS 3 acknowledged by Dr Chen at 08:32."),
        ("rise2", "crs", 2, "CRS risen to 2 since 08:32", "CRS risen to 2 acknowledged by"),
        (
            "support_ungraded",
            "",
            0,
            "Support without a CRS grade since 08:32",
            "Support without a CRS grade: acknowledged by Dr Chen",
        ),
        (
            "unsettled",
            "crs",
            0,
            "CRS not settled, could be 3 or more, since 08:32",
            "CRS not settled, could be 3 or more: acknowledged by Dr Chen",
        ),
        ("missed", "ice", 0, "ICE score missed since 08:32", "ICE score missed: acknowledged by Dr Chen"),
    ],
)
def test_every_signal_stands_on_its_card_in_words(
    signal: str, slot: str, level: int, waits: str, acknowledged: str
) -> None:
    alert = BoardAlert(1, 1, slot, level, True, NOW, NOW, 2, 2, False, None, None, signal, 2)
    assert alert_words(alert, NOW, ZONE) == f"{waits}, not acknowledged. 2 people told."
    answered = replace(alert, is_acknowledged=True, acknowledged_by="Dr Chen", acknowledged_at=NOW)
    assert acknowledged_words(answered, NOW, ZONE).startswith(acknowledged)


@pytest.mark.usefixtures("ward")
def test_strong_support_stands_before_what_is_less_urgent_and_after_a_grade() -> None:
    admit("HELD-1", 50, (2, {**WELL, "vasopressors": "norepinephrine"}))
    admit("LOW-1", 50, (3, {**WELL, "systolic_mmhg": 84.0}))
    admit("SHOCK-1", 50, (1, SHOCK))
    found = places()
    assert [place.patient.code for place in found] == ["SHOCK-1", "HELD-1", "LOW-1"]
    assert [place.unacknowledged[0].urgency for place in found] == [2, 2, 3]


@pytest.mark.usefixtures("ward")
def test_only_what_calls_stands_in_a_solid_band_and_nothing_is_said_twice() -> None:
    admit("HELD-1", 50, (1, {**WELL, "vasopressors": "norepinephrine"}))
    admit("LOW-1", 50, (1, {**WELL, "systolic_mmhg": 84.0}))
    _, infusion_id = admit("LATE-1", 50, (30, WELL))
    missed = BoardAlert(9, infusion_id, "ice", 0, True, ago(8), ago(6), 1, 1, False, None, None, "missed", 3)
    by_code = {place.patient.code: place for place in places()}

    def bands(place: Place) -> tuple[int, int]:
        html = write_card(place, {}, NOW, ZONE).html
        return html.count("vigil-band-alert"), html.count("vigil-band-outlined")

    assert bands(by_code["HELD-1"]) == (1, 0)
    assert bands(by_code["LOW-1"]) == (0, 1)
    assert bands(by_code["LATE-1"]) == bands(replace(by_code["LATE-1"], alerts=[missed])) == (0, 1)


def grade(scale: Toxicity, settled: int | None, at_least: int = 0, missing: tuple[str, ...] = ()) -> Grade:
    least = at_least if settled is None else settled
    return Grade(scale, settled, least, missing, (), (), RULESET, 4 if settled is None else settled)


def test_the_sentence_after_a_save_says_what_it_means() -> None:
    crs, icans = grade(Toxicity.CRS, 0), grade(Toxicity.ICANS, 0)
    note = SavedNote("CART-007", ago(4 / 60), NOW, crs=crs, icans=icans)
    assert (
        saved_words(note, "10:00", NOW, ZONE) == "Saved. CART-007 at 08:28: CRS 0, ICANS 0. Next due 10:00."
    )
    open_crs = grade(Toxicity.CRS, None, 3, ("oxygen_device",))
    worse = SavedNote("CART-007", NOW, NOW, crs=open_crs, icans=icans, told=4)
    assert saved_words(worse, "", NOW, ZONE) == (
        "Saved. CART-007 at 08:32: CRS at least 3, ICANS 0. 4 people are being told now. "
        "Record the oxygen device to settle CRS."
    )
    again = SavedNote("CART-007", NOW, NOW, crs=crs, icans=icans, already_saved_at=ago(1 / 60))
    assert saved_words(again, "", NOW, ZONE).startswith("Already saved at 08:31. CART-007 at 08:32: CRS 0")


@pytest.fixture
def ward(database: str, tmp_path: Path) -> None:
    """An empty ward on each engine."""
    context.configure(
        Settings(database_url=database, data_dir=tmp_path, site_timezone="Asia/Shanghai"), PROTOCOL
    )


def admit(code: str, hours: float, *entries: tuple[float, Any]) -> tuple[int, int]:
    """A patient infused so many hours ago, with entries so many hours ago."""
    patient_id = made_up.enrol(code, ago(2000))
    infusion_id = made_up.infuse(patient_id, 1, ago(hours))
    if entries:
        made_up.assess(patient_id, infusion_id, [(ago(at), values) for at, values in entries])
    return patient_id, infusion_id


def on_board(now: datetime = NOW) -> list[BoardPatient]:
    with reading() as session:
        return load_board(session, now, PROTOCOL, zone=ZONE)


def codes(now: datetime = NOW) -> list[str]:
    return sorted(patient.code for patient in on_board(now))


def places(now: datetime = NOW) -> list[Place]:
    with reading() as session:
        patients = load_board(session, now, PROTOCOL, zone=ZONE)
        return in_order(patients, load_board_alerts(session, now), now, PROTOCOL, zone=ZONE)


def cards(now: datetime = NOW) -> dict[str, Card]:
    found = places(now)
    with reading() as session:
        latest = [place.patient.points[-1].assessment_id for place in found if place.patient.points]
        missing: Missing = load_missing(session, latest)
    return {place.patient.code: write_card(place, missing, now, ZONE) for place in found}


@pytest.mark.usefixtures("ward")
def test_only_people_in_a_monitoring_window_are_on_the_board() -> None:
    admit("IN-1", 30, (2, WELL))
    made_up.enrol("NOT-INFUSED-1", ago(100))
    home, _ = admit("HOME-1", 60, (20, WELL))
    made_up.move_to(home, "home", ago(10))
    admit("DIED-1", 60, (20, {**WELL, "death_due_to": "other"}))
    withdrawn, _ = admit("WITHDRAWN-1", 60, (20, WELL))
    with writing() as session:
        session.execute(update(Patient).where(col(Patient.id) == withdrawn).values(withdrawn_at=ago(1)))
    admit("CLEAR-1", 24 * 20, (24 * 7, WELL), (24 * 3, WELL))
    admit("OPEN-1", 24 * 20, (24 * 7, WELL), (24 * 3, FEVER))
    admit("NEVER-GRADED-1", 24 * 20, (24 * 7, VITAL_SIGNS_ONLY))
    twice, _ = admit("TWICE-1", 24 * 30, (24 * 29, FEVER))
    made_up.infuse(twice, 2, ago(24 * 5))
    assert codes() == ["IN-1", "NEVER-GRADED-1", "OPEN-1", "TWICE-1"]
    assert {patient.code: patient.number for patient in on_board()}["TWICE-1"] == 2
    assert codes(ago(15)) == ["HOME-1", "IN-1", "NEVER-GRADED-1", "OPEN-1", "TWICE-1"]


@pytest.mark.usefixtures("ward")
def test_who_needs_somebody_first_stands_first() -> None:
    admit("WELL-1", 50, (20, WELL), (2, WELL))
    admit("GRADE-1", 50, (20, WELL), (2, FEVER))
    admit("GRADE-2", 50, (30, WELL), (2, {**FEVER, "systolic_mmhg": 84.0}))  # no rise within a day
    admit("RISEN-1", 50, (20, WELL), (2, {**FEVER, "systolic_mmhg": 84.0}))
    admit("LATE-1", 90, (20, WELL), (12, WELL))
    admit("LATER-1", 90, (40, WELL))
    admit("SHOCK-1", 50, (20, WELL), (2, SHOCK))
    admit("YOUNG-1", 26, (20, WELL), (2, WELL))
    found = places()
    assert [place.patient.code for place in found] == [
        "SHOCK-1",
        "RISEN-1",
        "LATER-1",
        "LATE-1",
        "GRADE-2",
        "GRADE-1",
        "YOUNG-1",
        "WELL-1",
    ]
    assert [place.needs_you_now for place in found] == [True, True, True, True, False, False, False, False]


@pytest.mark.usefixtures("ward")
def test_a_card_says_what_is_missing_and_who_is_told() -> None:
    with writing() as session:
        session.add(
            Recipient(
                name="PI", address="pi@example.org", group="pi", valid_from=ago(900), created_at=ago(900)
            )
        )
    admit("CART-011", 80, (12, FEVER), (0.5, {**SHOCK, "oxygen_device": None}))
    card = cards()["CART-011"]
    assert "CRS at least 3 since 08:02, not acknowledged. 1 person is being told." in card.html
    assert "Oxygen device, to settle CRS" in card.html
    assert "first infusion, day 3" in card.html
    assert "Last 08:02, 30 min ago." in card.html
    assert card.urgent_alert_id is not None


@pytest.mark.usefixtures("ward")
def test_ice_is_not_missed_at_an_entry_that_was_not_due_to_have_it() -> None:
    admit("CART-012", 80, (2.4, WELL), (0.5, VITAL_SIGNS_ONLY))
    admit("CART-013", 80, (12, WELL), (0.5, VITAL_SIGNS_ONLY))
    found = cards()
    assert "Not recorded" not in found["CART-012"].html
    assert "settled 06:08" in found["CART-012"].html
    assert "Overdue 2 h 32 min: ICE, due 06:00." in found["CART-013"].html
    assert "to settle ICANS" in found["CART-013"].html
    assert "not graded since 7 Mar 20:32" in found["CART-013"].html


@pytest.mark.usefixtures("ward")
def test_free_text_reaches_the_card_only_escaped() -> None:
    place = Place(
        BoardPatient(1, "<b>x</b>", 1, 1, ago(20), (), (), (), False),
        (),
        due=places_due(),
        standings={scale: standing([], scale, NOW, ZONE, is_overdue=False) for scale in Toxicity},
        day=1,
    )
    assert "<b>x</b>" not in write_card(place, {}, NOW, ZONE).html


def places_due() -> Any:
    admit("CART-014", 20)
    return places()[0].due


@pytest.mark.usefixtures("ward")
def test_a_refresh_reads_the_records_again_only_after_a_write() -> None:
    patient_id, infusion_id = admit("CART-015", 30, (2, WELL))
    on_board()
    statements: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine(), "before_cursor_execute", count)
    try:
        assert on_board(NOW + timedelta(seconds=30))[0].points[-1].crs_grade == 0
        assert len([one for one in statements if one.startswith("SELECT")]) == 1
        made_up.assess(patient_id, infusion_id, [(ago(0.1), FEVER)])
        assert on_board(NOW + timedelta(seconds=60))[0].points[-1].crs_grade == 1
        made_up.move_to(patient_id, "home", ago(0.01))
        assert on_board(NOW + timedelta(seconds=90)) == []
    finally:
        event.remove(engine(), "before_cursor_execute", count)


@pytest.mark.usefixtures("ward")
def test_the_number_of_statements_does_not_grow_with_the_patients() -> None:
    def statements_for_the_board() -> int:
        board._kept.clear()
        seen: list[str] = []

        def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(engine(), "before_cursor_execute", count)
        try:
            cards()
        finally:
            event.remove(engine(), "before_cursor_execute", count)
        return len(seen)

    admit("CART-020", 30, (2, WELL))
    one = statements_for_the_board()
    for number in range(8):
        admit(f"CART-{30 + number}", 30, (2, WELL))
    assert statements_for_the_board() == one

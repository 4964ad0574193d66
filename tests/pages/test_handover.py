"""What stands on the handover sheet: changes since the shift began, the worst, what is due, who answered."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from actions import context
from actions.skips import skip_assessment
from db.inputs import SkipIn
from db.models import Acknowledgement, Alert, User
from db.queries.board import load_board, load_missing
from db.queries.board_alerts import BoardAlert, load_board_alerts
from db.queries.handover import AlertAnswer, GradeOf, Version, load_answers, load_versions_since
from db.roles import SYSTEM, Role
from db.session import reading, writing
from grading.scale import Toxicity
from pages.ward.board_parts.cards import Place, in_order
from pages.ward.handover_parts.changes import changes_since, grade_changes, support_changes, worst_since
from pages.ward.handover_parts.sheet import (
    Sheet,
    alert_words,
    due_words,
    patient_section,
    where_words,
    worst_words,
)
from settings import Settings
from tests.actions.conftest import add_person
from tests.pages.at_the_bedside import Sheet as PageInMemory
from tests.support import made_up
from trial.calendar import SlotKind, StayKind, StayPeriod
from trial.due import SkippedSlot
from trial.protocol import load_protocol

pytestmark = pytest.mark.postgresql_in_soak

ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
NOW = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)  # 14:30 at the hospital
SINCE = datetime(2026, 3, 7, 23, 0, tzinfo=UTC)  # 07:00
FEVER = {**made_up.WELL, "temperature_c": 38.6}
SHOCK = {**FEVER, "vasopressors": "norepinephrine"}


def local(clock: str) -> datetime:
    """A time of today's clock at the hospital, or "7 22:00" of another day of March."""
    day, _, time = clock.rpartition(" ")
    return datetime.fromisoformat(f"2026-03-{int(day or 8):02d}T{time}+08:00").astimezone(UTC)


def version(clock: str, crs: tuple[int | None, int], number: int = 1, **more: object) -> Version:
    """An entry with this CRS grade; made four minutes after it was observed."""
    at = local(clock)
    values = {
        "id": number,
        "infusion_id": 1,
        "stable_id": f"{number:032x}",
        "version": 1,
        "supersedes_id": None,
        "superseded_at": None,
        "status": "recorded",
        "source": "form",
        "assessed_at": at,
        "entered_at": at + timedelta(minutes=4),
        "oxygen_device": None,
        "oxygen_l_per_min": None,
        "vasopressors": None,
        "iv_fluid_bolus": None,
        "fever_masking_drugs": None,
        "grades": {Toxicity.CRS: GradeOf(*crs, ("temperature 38.6 °C",))},
    }
    return Version(**{**values, **more})  # type: ignore[arg-type]


def lines(versions: list[Version], *skips: SkippedSlot, stays: tuple[StayPeriod, ...] = ()) -> list[str]:
    found = changes_since(versions, skips, stays, SINCE, NOW, ZONE)
    return [f"{change.at.astimezone(ZONE):%H:%M} {change.words}" for change in found]


@pytest.mark.parametrize(
    ("grades", "words"),
    [
        ([("7 22:00", (0, 0)), ("10:00", (1, 1))], ["CRS 0 to 1: temperature 38.6 °C"]),
        ([("7 22:00", (1, 1)), ("10:00", (None, 3))], ["CRS 1 to at least 3: temperature 38.6 °C"]),
        (
            [("10:00", (None, 3)), ("11:00", (3, 3))],
            ["CRS at least 3: temperature 38.6 °C", "CRS at least 3 to 3: temperature 38.6 °C"],
        ),
        ([("7 22:00", (3, 3)), ("10:00", (None, 1))], []),  # unsettled below what is known is no change
        ([("7 22:00", (3, 3)), ("10:00", (3, 3))], []),
        ([("7 22:00", (3, 3)), ("10:00", (1, 1))], ["CRS 3 to 1: temperature 38.6 °C"]),
        ([("7 20:00", (0, 0)), ("7 22:00", (2, 2))], []),  # before the shift
        ([("10:00", (0, 0))], ["CRS 0"]),
        ([("10:00", (None, 0))], []),
        ([("7 22:00", (2, 2)), ("07:00", (1, 1))], ["CRS 2 to 1: temperature 38.6 °C"]),
    ],
)
def test_a_grade_changes_where_it_is_no_longer_what_was_known(
    grades: list[tuple[str, tuple[int | None, int]]], words: list[str]
) -> None:
    standing = [version(clock, crs, number) for number, (clock, crs) in enumerate(grades, 1)]
    assert [change.words for change in grade_changes(standing, SINCE)] == words


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"oxygen_device": "room_air"}, None),
        ({}, {"oxygen_device": "face_mask", "oxygen_l_per_min": 8.0}, "Oxygen: face mask 8 L/min"),
        (
            {"oxygen_device": "nasal_cannula", "oxygen_l_per_min": 2.0},
            {"oxygen_device": "room_air"},
            "Oxygen: room air (before: nasal cannula 2 L/min)",
        ),
        ({"oxygen_device": "cpap"}, {}, None),
        ({"oxygen_device": "cpap"}, {"oxygen_device": "cpap"}, None),
        ({}, {"oxygen_l_per_min": 3.5}, "Oxygen: device not recorded, 3.5 L/min"),
        ({"vasopressors": "none"}, {"vasopressors": "norepinephrine"}, "Vasopressor: norepinephrine"),
        (
            {"vasopressors": "norepinephrine"},
            {"vasopressors": "norepinephrine;vasopressin"},
            "Vasopressor: vasopressin",
        ),
        (
            {"vasopressors": "norepinephrine"},
            {"vasopressors": "none"},
            "Vasopressor stopped: norepinephrine",
        ),
        ({"vasopressors": "norepinephrine"}, {"vasopressors": None}, None),
        ({"fever_masking_drugs": "none"}, {"fever_masking_drugs": "tocilizumab"}, "Given: tocilizumab"),
        ({"fever_masking_drugs": "tocilizumab"}, {"fever_masking_drugs": "none"}, None),
        ({"iv_fluid_bolus": "yes"}, {"iv_fluid_bolus": "yes"}, "Fluid bolus given"),
        ({}, {"iv_fluid_bolus": "no"}, None),
    ],
)
def test_new_and_stopped_support_is_told_and_silence_is_not(
    before: dict[str, object], after: dict[str, object], words: str | None
) -> None:
    standing = [version("7 22:00", (0, 0), 1, **before), version("10:00", (0, 0), 2, **after)]
    assert [change.words for change in support_changes(standing, SINCE)] == ([words] if words else [])


def test_late_entries_corrections_and_moves_are_told_when_they_were_made() -> None:
    late = version("02:00", (2, 2), 1, entered_at=local("08:40"))
    wrong = version("09:52", (3, 3), 2, superseded_at=local("10:03"))
    right = version("09:52", (2, 2), 3, version=2, supersedes_id=2, entered_at=local("10:03"))
    gone = version("11:00", (0, 0), 4, superseded_at=local("11:30"))
    void = version("11:00", (0, 0), 5, version=2, supersedes_id=4, entered_at=local("11:30"), status="voided")
    moved = version("12:00", (1, 1), 6, superseded_at=local("12:10"))
    came = version("12:20", (1, 1), 7, version=2, supersedes_id=99, entered_at=local("12:30"))
    assert lines([late, wrong, right, gone, void, moved, came]) == [
        "08:40 Late entry: observed 02:00, late by 6 h 40 min: CRS 2",
        "10:03 Entry of 09:52 corrected: CRS 3 to 2",
        "11:30 Entry of 11:00 withdrawn",
        "12:10 Entry of 12:00 moved to another patient or infusion",
        "12:20 CRS 2 to 1: temperature 38.6 °C",
        "12:30 Entry of 12:20 moved here from another patient or infusion: CRS 1",
    ]


def test_a_correction_of_long_ago_is_no_change_of_this_shift() -> None:
    wrong = version("7 09:52", (3, 3), 2, superseded_at=local("7 10:03"))
    right = version("7 09:52", (2, 2), 3, version=2, supersedes_id=2, entered_at=local("7 10:03"))
    assert lines([wrong, right]) == []
    same = replace(right, grades=wrong.grades, entered_at=local("10:03"))
    assert lines([replace(wrong, superseded_at=local("10:03")), same]) == [
        "10:03 Entry of 7 Mar 09:52 corrected: the grades stay"
    ]


def test_what_came_from_a_file_is_never_late() -> None:
    assert lines([version("02:00", (2, 2), 1, entered_at=local("08:40"), source="file")]) == []


def test_skips_and_moves_are_told_with_the_wards_own_words() -> None:
    skips = (
        SkippedSlot(SlotKind.ICE, local("06:00"), "refused", None, local("07:10")),
        SkippedSlot(SlotKind.ICE, local("06:00"), "refused", "tired", local("08:20")),
        SkippedSlot(SlotKind.VITAL_SIGNS, local("7 22:00"), "asleep", None, local("7 22:10")),
    )
    stays = (
        StayPeriod(StayKind.WARD, local("3 10:00"), local("11:40")),
        StayPeriod(StayKind.INTENSIVE_CARE, local("11:40")),
    )
    assert lines([], *skips, stays=stays) == [
        "07:10 Not done: ICE of 06:00, refused, asked again from 08:10",
        '08:20 Not done: ICE of 06:00, refused ("tired")',
        "11:40 To intensive care",
    ]


def test_the_worst_is_what_was_proved_and_nobody_looking_is_not_0() -> None:
    standing = [version("7 22:00", (4, 4), 1), version("10:00", (2, 2), 2), version("11:00", (None, 3), 3)]
    sheet = Sheet(SINCE, NOW, local("23:00"), PROTOCOL, ZONE)
    assert worst_words(sheet, standing) == "CRS at least 3 at 11:00"
    assert worst_words(sheet, standing[:1]) == "no assessment in this time"
    assert worst_words(sheet, [version("10:00", (None, 0), 1)]) == "CRS not graded"
    worst = worst_since([*standing, version("12:00", (3, 3), 4)], Toxicity.CRS, SINCE)
    assert worst is not None
    assert worst[1].grade == 3


def alert(**values: object) -> BoardAlert:
    stored: dict[str, object] = {
        "alert_id": 142,
        "infusion_id": 1,
        "slot": "icans",
        "level": 3,
        "is_settled": True,
        "first_observed_at": local("07:52"),
        "opened_at": local("07:54"),
        "recipients": 3,
        "told": 3,
        "is_acknowledged": False,
        "acknowledged_by": None,
        "acknowledged_at": None,
    }
    return BoardAlert(**{**stored, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "answer", "words"),
    [
        ({}, AlertAnswer("grade3"), "ICANS 3 since 07:52. Not acknowledged."),
        (
            {"is_settled": False},
            AlertAnswer("grade3"),
            "ICANS at least 3 since 07:52. Not acknowledged.",
        ),
        (
            {"is_acknowledged": True},
            AlertAnswer("grade3", "drug_given", "Dr Chen", local("08:02")),
            "ICANS 3 since 07:52. Acknowledged by Dr Chen at 08:02: drug given.",
        ),
        (
            {},
            AlertAnswer("grade3", "seen_at_bedside", "Dr Chen", local("7 08:02")),
            "ICANS 3 since 07:52. Not acknowledged now; last by Dr Chen at 7 Mar 08:02: seen at bedside.",
        ),
        (
            {"slot": "ice", "level": 0},
            AlertAnswer("missed"),
            "ICE overdue since 07:52. Not acknowledged.",
        ),
        (
            {"slot": "vital_signs", "level": 0},
            AlertAnswer("missed"),
            "Vital signs overdue since 07:52. Not acknowledged.",
        ),
        (
            {"slot": "", "level": 0},
            AlertAnswer("support_ungraded"),
            "Pressure or oxygen supported without a CRS grade since 07:52. Not acknowledged.",
        ),
    ],
)
def test_an_open_alert_says_who_answered_when_and_what_was_done(
    values: dict[str, object], answer: AlertAnswer, words: str
) -> None:
    sheet = Sheet(SINCE, NOW, local("23:00"), PROTOCOL, ZONE)
    assert alert_words(sheet, alert(**values), answer) == f"A-0142: {words}"


# From the database on.


@pytest.fixture
def _ward(database: str, tmp_path: Path) -> None:
    context.configure(Settings(database_url=database, data_dir=tmp_path, site_timezone=ZONE.key), PROTOCOL)


def load_sheet(due_until: datetime) -> tuple[Sheet, list[Place], dict[int, tuple[Version, ...]], str]:
    """The sheet as the page makes it; its words without tags."""
    sheet = Sheet(SINCE, NOW, due_until, PROTOCOL, ZONE)
    with reading() as session:
        patients = load_board(session, NOW, PROTOCOL, zone=ZONE)
        places = in_order(patients, load_board_alerts(session, NOW), NOW, PROTOCOL, zone=ZONE)
        versions = load_versions_since(session, [one.infusion_id for one in patients], SINCE)
        answers = load_answers(session, [one.alert_id for place in places for one in place.alerts])
        latest = [place.patient.points[-1].assessment_id for place in places if place.patient.points]
        missing = load_missing(session, latest)
    html = "".join(
        patient_section(sheet, place, versions.get(place.patient.infusion_id, ()), answers, missing)
        for place in places
    )
    return sheet, places, versions, re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))


def acknowledge(alert_id: int, assessment_id: int) -> None:
    with writing() as session:
        user = User(
            username="chen", display_name="Dr Chen", role="investigator", is_active=True, created_at=NOW
        )
        session.add(user)
        session.flush()
        session.add(
            Acknowledgement(
                alert_id=alert_id,
                by=user.id or 0,
                at=local("10:20"),
                level=3,
                assessment_id=assessment_id,
                action_taken="drug_given",
                remark="gave it at once",
                expires_at=local("22:20"),
            )
        )
        session.get_one(Alert, alert_id).state = "acknowledged"


@pytest.mark.usefixtures("_ward")
def test_the_sheet_tells_one_patients_shift() -> None:
    patient_id = made_up.enrol("CART-007", local("1 10:00"))
    infusion_id = made_up.infuse(patient_id, 1, local("5 10:00"))
    _, _, stable_id = made_up.assess(
        patient_id,
        infusion_id,
        [
            (local("06:10"), made_up.WELL),
            (local("10:05"), {**SHOCK, "comment": "the patient's brother called"}),
            (local("13:50"), {**FEVER, "oxygen_device": None, "ice_score": None, "ice_not_done": "refused"}),
        ],
    )
    made_up.correct(stable_id, local("14:10"), "typed the wrong line", temperature_c=38.9)
    made_up.move_to(patient_id, "intensive_care", local("11:00"))
    entry = {"patient_id": "CART-007", "infusion_number": 1, "kind": "vital_signs", "reason": "other"}
    skip = SkipIn.model_validate({**entry, "due_at": local("10:00"), "explanation": "was <b>showering</b>"})
    skip_assessment(skip, by=SYSTEM, now=local("11:30"))
    _, (place,), versions, _ = load_sheet(local("23:00"))
    acknowledge(place.alerts[0].alert_id, versions[infusion_id][0].id)
    sheet, (place,), versions, words = load_sheet(local("23:00"))
    assert where_words(sheet, place.patient) == "Intensive care since 11:00"
    assert worst_words(sheet, versions[infusion_id]) == "CRS 3 at 10:05, ICANS 0 at 10:05"
    for expected in (
        "CART-007 First infusion, day 3",
        "10:05 CRS 0 to 3: ",
        "Vasopressor: norepinephrine.",
        "11:00 To intensive care.",
        "Not done: vital signs of 10:00, other (&quot;was &lt;b&gt;showering&lt;/b&gt;&quot;)",
        "14:10 Entry of 13:50 corrected: ",
        "Acknowledged by Dr Chen at 10:20: drug given.",
        "To record, to settle CRS: ",
        "Due until 23:00: 18:00 vital signs; 22:00 vital signs and ICE.",
    ):
        assert expected in words, words
    for free_text in ("brother", "wrong line", "at once"):
        assert free_text not in words


@pytest.mark.usefixtures("_ward")
def test_what_is_overdue_and_due_stands_apart() -> None:
    patient_id = made_up.enrol("CART-008", local("1 10:00"))
    infusion_id = made_up.infuse(patient_id, 1, local("5 10:00"))
    made_up.assess(patient_id, infusion_id, [(local("06:10"), made_up.WELL)])
    sheet, (place,), _, words = load_sheet(local("23:00"))
    assert "Overdue 4 h 30 min: vital signs, due 10:00." in words
    assert due_words(sheet, place.patient) == (
        "14:00 vital signs and ICE; 18:00 vital signs; 22:00 vital signs and ICE"
    )
    assert "No change is known: no assessment in this time." in words
    assert due_words(replace(sheet, due_until=local("14:00")), place.patient) == "nothing"


@pytest.mark.usefixtures("_ward")
def test_a_long_course_is_read_from_two_days_before_the_shift_only() -> None:
    patient_id = made_up.enrol("CART-009", local("1 08:00"))
    infusion_id = made_up.infuse(patient_id, 1, local("1 09:00"))
    made_up.assess(patient_id, infusion_id, [(local("2 10:00"), SHOCK), (local("7 10:00"), FEVER)])
    (old,) = made_up.assess(patient_id, infusion_id, [(local("2 14:00"), FEVER)])
    made_up.correct(old, local("10:00"), "wrong", temperature_c=39.5)
    with reading() as session:
        found = load_versions_since(session, [infusion_id], SINCE)[infusion_id]
    observed = [f"{one.assessed_at.astimezone(ZONE):%d %H:%M} v{one.version}" for one in found]
    assert observed == ["07 10:00 v1", "02 14:00 v1", "02 14:00 v2"]
    assert {one.grades[Toxicity.CRS].grade for one in found} != {None}
    with reading() as session:
        assert load_versions_since(session, [], SINCE) == {}
        assert load_answers(session, []) == {}


@pytest.mark.usefixtures("_ward")
def test_an_empty_ward_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    nurse = add_person(Role.WARD, "nurse")
    page = PageInMemory("ward/handover.py", nurse, NOW, monkeypatch).open()
    assert "Nobody is in monitoring, so there is nobody to hand over." in page.text
    assert page.frame().headings == ["Shift handover"]

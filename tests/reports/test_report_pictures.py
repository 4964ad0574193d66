"""The pictures of the report: days of the hospital, what lies outside an axis, how a lane ends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from reportlab.graphics.shapes import Drawing, PolyLine, String

from db.session import reading
from reports.committee_pictures import pictures_of
from reports.committee_rows import ReportRows, load_rows
from reports.committee_swimmer import worst_by_day
from tests.support import made_up, made_up_trial
from tests.support.made_up_trial import CRS_1, CRS_3
from tests.support.people import configured
from trial.protocol import load_protocol

ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
FIRST_AT = datetime(2026, 3, 2, 3, tzinfo=UTC)  # 11:00 at the hospital
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _hospital(sqlite_database: str, tmp_path: Path) -> None:
    configured(sqlite_database, tmp_path)


def rows(days: float) -> ReportRows:
    with reading() as session:
        return load_rows(session, FIRST_AT + days * DAY, PROTOCOL, ZONE)


def drawn(of: ReportRows) -> dict[str, Drawing]:
    return {one.title: one.drawing for one in pictures_of(of, PROTOCOL, ZONE, 700)}


def parts(drawing: Any, kind: type) -> list[Any]:
    found: list[Any] = []
    for one in drawing.contents:
        found += [one] if isinstance(one, kind) else parts(one, kind) if hasattr(one, "contents") else []
    return found


def said(drawing: Drawing) -> list[str]:
    return [one.text for one in parts(drawing, String)]


def test_days_are_those_of_the_hospital_and_not_of_24_hours() -> None:
    second_at = datetime(2026, 3, 31, 22, tzinfo=UTC)  # 06:00 on 1 April, 29 days and 19 h later
    patient_id, (_, second) = made_up_trial.infused("CART-001", FIRST_AT, second_at)
    made_up.assess(patient_id, second, [(second_at + timedelta(hours=3), CRS_1)])
    found = rows(40)
    assert worst_by_day(found, found.patients[0], ZONE) == [(2, 30, 1)]


def test_an_event_after_the_last_day_of_the_axis_is_not_drawn_at_its_end() -> None:
    patient_id, (first,) = made_up_trial.infused("CART-001", FIRST_AT)
    made_up.assess(patient_id, first, [(FIRST_AT + 3 * DAY, made_up.WELL), (FIRST_AT + 32 * DAY, CRS_3)])
    picture = drawn(rows(40))["CRS: cumulative incidence of grade 2 or more, and 3 or more"]
    heights = {y for line in parts(picture, PolyLine) for y in line.points[1::2]}
    assert len(heights) == 1, "the curve stays at 0"


def test_nobody_infused_has_words_and_no_curve() -> None:
    made_up.enrol("CART-001", FIRST_AT)
    found = drawn(rows(1))
    assert "Nobody has been infused by the cut-off." in said(found["Patients over time"])
    picture = found["ICANS: cumulative incidence of grade 2 or more, and 3 or more"]
    assert "Second infusion, nobody at risk" in said(picture)
    assert parts(picture, PolyLine) == []


def test_a_lane_says_its_worst_grade_its_drugs_and_how_it_ends() -> None:
    patient_id, (first,) = made_up_trial.infused("CART-001", FIRST_AT)
    made_up.assess(patient_id, first, [(FIRST_AT + 2 * DAY, CRS_1)])
    for drug in ("tocilizumab", "dexamethasone"):
        made_up_trial.store("treatment", patient_id=patient_id, drug=drug, started_at=FIRST_AT + 2 * DAY)
    lost_on = (FIRST_AT + 50 * DAY).date()
    made_up_trial.store(
        "follow_up_event", patient_id=patient_id, kind="lost_to_follow_up", cause=None, occurred_on=lost_on
    )
    words = said(drawn(rows(60))["Patients over time"])
    assert {"CART-001", "1", "ST", "left"} <= set(words)
    assert "left" not in said(drawn(rows(40))["Patients over time"]), "not yet"


def test_beside_a_staircase_stands_how_the_rule_behaves() -> None:
    found = drawn(rows(1))
    assert "false stop 9.8 % at the tolerated rate" in said(
        found[f"Stopping rule: {PROTOCOL.stopping[0].words}"]
    )
    assert "false stop 4.36 % at the tolerated rate" in said(
        found[f"Stopping rule: {PROTOCOL.stopping[1].words}"]
    )

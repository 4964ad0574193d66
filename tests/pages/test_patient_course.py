"""The whole course on the patient page: every record in its place, with words and its link."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from actions import context
from charts.course_rows import Lane
from clock import utc_now
from db.models import Record, User
from db.queries.patient_course import load_course_records
from db.roles import Actor, Role
from db.session import reading, writing
from grading.scale import Toxicity
from pages.ward.patient_parts.course_words import Wording, course_rows
from settings import Settings
from tests.db.rows_trial import good_of_the_trial
from tests.support import made_up
from tests.support.pages import open_page, words_of
from trial.protocol import load_protocol

NOW = utc_now()
INFUSED_AT = NOW - timedelta(days=6)
GRADE_3 = {**made_up.WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine"}


def on(days: int) -> date:
    return (INFUSED_AT + timedelta(days=days)).date()


def store(table: str, **values: Any) -> None:
    row = good_of_the_trial(lambda: f"{abs(hash((table, str(values)))):032x}"[:32])[table]
    with writing() as session:
        session.connection().execute(insert(Record.metadata.tables[table]).values(**row | values))


@pytest.fixture
def patient(sqlite_database: str, tmp_path: Path) -> Actor:
    """A nurse, and patient 1 with one record of each kind."""
    settings = Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    with writing() as session:
        user = User(username="nurse", display_name="Nurse", role="ward", created_at=NOW)
        session.add(user)
        session.flush()
        actor = Actor(user.id, user.username, user.display_name, Role.WARD)
    patient_id = made_up.enrol("CART-007", INFUSED_AT - timedelta(days=9))
    infusion_id = made_up.infuse(patient_id, 1, INFUSED_AT)
    entries = [(INFUSED_AT + timedelta(hours=hours), made_up.WELL) for hours in (20, 68)]
    made_up.assess(patient_id, infusion_id, [*entries, (INFUSED_AT + timedelta(hours=44), GRADE_3)])
    started = INFUSED_AT - timedelta(days=5)
    store("treatment", drug="fludarabine", started_at=started, ended_at=started + timedelta(days=2))
    store("treatment", drug="tocilizumab", dose=560, dose_unit="mg", started_at=NOW - timedelta(days=4))
    store("treatment", drug="dexamethasone", started_at=NOW - timedelta(days=3), is_ongoing=True)
    store("adverse_event", term="<b>Tremor</b>", grade=2, onset_on=on(3), causality_car_t="probable")
    store("response_assessment", scanned_on=on(5), response="PR", deauville=4)
    store("ctdna_result", sampled_on=on(5), result="positive", value=12.5, unit="hGE/mL")
    store("follow_up_event", kind="progression", occurred_on=on(6))
    store("follow_up_event", kind="new_therapy", occurred_on=on(6), note="glofitamab & <b>rituximab</b>")
    store("follow_up_event", kind="death", cause="unknown", occurred_on=on(6))
    for days, value in ((0, 2.1), (4, 0.3)):
        store(
            "lab_result",
            analyte="anc",
            taken_at=INFUSED_AT + timedelta(days=days),
            value=value,
            unit="10^9/L",
        )
    store("lab_result", analyte="crp", taken_at=INFUSED_AT, value=120, unit="mg/L")
    return actor


def test_every_record_has_its_place_its_words_and_its_link(patient: Actor) -> None:
    with reading() as session:
        records = load_course_records(session, 1)
    words = Wording(context.settings().zone, "CART-007", lambda page: f"/{page}")
    rows = course_rows(records, words, NOW, 14)
    tiles = {(tile.scale, tile.text) for tile in rows.tiles}
    assert (Toxicity.CRS, "3") in tiles
    assert (Toxicity.ICANS, "0") in tiles
    bars = {bar.name: bar for bar in rows.bars}
    assert set(bars) == {"Fludarabine", "Dexamethasone", "&lt;b&gt;Tremor&lt;/b&gt;"}
    assert bars["Dexamethasone"].to_at is None
    tremor = bars["&lt;b&gt;Tremor&lt;/b&gt;"]
    assert (tremor.lane, tremor.grade, tremor.to_at, tremor.link) == (Lane.EVENTS, 2, None, "/events")
    assert "CAR-T cells probable" in tremor.words
    marks = {mark.name: mark for mark in rows.marks}
    assert {name: mark.text for name, mark in marks.items()} == {
        "PET/CT": "PR",
        "ctDNA": "+",
        "Progression": "",
        "New lymphoma therapy": "",
        "Death": "",
        "Tocilizumab": "",
    }
    assert "Deauville 4" in marks["PET/CT"].words
    assert "12.5 hGE/mL" in marks["ctDNA"].words
    assert marks["Death"].words.startswith("<b>Death of an unknown cause</b>")
    assert marks["New lymphoma therapy"].words.endswith("<br>glofitamab &amp; &lt;b&gt;rituximab&lt;/b&gt;")
    anc, crp = rows.labs
    assert [point.value for point in anc.points] == [2.1, 0.3]
    assert (crp.unit, [point.value for point in crp.points]) == ("mg/dL", [12.0])
    assert "CRP 120 mg/L" in crp.points[0].words


@pytest.mark.parametrize(
    ("tab", "expected"),
    [("Whole course", "Tremor</b> grade 2"), ("Laboratory", None)],
)
def test_a_tab_is_read_when_it_is_opened(
    patient: Actor, monkeypatch: pytest.MonkeyPatch, tab: str, expected: str | None
) -> None:
    app = open_page(monkeypatch, "ward/patient.py", patient, {"code": "CART-007"})
    assert "Events, disease and treatments" not in words_of(app)
    app.session_state["patient-pictures-1"] = tab
    app.run()
    assert not app.exception
    shown = words_of(app)
    assert (expected is None) or "Tremor" in shown
    assert ("Events, disease and treatments" in shown) is (tab == "Whole course")


@pytest.mark.parametrize(("picture", "is_course"), [("course", True), ("labs", False), ("nonsense", False)])
def test_a_link_opens_the_picture_it_names(
    patient: Actor, monkeypatch: pytest.MonkeyPatch, picture: str, is_course: bool
) -> None:
    app = open_page(monkeypatch, "ward/patient.py", patient, {"code": "CART-007", "picture": picture})
    assert ("Events, disease and treatments" in words_of(app)) is is_course
    assert ("Select a point to open its entry." in words_of(app)) is (picture == "nonsense")

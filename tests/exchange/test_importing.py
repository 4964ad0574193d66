"""Two files stored under the rules of the form, on both engines."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions import context
from actions.assessments import correct_assessment, void_assessment
from actions.recipients import add_recipient
from actions.screening import start_screening
from alerts import jobs
from db.audit import verify_chain
from db.inputs import AssessmentIn, PatientIn, RecipientIn
from db.models import Record
from db.roles import SYSTEM, Group
from db.session import reading
from exchange.importing import Imported, import_files
from exchange.infusion_file import COLUMNS, load_infusion_file
from settings import Settings
from tests.exchange.files import row, write_file
from trial.protocol import load_protocol

INFUSED = "2026-03-01T10:00+08:00"
NOW = datetime(2026, 3, 6, 2, 0, tzinfo=UTC)
WELL = {
    "temperature_c": "36.8",
    "systolic_mmhg": "120",
    "spo2_percent": "97",
    "oxygen_device": "room_air",
    "vasopressors": "none",
    "ice_score": "10",
    "consciousness": "alert",
    "seizure": "none",
    "motor_weakness": "none",
    "edema_or_raised_icp": "none",
}
SHOCK = WELL | {"temperature_c": "38.9", "vasopressors": "norepinephrine"}


def infused(code: str = "P1", number: str = "1", at: str = INFUSED, **cells: str) -> dict[str, str]:
    return {"patient_id": code, "infusion_number": number, "infused_at": at} | cells


def assessed(at: str, **cells: str) -> dict[str, str]:
    return row(assessed_at=f"2026-03-{at}+08:00", **(WELL | cells))


class Ward:
    """A database, two files, and what is stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(
        self,
        infusions: list[dict[str, str]],
        assessments: list[dict[str, str]],
        *,
        historical: bool = False,
        now: datetime = NOW,
    ) -> Imported:
        return import_files(
            write_file(self.folder / "infusions.csv", infusions, COLUMNS),
            write_file(self.folder / "assessments.csv", assessments),
            by=SYSTEM,
            now=now,
            historical=historical,
        )

    def rows(self, table: str) -> list[dict[str, Any]]:
        columns = Record.metadata.tables[table]
        with reading() as session:
            found = session.connection().execute(select(columns).order_by(columns.c.id))
            return [dict(one) for one in found.mappings()]

    def counts(self) -> dict[str, int]:
        return {name: len(self.rows(name)) for name in Record.metadata.tables}


@pytest.fixture
def ward(database: str, tmp_path: Path) -> Iterator[Ward]:
    settings = Settings(database_url=database, data_dir=tmp_path, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    address = RecipientIn(name="Ward 7", address="ward@hospital.org", group=Group.WARD)
    add_recipient(address, by=SYSTEM, now=NOW - timedelta(days=30))
    yield Ward(tmp_path)
    with reading() as session:
        assert verify_chain(session).whole


def sentences(rejected: list[Any]) -> dict[int, str]:
    return {one.line: " ".join(problem.sentence for problem in one.problems) for one in rejected}


def test_what_the_files_hold_is_stored_graded_and_audited(ward: Ward) -> None:
    done = ward.load(
        [infused(sex="F", age_years="61", weight_kg="70.5", lot="=LOT", baseline_ice="9"), infused("P2")],
        [
            assessed("02T08:00"),
            assessed("02T12:00", **SHOCK, comment="=1+1 面色苍白"),
            assessed("02T08:00", patient_id="P2"),
        ],
    )
    assert (done.patients_added, done.infusions_added, done.assessments_added, done.rejected) == (2, 2, 3, 0)
    patient, _ = ward.rows("patient")
    infusion, _ = ward.rows("infusion")
    assert (patient["study_code"], patient["sex"], patient["age_years"]) == ("P1", "F", 61)
    assert (infusion["weight_kg"], infusion["lot"], infusion["baseline_ice"]) == (70.5, "=LOT", 9)
    stored = ward.rows("assessment")
    assert {one["source"] for one in stored} == {"file"}
    assert stored[1]["comment"] == "=1+1 面色苍白"
    grades = {
        (one["assessment_id"], one["scale"]): (one["grade"], one["at_least"]) for one in ward.rows("grade")
    }
    assert grades[stored[1]["id"], "crs"] == (3, 3)
    assert grades[stored[0]["id"], "icans"] == (0, 0)
    assert [one["worst_at_least"] for one in ward.rows("patient_day") if one["scale"] == "crs"] == [3, 0]
    (first, second) = [one for one in ward.rows("audit_event") if one["action"] == "import_assessments"]
    assert [one["line"] for one in first["detail"]["assessments"]] == [2, 3]
    assert first["detail"]["assessments"][1]["after"]["vasopressors"] == "norepinephrine"
    assert second["patient_id"] == 2


def test_the_same_files_again_add_nothing(ward: Ward) -> None:
    files = ([infused(sex="M")], [assessed("02T08:00"), assessed("02T12:00", **SHOCK)])
    ward.load(*files)
    before = ward.counts()
    done = ward.load(*files)
    assert (done.patients_added, done.infusions_added, done.assessments_added) == (0, 0, 0)
    assert (done.infusions_known, done.assessments_known, done.rejected) == (1, 2, 0)
    assert ward.counts() == before


def test_new_rows_of_a_longer_file_are_added_and_later_grades_follow(ward: Ward) -> None:
    # Fever at 08:00 opens a course, so the vasopressor at 12:00 counts although the fever has gone.
    late = assessed("02T12:00", vasopressors="norepinephrine")
    ward.load([infused()], [late])
    ward.load([infused()], [assessed("02T08:00", temperature_c="38.5"), late])
    crs = [one for one in ward.rows("grade") if one["scale"] == "crs" and one["superseded_at"] is None]
    assert sorted(one["grade"] for one in crs) == [1, 3]


def test_the_same_time_with_other_content_is_refused_with_where_to_correct_it(ward: Ward) -> None:
    ward.load([infused()], [assessed("02T08:00")])
    done = ward.load([infused()], [assessed("02T08:00", temperature_c="39.9")])
    assert sentences(done.rejected_assessments) == {
        2: "An assessment of 2 Mar 08:00 is already recorded; correct it on its page."
    }
    (refused,) = done.rejected_assessments
    assert refused.problems[0].value == "2026-03-02T08:00+08:00"
    assert refused.urgent
    assert len(ward.rows("assessment")) == 1


def test_a_row_that_was_corrected_or_withdrawn_on_its_page_does_not_come_back(ward: Ward) -> None:
    files = ([infused()], [assessed("02T08:00"), assessed("02T12:00")])
    ward.load(*files)
    moved, withdrawn = ward.rows("assessment")
    later = AssessmentIn.model_validate(assessed("02T09:00"))
    correct_assessment(moved["stable_id"], 1, later, "read from the wrong clock", "t1", by=SYSTEM, now=NOW)
    void_assessment(withdrawn["stable_id"], 1, "wrong patient", by=SYSTEM, now=NOW)
    done = ward.load(*files)
    assert (done.assessments_added, done.assessments_known, done.rejected) == (0, 2, 0)


@pytest.mark.postgresql_in_soak
@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (
            {"assessed_at": "2026-03-09T08:00+08:00"},
            "Time of the assessment must not be in the future; it is now 6 Mar 2026, 10:00.",
        ),
        (
            {"assessed_at": "2026-03-01T09:59+08:00"},
            "Time of the assessment must not be before the infusion of 1 Mar 2026, 10:00.",
        ),
        ({"infusion_number": "2"}, "Infusion 2 of P1 is not recorded. Record it first."),
        (
            {"patient_id": "P9"},
            "No patient P9 is enrolled. Correct the study code, or enrol the patient first.",
        ),
    ],
)
def test_what_the_form_refuses_the_import_refuses_in_the_same_words(
    ward: Ward, cells: dict[str, str], sentence: str
) -> None:
    good = assessed("02T08:00", infusion_number="1")
    done = ward.load([infused()], [good, assessed("02T12:00", infusion_number="1") | cells])
    assert sentences(done.rejected_assessments) == {3: sentence}
    assert done.assessments_added == 1


@pytest.mark.postgresql_in_soak
def test_rows_after_a_stored_death_are_refused(ward: Ward) -> None:
    ward.load([infused()], [assessed("02T08:00", death_due_to="other")])
    done = ward.load([infused()], [assessed("02T12:00")])
    assert list(sentences(done.rejected_assessments)) == [2]


@pytest.mark.postgresql_in_soak
def test_a_judgement_from_a_file_waits_for_an_investigator(ward: Ward) -> None:
    ward.load([infused()], [assessed("02T08:00", **SHOCK, crs_judgement="not_crs"), assessed("02T12:00")])
    assert [one["confirmed_by_investigator"] for one in ward.rows("assessment")] == [False, True]


def test_a_second_infusion_that_happened_is_stored_with_what_the_gate_said(ward: Ward) -> None:
    second = infused(number="2", at="2026-03-04T10:00+08:00")
    files = (
        [second, infused()],
        [assessed("02T08:00", **SHOCK, infusion_number="1"), assessed("05T08:00", infusion_number="2")],
    )
    done = ward.load(*files)
    assert (done.infusions_added, done.assessments_added, done.rejected) == (2, 2, 0)
    (reason,) = done.outside_gate["P1"]
    assert reason.startswith("CRS below grade 3 after the first infusion, or released by two investigators")
    (event,) = [one for one in ward.rows("audit_event") if "gate" in one["detail"]]
    gate = event["detail"]["gate"]
    assert (gate["verdict"], gate["barred"], gate["reasons"]) == ("closed", True, [reason])
    assert ward.load(*files).outside_gate == {}, "what is known is not told again"


@pytest.mark.postgresql_in_soak
def test_an_import_of_a_second_infusion_nobody_prepared_says_that_the_gate_was_undecided(ward: Ward) -> None:
    done = ward.load([infused(), infused(number="2", at="2026-03-04T10:00+08:00")], [], historical=True)
    assert done.infusions_added == 2
    assert done.outside_gate["P1"][0].startswith("Not yet known: Response by PET/CT")


@pytest.mark.postgresql_in_soak
def test_an_infusion_or_a_patient_told_differently_is_refused(ward: Ward) -> None:
    ward.load([infused(sex="F", age_years="61", weight_kg="70")], [])
    assert ward.load([infused()], []).infusions_known == 1
    other_time = ward.load([infused(at="2026-03-01T11:00+08:00")], [])
    assert "already recorded" in sentences(other_time.rejected_infusions)[2]
    other_age = ward.load([infused(age_years="62")], [])
    assert sentences(other_age.rejected_infusions) == {
        2: "P1 is enrolled with age 61; correct it on the enrolment page."
    }


@pytest.mark.postgresql_in_soak
def test_a_file_enrols_nobody_who_is_in_screening(ward: Ward) -> None:
    start_screening(PatientIn(study_code="P1", age_years=61), by=SYSTEM, now=NOW)
    done = ward.load([infused(age_years="62")], [assessed("05T08:00")])
    assert (done.patients_added, done.infusions_added, done.assessments_added) == (0, 0, 0)
    assert sentences(done.rejected_infusions)[2].startswith("P1 is in screening and not enrolled.")
    assert len(done.rejected_assessments) == 1
    assert ward.rows("patient")[0]["enrolled_at"] is None


@pytest.mark.postgresql_in_soak
def test_a_refused_infusion_leaves_no_patient_behind(ward: Ward) -> None:
    before = ward.counts()
    done = ward.load([infused(number="2"), infused("P2", at="2026-03-09T10:00+08:00")], [])
    assert (done.patients_added, done.infusions_added, len(done.rejected_infusions)) == (0, 0, 2)
    assert ward.counts() == before
    with reading() as session:
        assert verify_chain(session).whole


@pytest.mark.postgresql_in_soak
def test_a_blank_number_is_refused_where_the_infusion_file_or_the_database_knows_a_second(
    ward: Ward,
) -> None:
    unnamed = [assessed("02T08:00", infusion_number="")]
    assert ward.load([infused()], unnamed).assessments_added == 1
    both = [infused(), infused(number="2", at="2026-03-04T10:00+08:00")]
    later = [*unnamed, assessed("04T18:00", infusion_number="")]
    for infusions in (both, [infused()]):
        done = ward.load(infusions, later)
        assert (done.assessments_added, done.assessments_known) == (0, 1)
        (refused,) = done.rejected_assessments
        (problem,) = refused.problems
        assert problem.field == "infusion_number"
        assert problem.sentence == "Enter the infusion number: P1 has a second infusion."
    named = [*unnamed, assessed("04T18:00", infusion_number="2")]
    assert len(ward.load(both, named).rejected_assessments) == 1, "the file's own rule stands"


def test_live_rows_raise_live_alerts(ward: Ward) -> None:
    done = ward.load([infused()], [assessed("05T08:00", **SHOCK)])
    assert done.notices == 2
    alerts = ward.rows("alert")
    assert {(one["signal"], one["state"], one["historical"]) for one in alerts} == {
        ("grade3", "open", False),
        ("barred", "open", False),
    }
    assert [one["kind"] for one in ward.rows("notice")] == ["opening", "opening"]
    assert len(ward.rows("delivery")) == 1, "the ward is not told of the bar"


def test_historical_rows_raise_historical_alerts_and_one_digest_for_all(ward: Ward) -> None:
    files = (
        [infused(), infused("P2")],
        [assessed("05T08:00", **SHOCK), assessed("05T08:00", **SHOCK, patient_id="P2")],
    )
    assert ward.load(*files, historical=True).historical_alerts == 2
    assert ward.load(*files, historical=True).historical_alerts == 0
    assert {one["historical"] for one in ward.rows("alert")} == {True}
    assert [one["kind"] for one in ward.rows("notice")] == ["historical_digest"]
    jobs.sweep(context.settings(), context.protocol())
    assert len(ward.rows("delivery")) == 1


@pytest.mark.postgresql_in_soak
def test_who_was_last_assessed_long_ago_is_recorded_as_at_home_since(ward: Ward) -> None:
    recent = NOW + timedelta(days=14)
    files = ([infused(), infused("P2")], [assessed("05T08:00"), assessed("06T08:00", patient_id="P2")])
    done = ward.load(*files, now=recent)
    assert done.over == ["P1"]
    (stay,) = ward.rows("stay")
    assert (stay["kind"], stay["to_at"]) == ("home", None)
    assert stay["from_at"] == datetime(2026, 3, 5, 0, 0, tzinfo=UTC)
    assert "monitoring is taken as ended" in stay["reason"]
    assert ward.load(*files, now=recent + timedelta(days=30)).over == []


def test_one_patient_that_cannot_be_stored_leaves_the_others_whole(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade, graded = import_files.__globals__["import_patient"].__globals__["regrade_course"], []

    def fail_on_the_second(*args: Any, **kwargs: Any) -> Any:
        graded.append(args)
        if len(graded) == 2:
            raise RuntimeError("killed here")
        return grade(*args, **kwargs)

    monkeypatch.setattr("actions.imports.regrade_course", fail_on_the_second)
    files = ([infused(), infused("P2")], [assessed("02T08:00"), assessed("02T08:00", patient_id="P2")])
    with pytest.raises(RuntimeError):
        ward.load(*files)
    assert [one["study_code"] for one in ward.rows("patient")] == ["P1"]
    assert (len(ward.rows("assessment")), len(ward.rows("grade"))) == (1, 2)
    monkeypatch.setattr("actions.imports.regrade_course", grade)
    done = ward.load(*files)
    assert (done.patients_added, done.assessments_added, done.assessments_known) == (1, 1, 1)


def test_rows_of_the_infusion_file_are_judged_one_by_one_and_together(tmp_path: Path) -> None:
    loaded = load_infusion_file(
        write_file(
            tmp_path / "infusions.csv",
            [
                infused("P1"),
                infused("P1"),
                infused("P2"),
                infused("P2", lot="B"),
                infused("Li Wei"),
                infused("P3", number="", age_years="200", baseline_ice="11"),
                infused("P4", at="2026-03-01"),
            ],
            COLUMNS,
        )
    )
    assert [one.infusion.patient_id for one in loaded.rows] == ["P1"]
    assert loaded.repeated == 1
    said = {one.line: [problem.field for problem in one.problems] for one in loaded.rejected}
    assert said == {
        4: ["infusion_number"],
        5: ["infusion_number"],
        6: ["patient_id"],
        7: ["infusion_number", "baseline_ice", "age_years"],
        8: ["infused_at"],
    }

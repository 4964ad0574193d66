"""Laboratory results: the unit is asked and never guessed, what is doubtful is asked once more."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotConfirmed, NotPermitted, Refused
from actions.follow_up import record_follow_up
from actions.lab_imports import LabLine, import_lab_results
from actions.lab_results import LabSaved, correct_lab_result, record_lab_results, void_lab_result
from actions.treatments import record_treatment
from db.inputs_follow_up import FollowUpIn
from db.inputs_lab import LabResultIn, units_of
from db.inputs_treatment import TreatmentIn
from db.queries.ends import load_ends
from db.queries.lab_results import (
    load_lab_records,
    load_lab_rows,
    load_lab_rows_of_all,
    load_lab_versions,
    load_trial_course,
    load_trial_courses,
)
from db.roles import SYSTEM, Role
from db.session import reading
from grading.units import Analyte
from tests.actions.conftest import CODE, INFUSED_AT, NOW, OTHER_CODE, Site, at
from tests.support import made_up
from trial.laboratory import LabRow
from trial.treatment_facts import Drug

ZONE = ZoneInfo("Asia/Shanghai")
WHY = "read from the wrong line"
ANC = {"analyte": "anc", "value": 0.8, "unit": "10^9/L", "lln": 1.8}


def result(hours: float = 3, typed: dict[str, Any] | None = None, **more: Any) -> LabResultIn:
    return LabResultIn.model_validate({"patient_id": CODE, "taken_at": at(hours), **(typed or ANC), **more})


def of(analyte: str, value: float, unit: str, hours: float = 3, **more: Any) -> LabResultIn:
    return result(hours, {"analyte": analyte, "value": value, "unit": unit, **more})


def record(site: Site, *panel: LabResultIn, now: datetime = NOW, **more: Any) -> LabSaved:
    return record_lab_results(panel, by=site.nurse, now=now, **more)


def told(**typed: Any) -> dict[str, str]:
    _, found = LabResultIn.check({"patient_id": CODE, "taken_at": at(1), **typed})
    return {problem.field: problem.sentence for problem in reversed(found)}


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        ("typed", "field", "sentence"),
        [
            ({}, "analyte", "Choose the analyte: anc, platelets,"),
            ({**ANC, "unit": None}, "unit", "The unit of ANC is not given: enter 10^9/L"),
            ({**ANC, "unit": "g/L"}, "unit", "'g/L' is not a unit of ANC here: use 10^9/L"),
            ({**ANC, "value": None}, "value", "Enter the value."),
            ({**ANC, "value": -0.1}, "value", "Value must be 0 to"),
            ({**ANC, "value": "0,8"}, "value", "Did you mean 0.8?"),
            ({**ANC, "value": "<0.1"}, "value", "Value must be a number"),
            ({**ANC, "lln": 0}, "lln", "Lower limit of normal must be"),
            ({**ANC, "uln": 1.8}, "uln", "The upper limit of normal must be above the lower one."),
            ({**ANC, "taken_at": "2026-03-02T08:00"}, "taken_at", "needs its offset from UTC"),
        ],
    )
    def test_what_cannot_be_is_refused_with_a_sentence(
        self, typed: dict[str, Any], field: str, sentence: str
    ) -> None:
        assert sentence in told(**typed)[field]

    def test_a_unit_is_kept_in_its_listed_spelling(self) -> None:
        entry = of("creatinine", 80, "µmol/L")
        assert (entry.row.unit, entry.columns()["unit"]) == ("umol/L", "umol/L")
        assert units_of(Analyte.CRP) == ("mg/dL", "mg/L")
        assert units_of(Analyte.BILIRUBIN)[0] == "umol/L"

    @pytest.mark.parametrize(
        ("analyte", "value", "unit", "asked"),
        [
            ("anc", 0.5, "10^9/L", False),
            ("anc", 0.5, "cells/uL", True),
            ("anc", 500, "cells/uL", False),
            ("anc", 500, "10^9/L", True),
            ("anc", 0, "cells/uL", False),
            ("crp", 80, "mg/dL", False),
            ("crp", 80.1, "mg/dL", True),
            ("crp", 120, "mg/L", False),
            ("hemoglobin", 9, "g/L", True),
            ("hemoglobin", 9, "g/dL", False),
        ],
    )
    def test_a_doubtful_value_is_asked_about(
        self, analyte: str, value: float, unit: str, asked: bool
    ) -> None:
        assert bool(of(analyte, value, unit).to_confirm()) is asked


class TestRecording:
    def test_a_panel_is_stored_together_with_one_audit_event(self, site: Site) -> None:
        saved = record(site, result(), of("platelets", 45, "10^9/L", lln=125), of("crp", 60, "mg/L"))
        assert (len(saved.stable_ids), saved.known) == (3, 0)
        with reading() as session:
            rows = load_lab_rows(session, site.patients[CODE])
            records = load_lab_records(session, site.patients[CODE])
            everyone = load_lab_rows_of_all(session)
        assert rows[0] == LabRow(Analyte.ANC, at(3), 0.8, "10^9/L", 1.8, None, saved.stable_ids[0])
        assert everyone == {site.patients[CODE]: rows}
        assert [one.row.analyte.value for one in records] == ["anc", "platelets", "crp"]
        assert {one.entered_by for one in records} == {"Ward Example"}
        (event,) = site.events("record_lab_results")
        assert [one["after"]["analyte"] for one in event["detail"]["results"]] == ["anc", "platelets", "crp"]

    def test_the_newest_sample_comes_first_among_the_records(self, sqlite_site: Site) -> None:
        record(sqlite_site, of("crp", 6, "mg/dL", 3), result(3))
        record(sqlite_site, result(9))
        with reading() as session:
            records = load_lab_records(session, sqlite_site.patients[CODE])
        assert [(one.row.taken_at, one.row.analyte.value) for one in records] == [
            (at(9), "anc"),
            (at(3), "anc"),
            (at(3), "crp"),
        ]

    def test_the_same_panel_twice_is_stored_once(self, sqlite_site: Site) -> None:
        record(sqlite_site, result())
        saved = record(sqlite_site, result(), of("crp", 6, "mg/dL"))
        assert (len(saved.stable_ids), saved.known) == (1, 1)
        assert record(sqlite_site, result()).stable_ids == ()
        assert len(sqlite_site.events("record_lab_results")) == 2

    def test_another_value_at_the_same_moment_is_refused_and_nothing_is_stored(
        self, sqlite_site: Site
    ) -> None:
        record(sqlite_site, result())
        with pytest.raises(AlreadyRecorded, match=r"ANC of 2 Mar 2026 13:00 is already recorded as 0\.8"):
            record(sqlite_site, of("crp", 6, "mg/dL"), result(value=0.7))
        assert len(sqlite_site.rows("lab_result")) == 1

    @pytest.mark.parametrize(
        ("panel", "sentence"),
        [
            ([], "Enter at least one value"),
            ([result(), result(value=0.7)], "ANC stands there twice"),
            ([result(), result(patient_id=OTHER_CODE)], "belong to one patient"),
            ([result(121)], "The time of the sample must not be in the future"),
            ([result(patient_id="CART-099")], "No patient CART-099 is known"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, sqlite_site: Site, panel: list[LabResultIn], sentence: str
    ) -> None:
        with pytest.raises(Refused, match=sentence):
            record(sqlite_site, *panel)
        assert sqlite_site.rows("lab_result") == []

    def test_nothing_comes_after_a_death(self, sqlite_site: Site) -> None:
        sqlite_site.record(10, death_due_to="other")
        with pytest.raises(Refused, match="The death of CART-007 is recorded at 2 Mar 2026 20:00"):
            record(sqlite_site, result(10.1))
        record(sqlite_site, result(9))

    def test_others_may_not(self, sqlite_site: Site) -> None:
        with pytest.raises(NotPermitted):
            record_lab_results([result()], by=sqlite_site.people[Role.COMMITTEE], now=NOW)


class TestAskedOnceMore:
    def test_anc_500_given_as_half_a_cell_is_recorded_only_when_confirmed(self, sqlite_site: Site) -> None:
        doubtful = result(value=0.5, unit="cells/uL", lln=None)
        with pytest.raises(NotConfirmed) as asked:
            record(sqlite_site, doubtful, of("crp", 6, "mg/dL"))
        assert asked.value.sentences == [
            "ANC 0.5 cells/uL is outside 0.01 to 100 10^9/L: check the value and its unit."
        ]
        assert sqlite_site.rows("lab_result") == []
        record(sqlite_site, doubtful, of("crp", 6, "mg/dL"), confirmed=asked.value.sentences)
        assert [row["confirmed"] for row in sqlite_site.rows("lab_result")] == [True, False]

    def test_another_unit_than_before_is_asked_about(self, sqlite_site: Site) -> None:
        record(sqlite_site, of("crp", 60, "mg/L"), of("anc", 0.8, "10^9/L"))
        with pytest.raises(NotConfirmed, match="CRP is given in mg/dL and was in mg/L before"):
            record(sqlite_site, of("crp", 60, "mg/dL", 9))
        record(sqlite_site, of("anc", 0.8, "10^3/uL", 9))  # the same number means the same
        record(sqlite_site, of("crp", 60, "mg/dL", 2))  # nothing is known before it

    def test_a_part_above_the_whole_is_asked_about(self, sqlite_site: Site) -> None:
        record(sqlite_site, of("anc", 900, "cells/uL"), of("wbc", 0.9, "10^9/L"))
        with pytest.raises(NotConfirmed) as asked:
            record(
                sqlite_site,
                of("anc", 0.91, "10^9/L", 9),
                of("lymphocytes", 2, "10^9/L", 9),
                of("wbc", 0.9, "10^9/L", 9),
            )
        assert asked.value.sentences[:2] == [
            "ANC 0.91 10^9/L is above the white cells, 0.9 10^9/L: check both.",
            "Lymphocytes 2 10^9/L is above the white cells, 0.9 10^9/L: check both.",
        ]


class TestCorrecting:
    def test_a_correction_is_a_new_version_with_a_reason(self, site: Site) -> None:
        (stable_id,) = record(site, result()).stable_ids
        with pytest.raises(Refused, match="Say why the result is corrected"):
            correct_lab_result(stable_id, 1, result(value=0.7), "", by=site.nurse, now=NOW)
        with pytest.raises(AlreadyRecorded, match="nothing was changed"):
            correct_lab_result(stable_id, 1, result(), WHY, by=site.nurse, now=NOW)
        assert correct_lab_result(stable_id, 1, result(value=0.7), WHY, by=site.nurse, now=NOW) == 2
        with pytest.raises(ChangedMeanwhile) as refused:
            correct_lab_result(stable_id, 1, result(value=0.6), WHY, by=site.nurse, now=NOW)
        assert (refused.value.theirs, refused.value.yours) == ({"value": 0.7}, {"value": 0.6})
        with reading() as session:
            versions = load_lab_versions(session, stable_id, site.patients[CODE])
            (row,) = load_lab_rows(session, site.patients[CODE])
        assert [one.row.value for one in versions] == [0.8, 0.7]
        assert (row.value, versions[1].reason) == (0.7, WHY)

    def test_patient_and_analyte_stay(self, sqlite_site: Site) -> None:
        (stable_id,) = record(sqlite_site, result()).stable_ids
        for entry in (result(patient_id=OTHER_CODE), of("wbc", 0.8, "10^9/L")):
            with pytest.raises(Refused, match="cannot be changed"):
                correct_lab_result(stable_id, 1, entry, WHY, by=sqlite_site.nurse, now=NOW)

    def test_a_moment_that_is_taken_is_refused(self, sqlite_site: Site) -> None:
        (stable_id,) = record(sqlite_site, result()).stable_ids
        record(sqlite_site, result(5, value=0.9))
        with pytest.raises(AlreadyRecorded, match=r"is already recorded as 0\.9"):
            correct_lab_result(stable_id, 1, result(5), WHY, by=sqlite_site.nurse, now=NOW)
        assert correct_lab_result(stable_id, 1, result(6), WHY, by=sqlite_site.nurse, now=NOW) == 2

    def test_a_doubtful_correction_is_asked_about(self, sqlite_site: Site) -> None:
        (stable_id,) = record(sqlite_site, result()).stable_ids
        doubtful = result(value=800)
        with pytest.raises(NotConfirmed) as asked:
            correct_lab_result(stable_id, 1, doubtful, WHY, by=sqlite_site.nurse, now=NOW)
        sentences = asked.value.sentences
        correct_lab_result(stable_id, 1, doubtful, WHY, confirmed=sentences, by=sqlite_site.nurse, now=NOW)
        assert sqlite_site.rows("lab_result")[-1]["confirmed"] is True

    def test_a_withdrawn_result_counts_for_nothing_and_may_be_entered_again(self, sqlite_site: Site) -> None:
        (stable_id,) = record(sqlite_site, result()).stable_ids
        assert void_lab_result(stable_id, 1, "another patient's sample", by=sqlite_site.nurse, now=NOW) == 2
        with reading() as session:
            assert load_lab_rows(session, sqlite_site.patients[CODE]) == []
        assert len(record(sqlite_site, result()).stable_ids) == 1


def lines(*entries: LabResultIn) -> list[LabLine]:
    return [LabLine(place, entry.row) for place, entry in enumerate(entries, 2)]


class TestImporting:
    def test_rows_are_stored_once_whatever_happened_to_them_since(self, site: Site) -> None:
        rows = lines(result(3), result(9), of("crp", 60, "mg/L"))
        first = import_lab_results(CODE, rows, by=SYSTEM, now=NOW)
        assert (first.added, first.known, first.refused) == (3, 0, [])
        stored = site.rows("lab_result")
        assert {row["source"] for row in stored} == {"file"}
        correct_lab_result(stored[0]["stable_id"], 1, result(value=0.7), WHY, by=site.nurse, now=NOW)
        void_lab_result(stored[1]["stable_id"], 1, WHY, by=site.nurse, now=NOW)
        second = import_lab_results(CODE, rows, by=SYSTEM, now=NOW)
        assert (second.added, second.known) == (0, 3)
        assert len(site.events("import_lab_results")) == 1

    def test_a_refused_row_is_given_back_and_the_rest_is_stored(self, sqlite_site: Site) -> None:
        record(sqlite_site, result(3))
        rows = lines(result(3, value=0.7), result(121), result(6))
        done = import_lab_results(CODE, rows, by=SYSTEM, now=NOW)
        assert (done.added, done.doubtful) == (1, [])
        assert [(one.line, one.problems[0].field) for one in done.refused] == [(2, "value"), (3, "taken_at")]
        assert "is already recorded as 0.8 10^9/L" in done.refused[0].problems[0].sentence

    def test_a_doubtful_row_is_stored_and_listed_because_a_file_cannot_be_asked(
        self, sqlite_site: Site
    ) -> None:
        rows = lines(result(5, unit="cells/uL"), result(6))
        done = import_lab_results(CODE, rows, by=SYSTEM, now=NOW)
        assert done.added == 2
        (doubtful,) = done.doubtful
        assert (doubtful.line, doubtful.problems[0].value) == (2, 0.8)
        assert "check the value and its unit" in doubtful.problems[0].sentence
        assert {row["confirmed"] for row in sqlite_site.rows("lab_result")} == {False}
        assert import_lab_results(CODE, rows, by=SYSTEM, now=NOW).doubtful == []

    def test_an_unknown_patient_is_refused_row_by_row(self, sqlite_site: Site) -> None:
        rows = lines(result(patient_id="CART-099"), result(4, patient_id="CART-099"))
        done = import_lab_results("CART-099", rows, by=SYSTEM, now=NOW)
        assert [one.line for one in done.refused] == [2, 3]
        assert "No patient CART-099 is known" in done.refused[0].problems[0].sentence


class TestWhatGradingNeedsToKnow:
    def test_infusions_treatments_and_ends_of_one_patient_and_of_all(self, site: Site) -> None:
        made_up.infuse(site.patients[CODE], 2, at(48))
        flu = TreatmentIn.model_validate(
            {"patient_id": CODE, "drug": "fludarabine", "giving": "once", "started_at": at(20)}
        )
        record_treatment(flu, by=site.nurse, now=NOW)
        patient_id = site.patients[CODE]
        happened: tuple[tuple[str, int, dict[str, str]], ...] = (
            ("progression", 9, {}),
            ("relapse", 8, {}),
            ("new_therapy", 10, {"note": "R-GemOx"}),
            ("withdrawal", 19, {}),
            ("death", 21, {"cause": "lymphoma"}),
        )
        for kind, day, more in happened:
            event = {"patient_id": CODE, "kind": kind, "occurred_on": date(2026, 3, day), **more}
            later = at(24 * 40)
            record_follow_up(FollowUpIn.model_validate(event), by=site.coordinator, now=later)
        with reading() as session:
            course = load_trial_course(session, patient_id, ZONE)
            everyone = load_trial_courses(session, ZONE)
            ends = load_ends(session)
        assert course.infused_at == {1: INFUSED_AT, 2: at(48)}
        assert [one.drug for one in course.treatments] == [Drug.FLUDARABINE]
        assert (course.died_on, course.progressed_on, course.left_on, course.new_therapy_on) == tuple(
            date(2026, 3, day) for day in (21, 8, 19, 10)
        )
        assert everyone[patient_id] == course
        assert everyone[site.patients[OTHER_CODE]].infused_at == {1: INFUSED_AT}
        assert list(ends) == [patient_id]

    def test_a_charted_death_counts_as_one(self, sqlite_site: Site) -> None:
        sqlite_site.record(20, death_due_to="other")
        with reading() as session:
            course = load_trial_course(session, sqlite_site.patients[CODE], ZONE)
            everyone = load_trial_courses(session, ZONE)
        assert course.died_on == date(2026, 3, 3)  # 06:00 at the hospital
        assert everyone[sqlite_site.patients[CODE]].died_on == date(2026, 3, 3)

"""PET/CT and ctDNA: what cannot be is refused with a sentence, what changed stays readable."""

from datetime import date
from typing import Any

import pytest

from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from actions.response import (
    correct_ctdna,
    correct_scan,
    record_ctdna,
    record_scan,
    void_ctdna,
    void_scan,
)
from db.entries import problems
from db.inputs_response import CtDnaIn, ScanIn
from db.queries.response import load_ctdna, load_scans, standing
from db.session import reading
from tests.actions.conftest import CODE, NOW, OTHER_CODE, Site, at
from trial.second_infusion_facts import CtDnaResult, Response

ON = date(2026, 3, 5)
WHY = "report read again"


def scan(**values: Any) -> ScanIn:
    return ScanIn.model_validate({"patient_id": CODE, "scanned_on": ON, **values})


def sample(**values: Any) -> CtDnaIn:
    return CtDnaIn.model_validate({"patient_id": CODE, "sampled_on": ON, **values})


def told(kind: type[ScanIn] | type[CtDnaIn], **typed: Any) -> dict[str, str]:
    """Field -> the sentence shown at its box, for everything that cannot be."""
    _, found = kind.check({"patient_id": CODE, **typed})
    return {problem.field: problem.sentence for problem in reversed(found)}


class TestWhatIsTyped:
    def test_a_response_needs_the_date_of_its_scan(self) -> None:
        assert told(ScanIn, response="PR") == {
            "scanned_on": "Enter the date of the PET/CT; a response without it cannot be dated."
        }

    @pytest.mark.parametrize("score", ["0", "6", "3.5"])
    def test_a_deauville_score_is_1_to_5(self, score: str) -> None:
        assert list(told(ScanIn, scanned_on="2026-03-05", deauville=score)) == ["deauville"]

    @pytest.mark.parametrize(
        ("typed", "field", "sentence"),
        [
            ({"value": "12.5"}, "unit", "Enter the unit of the value as the laboratory writes it"),
            ({"unit": "hGE/mL"}, "value", "Enter the value, or take the unit away."),
            ({"value": "0", "unit": "hGE/mL", "result": "not_done"}, "result", "Choose positive or negative"),
            ({"resulted_on": "2026-03-06", "result": None}, "result", "Choose positive or negative"),
            ({"resulted_on": "2026-03-04"}, "resulted_on", "must not be dated before the sample was taken"),
            ({"value": "-1", "unit": "hGE/mL"}, "value", "Value must be 0 to"),
            ({"sampled_on": ""}, "sampled_on", "Enter the date on which the sample was taken."),
        ],
    )
    def test_a_ctdna_result_that_cannot_be_is_refused_at_its_box(
        self, typed: dict[str, Any], field: str, sentence: str
    ) -> None:
        found = told(CtDnaIn, **{"sampled_on": "2026-03-05", "result": "positive"} | typed)
        assert list(found) == [field]
        assert sentence in found[field]

    def test_a_score_that_does_not_go_with_the_response_is_asked_once_more(self) -> None:
        (question,) = scan(response="CR", deauville=4).to_confirm()
        assert question.sentence == (
            "CR on 2026-03-05, Deauville 4: by Lugano a CR is scored 1 to 3 and PR, SD and PD 4 or 5. "
            "Check the reading."
        )
        assert scan(response="CR", deauville=3).to_confirm() == []
        assert scan(deauville=4).to_confirm() == []

    def test_a_positive_result_of_0_is_asked_once_more(self) -> None:
        (question,) = sample(result="positive", value=0, unit="hGE/mL").to_confirm()
        assert question.field == "value"
        assert sample(result="negative", value=0, unit="hGE/mL").to_confirm() == []


class TestScans:
    def test_a_scan_is_recorded_as_it_was_read(self, site: Site) -> None:
        record_scan(scan(response="PR", deauville=4, note="=SUM"), by=site.coordinator, now=NOW)
        with reading() as session:
            (stored,) = load_scans(session, site.patients[CODE])
            assert load_scans(session, site.patients[OTHER_CODE]) == []
        assert (stored.scanned_on, stored.response, stored.deauville) == (ON, Response.PR, 4)
        assert (stored.version, stored.note, stored.entered_by) == (1, "=SUM", "Coordinator Example")
        assert stored.stands
        (event,) = site.events("record_response")
        assert event["detail"]["after"] == {
            "scanned_on": "2026-03-05",
            "response": "PR",
            "deauville": 4,
            "note": "=SUM",
        }

    def test_reading_a_scan_later_needs_no_reason_and_changing_it_does(self, sqlite_site: Site) -> None:
        stable_id = record_scan(scan(), by=sqlite_site.coordinator, now=NOW)
        assert (
            correct_scan(stable_id, 1, scan(response="CR"), None, by=sqlite_site.investigator, now=NOW) == 2
        )
        with pytest.raises(Refused, match="Say why it is corrected"):
            correct_scan(stable_id, 2, scan(response="PR"), " ", by=sqlite_site.investigator, now=NOW)
        assert correct_scan(stable_id, 2, scan(response="PR"), WHY, by=sqlite_site.investigator, now=NOW) == 3
        with reading() as session:
            versions = load_scans(session, sqlite_site.patients[CODE])
        assert [one.response for one in versions] == [None, Response.CR, Response.PR]
        assert [one.stands for one in versions] == [False, False, True]
        assert [one.reason for one in versions][1:] == ["Completed; nothing that was recorded changed.", WHY]

    def test_taking_a_value_away_needs_a_reason(self, sqlite_site: Site) -> None:
        stable_id = record_scan(scan(response="CR", deauville=2), by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(Refused, match="Say why"):
            correct_scan(stable_id, 1, scan(response="CR"), None, by=sqlite_site.coordinator, now=NOW)

    def test_a_withdrawn_scan_stands_no_more_and_its_day_is_free(self, sqlite_site: Site) -> None:
        stable_id = record_scan(scan(response="CR"), by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(Refused, match="Say why it is withdrawn"):
            void_scan(stable_id, 1, None, by=sqlite_site.coordinator, now=NOW)
        void_scan(stable_id, 1, "wrong patient", by=sqlite_site.coordinator, now=NOW)
        record_scan(scan(response="SD"), by=sqlite_site.coordinator, now=NOW)
        with reading() as session:
            versions = load_scans(session, sqlite_site.patients[CODE])
        assert [one.response for one in standing(versions)] == [Response.SD]
        with pytest.raises(ChangedMeanwhile, match="Withdrawn by Coordinator Example"):
            correct_scan(stable_id, 2, scan(response="PR"), WHY, by=sqlite_site.coordinator, now=NOW)

    def test_the_second_of_two_people_is_refused_and_shown_both_values(self, sqlite_site: Site) -> None:
        stable_id = record_scan(scan(response="CR"), by=sqlite_site.coordinator, now=NOW)
        correct_scan(stable_id, 1, scan(response="PR"), WHY, by=sqlite_site.investigator, now=NOW)
        with pytest.raises(ChangedMeanwhile, match=r"Changed by Investigator Example") as refusal:
            correct_scan(stable_id, 1, scan(response="SD"), WHY, by=sqlite_site.coordinator, now=NOW)
        assert (refusal.value.theirs, refusal.value.yours) == ({"response": "PR"}, {"response": "SD"})

    def test_a_day_holds_one_scan(self, sqlite_site: Site) -> None:
        record_scan(scan(response="CR"), by=sqlite_site.coordinator, now=NOW)
        other = record_scan(scan(scanned_on=date(2026, 3, 6)), by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(AlreadyRecorded, match=r"A PET/CT of 5 Mar 2026 is already recorded\."):
            record_scan(scan(response="PR"), by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(AlreadyRecorded):
            correct_scan(other, 1, scan(), WHY, by=sqlite_site.coordinator, now=NOW)

    def test_what_cannot_be_writes_nothing(self, sqlite_site: Site) -> None:
        stable_id = record_scan(scan(response="CR"), by=sqlite_site.coordinator, now=NOW)
        sqlite_site.record(90, death_due_to="other", code=OTHER_CODE)
        before = sqlite_site.everything()
        late = scan(patient_id=OTHER_CODE, scanned_on=date(2026, 3, 7))
        with pytest.raises(Refused, match="no PET/CT comes after it"):
            record_scan(late, by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(Refused, match="must not be in the future; today is 7 Mar 2026"):
            record_scan(scan(scanned_on=date(2026, 3, 8)), by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(Refused, match="No patient CART-404 is known"):
            record_scan(scan(patient_id="CART-404"), by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(Refused, match="patient of a PET/CT cannot be changed"):
            correct_scan(stable_id, 1, scan(patient_id=OTHER_CODE), WHY, by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(AlreadyRecorded, match="nothing was changed"):
            correct_scan(stable_id, 1, scan(response="CR"), WHY, by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(NotPermitted):
            record_scan(scan(scanned_on=date(2026, 3, 6)), by=sqlite_site.nurse, now=NOW)
        assert sqlite_site.everything() == before

    def test_today_is_the_hospitals(self, sqlite_site: Site) -> None:
        # 17:00 UTC on 6 March is 01:00 on 7 March at the hospital.
        record_scan(scan(scanned_on=date(2026, 3, 7)), by=sqlite_site.coordinator, now=at(111))


class TestCtDna:
    def test_an_awaited_result_comes_in_and_is_corrected_and_withdrawn(self, site: Site) -> None:
        stable_id = record_ctdna(sample(), by=site.coordinator, now=NOW)
        came = sample(result="positive", value=12.5, unit="hGE/mL", resulted_on=date(2026, 3, 7))
        correct_ctdna(stable_id, 1, came, None, by=site.coordinator, now=NOW)
        right = sample(result="negative", resulted_on=date(2026, 3, 7))
        correct_ctdna(stable_id, 2, right, WHY, by=site.coordinator, now=NOW)
        void_ctdna(stable_id, 3, "tube mixed up", by=site.coordinator, now=NOW)
        with reading() as session:
            versions = load_ctdna(session, site.patients[CODE])
        results = [None, CtDnaResult.POSITIVE, CtDnaResult.NEGATIVE, CtDnaResult.NEGATIVE]
        assert [one.result for one in versions] == results
        assert [one.value for one in versions] == [None, 12.5, None, None]
        assert versions[-1].voided
        assert standing(versions) == []

    def test_a_result_of_tomorrow_is_refused(self, sqlite_site: Site) -> None:
        with pytest.raises(Refused, match="The result must not be in the future"):
            record_ctdna(
                sample(result="negative", resulted_on=date(2026, 3, 8)), by=sqlite_site.coordinator, now=NOW
            )

    def test_samples_stand_in_the_order_of_their_days(self, sqlite_site: Site) -> None:
        for day in (6, 4, 5):
            record_ctdna(sample(sampled_on=date(2026, 3, day)), by=sqlite_site.coordinator, now=NOW)
        with reading() as session:
            found = [one.sampled_on.day for one in load_ctdna(session, sqlite_site.patients[CODE])]
        assert found == [4, 5, 6]


def test_problems_of_the_entry_carry_what_was_typed() -> None:
    with pytest.raises(ValueError, match="Deauville") as error:
        ScanIn.model_validate({"patient_id": CODE, "scanned_on": ON, "deauville": "9"})
    assert problems(error.value)[0].value == "9"  # type: ignore[arg-type]

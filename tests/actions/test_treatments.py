"""Treatments: what may be entered, what is asked once more, and what a drug does to the courses around it."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from actions import context
from actions.course import regrade_course
from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotConfirmed, NotPermitted, Refused
from actions.follow_up import record_follow_up
from actions.infusions import correct_infusion
from actions.treatments import (
    TreatmentSaved,
    correct_treatment,
    end_treatment,
    record_treatment,
    void_treatment,
)
from commands.verify import run_checks
from db.inputs import InfusionIn
from db.inputs_follow_up import FollowUpIn
from db.inputs_treatment import TreatmentIn
from db.models import ProtocolVersion
from db.queries.treatments import load_treatment_records, load_treatment_versions, load_treatments
from db.roles import SYSTEM, Role
from db.session import reading, writing
from tests.actions.conftest import CODE, NOW, OTHER_CODE, WELL, Site, at
from tests.support import made_up
from trial.treatment_facts import DoseUnit, Drug, Giving

ZONE = ZoneInfo("Asia/Shanghai")
WHY = "dose read from the wrong line"
DEX = {"drug": "dexamethasone", "giving": "once", "dose": 10, "dose_unit": "mg"}
TOCI = {"drug": "tocilizumab", "giving": "once", "dose": 560, "dose_unit": "mg", "weight_kg": 70}
NOREPI = {"drug": "norepinephrine", "giving": "running", "dose": 0.1, "dose_unit": "ug/kg/min"}
PRESSOR = {**WELL, "vasopressors": "norepinephrine"}


def treatment(hours: float, typed: dict[str, Any] | None = None, **more: Any) -> TreatmentIn:
    base = {"patient_id": CODE, "started_at": at(hours)}
    return TreatmentIn.model_validate({**base, **(typed or DEX), **more})


def give(
    site: Site, hours: float, typed: dict[str, Any] | None = None, *, now: datetime = NOW, **more: Any
) -> TreatmentSaved:
    confirmed = more.pop("confirmed", ())
    entry = treatment(hours, typed, **more)
    return record_treatment(entry, confirmed=confirmed, by=site.nurse, now=now)


def told(**typed: Any) -> dict[str, str]:
    _, found = TreatmentIn.check({"patient_id": CODE, "started_at": at(1), **typed})
    return {problem.field: problem.sentence for problem in reversed(found)}


def findings() -> list[str]:
    """What `manage.py verify` finds; it rebuilds the grades under the stored protocol."""
    protocol = context.protocol()
    with writing() as session:
        if session.exec(select(ProtocolVersion)).first() is None:
            session.add(ProtocolVersion(hash=protocol.hash, text=protocol.text, stored_at=at(0)))
    return [finding for check in run_checks(ZONE, protocol, NOW) for finding in check.findings]


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        ("typed", "field", "sentence"),
        [
            ({}, "drug", "Choose the drug."),
            ({"drug": "dexamethasone"}, "giving", "Choose how it is given: one dose, repeated, or running."),
            ({**DEX, "started_at": None}, "started_at", "Enter when it was given, or when it began."),
            ({**DEX, "dose_unit": None}, "dose_unit", "Choose the unit of the dose."),
            ({**DEX, "dose": None}, "dose", "Enter the dose, or take its unit away."),
            ({**DEX, "dose": "10,5"}, "dose", "Did you mean 10.5?"),
            ({**DEX, "dose": 0}, "dose", "Dose must be"),
            ({**DEX, "dose_unit": "ug/min"}, "dose_unit", "not a unit of dexamethasone here: choose mg, g."),
            ({**NOREPI, "giving": "once"}, "dose_unit", "is the rate of a drug that runs"),
            ({**DEX, "drug": "other"}, "drug_name", "Enter the name of the drug."),
            ({**DEX, "drug_name": "dexa"}, "drug_name", "A name belongs to another drug only."),
            ({**DEX, "giving": "repeated"}, "every_hours", "Enter how many hours lie between the doses"),
            ({**DEX, "every_hours": 6}, "every_hours", "Hours between doses belong to a repeated drug."),
            ({**DEX, "every_hours": 0.1, "giving": "repeated"}, "every_hours", "must be 0.25 to 720 h"),
            ({**DEX, "ended_at": at(2)}, "ended_at", "One dose has no end."),
            ({**NOREPI, "ended_at": at(0.9)}, "ended_at", "The end must not be before the beginning."),
            ({**NOREPI, "weight_kg": 0.5}, "weight_kg", "Weight must be 1 to 400 kg"),
        ],
    )
    def test_what_cannot_be_is_refused_with_a_sentence(
        self, typed: dict[str, Any], field: str, sentence: str
    ) -> None:
        assert sentence in told(**typed)[field]

    def test_the_same_moment_as_beginning_and_end_can_be(self) -> None:
        assert told(**NOREPI, ended_at=at(1)) == {}

    def test_an_entry_says_what_goes_on(self) -> None:
        running, ended, once = (
            treatment(1, NOREPI).fact,
            treatment(1, NOREPI, ended_at=at(5)).fact,
            treatment(1).fact,
        )
        assert [one.is_ongoing for one in (running, ended, once)] == [True, False, False]
        assert [one.giving for one in (running, ended, once)] == [Giving.RUNNING, Giving.RUNNING, Giving.ONCE]
        repeated = treatment(1, DEX, giving="repeated", every_hours=6).fact
        assert (repeated.giving, repeated.is_ongoing) == (Giving.REPEATED, True)


class TestRecording:
    def test_it_is_stored_with_who_and_one_audit_event(self, site: Site) -> None:
        saved = give(site, 3, TOCI, note="after the second fever")
        with reading() as session:
            (record,) = load_treatment_records(session, site.patients[CODE])
            (fact,) = load_treatments(session, site.patients[CODE])
        assert record.fact == fact
        assert (fact.drug, fact.dose, fact.dose_unit, fact.started_at, fact.weight_kg) == (
            Drug.TOCILIZUMAB,
            560,
            DoseUnit.MG,
            at(3),
            70,
        )
        assert (record.entered_by, record.version, record.note) == (
            "Ward Example",
            1,
            "after the second fever",
        )
        (event,) = site.events("record_treatment")
        assert (event["subject"], event["subject_id"]) == ("treatment", saved.stable_id)
        assert findings() == []

    @pytest.mark.parametrize(
        ("hours", "more", "sentence"),
        [
            (121, {}, "The beginning must not be in the future."),
            (
                3,
                {"giving": "repeated", "every_hours": 6, "ended_at": at(121)},
                "The end must not be in",
            ),
            (3, {"patient_id": "CART-099"}, "No patient CART-099 is known."),
        ],
    )
    def test_an_impossible_moment_or_patient_is_refused(
        self, sqlite_site: Site, hours: float, more: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(Refused, match=sentence):
            give(sqlite_site, hours, **more)
        assert sqlite_site.rows("treatment") == []

    def test_nothing_comes_after_a_death(self, sqlite_site: Site) -> None:
        sqlite_site.record(10, death_due_to="other")
        with pytest.raises(Refused, match="The death of CART-007 is recorded at 2 Mar 2026 20:00"):
            give(sqlite_site, 10.1)
        give(sqlite_site, 10)

    def test_nothing_comes_after_the_day_of_a_death_in_the_follow_up(self, sqlite_site: Site) -> None:
        died = {"patient_id": CODE, "kind": "death", "occurred_on": "2026-03-03", "cause": "lymphoma"}
        record_follow_up(FollowUpIn.model_validate(died), by=sqlite_site.coordinator, now=NOW)
        give(sqlite_site, 37.9)  # 3 March, 23:54 at the hospital
        with pytest.raises(Refused, match="The death of CART-007 is recorded at 3 Mar 2026 23:59; nothing"):
            give(sqlite_site, 38)

    def test_the_same_drug_at_the_same_moment_is_stored_once(self, sqlite_site: Site) -> None:
        give(sqlite_site, 3)
        with pytest.raises(AlreadyRecorded, match="Dexamethasone of 2 Mar 2026 13:00 is already recorded"):
            give(sqlite_site, 3, dose=20)
        give(sqlite_site, 3, {**DEX, "drug": "hydrocortisone"})
        give(sqlite_site, 3, {"drug": "other", "drug_name": "ruxolitinib", "giving": "once"})
        give(sqlite_site, 3, {"drug": "other", "drug_name": "etoposide", "giving": "once"})
        assert len(sqlite_site.rows("treatment")) == 4

    @pytest.mark.parametrize("role", [Role.COMMITTEE, Role.ADMIN, Role.DISPLAY])
    def test_others_may_not(self, sqlite_site: Site, role: Role) -> None:
        with pytest.raises(NotPermitted):
            record_treatment(treatment(3), by=sqlite_site.people[role], now=NOW)


class TestTocilizumab:
    def test_a_dose_above_the_maximum_is_asked_about_and_recorded_when_confirmed(
        self, sqlite_site: Site
    ) -> None:
        with pytest.raises(NotConfirmed) as asked:
            give(sqlite_site, 3, TOCI, dose=900)
        assert len(asked.value.sentences) == 2
        assert asked.value.sentences[0] == "Tocilizumab 900 mg is above the maximum of 800 mg for one dose."
        assert sqlite_site.rows("treatment") == []
        with pytest.raises(NotConfirmed):
            give(sqlite_site, 3, TOCI, dose=900, confirmed=asked.value.sentences[:1])
        give(sqlite_site, 3, TOCI, dose=900, confirmed=asked.value.sentences)
        (row,) = sqlite_site.rows("treatment")
        assert (row["dose"], row["confirmed"]) == (900, True)

    def test_doses_too_near_too_many_in_a_day_and_in_all_are_asked_about(self, sqlite_site: Site) -> None:
        for hours in (0, 8, 16):
            give(sqlite_site, hours, TOCI)
        assert not any(row["confirmed"] for row in sqlite_site.rows("treatment"))
        with pytest.raises(NotConfirmed, match=r"lies 7 h from this one.*4 doses of tocilizumab within 24 h"):
            give(sqlite_site, 23, TOCI)
        give(sqlite_site, 40, TOCI)
        with pytest.raises(NotConfirmed, match="5 doses of tocilizumab in all"):
            give(sqlite_site, 60, TOCI)
        with pytest.raises(NotConfirmed, match="this one"):
            give(sqlite_site, 100, TOCI)
        give(sqlite_site, 41, {**TOCI, "patient_id": OTHER_CODE})

    def test_the_weight_of_the_newest_infusion_stands_in(self, sqlite_site: Site) -> None:
        weighed = InfusionIn(patient_id=CODE, infusion_number=1, infused_at=at(0), weight_kg=60)
        by, infusion_id = sqlite_site.coordinator, sqlite_site.infusions[CODE]
        correct_infusion(infusion_id, 1, weighed, "weight added", by=by, now=NOW)
        give(sqlite_site, -3, TOCI, weight_kg=None, dose=500)
        with pytest.raises(NotConfirmed, match=r"is 8\.34 mg/kg at 60 kg"):
            give(sqlite_site, 50, TOCI, weight_kg=None, dose=500)

    def test_a_correction_is_asked_about_too_and_counts_itself_once(self, sqlite_site: Site) -> None:
        saved = give(sqlite_site, 3, TOCI)
        more = treatment(3, TOCI, dose=900)
        with pytest.raises(NotConfirmed) as asked:
            correct_treatment(saved.stable_id, 1, more, WHY, by=sqlite_site.nurse, now=NOW)
        assert len(asked.value.sentences) == 2
        confirmed = asked.value.sentences
        correct_treatment(saved.stable_id, 1, more, WHY, confirmed=confirmed, by=sqlite_site.nurse, now=NOW)
        back = correct_treatment(saved.stable_id, 2, treatment(3, TOCI), WHY, by=sqlite_site.nurse, now=NOW)
        assert back.version == 3
        assert [row["confirmed"] for row in sqlite_site.rows("treatment")] == [False, True, False]


class TestEndingAndCorrecting:
    def test_what_goes_on_is_ended_with_one_touch(self, sqlite_site: Site) -> None:
        saved = give(sqlite_site, 3, NOREPI)
        ended = end_treatment(saved.stable_id, 1, at(9), by=sqlite_site.nurse, now=NOW)
        with reading() as session:
            first, second = load_treatment_versions(session, saved.stable_id, sqlite_site.patients[CODE])
        assert (ended.version, second.fact.ended_at, second.fact.is_ongoing) == (2, at(9), False)
        assert (first.fact.is_ongoing, second.reason) == (True, "Ended.")
        with pytest.raises(AlreadyRecorded, match="does not go on any more"):
            end_treatment(saved.stable_id, 2, at(10), by=sqlite_site.nurse, now=NOW)

    @pytest.mark.parametrize(
        ("hours", "sentence"), [(2.9, "before the beginning, of 2 Mar 2026 13:00"), (121, "in the future")]
    )
    def test_an_impossible_end_is_refused(self, sqlite_site: Site, hours: float, sentence: str) -> None:
        saved = give(sqlite_site, 3, NOREPI)
        with pytest.raises(Refused, match=sentence):
            end_treatment(saved.stable_id, 1, at(hours), by=sqlite_site.nurse, now=NOW)

    def test_a_correction_needs_a_reason_a_change_and_the_same_patient(self, sqlite_site: Site) -> None:
        saved, by = give(sqlite_site, 3), sqlite_site.nurse
        with pytest.raises(Refused, match="Say why the treatment is corrected"):
            correct_treatment(saved.stable_id, 1, treatment(3, dose=8), " ", by=by, now=NOW)
        with pytest.raises(AlreadyRecorded, match="nothing was changed"):
            correct_treatment(saved.stable_id, 1, treatment(3), WHY, by=by, now=NOW)
        other = treatment(3, patient_id=OTHER_CODE)
        with pytest.raises(Refused, match="The patient of a treatment cannot be changed"):
            correct_treatment(saved.stable_id, 1, other, WHY, by=by, now=NOW)

    def test_two_who_correct_at_once_see_both_values(self, sqlite_site: Site) -> None:
        saved, by = give(sqlite_site, 3), sqlite_site.nurse
        correct_treatment(saved.stable_id, 1, treatment(3, dose=8), WHY, by=by, now=NOW)
        with pytest.raises(ChangedMeanwhile) as refused:
            correct_treatment(saved.stable_id, 1, treatment(3, dose=4), WHY, by=by, now=NOW)
        assert (refused.value.theirs, refused.value.yours) == ({"dose": 8}, {"dose": 4})
        with pytest.raises(ChangedMeanwhile):
            end_treatment(saved.stable_id, 1, at(4), by=by, now=NOW)

    def test_a_withdrawn_treatment_stays_stored_and_counts_for_nothing(self, sqlite_site: Site) -> None:
        saved, by = give(sqlite_site, 3), sqlite_site.nurse
        with pytest.raises(Refused, match="Say why the treatment is withdrawn"):
            void_treatment(saved.stable_id, 1, None, by=by, now=NOW)
        void_treatment(saved.stable_id, 1, "wrong patient chosen", by=by, now=NOW)
        with reading() as session:
            assert load_treatments(session, sqlite_site.patients[CODE]) == []
            assert [
                one.voided
                for one in load_treatment_versions(session, saved.stable_id, sqlite_site.patients[CODE])
            ] == [False, True]
        with pytest.raises(ChangedMeanwhile, match="Withdrawn by"):
            void_treatment(saved.stable_id, 2, WHY, by=by, now=NOW)
        with pytest.raises(Refused, match="not known"):
            void_treatment("0" * 32, 1, WHY, by=by, now=NOW)
        give(sqlite_site, 3)


def crs(site: Site) -> dict[float, int | None]:
    """Hours after the first infusion -> the standing CRS grade of each assessment of the first patient."""
    hours = {
        row["id"]: (row["assessed_at"] - at(0)) / timedelta(hours=1)
        for row in site.rows("assessment", superseded_at=None)
    }
    return {
        hours[row["assessment_id"]]: row["grade"]
        for row in site.rows("grade", superseded_at=None, scale="crs")
    }


def shock_after_a_clear_day(site: Site) -> None:
    """Fever at 1 h, clear at 26 h, which closes the course, and a vasopressor without fever at 30 h."""
    site.record(1, temperature_c=38.6)
    site.record(26)
    site.record(30, **PRESSOR)


class TestTheCourse:
    def test_a_steroid_entered_late_raises_the_alert_that_was_hidden(self, site: Site) -> None:
        shock_after_a_clear_day(site)
        assert crs(site) == {1: 1, 26: 0, 30: 0}
        assert site.rows("alert", signal="grade3") == []
        saved = give(site, 20, now=at(31))
        assert crs(site) == {1: 1, 26: 0, 30: 3}
        assert (saved.regraded, saved.told) == (2, 1)  # the row of 26 h now leaves the course open
        (alert,) = site.rows("alert", signal="grade3")
        assert (alert["level"], alert["state"]) == (3, "open")
        (day,) = site.rows("patient_day", scale="crs", on_date=date(2026, 3, 3))
        assert day["worst_at_least"] == 3
        assert findings() == []

    def test_the_mail_names_the_treatment_that_changed_the_grade(self, sqlite_site: Site) -> None:
        shock_after_a_clear_day(sqlite_site)
        give(sqlite_site, 20, now=at(31))
        (alert,) = sqlite_site.rows("alert", signal="grade3")
        notice = sqlite_site.rows("notice", alert_id=alert["id"])[-1]
        (delivery,) = sqlite_site.rows("delivery", notice_id=notice["id"])
        text = " ".join(delivery["message"].decode().split())
        assert "Treatment: Dexamethasone from 3 March 2026, 06:00" in text.replace("=20", " ")
        assert "entered 17:00. It changed this grade." in text

    def test_withdrawing_the_steroid_takes_the_alert_back(self, sqlite_site: Site) -> None:
        shock_after_a_clear_day(sqlite_site)
        saved = give(sqlite_site, 20, now=at(31))
        void_treatment(saved.stable_id, 1, WHY, by=sqlite_site.nurse, now=at(32))
        assert crs(sqlite_site)[30] == 0
        (alert,) = sqlite_site.rows("alert", signal="grade3")
        assert alert["state"] == "retracted"
        assert findings() == []

    @pytest.mark.parametrize(
        ("typed", "hours", "grade"),
        [
            (DEX, 2, 0),  # 24 h before the clear row
            (DEX, 2.1, 3),
            ({**TOCI}, 20, 3),
            ({**DEX, "giving": "repeated", "every_hours": 12}, -20, 3),
            ({"drug": "prednisone", "giving": "running"}, -20, 3),
            ({"drug": "acetaminophen", "giving": "once"}, 20, 0),
            ({"drug": "levetiracetam", "giving": "running"}, 3, 0),
            (NOREPI, 3, 0),
            ({"drug": "other", "drug_name": "ruxolitinib", "giving": "running"}, 3, 0),
        ],
    )
    def test_the_course_waits_for_steroids_and_anticytokine_drugs_alone(
        self, sqlite_site: Site, typed: dict[str, Any], hours: float, grade: int
    ) -> None:
        shock_after_a_clear_day(sqlite_site)
        give(sqlite_site, hours, typed, now=at(31))
        assert crs(sqlite_site)[30] == grade
        assert findings() == []

    def test_ending_a_steroid_lets_the_course_close_24_h_later(self, sqlite_site: Site) -> None:
        saved = give(sqlite_site, 2, {"drug": "dexamethasone", "giving": "running"}, now=at(2))
        shock_after_a_clear_day(sqlite_site)
        assert crs(sqlite_site)[30] == 3
        end_treatment(saved.stable_id, 1, at(2), by=sqlite_site.nurse, now=at(32))
        assert crs(sqlite_site)[30] == 0
        later = treatment(2, {"drug": "dexamethasone", "giving": "running"}, ended_at=at(10))
        correct_treatment(saved.stable_id, 2, later, WHY, by=sqlite_site.nurse, now=at(33))
        assert crs(sqlite_site)[30] == 3
        assert findings() == []

    def test_an_assessment_after_a_treatment_is_graded_with_it(self, sqlite_site: Site) -> None:
        give(sqlite_site, 20, now=at(21))
        shock_after_a_clear_day(sqlite_site)
        assert crs(sqlite_site)[30] == 3

    def test_only_the_patient_s_own_courses_are_graded_again(self, sqlite_site: Site) -> None:
        shock_after_a_clear_day(sqlite_site)
        give(sqlite_site, 20, {**DEX, "patient_id": OTHER_CODE}, now=at(31))
        assert crs(sqlite_site)[30] == 0

    def test_the_grades_before_a_dose_stay_as_they_were_stored(self, sqlite_site: Site) -> None:
        shock_after_a_clear_day(sqlite_site)
        before = {row["id"]: row for row in sqlite_site.rows("grade")}
        give(sqlite_site, 26.5, now=at(31))
        after = {row["id"]: row for row in sqlite_site.rows("grade")}
        assert after == before

    def test_both_courses_of_a_patient_are_graded_again(self, sqlite_site: Site) -> None:
        shock_after_a_clear_day(sqlite_site)
        made_up.infuse(sqlite_site.patients[CODE], 2, at(40))
        sqlite_site.record(41, number=2, temperature_c=38.4)
        sqlite_site.record(66, number=2)
        sqlite_site.record(70, number=2, **PRESSOR)
        give(sqlite_site, 3, {"drug": "anakinra", "giving": "running"})
        assert crs(sqlite_site) == {1: 1, 26: 0, 30: 3, 41: 1, 66: 0, 70: 3}
        assert findings() == []

    @pytest.mark.parametrize("seed", range(4))
    def test_in_whatever_order_things_are_entered_the_grades_are_those_of_one_walk(
        self, sqlite_site: Site, seed: int
    ) -> None:
        rng = Random(seed)
        kinds: list[dict[str, Any]] = [WELL, {**WELL, "temperature_c": 38.4}, PRESSOR, WELL]
        steps: list[tuple[str, Any]] = [
            ("assess", (hours, rng.choice(kinds))) for hours in rng.sample(range(1, 110), 14)
        ]
        steps += [("treat", (hours, rng.choice([DEX, TOCI, NOREPI]))) for hours in rng.sample(range(100), 4)]
        running = {"drug": "dexamethasone", "giving": "repeated", "every_hours": 8}
        steps += [("treat", (hours + 0.5, running)) for hours in rng.sample(range(100), 2)]
        rng.shuffle(steps)
        confirmed: list[str] = []
        for what, (hours, values) in steps:
            if what == "assess":
                sqlite_site.record(hours, now=NOW, **values)
                continue
            try:
                give(sqlite_site, hours, values)
            except NotConfirmed as asked:
                confirmed = asked.sentences
                give(sqlite_site, hours, values, confirmed=confirmed)
        for row in sqlite_site.rows("treatment", is_ongoing=True):
            if row["drug"] == "dexamethasone":
                end_treatment(
                    row["stable_id"], 1, row["started_at"] + timedelta(hours=9), by=sqlite_site.nurse, now=NOW
                )
        for row in sqlite_site.rows("treatment", superseded_at=None)[::3]:
            void_treatment(row["stable_id"], row["version"], WHY, by=sqlite_site.nurse, now=NOW)
        stored = crs(sqlite_site)
        assert findings() == []
        with writing() as session:
            infusion_id = sqlite_site.infusions[CODE]
            again = regrade_course(
                session, infusion_id, from_at=None, now=NOW, protocol=context.protocol(), by=SYSTEM
            )
        assert again.changed == 0
        assert crs(sqlite_site) == stored

"""Enrolment, infusions, stays, lasting findings: what cannot be is refused, what changed stays readable."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from actions.assessments import correct_assessment
from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from actions.patients import (
    change_patient,
    correct_infusion,
    correct_stay,
    end_stay,
    enrol_patient,
    record_infusion,
    record_lasting_findings,
    record_stay,
    void_stay,
)
from db.inputs import InfusionIn, PatientIn, Sex, StayIn
from db.models import User
from db.queries.office import (
    load_infusion_versions,
    load_investigators,
    load_patient,
    load_patients,
    load_stays,
)
from db.roles import SYSTEM, Role
from db.session import reading, writing
from grading.charted import Sign
from tests.actions.conftest import CODE, INFUSED_AT, NOW, OTHER_CODE, SHOCK, WELL, Site, add_person, at, entry
from tests.support import made_up
from trial.calendar import StayKind

WHY = "time read from the wrong bag"


def infusion(number: int = 1, infused_at: datetime = INFUSED_AT, **values: Any) -> InfusionIn:
    return InfusionIn(patient_id=CODE, infusion_number=number, infused_at=infused_at, **values)


def stay(kind: str, from_hours: float, to_hours: float | None = None, **values: Any) -> StayIn:
    to_at = None if to_hours is None else at(to_hours)
    return StayIn(patient_id=CODE, kind=StayKind(kind), from_at=at(from_hours), to_at=to_at, **values)


class TestEnrolment:
    def test_a_patient_is_enrolled_with_what_is_known(self, site: Site) -> None:
        treating = site.investigator.user_id
        typed = PatientIn(study_code="CART-011", sex=Sex.F, age_years=61, treating_investigator_id=treating)
        patient_id = enrol_patient(typed, by=SYSTEM, now=NOW)
        with reading() as session:
            patient = load_patient(session, "CART-011")
            codes = [one.study_code for one in load_patients(session)]
        assert patient is not None
        assert (patient.id, patient.sex, patient.age_years) == (patient_id, "F", 61)
        assert patient.treating_investigator == "Investigator Example"
        assert (patient.lasting_findings, patient.infusions, patient.died_at) == (None, (), None)
        assert codes == [CODE, OTHER_CODE, "CART-011"]
        assert site.events("enrol_patient")[-1]["detail"]["after"]["age_years"] == 61

    @pytest.mark.postgresql_in_soak
    def test_a_study_code_is_given_once_whatever_its_capitals(self, site: Site) -> None:
        with pytest.raises(AlreadyRecorded, match="CART-007 is known already"):
            enrol_patient(PatientIn(study_code="cart-007"), by=SYSTEM, now=NOW)

    @pytest.mark.postgresql_in_soak
    def test_only_an_active_investigator_can_be_the_treating_one(self, site: Site) -> None:
        typed = PatientIn(study_code="CART-011", treating_investigator_id=site.nurse.user_id)
        with pytest.raises(Refused, match="must be an active account with the role investigator"):
            enrol_patient(typed, by=SYSTEM, now=NOW)
        with reading() as session:
            assert [one.display_name for one in load_investigators(session)] == ["Investigator Example"]

    @pytest.mark.postgresql_in_soak
    def test_age_and_investigator_can_be_changed_and_the_trail_keeps_both(self, site: Site) -> None:
        patient_id = site.patients[CODE]
        typed = PatientIn(study_code=CODE, age_years=62, treating_investigator_id=site.investigator.user_id)
        change_patient(patient_id, typed, by=site.coordinator, now=NOW)
        change_patient(patient_id, typed, by=site.coordinator, now=NOW)
        (event,) = site.events("change_patient")
        assert (event["detail"]["before"]["age_years"], event["detail"]["after"]["age_years"]) == (None, 62)
        with pytest.raises(Refused, match="cannot be changed"):
            change_patient(patient_id, PatientIn(study_code="CART-099"), by=site.coordinator, now=NOW)

    def test_people_screen_first(self, sqlite_site: Site) -> None:
        for person in sqlite_site.people.values():
            with pytest.raises(Refused, match="enrolled by a screening: start it on the page Enrolment"):
                enrol_patient(PatientIn(study_code="CART-011"), by=person, now=NOW)
        assert sqlite_site.rows("patient", study_code="CART-011") == []

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
    def test_only_the_coordinator_changes_infuses_and_moves_patients(
        self, sqlite_site: Site, role: Role
    ) -> None:
        person = sqlite_site.people[role]
        before = sqlite_site.everything()
        with pytest.raises(NotPermitted):
            change_patient(sqlite_site.patients[CODE], PatientIn(study_code=CODE), by=person, now=NOW)
        with pytest.raises(NotPermitted):
            record_infusion(infusion(2, NOW), by=person, now=NOW)
        with pytest.raises(NotPermitted):
            record_stay(stay("ward", 1), by=person, now=NOW)
        assert sqlite_site.everything() == before


@pytest.mark.postgresql_in_soak
class TestLastingFindings:
    def test_an_investigator_records_them_with_a_note(self, site: Site) -> None:
        record_lasting_findings(
            site.patients[CODE],
            {Sign.HYPOXIA, Sign.MOTOR_WEAKNESS},
            "old stroke",
            by=site.investigator,
            now=NOW,
        )
        with reading() as session:
            patient = load_patient(session, CODE)
        assert patient is not None
        assert patient.lasting_findings == frozenset({Sign.HYPOXIA, Sign.MOTOR_WEAKNESS})
        assert patient.lasting_findings_note == "old stroke"

    def test_none_of_them_is_not_the_same_as_nobody_said(self, site: Site) -> None:
        record_lasting_findings(site.patients[CODE], [], " ", by=site.investigator, now=NOW)
        with reading() as session:
            patient = load_patient(session, CODE)
        assert patient is not None
        assert (patient.lasting_findings, patient.lasting_findings_note) == (frozenset(), None)
        (event,) = site.events("record_lasting_findings")
        assert event["detail"]["before"]["lasting_findings"] is None
        assert event["detail"]["after"]["lasting_findings"] == "none"

    def test_others_may_not_and_a_note_must_be_storable(self, sqlite_site: Site) -> None:
        patient_id = sqlite_site.patients[CODE]
        for person in (sqlite_site.nurse, sqlite_site.coordinator):
            with pytest.raises(NotPermitted):
                record_lasting_findings(patient_id, [], None, by=person, now=NOW)
        with pytest.raises(Refused, match="at most 2,000 characters"):
            record_lasting_findings(patient_id, [], "x" * 2001, by=sqlite_site.investigator, now=NOW)
        with pytest.raises(Refused, match="not known"):
            record_lasting_findings(9999, [], None, by=sqlite_site.investigator, now=NOW)


class TestInfusions:
    def test_the_first_version_is_kept_when_it_is_corrected(self, site: Site) -> None:
        infusion_id = site.infusions[CODE]
        corrected = infusion(1, at(-1), weight_kg=71.5, dose_cells_per_kg=2e6, lot="=A1", baseline_ice=10)
        assert correct_infusion(infusion_id, 1, corrected, WHY, by=site.coordinator, now=NOW) == 2
        with reading() as session:
            versions = load_infusion_versions(session, infusion_id)
            patient = load_patient(session, CODE)
        assert [(one.version, one.infused_at, one.reason) for one in versions] == [
            (1, INFUSED_AT, None),
            (2, at(-1), WHY),
        ]
        assert patient is not None
        assert (patient.infusions[0].lot, patient.infusions[0].baseline_ice) == ("=A1", 10)
        assert patient.infusions[0].entered_by == "Coordinator Example"

    @pytest.mark.postgresql_in_soak
    def test_a_second_one_comes_after_the_first(self, site: Site) -> None:
        enrol_patient(PatientIn(study_code="CART-011"), by=SYSTEM, now=NOW)
        alone = InfusionIn(patient_id="CART-011", infusion_number=2, infused_at=NOW)
        with pytest.raises(Refused, match="CART-011 has no first infusion yet"):
            record_infusion(alone, by=site.coordinator, now=NOW)
        with pytest.raises(Refused, match=r"must be after the first, of 2 Mar 2026 10:00"):
            record_infusion(infusion(2, INFUSED_AT), by=site.coordinator, now=NOW)
        made_up.open_gate(site.patients[CODE], at(40))
        second = record_infusion(infusion(2, at(48)), by=site.coordinator, now=NOW)
        assert site.rows("infusion")[-1]["id"] == second
        with pytest.raises(Refused, match="must be before the second"):
            correct_infusion(site.infusions[CODE], 1, infusion(1, at(50)), WHY, by=site.coordinator, now=NOW)

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            (infusion(1), "The first infusion of CART-007 is already recorded"),
            (infusion(2, at(1000)), "must not be in the future"),
            (InfusionIn(patient_id="CART-099", infusion_number=1, infused_at=NOW), "No patient CART-099"),
        ],
    )
    def test_what_cannot_be_is_refused(self, sqlite_site: Site, typed: InfusionIn, sentence: str) -> None:
        before = sqlite_site.everything()
        with pytest.raises(Refused, match=sentence):
            record_infusion(typed, by=sqlite_site.coordinator, now=NOW)
        assert sqlite_site.everything() == before

    def test_a_grade_3_after_the_first_bars_the_second_for_everybody(self, site: Site) -> None:
        site.record(4, **SHOCK)
        with pytest.raises(Refused) as refused:
            record_infusion(infusion(2, at(48)), by=site.coordinator, now=NOW)
        assert refused.value.problems[0].sentence == (
            "CART-007 is barred from a second infusion: CRS grade 3 on 2 Mar 2026 14:00, "
            "day 0 after the first infusion."
        )
        made_up.open_gate(site.patients[OTHER_CODE], at(40))
        site.infuse(OTHER_CODE, 2, at(48))  # another patient is not

    def test_a_proved_grade_3_bars_even_while_it_is_not_settled(self, sqlite_site: Site) -> None:
        sqlite_site.record(4, ice_score=2, seizure=None)
        with pytest.raises(Refused, match="barred from a second infusion: ICANS at least grade 3"):
            record_infusion(infusion(2, at(48)), by=sqlite_site.coordinator, now=NOW)

    def test_a_corrected_grade_3_bars_no_more(self, sqlite_site: Site) -> None:
        first = sqlite_site.record(4, **SHOCK)
        correct_assessment(
            first.stable_id, 1, entry(4, **WELL), "wrong line", "t", by=sqlite_site.investigator, now=at(5)
        )
        made_up.open_gate(sqlite_site.patients[CODE], at(40))
        assert record_infusion(infusion(2, at(48)), by=sqlite_site.coordinator, now=NOW)

    def test_nothing_is_infused_after_a_death(self, sqlite_site: Site) -> None:
        sqlite_site.record(4, death_due_to="other")
        with pytest.raises(Refused, match="nothing comes after it"):
            record_infusion(infusion(2, at(48)), by=sqlite_site.coordinator, now=NOW)

    @pytest.mark.postgresql_in_soak
    def test_a_correction_past_an_assessment_is_refused(self, site: Site) -> None:
        site.record(4)
        with pytest.raises(Refused, match=r"An assessment of 2 Mar 2026 14:00 is recorded before this time"):
            correct_infusion(site.infusions[CODE], 1, infusion(1, at(5)), WHY, by=site.coordinator, now=NOW)

    @pytest.mark.postgresql_in_soak
    def test_a_stale_or_empty_correction_is_refused(self, site: Site) -> None:
        infusion_id = site.infusions[CODE]
        with pytest.raises(AlreadyRecorded, match="nothing was changed"):
            correct_infusion(infusion_id, 1, infusion(), WHY, by=site.coordinator, now=NOW)
        with pytest.raises(Refused, match="Say why the infusion is corrected"):
            correct_infusion(infusion_id, 1, infusion(lot="B"), None, by=site.coordinator, now=NOW)
        correct_infusion(infusion_id, 1, infusion(lot="A"), WHY, by=site.coordinator, now=NOW)
        with pytest.raises(
            ChangedMeanwhile, match=r"Changed by Coordinator Example \(coordinator\)"
        ) as refused:
            correct_infusion(infusion_id, 1, infusion(lot="B"), WHY, by=site.coordinator, now=NOW)
        assert (refused.value.theirs, refused.value.yours) == ({"lot": "A"}, {"lot": "B"})

    def test_patient_and_number_stay(self, sqlite_site: Site) -> None:
        other = InfusionIn(patient_id=OTHER_CODE, infusion_number=1, infused_at=INFUSED_AT, lot="B")
        with pytest.raises(Refused, match="cannot be changed"):
            correct_infusion(sqlite_site.infusions[CODE], 1, other, WHY, by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(Refused, match="not known"):
            correct_infusion(9999, 1, infusion(), WHY, by=sqlite_site.coordinator, now=NOW)


class TestStays:
    def test_a_move_ends_the_running_stay_where_it_is_asked_to(self, site: Site) -> None:
        record_stay(stay("ward", -24), by=site.coordinator, now=NOW)
        with pytest.raises(
            Refused, match=r"CART-007 is on the ward since 1 Mar 2026 10:00\. End that stay first"
        ):
            record_stay(stay("intensive_care", 10), by=site.coordinator, now=NOW)
        record_stay(stay("intensive_care", 10), ends_current=True, by=site.coordinator, now=NOW)
        with reading() as session:
            stays = load_stays(session, site.patients[CODE])
        assert [(one.kind, one.from_at, one.to_at) for one in stays] == [
            ("ward", at(-24), at(10)),
            ("intensive_care", at(10), None),
        ]
        assert [row["version"] for row in site.rows("stay")] == [1, 2, 1]

    @pytest.mark.parametrize(
        ("from_hours", "to_hours", "overlaps"),
        [(1, 3, False), (10, 12, False), (1, 3.1, True), (9.9, 12, True), (4, 5, True), (1, None, True)],
    )
    def test_stays_touch_and_never_overlap(
        self, sqlite_site: Site, from_hours: float, to_hours: float | None, overlaps: bool
    ) -> None:
        record_stay(stay("ward", 3, 10), by=sqlite_site.coordinator, now=NOW)
        typed = stay("intensive_care", from_hours, to_hours)
        if overlaps:
            with pytest.raises(Refused, match="was on the ward from"):
                record_stay(typed, by=sqlite_site.coordinator, now=NOW)
        else:
            assert record_stay(typed, by=sqlite_site.coordinator, now=NOW)

    @pytest.mark.parametrize(("day", "needed"), [(13, True), (14, False)])
    def test_going_home_before_day_14_needs_a_reason(self, sqlite_site: Site, day: int, needed: bool) -> None:
        now = at(24 * 20)
        home = stay("home", 24 * day)
        if not needed:
            assert record_stay(home, by=sqlite_site.coordinator, now=now)
            return
        with pytest.raises(Refused, match="Say why the patient goes home before day 14") as refused:
            record_stay(home, by=sqlite_site.coordinator, now=now)
        assert refused.value.problems[0].field == "reason"
        explained = stay("home", 24 * day, reason="wish of the patient")
        assert record_stay(explained, by=sqlite_site.coordinator, now=now)

    def test_before_any_infusion_home_needs_none(self, sqlite_site: Site) -> None:
        assert record_stay(stay("home", -30, -24), by=sqlite_site.coordinator, now=NOW)

    @pytest.mark.postgresql_in_soak
    def test_a_running_stay_ends_once(self, site: Site) -> None:
        stable_id = record_stay(stay("ward", 1), by=site.coordinator, now=NOW)
        for wrong in (at(1), NOW + timedelta(hours=1)):
            with pytest.raises(Refused):
                end_stay(stable_id, 1, wrong, by=site.coordinator, now=NOW)
        assert end_stay(stable_id, 1, at(30), by=site.coordinator, now=NOW) == 2
        with pytest.raises(AlreadyRecorded, match="This stay ended at"):
            end_stay(stable_id, 2, at(31), by=site.coordinator, now=NOW)

    def test_a_correction_is_a_new_version_and_a_stale_one_is_refused(self, site: Site) -> None:
        stable_id = record_stay(stay("ward", 1), by=site.coordinator, now=NOW)
        assert correct_stay(stable_id, 1, stay("ward", 2), WHY, by=site.coordinator, now=NOW) == 2
        with pytest.raises(ChangedMeanwhile) as refused:
            correct_stay(stable_id, 1, stay("ward", 3), WHY, by=site.coordinator, now=NOW)
        assert (refused.value.theirs, refused.value.yours) == ({"from_at": at(2)}, {"from_at": at(3)})
        with pytest.raises(AlreadyRecorded, match="nothing was changed"):
            correct_stay(stable_id, 2, stay("ward", 2), WHY, by=site.coordinator, now=NOW)
        event = site.events("correct_stay")[0]
        assert (event["detail"]["reason"], event["subject_id"]) == (WHY, stable_id)

    def test_a_withdrawn_stay_frees_its_time(self, site: Site) -> None:
        stable_id = record_stay(stay("ward", 1), by=site.coordinator, now=NOW)
        assert void_stay(stable_id, 1, "wrong patient", by=site.coordinator, now=NOW) == 2
        with reading() as session:
            assert load_stays(session, site.patients[CODE]) == []
        assert record_stay(stay("intensive_care", 1), by=site.coordinator, now=NOW)
        with pytest.raises(ChangedMeanwhile, match="Withdrawn by"):
            void_stay(stable_id, 2, "again", by=site.coordinator, now=NOW)

    def test_what_cannot_be_is_refused(self, sqlite_site: Site) -> None:
        sqlite_site.record(4, death_due_to="other")
        before = sqlite_site.everything()
        for typed, sentence in (
            (stay("ward", 5), "nothing comes after it"),
            (stay("ward", 3000), "must not be in the future"),
            (StayIn(patient_id="CART-099", kind=StayKind.WARD, from_at=at(1)), "No patient CART-099"),
        ):
            with pytest.raises(Refused, match=sentence):
                record_stay(typed, by=sqlite_site.coordinator, now=NOW)
        assert sqlite_site.everything() == before


def test_an_inactive_investigator_is_not_offered(sqlite_site: Site) -> None:
    second = add_person(Role.INVESTIGATOR, "second")
    with writing() as session:
        session.get_one(User, second.user_id).is_active = False
    with reading() as session:
        assert [one.user_id for one in load_investigators(session)] == [sqlite_site.investigator.user_id]

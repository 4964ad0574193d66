"""Screening: facts are versioned and judged; an investigator judges and signs, and only that enrols."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actions import context
from actions.enrolment import is_as_signed, sign_enrolment
from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from actions.follow_up import record_follow_up
from actions.infusions import record_infusion
from actions.patients import change_patient, record_lasting_findings
from actions.permissions import Action, may
from actions.screening import judge_criteria, record_screening, start_screening
from actions.sign_ins import throttle_of_all, throttle_of_one
from actions.stays import record_stay
from db.inputs import InfusionIn, PatientIn, Sex, StayIn
from db.inputs_follow_up import FollowUpIn
from db.inputs_screening import FactsIn
from db.queries import assess, entry
from db.queries.committee import load_committee
from db.queries.office import load_everyone, load_patient, load_patients
from db.queries.patient import list_patients
from db.queries.records import load_versions
from db.queries.screening import load_screening, load_screening_versions
from db.queries.signatures import load_signatures
from db.roles import SYSTEM, Role
from db.session import reading
from tests.actions.conftest import CODE as INFUSED
from tests.actions.conftest import NOW, OTHER_CODE, Site
from tests.actions.screened import (
    CODE,
    JUDGED,
    PASSWORD,
    eligible,
    enrolled,
    facts_in,
    give_password,
    record,
    standing,
    start,
)
from tests.trial.screened import NO, WELL, YES
from trial.calendar import StayKind
from trial.eligibility import Verdict
from trial.protocol import parse_protocol
from trial.screening_facts import Judgement, Purpose

LATER = NOW + timedelta(hours=2)
WHY = "laboratory of 3 March arrived"


@pytest.fixture(autouse=True)
def _fresh_throttles() -> None:
    throttle_of_one.clear()
    throttle_of_all.clear()


class TestFacts:
    def test_who_is_screened_is_known_and_not_enrolled(self, site: Site) -> None:
        patient_id = start(site)
        with reading() as session:
            patient = load_patient(session, CODE)
            assert [one.study_code for one in load_patients(session)] == [INFUSED, OTHER_CODE]
            assert CODE in [one.study_code for one in load_everyone(session)]
        assert patient is not None
        assert (patient.id, patient.sex, patient.age_years) == (patient_id, "F", 54)
        assert (patient.screened_at, patient.enrolled_at) == (NOW, None)
        assert site.events("start_screening")[-1]["detail"]["after"]["study_code"] == CODE
        assert site.events("enrol_patient")[-1]["patient_id"] != patient_id

    def test_a_study_code_is_given_once_and_by_an_active_investigator(self, sqlite_site: Site) -> None:
        start(sqlite_site)
        with pytest.raises(AlreadyRecorded, match="CART-011 is known already"):
            start(sqlite_site, "cart-011")
        entry = PatientIn(study_code="CART-012", treating_investigator_id=sqlite_site.nurse.user_id)
        with pytest.raises(Refused, match="must be an active account with the role investigator"):
            start_screening(entry, by=sqlite_site.coordinator, now=NOW)

    def test_facts_are_stored_with_verdict_protocol_and_histology(self, site: Site) -> None:
        patient_id = start(site)
        assert record(site, patient_id) == 1
        (row,) = site.rows("screening")
        assert (row["verdict"], row["histology"], row["purpose"]) == ("undecided", "dlbcl", "enrolment")
        assert (row["protocol_hash"], row["reason"]) == (context.protocol().hash, None)
        assert row["judged_on"] == NOW.astimezone(context.settings().zone).date()
        assert standing(patient_id).facts == replace(WELL, judgements={})
        (event,) = site.events("record_screening")
        assert event["detail"]["after"]["facts"]["ecog"] == 1

    def test_the_day_of_the_judgement_is_the_hospitals(self, sqlite_site: Site) -> None:
        evening = datetime(2026, 3, 7, 20, 0, tzinfo=UTC)  # 8 March, 04:00 in Shanghai
        patient_id = start(sqlite_site, now=evening)
        record(sqlite_site, patient_id, now=evening, last_menses_on="2026-03-08")
        assert standing(patient_id).judged_on.isoformat() == "2026-03-08"
        with pytest.raises(Refused, match="dated 2026-03-09, after the day of this judgement"):
            record(sqlite_site, patient_id, 1, WHY, now=evening, last_menses_on="2026-03-09")

    def test_a_later_version_has_a_reason_and_the_earlier_stays(self, site: Site) -> None:
        patient_id = start(site)
        record(site, patient_id, haemoglobin_g_per_l=None)
        with pytest.raises(Refused, match="Say why the facts are changed") as refusal:
            record(site, patient_id, 1)
        assert refusal.value.problems[0].field == "reason"
        assert record(site, patient_id, 1, WHY, now=LATER) == 2
        with reading() as session:
            versions = load_screening_versions(session, standing(patient_id).stable_id)
        assert [one.facts.haemoglobin_g_per_l for one in versions] == [None, 101]
        assert [one.reason for one in versions] == [None, WHY]
        assert site.events("correct_screening")[-1]["detail"]["reason"] == WHY
        with pytest.raises(AlreadyRecorded, match="nothing was changed"):
            record(site, patient_id, 2, WHY, now=LATER)

    def test_age_and_sex_are_entered_once_and_the_patient_follows(self, site: Site) -> None:
        patient_id = start(site, age=45)
        record(site, patient_id, age_years=45)
        record(site, patient_id, 1, "age read wrong", sex=Sex.M, pregnancy_test=None, last_menses_on=None)
        with reading() as session:
            patient = load_patient(session, CODE)
        assert patient is not None
        assert (patient.sex, patient.age_years) == ("M", 54)
        treating = site.investigator.user_id
        other = PatientIn(study_code=CODE, sex=Sex.M, age_years=45, treating_investigator_id=treating)
        with pytest.raises(Refused, match="are facts of the screening"):
            change_patient(patient_id, other, by=site.coordinator, now=NOW)
        nobody = PatientIn(study_code=CODE, sex=Sex.M, age_years=54)
        change_patient(patient_id, nobody, by=site.coordinator, now=NOW)
        assert site.rows("patient", id=patient_id)[0]["treating_investigator_id"] is None

    @pytest.mark.parametrize("version", [None, 1])
    def test_who_comes_second_sees_both_values_and_saves_nothing(
        self, site: Site, version: int | None
    ) -> None:
        patient_id = start(site)
        record(site, patient_id)
        record(site, patient_id, 1, WHY, haemoglobin_g_per_l=95)
        before = site.rows("screening")
        with pytest.raises(ChangedMeanwhile, match="Changed by Coordinator Example") as refusal:
            record(site, patient_id, version, WHY, haemoglobin_g_per_l=99, infections=None)
        assert refusal.value.theirs == {"haemoglobin g per l": "95.0", "infections": "none"}
        assert refusal.value.yours == {"haemoglobin g per l": "99.0", "infections": "not recorded"}
        assert site.rows("screening") == before
        with pytest.raises(Refused, match="not recorded any more"):
            record(site, start(site, "CART-012"), 1, WHY)
        with pytest.raises(Refused, match="not known"):
            record(site, 9999)

    def test_a_fact_that_cannot_be_is_named_at_its_box(self, sqlite_site: Site) -> None:
        patient_id = start(sqlite_site)
        with pytest.raises(Refused) as refusal:
            record(sqlite_site, patient_id, infarction="no", infarction_on="2026-01-05", sex=Sex.M)
        assert [problem.field for problem in refusal.value.problems] == ["pregnancy_test", "infarction"]
        assert sqlite_site.rows("screening") == []


class TestJudgements:
    def test_an_investigator_judges_with_reasons_and_the_line_is_settled(self, site: Site) -> None:
        patient_id = eligible(site)
        found = standing(patient_id)
        assert (found.version, found.verdict) == (2, Verdict.ELIGIBLE)
        assert found.reason == "Judged: consent, comorbidity, other risk."
        assert found.facts == WELL
        after = site.events("judge_criteria")[-1]["detail"]["after"]
        assert after["facts"]["judgements"]["consent"]["reason"] == NO.reason

    def test_a_judgement_may_come_before_any_fact(self, sqlite_site: Site) -> None:
        patient_id = start(sqlite_site)
        judge_criteria(patient_id, JUDGED, version=None, by=sqlite_site.investigator, now=NOW)
        facts = standing(patient_id).facts
        assert (facts.age_years, facts.sex, facts.judgements["consent"]) == (54, Sex.F, NO)

    def test_facts_keep_what_was_judged_but_not_on_other_blood_counts(self, sqlite_site: Site) -> None:
        site = sqlite_site
        patient_id = start(site)
        record(site, patient_id, platelets_10e9_per_l=60)
        judge_criteria(
            patient_id, JUDGED | {"collection_acceptable": YES}, version=1, by=site.investigator, now=NOW
        )
        assert standing(patient_id).verdict is Verdict.ELIGIBLE
        record(site, patient_id, 2, WHY, platelets_10e9_per_l=60, ecog=2)
        assert standing(patient_id).verdict is Verdict.ELIGIBLE
        record(site, patient_id, 3, WHY, platelets_10e9_per_l=30, ecog=2)
        found = standing(patient_id)
        assert (found.verdict, found.facts.collection_acceptable) == (Verdict.NOT_ELIGIBLE, None)
        assert found.facts.judgements == JUDGED

    def test_what_nobody_judges_is_refused_with_a_sentence(self, sqlite_site: Site) -> None:
        patient_id = start(sqlite_site)
        for name, sentence in (("age", "Nobody judges"), ("crs_gaps", "nothing to judge")):
            with pytest.raises(Refused, match=sentence):
                judge_criteria(patient_id, {name: YES}, version=None, by=sqlite_site.investigator, now=NOW)
        record(sqlite_site, patient_id)
        with pytest.raises(ChangedMeanwhile):
            judge_criteria(patient_id, JUDGED, version=None, by=sqlite_site.investigator, now=NOW)


class TestSignature:
    def test_an_eligible_patient_is_enrolled_by_a_signature_bound_to_the_facts(self, site: Site) -> None:
        patient_id = enrolled(site)
        row = site.rows("patient", id=patient_id)[0]
        assert (row["enrolled_at"], row["enrolled_by"]) == (NOW, site.investigator.user_id)
        found = standing(patient_id)
        with reading() as session:
            (signature,) = load_signatures(session, "screening", [found.id])
        assert signature.printed_name == "Investigator Example"
        assert signature.meaning == "I have read every criterion. CART-011 is eligible and may be enrolled."
        assert is_as_signed(found, signature)
        other = replace(found, content=found.content | {"verdict": "not_eligible"})
        assert not is_as_signed(other, signature)
        event = site.events("enrol_patient")[-1]
        assert event["detail"]["after"]["signature"] == signature.id
        assert event["detail"]["after"]["screening_version"] == 2
        assert len(site.events("sign")) == 1
        with pytest.raises(AlreadyRecorded, match="CART-011 is enrolled since 7 Mar 2026"):
            sign_enrolment(patient_id, 2, PASSWORD, by=site.investigator, now=LATER)

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"ecog": 3}, r"is not eligible; nothing was signed. ECOG 0 to 2: not met \(ECOG 3\)"),
            ({"lvef_percent": None}, r"not yet known to be eligible.*LVEF not recorded"),
        ],
    )
    def test_who_is_not_eligible_cannot_be_enrolled(
        self, sqlite_site: Site, changed: dict[str, Any], sentence: str
    ) -> None:
        patient_id = eligible(sqlite_site)
        give_password(sqlite_site)
        record(sqlite_site, patient_id, 2, WHY, **changed)
        before = sqlite_site.everything()
        with pytest.raises(Refused, match=sentence):
            sign_enrolment(patient_id, 3, PASSWORD, by=sqlite_site.investigator, now=NOW)
        assert sqlite_site.everything() == before

    def test_a_wrong_password_or_facts_not_seen_sign_nothing(self, sqlite_site: Site) -> None:
        site = sqlite_site
        patient_id = eligible(site)
        give_password(site)
        with pytest.raises(Refused, match="password is not right"):
            sign_enrolment(patient_id, 2, "another one here", by=site.investigator, now=NOW)
        record(site, patient_id, 2, WHY, ecog=2)
        with pytest.raises(ChangedMeanwhile):
            sign_enrolment(patient_id, 2, PASSWORD, by=site.investigator, now=NOW)
        with pytest.raises(Refused, match="Nothing is recorded of CART-012 yet"):
            sign_enrolment(start(site, "CART-012"), 1, PASSWORD, by=site.investigator, now=NOW)
        assert site.rows("signature") == []

    @pytest.mark.parametrize(
        ("what", "sentence"),
        [
            ({"kind": "withdrawal"}, "CART-011 has withdrawal recorded on 7 Mar 2026; nothing was signed"),
            ({"kind": "lost_to_follow_up"}, "lost to follow-up recorded on 7 Mar 2026; nothing was signed"),
            (
                {"kind": "death", "cause": "other"},
                "The death of CART-011 is recorded at .*; nothing was signed",
            ),
        ],
    )
    def test_nobody_who_has_left_or_died_is_enrolled(
        self, sqlite_site: Site, what: dict[str, Any], sentence: str
    ) -> None:
        patient_id = eligible(sqlite_site)
        give_password(sqlite_site)
        on = NOW.astimezone(context.settings().zone).date()
        ended = FollowUpIn.model_validate({"patient_id": CODE, "occurred_on": on} | what)
        record_follow_up(ended, by=sqlite_site.coordinator, now=NOW)
        before = sqlite_site.everything()
        with pytest.raises(Refused, match=sentence):
            sign_enrolment(patient_id, 2, PASSWORD, by=sqlite_site.investigator, now=LATER)
        assert sqlite_site.everything() == before

    def test_who_becomes_eligible_by_the_calendar_is_judged_again_and_that_is_signed(
        self, sqlite_site: Site
    ) -> None:
        site = sqlite_site
        patient_id = eligible(site)
        give_password(site)
        record(site, patient_id, 2, WHY, infarction="yes", infarction_on="2025-09-07")
        assert standing(patient_id).verdict is Verdict.NOT_ELIGIBLE
        tomorrow = NOW + timedelta(days=1)
        sign_enrolment(patient_id, 3, PASSWORD, by=site.investigator, now=tomorrow)
        found = standing(patient_id)
        assert (found.version, found.verdict) == (4, Verdict.ELIGIBLE)
        assert found.reason == "Judged again on the day of the enrolment."
        with reading() as session:
            (signature,) = load_signatures(session, "screening", [found.id])
        assert is_as_signed(found, signature)

    def test_another_protocol_is_a_version_of_its_own(self, sqlite_site: Site) -> None:
        patient_id = eligible(sqlite_site)
        give_password(sqlite_site)
        text = context.protocol().text.replace("ecog_to = 2", "ecog_to = 1")
        context.configure(context.settings(), parse_protocol(text))
        sign_enrolment(patient_id, 2, PASSWORD, by=sqlite_site.investigator, now=NOW)
        found = standing(patient_id)
        assert (found.version, found.protocol_hash) == (3, context.protocol().hash)


class TestAfterEnrolment:
    def test_a_changed_criterion_is_judged_again_and_the_enrolment_stays(self, site: Site) -> None:
        patient_id = enrolled(site)
        with pytest.raises(Refused, match="Say why the facts are changed"):
            record(site, patient_id, 2, ecog=3)
        assert record(site, patient_id, 2, "ECOG read from another form", now=LATER, ecog=3) == 3
        found = standing(patient_id)
        assert found.verdict is Verdict.NOT_ELIGIBLE
        assert site.rows("patient", id=patient_id)[0]["enrolled_at"] == NOW
        with reading() as session:
            signed = load_versions(session, "screening", found.stable_id)[1]["id"]
            assert [one.subject_id for one in load_signatures(session, "screening", [signed, found.id])] == [
                signed
            ]

    def test_it_is_judged_for_the_day_of_the_enrolment(self, sqlite_site: Site) -> None:
        """Ten months later an infarction is long ago; on the day of the enrolment it was not."""
        patient_id = enrolled(sqlite_site)
        later = NOW + timedelta(days=300)
        record(sqlite_site, patient_id, 2, WHY, now=later, infarction="yes", infarction_on="2025-12-01")
        found = standing(patient_id)
        assert (found.verdict, found.judged_on.isoformat()) == (Verdict.NOT_ELIGIBLE, "2026-03-07")

    def test_a_changed_judgement_is_a_version_too(self, sqlite_site: Site) -> None:
        patient_id = enrolled(sqlite_site)
        unfit = {"comorbidity": Judgement(True, "heart failure found on day 3")}
        judge_criteria(patient_id, unfit, version=2, by=sqlite_site.investigator, now=LATER)
        found = standing(patient_id)
        assert (found.verdict, found.reason) == (Verdict.NOT_ELIGIBLE, "Judged: comorbidity.")


class TestSecondInfusion:
    def test_the_exclusion_criteria_are_asked_again_beside_the_first_facts(self, site: Site) -> None:
        patient_id = site.patients[INFUSED]
        asked = FactsIn.model_validate({"infections": "none", "nyha_class": 0, "ecog": 4})
        record_screening(
            patient_id, asked, version=None, purpose=Purpose.SECOND_INFUSION, by=site.coordinator, now=NOW
        )
        found = standing(patient_id, Purpose.SECOND_INFUSION)
        assert (found.verdict, found.facts.infections) == (Verdict.UNDECIDED, ())
        with reading() as session:
            assert load_screening(session, patient_id) is None
        judge_criteria(
            patient_id,
            {"consent": YES},
            version=1,
            purpose=Purpose.SECOND_INFUSION,
            by=site.investigator,
            now=NOW,
        )
        assert standing(patient_id, Purpose.SECOND_INFUSION).verdict is Verdict.NOT_ELIGIBLE

    def test_age_and_sex_stay_those_of_the_patient(self, sqlite_site: Site) -> None:
        patient_id = enrolled(sqlite_site)
        record_screening(
            patient_id,
            FactsIn(nyha_class=1),
            version=None,
            purpose=Purpose.SECOND_INFUSION,
            by=sqlite_site.coordinator,
            now=NOW,
        )
        facts = standing(patient_id, Purpose.SECOND_INFUSION).facts
        assert (facts.age_years, facts.sex, facts.nyha_class) == (54, Sex.F, 1)
        assert sqlite_site.rows("patient", id=patient_id)[0]["age_years"] == 54

    def test_nobody_in_screening_is_asked_about_it(self, sqlite_site: Site) -> None:
        patient_id = start(sqlite_site)
        with pytest.raises(Refused, match="CART-011 is not enrolled"):
            record_screening(
                patient_id,
                FactsIn(),
                version=None,
                purpose=Purpose.SECOND_INFUSION,
                by=sqlite_site.coordinator,
                now=NOW,
            )


class TestWhoIsNotEnrolled:
    def test_nothing_of_the_trial_is_recorded_of_somebody_in_screening(self, site: Site) -> None:
        patient_id = start(site)
        infusion = InfusionIn(patient_id=CODE, infusion_number=1, infused_at=NOW)
        stay = StayIn(patient_id=CODE, kind=StayKind.WARD, from_at=NOW)
        sentence = "CART-011 is in screening and not enrolled. An investigator signs the enrolment first"
        with pytest.raises(Refused, match=sentence):
            record_infusion(infusion, by=site.coordinator, now=NOW)
        with pytest.raises(Refused, match=sentence):
            record_infusion(infusion, by=SYSTEM, now=NOW)
        with pytest.raises(Refused, match=sentence):
            record_stay(stay, by=site.coordinator, now=NOW)
        record_lasting_findings(patient_id, [], None, by=site.investigator, now=NOW)

    def test_no_list_holds_them_until_the_signature(self, sqlite_site: Site) -> None:
        patient_id = eligible(sqlite_site)

        def held() -> list[bool]:
            with reading() as session:
                return [
                    entry.is_enrolled(session, CODE),
                    assess.is_enrolled(session, CODE),
                    CODE in [one.study_code for one in load_committee(session, context.settings().zone)],
                    CODE in [one.study_code for one in list_patients(session)],
                    CODE in [one.study_code for one in load_patients(session)],
                ]

        assert held() == [False] * 5
        give_password(sqlite_site)
        sign_enrolment(patient_id, 2, PASSWORD, by=sqlite_site.investigator, now=NOW)
        assert held() == [True] * 5


@pytest.mark.parametrize("role", Role)
def test_each_role_does_what_the_matrix_says(sqlite_site: Site, role: Role) -> None:
    """What may be done gets as far as a refusal of another kind."""
    person = sqlite_site.people[role]
    patient_id = start(sqlite_site)
    before = sqlite_site.everything()
    deeds: dict[Action, Callable[[], object]] = {
        Action.RECORD_SCREENING: lambda: record_screening(9999, facts_in(), version=None, by=person, now=NOW),
        Action.JUDGE_CRITERION: lambda: judge_criteria(9999, JUDGED, version=None, by=person, now=NOW),
        Action.SIGN_ENROLMENT: lambda: sign_enrolment(patient_id, 1, "", by=person, now=NOW),
    }
    for action, deed in deeds.items():
        with pytest.raises(Refused) as refusal:
            deed()
        assert isinstance(refusal.value, NotPermitted) is not may(role, action), action
    if not may(role, Action.RECORD_SCREENING):
        with pytest.raises(NotPermitted):
            start_screening(PatientIn(study_code="CART-012"), by=person, now=NOW)
    assert sqlite_site.everything() == before

"""The gate for the second infusion: its facts come from the records; nobody is infused through a shut one."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from actions import context
from actions.assessments import correct_assessment
from actions.errors import AlreadyRecorded, NotPermitted, Refused
from actions.follow_up import record_follow_up
from actions.gate import AskedGate, ask_gate, judge_question, release_bar
from actions.infusions import Barred, GateClosed, correct_infusion, record_infusion
from actions.passwords import hash_password
from actions.screening import judge_criteria
from actions.sign_ins import throttle_of_all, throttle_of_one
from db.inputs import InfusionIn
from db.inputs_follow_up import FollowUpIn
from db.models import AdverseEvent, User
from db.queries.gate import load_gate_facts, load_gate_records
from db.roles import Actor, Role
from db.session import reading, writing
from tests.actions.conftest import CODE, INFUSED_AT, OTHER_CODE, SHOCK, WELL, Site, add_person, at, entry
from tests.support import made_up
from trial.follow_up_facts import FollowUpKind
from trial.screening_facts import ActiveInfection, Judgement, Purpose, ScreeningFacts, WorstGrade
from trial.second_infusion import GateVerdict, Stand, judge_gate
from trial.second_infusion_facts import CtDna, CtDnaResult, GateFacts, GateQuestion, Release, Response, Scan

PASSWORD = "four words make one"
PASSWORD_HASH = hash_password(PASSWORD)
FIRST_ON = date(2026, 3, 2)
SECOND_AT = INFUSED_AT + timedelta(days=40)
ASKED_AT = SECOND_AT - timedelta(days=1)
WHY = "benefit outweighs the risk"


def day(days: int) -> date:
    """The hospital's date so many days after the first infusion."""
    return FIRST_ON + timedelta(days=days)


def well_for_14_days(site: Site) -> None:
    """Settled at 0 on every monitored day, as one import of the chart would leave it."""
    rows = [(at(24 * days + 2), made_up.WELL) for days in range(1, 15)]
    made_up.assess(site.patients[CODE], site.infusions[CODE], rows)


def facts(site: Site, until: datetime = ASKED_AT, code: str = CODE) -> GateFacts:
    zone, protocol = context.settings().zone, context.protocol()
    with reading() as session:
        found = load_gate_facts(session, site.patients[code], zone, protocol, until=until)
    assert found is not None
    return found


def asked(site: Site, when: datetime = ASKED_AT, code: str = CODE) -> AskedGate:
    with reading() as session:
        found = ask_gate(session, site.patients[code], when)
    assert found is not None
    return found


def stand(site: Site, line: str, when: datetime = ASKED_AT) -> Stand:
    (found,) = (one for one in asked(site, when).gate.lines if one.id == line)
    return found.stand


def second(infused_at: datetime = SECOND_AT, code: str = CODE, **values: Any) -> InfusionIn:
    return InfusionIn(patient_id=code, infusion_number=2, infused_at=infused_at, **values)


def investigator(site: Site, username: str) -> Actor:
    """Another investigator, who can sign."""
    person = add_person(Role.INVESTIGATOR, username)
    give_password(person)
    return person


def give_password(person: Actor) -> None:
    with writing() as session:
        user = session.get_one(User, person.user_id)
        user.password_hash = PASSWORD_HASH
        session.add(user)


@pytest.fixture(autouse=True)
def _nobody_is_slowed_down() -> None:
    throttle_of_one.clear()
    throttle_of_all.clear()


class TestFacts:
    def test_every_fact_comes_from_where_it_was_recorded(self, site: Site) -> None:
        patient_id = site.patients[CODE]
        site.record(2)
        site.record(30, temperature_c=38.6)
        made_up.scan(patient_id, day(-5), None)
        made_up.scan(patient_id, day(30), Response.PR, 4)
        made_up.scan(site.patients[OTHER_CODE], day(30), Response.CR)
        made_up.sample(patient_id, day(28), CtDnaResult.POSITIVE)
        made_up.ask_again(patient_id, at(24 * 31))
        made_up.judge_gate(patient_id, GateQuestion.CRS_GAPS, True, at(24 * 32))
        assert facts(site) == GateFacts(
            first_infused_on=FIRST_ON,
            scans=(Scan(day(-5)), Scan(day(30), Response.PR, 4)),
            ctdna=(CtDna(day(28), CtDnaResult.POSITIVE),),
            # Fever alone is grade 1; on days 2 to 14 nobody looked.
            worst_crs=WorstGrade(1, tuple(range(2, 15)), Judgement(True, "seen daily")),
            worst_icans=WorstGrade(0, tuple(range(2, 15))),
            asked_again=made_up.CLEAR_OF_EXCLUSIONS,
        )

    def test_nothing_recorded_is_not_yet_known_and_never_well(self, sqlite_site: Site) -> None:
        assert facts(sqlite_site) == GateFacts(first_infused_on=FIRST_ON)
        assert asked(sqlite_site).gate.verdict is GateVerdict.UNDECIDED
        with reading() as session:
            assert ask_gate(session, 404, ASKED_AT) is None

    def test_the_gate_of_a_day_knows_nothing_of_later_days(self, sqlite_site: Site) -> None:
        patient_id = sqlite_site.patients[CODE]
        made_up.scan(patient_id, day(20), Response.CR)
        made_up.scan(patient_id, day(35), Response.PR)
        made_up.sample(patient_id, day(20), CtDnaResult.NEGATIVE, day(24))
        made_up.sample(patient_id, day(34), CtDnaResult.POSITIVE, day(38))
        then = facts(sqlite_site, until=INFUSED_AT + timedelta(days=34))
        assert then.scans == (Scan(day(20), Response.CR),)
        assert then.ctdna == (
            CtDna(day(20), CtDnaResult.NEGATIVE, resulted_on=day(24)),
            CtDna(day(34)),
        ), "the result of day 38 was awaited on day 34"

    def test_only_what_stands_counts(self, sqlite_site: Site) -> None:
        saved = sqlite_site.record(2, **SHOCK)
        assert facts(sqlite_site, until=at(5)).worst_crs == WorstGrade(3)
        correct_assessment(
            saved.stable_id,
            1,
            entry(2, temperature_c=38.9),
            "wrong line read",
            sqlite_site.token(),
            by=sqlite_site.nurse,
            now=at(3),
        )
        assert facts(sqlite_site, until=at(5)).worst_crs == WorstGrade(1)

    def test_an_infection_recorded_since_the_criteria_were_asked_reopens_them(
        self, sqlite_site: Site
    ) -> None:
        patient_id = sqlite_site.patients[CODE]
        made_up.ask_again(patient_id, at(24 * 20))
        assert stand(sqlite_site, "active_infection") is Stand.FOR
        add_infection(patient_id, onset_on=day(22), entered_at=at(24 * 23))
        assert facts(sqlite_site).asked_again.infections == (ActiveInfection("lung"),)
        assert stand(sqlite_site, "active_infection") is Stand.NOT_YET_KNOWN
        assert facts(sqlite_site, until=at(24 * 21)).asked_again.infections == (), "not yet on day 21"

    def test_an_infection_that_is_over_or_was_known_when_asked_reopens_nothing(
        self, sqlite_site: Site
    ) -> None:
        patient_id = sqlite_site.patients[CODE]
        add_infection(patient_id, onset_on=day(10), entered_at=at(24 * 11))
        made_up.ask_again(patient_id, at(24 * 20))
        add_infection(patient_id, onset_on=day(22), entered_at=at(24 * 23), ended_on=day(26))
        assert stand(sqlite_site, "active_infection") is Stand.FOR

    def test_an_infection_that_was_named_since_reopens_nothing_even_after_a_judgement(
        self, sqlite_site: Site
    ) -> None:
        patient_id = sqlite_site.patients[CODE]
        add_infection(patient_id, onset_on=day(22), entered_at=at(24 * 23))
        named = replace(made_up.CLEAR_OF_EXCLUSIONS, infections=(ActiveInfection("Lung", True, False),))
        made_up.ask_again(patient_id, at(24 * 24), named)
        add_infection(patient_id, onset_on=day(25), entered_at=at(24 * 26), site="lung")
        assert stand(sqlite_site, "active_infection") is Stand.FOR
        judge_criteria(
            patient_id,
            {"other_risk": Judgement(False, "seen")},
            version=1,
            purpose=Purpose.SECOND_INFUSION,
            by=sqlite_site.investigator,
            now=at(24 * 28),
        )
        add_infection(patient_id, onset_on=day(26), entered_at=at(24 * 27), site="sinuses")
        assert stand(sqlite_site, "active_infection") is Stand.NOT_YET_KNOWN, "judging answers no infection"

    def test_answers_from_before_the_first_infusion_are_not_asked_again(self, sqlite_site: Site) -> None:
        made_up.ask_again(sqlite_site.patients[CODE], at(-48))
        assert facts(sqlite_site).asked_again == ScreeningFacts()
        assert asked(sqlite_site).reasons[-1] == (
            "The exclusion criteria have not been asked again since the first infusion."
        )


def add_infection(
    patient_id: int,
    *,
    onset_on: date,
    entered_at: datetime,
    ended_on: date | None = None,
    site: str = "lung",
) -> None:
    event = AdverseEvent(
        stable_id=f"{patient_id}{onset_on:%Y%m%d}".zfill(32),
        patient_id=patient_id,
        entered_at=entered_at,
        term="Lung infection",
        grade=3,
        onset_on=onset_on,
        ended_on=ended_on,
        is_infection=True,
        site=site,
    )
    with writing() as session:
        session.add(event)


class TestVerdict:
    def test_the_gate_of_the_records_is_the_gate_of_the_pure_facts(self, sqlite_site: Site) -> None:
        well_for_14_days(sqlite_site)
        patient_id = sqlite_site.patients[CODE]
        made_up.ask_again(patient_id, ASKED_AT)
        made_up.scan(patient_id, day(30), Response.CR, 2)
        made_up.sample(patient_id, day(28), CtDnaResult.NEGATIVE)
        made_up.sample(patient_id, day(36), CtDnaResult.POSITIVE)
        pure = GateFacts(
            first_infused_on=FIRST_ON,
            scans=(Scan(day(30), Response.CR, 2),),
            ctdna=(CtDna(day(28), CtDnaResult.NEGATIVE), CtDna(day(36), CtDnaResult.POSITIVE)),
            worst_crs=WorstGrade(0),
            worst_icans=WorstGrade(0),
            asked_again=made_up.CLEAR_OF_EXCLUSIONS,
        )
        limits = context.protocol()
        found = asked(sqlite_site)
        assert found.gate == judge_gate(pure, limits.eligibility, limits.second_infusion, day(39))
        assert found.gate.verdict is GateVerdict.OPEN
        assert found.reasons == ()
        assert found.gate.last_open_on == day(60)

    def test_the_helper_of_the_tests_opens_the_gate_and_nothing_else_would(self, sqlite_site: Site) -> None:
        made_up.open_gate(sqlite_site.patients[CODE], ASKED_AT)
        assert asked(sqlite_site).is_open
        assert not asked(sqlite_site, code=OTHER_CODE).is_open


class TestJudgements:
    def judge(self, site: Site, question: GateQuestion, holds: bool | None, reason: str | None = WHY) -> None:
        judge_question(CODE, question, holds, reason, by=site.investigator, now=ASKED_AT)

    def test_stable_disease_is_the_investigators_with_a_reason(self, site: Site) -> None:
        made_up.scan(site.patients[CODE], day(30), Response.SD, 5)
        assert stand(site, "response") is Stand.FOR_INVESTIGATOR
        with pytest.raises(Refused, match="Give the reason"):
            self.judge(site, GateQuestion.RESPONSE, True, " ")
        with pytest.raises(Refused, match="Choose one of the two answers"):
            self.judge(site, GateQuestion.RESPONSE, None)
        self.judge(site, GateQuestion.RESPONSE, True)
        assert stand(site, "response") is Stand.FOR
        assert facts(site).judgement == Judgement(True, WHY)
        (event,) = site.events("judge_gate")
        assert (event["username"], event["detail"]["reason"]) == ("investigator", WHY)

    def test_the_newest_judgement_decides_and_all_are_kept(self, sqlite_site: Site) -> None:
        made_up.scan(sqlite_site.patients[CODE], day(30), Response.PD)
        for holds in (True, False):
            self.judge(sqlite_site, GateQuestion.RESPONSE, holds)
        assert stand(sqlite_site, "response") is Stand.AGAINST
        assert [one.counts for one in records(sqlite_site).judgements] == [False, True]

    def test_a_judgement_does_not_outlive_the_scan_it_was_made_on(self, sqlite_site: Site) -> None:
        made_up.scan(sqlite_site.patients[CODE], day(20), Response.SD)
        made_up.judge_gate(sqlite_site.patients[CODE], GateQuestion.RESPONSE, True, at(24 * 25))
        assert stand(sqlite_site, "response") is Stand.FOR
        made_up.scan(sqlite_site.patients[CODE], day(30), Response.PD)
        assert stand(sqlite_site, "response") is Stand.FOR_INVESTIGATOR

    def test_days_that_are_not_settled_are_judged_and_reopen_when_there_are_more(
        self, sqlite_site: Site
    ) -> None:
        well_for_14_days(sqlite_site)
        oxygen_open = {**WELL, "temperature_c": 38.6, "oxygen_device": None, "spo2_percent": None}
        sqlite_site.record(24 * 5 + 6, now=at(24 * 15), **oxygen_open)
        patient_id, infusion_id = sqlite_site.patients[CODE], sqlite_site.infusions[CODE]
        assert facts(sqlite_site).worst_crs == WorstGrade(1), "another assessment settles that day"
        made_up.assess(patient_id, infusion_id, [(at(24 * 16), {"temperature_c": 36.8, "ice_score": 10})])
        assert facts(sqlite_site).worst_icans == WorstGrade(0, (16,))
        self.judge(sqlite_site, GateQuestion.ICANS_GAPS, True)
        assert stand(sqlite_site, "icans") is Stand.FOR
        later = ASKED_AT + timedelta(hours=2)
        made_up.assess(patient_id, infusion_id, [(later, {"temperature_c": 36.8})])
        assert stand(sqlite_site, "icans", later + timedelta(days=1)) is Stand.NOT_YET_KNOWN

    def test_a_day_that_a_correction_unsettles_is_not_covered_by_an_older_judgement(
        self, sqlite_site: Site
    ) -> None:
        well_for_14_days(sqlite_site)
        patient_id, infusion_id = sqlite_site.patients[CODE], sqlite_site.infusions[CODE]
        rows = [(at(24 * 16), {"temperature_c": 36.8}), (at(24 * 17), made_up.WELL)]
        _, settled = made_up.assess(patient_id, infusion_id, rows)
        self.judge(sqlite_site, GateQuestion.ICANS_GAPS, True)
        assert stand(sqlite_site, "icans") is Stand.FOR
        made_up.correct(settled, ASKED_AT + timedelta(hours=1), "ICE of another patient", ice_score=None)
        assert stand(sqlite_site, "icans", ASKED_AT + timedelta(hours=2)) is Stand.NOT_YET_KNOWN

    def test_gaps_judged_as_grade_3_bar_and_stay(self, sqlite_site: Site) -> None:
        made_up.assess(
            sqlite_site.patients[CODE], sqlite_site.infusions[CODE], [(at(3), {"temperature_c": 38.6})]
        )
        self.judge(sqlite_site, GateQuestion.CRS_GAPS, False)
        assert asked(sqlite_site).gate.barred

    @pytest.mark.parametrize(
        ("question", "sentence"),
        [
            (GateQuestion.RESPONSE, "Only SD and PD are judged; the latest response is CR."),
            (GateQuestion.CRS_GAPS, "CRS reached grade 3; a judgement does not lower it."),
            (GateQuestion.ICANS_GAPS, "No day is unsettled for ICANS."),
        ],
    )
    def test_what_is_settled_is_not_judged(
        self, sqlite_site: Site, question: GateQuestion, sentence: str
    ) -> None:
        made_up.scan(sqlite_site.patients[CODE], day(30), Response.CR)
        rows = [(at(24 * days + 2), made_up.WELL) for days in range(1, 15)]
        made_up.assess(
            sqlite_site.patients[CODE],
            sqlite_site.infusions[CODE],
            [*rows, (at(24 * 16), {**SHOCK, "spo2_percent": None, "oxygen_device": None})],
        )
        before = sqlite_site.everything()
        with pytest.raises(Refused, match=sentence):
            self.judge(sqlite_site, question, True)
        assert sqlite_site.everything() == before

    def test_only_an_investigator_judges(self, sqlite_site: Site) -> None:
        for person in (sqlite_site.coordinator, sqlite_site.nurse):
            with pytest.raises(NotPermitted):
                judge_question(CODE, GateQuestion.RESPONSE, True, WHY, by=person, now=ASKED_AT)


def records(site: Site, until: datetime = ASKED_AT) -> Any:
    zone, protocol = context.settings().zone, context.protocol()
    with reading() as session:
        return load_gate_records(session, site.patients[CODE], zone, protocol, until=until)


class TestBar:
    def bar(self, site: Site) -> None:
        site.record(2, **SHOCK)
        made_up.open_gate(site.patients[CODE], ASKED_AT - timedelta(hours=1))
        give_password(site.investigator)

    def release(self, by: Actor, when: datetime = ASKED_AT, password: str = PASSWORD) -> bool:
        return release_bar(CODE, WHY, password, by=by, now=when)

    def test_two_different_investigators_release_it_and_each_signs(self, site: Site) -> None:
        self.bar(site)
        assert not self.release(site.investigator)
        assert asked(site).gate.barred
        with pytest.raises(Barred):
            record_infusion(second(), by=site.coordinator, now=SECOND_AT + timedelta(hours=1))
        other = investigator(site, "second.opinion")
        assert self.release(other, ASKED_AT + timedelta(hours=1))
        assert not asked(site, ASKED_AT + timedelta(hours=2)).gate.barred
        found = records(site, ASKED_AT + timedelta(hours=2)).releases
        assert [(one.by, one.role, one.reason) for one in found] == [
            ("Investigator Example", "investigator", WHY),
            ("Second.opinion Example", "investigator", WHY),
        ]
        assert [one["subject_id"] for one in site.rows("signature")] == [site.infusions[CODE]] * 2
        assert [one["detail"]["released_by"] for one in site.events("release_bar")] == [1, 2]
        record_infusion(second(), by=site.coordinator, now=SECOND_AT + timedelta(hours=1))

    def test_one_person_cannot_release_it_twice(self, sqlite_site: Site) -> None:
        self.bar(sqlite_site)
        self.release(sqlite_site.investigator)
        before = sqlite_site.everything()
        with pytest.raises(AlreadyRecorded, match="Another investigator has to release it, too"):
            self.release(sqlite_site.investigator, ASKED_AT + timedelta(hours=1))
        assert sqlite_site.everything() == before

    def test_two_people_of_one_name_are_two(self, sqlite_site: Site) -> None:
        self.bar(sqlite_site)
        twin = investigator(sqlite_site, "investigator.b")
        with writing() as session:
            session.get_one(User, twin.user_id).display_name = sqlite_site.investigator.display_name
        self.release(sqlite_site.investigator)
        assert self.release(replace(twin, display_name=sqlite_site.investigator.display_name))

    def test_a_worse_grade_is_not_covered_by_what_was_signed_before(self, sqlite_site: Site) -> None:
        self.bar(sqlite_site)
        other = investigator(sqlite_site, "second.opinion")
        assert [self.release(one) for one in (sqlite_site.investigator, other)] == [False, True]
        worse = {**SHOCK, "vasopressors": "norepinephrine;epinephrine"}
        sqlite_site.record(30, now=ASKED_AT + timedelta(hours=2), **worse)
        later = ASKED_AT + timedelta(hours=3)
        assert asked(sqlite_site, later).gate.barred
        assert not self.release(sqlite_site.investigator, later), "the first of the two at grade 4"

    @pytest.mark.parametrize(
        ("reason", "password", "sentence"),
        [
            (" ", PASSWORD, "Give the reason for releasing the bar"),
            (WHY, "", "Enter your password to sign"),
            (WHY, "a wrong one here", "The password is not right. Nothing was signed"),
        ],
    )
    def test_without_reason_or_password_nothing_is_released(
        self, sqlite_site: Site, reason: str, password: str, sentence: str
    ) -> None:
        self.bar(sqlite_site)
        with pytest.raises(Refused, match=sentence):
            release_bar(CODE, reason, password, by=sqlite_site.investigator, now=ASKED_AT)
        assert sqlite_site.rows("bar_release") == []
        assert sqlite_site.rows("signature") == []

    def test_nothing_is_released_where_nothing_bars(self, sqlite_site: Site) -> None:
        give_password(sqlite_site.investigator)
        with pytest.raises(Refused, match="CART-007 is not barred"):
            self.release(sqlite_site.investigator)

    def test_a_coordinator_does_not_release(self, sqlite_site: Site) -> None:
        with pytest.raises(NotPermitted):
            self.release(sqlite_site.coordinator)


class TestRecordingTheSecondInfusion:
    def attempt(self, site: Site, infused_at: datetime = SECOND_AT, code: str = CODE) -> int:
        return record_infusion(
            second(infused_at, code), by=site.coordinator, now=infused_at + timedelta(hours=1)
        )

    def test_an_open_gate_lets_it_through_and_the_audit_trail_says_so(self, site: Site) -> None:
        made_up.open_gate(site.patients[CODE], ASKED_AT)
        infusion_id = self.attempt(site)
        event = site.events("record_infusion")[-1]
        assert event["subject_id"] == str(infusion_id)
        assert event["detail"]["gate"]["verdict"] == "open"
        assert event["detail"]["gate"]["on"] == "2026-04-11"

    def test_the_gate_is_asked_on_the_day_of_the_infusion_and_not_today(self, sqlite_site: Site) -> None:
        made_up.open_gate(sqlite_site.patients[CODE], ASKED_AT)
        now = INFUSED_AT + timedelta(days=75)
        record_infusion(second(), by=sqlite_site.coordinator, now=now)
        made_up.open_gate(sqlite_site.patients[OTHER_CODE], ASKED_AT)
        late = second(INFUSED_AT + timedelta(days=61), OTHER_CODE)
        with pytest.raises(GateClosed) as refusal:
            record_infusion(late, by=sqlite_site.coordinator, now=now)
        assert [one.sentence for one in refusal.value.problems] == [
            "The gate for the second infusion of CART-008 is closed on 2 May 2026. Nothing was saved.",
            "At most 60 days after the first infusion: 61 days after the first infusion, of 2 Mar 2026.",
        ]

    def test_the_60th_day_is_still_open(self, sqlite_site: Site) -> None:
        made_up.open_gate(sqlite_site.patients[CODE], ASKED_AT)
        assert self.attempt(sqlite_site, INFUSED_AT + timedelta(days=60))

    @pytest.mark.parametrize(
        ("response", "sentence"),
        [
            (Response.CR, "Not yet known: Under CR: ctDNA persistently positive"),
            (Response.SD, "For the investigator: Response by PET/CT within 60 days"),
            (None, "Not yet known: Response by PET/CT within 60 days"),
        ],
    )
    def test_what_is_undecided_or_the_investigators_is_refused_and_writes_nothing(
        self, sqlite_site: Site, response: Response | None, sentence: str
    ) -> None:
        patient_id = sqlite_site.patients[CODE]
        made_up.open_gate(patient_id, ASKED_AT)
        made_up.scan(patient_id, day(38), response)
        before = sqlite_site.everything()
        with pytest.raises(GateClosed, match="Nothing was saved") as refusal:
            self.attempt(sqlite_site)
        assert sentence in refusal.value.sentence
        assert not isinstance(refusal.value, Barred)
        assert sqlite_site.everything() == before

    def test_nothing_known_names_each_thing_to_do(self, sqlite_site: Site) -> None:
        with pytest.raises(GateClosed) as refusal:
            self.attempt(sqlite_site)
        said = [one.sentence for one in refusal.value.problems]
        assert said[0].endswith("is undecided on 11 Apr 2026. Nothing was saved.")
        assert [one.split(":")[1].strip()[:9] for one in said[1:-1]] == [
            "Response ",
            "Under CR",
            "CRS below",
            "ICANS bel",
        ]
        assert said[-1] == "The exclusion criteria have not been asked again since the first infusion."

    def test_an_answer_that_excludes_closes_it(self, sqlite_site: Site) -> None:
        patient_id = sqlite_site.patients[CODE]
        made_up.open_gate(patient_id, ASKED_AT)
        other = sqlite_site.patients[OTHER_CODE]
        made_up.ask_again(other, ASKED_AT, replace(made_up.CLEAR_OF_EXCLUSIONS, nyha_class=3))
        with pytest.raises(GateClosed, match="NYHA class 3 or more"):
            self.attempt(sqlite_site, code=OTHER_CODE)

    def test_facts_that_cannot_be_are_refused_in_their_own_words(self, sqlite_site: Site) -> None:
        patient_id = sqlite_site.patients[CODE]
        made_up.ask_again(patient_id, ASKED_AT, replace(made_up.CLEAR_OF_EXCLUSIONS, nyha_class=7))
        with pytest.raises(GateClosed, match=r"NYHA class must be 0 to 4, not 7\."):
            self.attempt(sqlite_site)

    def test_a_barred_attempt_is_refused_audited_and_told_and_writes_nothing_else(self, site: Site) -> None:
        site.record(2, **SHOCK)
        made_up.open_gate(site.patients[CODE], ASKED_AT)
        before = site.everything()
        with pytest.raises(Barred) as refusal:
            self.attempt(site)
        assert refusal.value.problems[0].sentence == (
            "CART-007 is barred from a second infusion: CRS grade 3 on 2 Mar 2026 12:00, "
            "day 0 after the first infusion."
        )
        after = site.everything()
        (event,) = site.events("refuse_barred_infusion")
        assert event["detail"]["gate"]["barred"]
        assert event["username"] == "coordinator"
        changed = {name for name in after if after[name] != before[name]}
        assert changed <= {"audit_event", "alert", "alert_assessment", "notice", "delivery"}
        barred = [one for one in site.rows("alert") if one["signal"] == "barred"]
        assert [(one["urgency"], one["state"]) for one in barred] == [(1, "open")]
        assert "attempt" in {one["kind"] for one in site.rows("notice", alert_id=barred[0]["id"])}

    @pytest.mark.parametrize("then", ["open", "undecided"])
    def test_a_bar_that_stands_now_refuses_a_day_before_it_and_is_told(
        self, sqlite_site: Site, then: str
    ) -> None:
        if then == "open":
            made_up.open_gate(sqlite_site.patients[CODE], at(24 * 9))
        sqlite_site.record(24 * 10, **SHOCK)
        before = sqlite_site.everything()
        earlier = second(at(24 * 9 + 2))
        assert asked(sqlite_site, earlier.infused_at).gate.verdict.value == then
        with pytest.raises(Barred) as refusal:
            record_infusion(earlier, by=sqlite_site.coordinator, now=at(24 * 11))
        bars, why, *_ = (one.sentence for one in refusal.value.problems)
        assert bars.startswith("CART-007 is barred from a second infusion: CRS grade 3 on 12 Mar 2026")
        assert why == (
            f"The grade that bars came after 11 Mar 2026, the day entered here, when the gate was {then}. "
            "Where the infusion was given then, two investigators release the bar before it is recorded. "
            "Nothing was saved."
        )
        assert sqlite_site.everything()["infusion"] == before["infusion"]
        assert len(sqlite_site.events("refuse_barred_infusion")) == 1
        (alert,) = sqlite_site.rows("alert", signal="barred")
        assert alert["urgency"] == 1
        assert "attempt" in {one["kind"] for one in sqlite_site.rows("notice", alert_id=alert["id"])}

    def test_a_released_bar_lets_a_day_before_it_through(self, sqlite_site: Site) -> None:
        made_up.open_gate(sqlite_site.patients[CODE], at(24 * 9))
        sqlite_site.record(24 * 10, **SHOCK)
        for one in (sqlite_site.investigator, investigator(sqlite_site, "second.opinion")):
            give_password(one)
            release_bar(CODE, WHY, PASSWORD, by=one, now=at(24 * 11))
        assert record_infusion(second(at(24 * 9 + 2)), by=sqlite_site.coordinator, now=at(24 * 12))

    def test_a_first_infusion_asks_no_gate(self, sqlite_site: Site) -> None:
        assert all("gate" not in event["detail"] for event in sqlite_site.events("record_infusion"))

    def test_a_correction_keeps_what_happened_and_the_audit_trail_says_how_the_gate_stood(
        self, sqlite_site: Site
    ) -> None:
        made_up.open_gate(sqlite_site.patients[CODE], ASKED_AT)
        infusion_id = self.attempt(sqlite_site)
        moved = second(INFUSED_AT + timedelta(days=61))
        now = INFUSED_AT + timedelta(days=62)
        correct_infusion(infusion_id, 1, moved, "wrong week", by=sqlite_site.coordinator, now=now)
        gate = sqlite_site.events("correct_infusion")[-1]["detail"]["gate"]
        assert gate["verdict"] == "closed"
        assert "61 days after the first infusion" in gate["reasons"][0]


def test_a_release_counts_only_for_what_it_was_signed_under(sqlite_site: Site) -> None:
    """The names of the facts: what the rules are told of a release."""
    TestBar().bar(sqlite_site)
    release_bar(CODE, WHY, PASSWORD, by=sqlite_site.investigator, now=ASKED_AT)
    assert facts(sqlite_site).releases == (Release("Investigator Example (investigator)", WHY, 3, 0),)


class TestSomebodyWhoLeft:
    """A withdrawal or a loss ends what is given and signed for; nothing of the safety before it changes."""

    @pytest.fixture
    def left(self, sqlite_site: Site) -> Site:
        made_up.open_gate(sqlite_site.patients[CODE], ASKED_AT)
        withdrawal = FollowUpIn(patient_id=CODE, kind=FollowUpKind.WITHDRAWAL, occurred_on=day(39))
        record_follow_up(withdrawal, by=sqlite_site.coordinator, now=ASKED_AT)
        return sqlite_site

    def test_the_gate_is_closed_from_that_day_on(self, left: Site) -> None:
        assert asked(left, ASKED_AT - timedelta(days=1)).gate.verdict is not GateVerdict.CLOSED
        found = asked(left)
        assert found.gate.verdict is GateVerdict.CLOSED
        assert found.reasons == ("Alive, in the trial and in follow-up: withdrawal on 10 Apr 2026.",)

    @pytest.mark.parametrize(("days", "refusal"), [(40, Refused), (39, GateClosed)])
    def test_no_second_infusion_is_recorded(self, left: Site, days: int, refusal: type[Refused]) -> None:
        before = left.everything()
        late = second(INFUSED_AT + timedelta(days=days))
        with pytest.raises(refusal, match=r"withdrawal (recorded )?on 10 Apr 2026"):
            record_infusion(late, by=left.coordinator, now=INFUSED_AT + timedelta(days=41))
        assert left.everything() == before

    def test_nothing_is_judged_or_released_any_more(self, left: Site) -> None:
        give_password(left.investigator)
        sentence = "withdrawal recorded on 10 Apr 2026; no second infusion will be given"
        with pytest.raises(Refused, match=sentence):
            release_bar(CODE, WHY, PASSWORD, by=left.investigator, now=SECOND_AT)
        with pytest.raises(Refused, match=sentence):
            judge_question(CODE, GateQuestion.RESPONSE, True, WHY, by=left.investigator, now=SECOND_AT)
        assert left.rows("signature") == []

    def test_assessments_go_on(self, left: Site) -> None:
        saved = left.record(24 * 40, now=at(24 * 40 + 1), **SHOCK)
        assert saved.stable_id

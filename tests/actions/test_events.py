"""Adverse events, infections, what is added to derived episodes, and that an event was reported."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions.corrections import void_assessment
from actions.episodes import correct_judgement, judge_episode
from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from actions.events import correct_event, record_event, void_event
from actions.records import store_record
from actions.sae_reports import record_notification, withdraw_notification
from db.inputs_event import EpisodeIn, EventIn, NotificationIn
from db.queries.derived_episodes import Derived, load_derived
from db.queries.events import EventRecord, load_death_on, load_event_versions, load_events
from db.queries.sae import NotificationWithdrawal, load_notifications
from db.session import reading, writing
from grading.scale import Toxicity
from tests.actions.conftest import CODE, INFUSED_AT, NOW, OTHER_CODE, SHOCK, WELL, Site, at
from tests.support.made_up import infuse
from trial.day_episodes import Ending
from trial.event_facts import Causality, InfectionProof, InfectionTreatment, Outcome, SeriousCriterion
from trial.protocol import load_protocol

ZONE = ZoneInfo("Asia/Shanghai")
ONSET = date(2026, 3, 5)
TREMOR: dict[str, Any] = {
    "patient_id": CODE,
    "term": "tremor",
    "grade": 2,
    "onset_on": ONSET,
    "is_ongoing": True,
    "is_serious": False,
    "is_infection": False,
}
PNEUMONIA: dict[str, Any] = {
    **TREMOR,
    "term": "Lung infection",
    "grade": 3,
    "is_infection": True,
    "site": "right lower lobe",
    "organism": "Klebsiella pneumoniae",
    "proof": "microbiological",
    "neutropenic": True,
    "infection_treatment": "intravenous",
    "is_serious": True,
    "serious_criteria": "hospitalisation;medically_important",
    "aware_at": NOW - timedelta(hours=2),
}
WHY = "grade read again"


def event(**values: Any) -> EventIn:
    return EventIn.model_validate({**TREMOR, **values})


def pneumonia(**values: Any) -> EventIn:
    return EventIn.model_validate({**PNEUMONIA, **values})


def standing(patient_id: int | None = None) -> list[EventRecord]:
    with reading() as session:
        return load_events(session, patient_id)


def derived() -> Derived:
    with reading() as session:
        return load_derived(session, load_events(session), load_protocol().grading.clear_hours, ZONE)


def told(**typed: Any) -> dict[str, str]:
    """Field -> the sentence at its box, for everything that cannot be."""
    _, found = EventIn.check({**TREMOR, **typed})
    return {problem.field: problem.sentence for problem in reversed(found)}


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        ("typed", "field", "words"),
        [
            ({"term": "CRS"}, "term", "its episodes come from the assessments"),
            ({"term": "Immune effector cell-associated neurotoxicity syndrome"}, "term", "ICANS is not"),
            ({"grade": 4}, "grade", "tremor has no grade 4"),
            ({"grade": ""}, "grade", "Choose the grade."),
            ({"term": " "}, "term", "Choose the term of CTCAE"),
            ({"onset_on": ""}, "onset_on", "Enter the date of the onset."),
            ({"onset_on": "5.3.2026"}, "onset_on", "such as 2026-03-08"),
            ({"ended_on": "2026-03-04", "is_ongoing": None}, "ended_on", "must not be before the onset"),
            ({"ended_on": "2026-03-06"}, "ended_on", "An event that goes on has no end"),
            ({"is_ongoing": None}, "is_ongoing", "Say whether the event goes on"),
            ({"is_ongoing": False}, "ended_on", "Enter the end of the event, or say that it goes on."),
            ({"outcome": "fatal"}, "outcome", "choose grade 5"),
            ({"is_serious": None}, "is_serious", "Say whether the event is serious"),
            ({"is_serious": True, "aware_at": NOW}, "serious_criteria", "Choose what makes the event"),
            ({"is_serious": True, "serious_criteria": "death"}, "aware_at", "when the site learned"),
            ({"serious_criteria": "death"}, "serious_criteria", "Take the criteria back"),
            ({"aware_at": NOW}, "aware_at", "Take the time of awareness back"),
            ({"site": "lung"}, "site", "This belongs to an infection."),
            ({"neutropenic": False}, "neutropenic", "This belongs to an infection."),
            ({"is_infection": True}, "is_infection", "tremor is no infection in CTCAE v5.0"),
            ({"term": "Sepsis", "grade": 3}, "is_infection", "Sepsis is an infection in CTCAE"),
            ({"causality_car_t": "certain"}, "causality_car_t", "must be one of unrelated"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_box(
        self, typed: dict[str, Any], field: str, words: str
    ) -> None:
        assert words in told(**typed)[field]

    def test_grade_5_needs_fatal_and_serious(self) -> None:
        fatal = {"term": "Sepsis", "grade": 5, "is_infection": True}
        assert "choose the outcome fatal" in told(**fatal, outcome="recovered", is_serious=None)["outcome"]
        assert "is serious" in told(**fatal, outcome="fatal")["is_serious"]

    def test_any_other_name_is_taken_with_any_grade(self) -> None:
        assert told(term="Hiccups", grade=5, is_serious=True, serious_criteria="death", aware_at=NOW) == {}

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"term": "Hypotension", "grade": 4}, ["Grade 4 is life-threatening"]),
            (PNEUMONIA | {"infection_treatment": "oral"}, ["with oral treatment 2; 3 is chosen"]),
            (PNEUMONIA | {"serious_criteria": "death"}, ["Death is a criterion"]),
            (PNEUMONIA, []),
            (TREMOR, []),
        ],
    )
    def test_what_is_unusual_is_asked_once_more(self, typed: dict[str, Any], words: list[str]) -> None:
        questions = [question.sentence for question in event(**typed).to_confirm()]
        assert len(questions) == len(words)
        assert all(part in question for part, question in zip(words, questions, strict=True))


class TestRecording:
    def test_an_infection_is_stored_whole_and_audited(self, site: Site) -> None:
        stable_id = record_event(pneumonia(), by=site.coordinator, now=NOW)
        (found,) = standing(site.patients[CODE])
        assert (found.stable_id, found.term, found.grade, found.infusion_number) == (
            stable_id,
            "Lung infection",
            3,
            1,
        )
        assert (found.organism, found.proof, found.neutropenic) == (
            "Klebsiella pneumoniae",
            InfectionProof.MICROBIOLOGICAL,
            True,
        )
        assert found.infection_treatment is InfectionTreatment.INTRAVENOUS
        assert found.serious_criteria == frozenset(
            {SeriousCriterion.HOSPITALISATION, SeriousCriterion.MEDICALLY_IMPORTANT}
        )
        assert (found.aware_at, found.toxicity, found.ended_on) == (NOW - timedelta(hours=2), None, None)
        assert site.events("record_event")[-1]["detail"]["after"]["serious_criteria"] == (
            "hospitalisation;medically_important"
        )

    def test_a_listed_term_gets_its_published_name(self, sqlite_site: Site) -> None:
        record_event(event(term="  TREMOR "), by=sqlite_site.investigator, now=NOW)
        record_event(event(term="Hiccups  at night"), by=sqlite_site.investigator, now=NOW)
        assert [one.term for one in standing()] == ["Tremor", "Hiccups at night"]

    @pytest.mark.parametrize(
        ("onset", "number"), [(date(2026, 2, 20), None), (date(2026, 3, 2), 1), (date(2026, 3, 20), 1)]
    )
    def test_it_is_counted_under_the_last_infusion_before_it(
        self, sqlite_site: Site, onset: date, number: int | None
    ) -> None:
        now = INFUSED_AT + timedelta(days=40)
        infuse(sqlite_site.patients[CODE], 2, INFUSED_AT + timedelta(days=30))
        record_event(event(onset_on=onset), by=sqlite_site.coordinator, now=now)
        record_event(event(onset_on=date(2026, 4, 1)), by=sqlite_site.coordinator, now=now)
        assert [one.infusion_number for one in standing()] == [number, 2]

    @pytest.mark.parametrize(
        ("typed", "field", "words"),
        [
            ({"onset_on": "2026-03-08"}, "onset_on", "must not be in the future; today is 7 Mar 2026"),
            ({"ended_on": "2026-03-08", "is_ongoing": None}, "ended_on", "must not be in the future"),
            ({"onset_on": "1905-01-01"}, "onset_on", "is before CART-007 was born"),
        ],
    )
    def test_dates_that_cannot_be_are_refused(
        self, sqlite_site: Site, typed: dict[str, Any], field: str, words: str
    ) -> None:
        with pytest.raises(Refused) as refusal:
            record_event(event(**typed), by=sqlite_site.coordinator, now=NOW)
        assert [(one.field, words in one.sentence) for one in refusal.value.problems] == [(field, True)]
        assert standing() == []

    @pytest.mark.parametrize(
        ("aware", "words"),
        [
            (NOW + timedelta(minutes=1), "must not be in the future"),
            (at(24), "must not be before the onset, on 5 Mar 2026"),
        ],
    )
    def test_awareness_lies_between_onset_and_now(
        self, sqlite_site: Site, aware: datetime, words: str
    ) -> None:
        with pytest.raises(Refused, match=words):
            record_event(pneumonia(aware_at=aware), by=sqlite_site.coordinator, now=NOW)

    def test_nothing_comes_after_a_death_whoever_recorded_it(self, sqlite_site: Site) -> None:
        death = {"kind": "death", "occurred_on": date(2026, 3, 5), "cause": "infection"}
        patient_id = sqlite_site.patients[CODE]
        with writing() as session:
            store_record(
                session,
                "follow_up_event",
                patient_id,
                death,
                by=sqlite_site.coordinator,
                now=NOW,
                action="record_follow_up",
            )
        record_event(event(), by=sqlite_site.coordinator, now=NOW)
        for typed in ({"onset_on": "2026-03-06"}, {"ended_on": "2026-03-06", "is_ongoing": None}):
            with pytest.raises(Refused, match="The death of CART-007 is recorded on 5 Mar 2026"):
                record_event(event(**typed), by=sqlite_site.coordinator, now=NOW)
        sqlite_site.record(75, code=CODE, death_due_to="other")
        with reading() as session:
            assert load_death_on(session, patient_id, ZONE) == date(2026, 3, 5)
            assert load_death_on(session, sqlite_site.patients[OTHER_CODE], ZONE) is None

    def test_the_patient_must_be_known_and_the_role_may(self, sqlite_site: Site) -> None:
        with pytest.raises(Refused, match="No patient CART-099 is known"):
            record_event(event(patient_id="CART-099"), by=sqlite_site.coordinator, now=NOW)
        for act in (
            lambda: record_event(event(), by=sqlite_site.nurse, now=NOW),
            lambda: correct_event("0" * 32, 1, event(), WHY, by=sqlite_site.nurse, now=NOW),
            lambda: void_event("0" * 32, 1, WHY, by=sqlite_site.nurse, now=NOW),
        ):
            with pytest.raises(NotPermitted):
                act()


class TestCorrecting:
    def test_every_version_stays_with_its_reason(self, site: Site) -> None:
        stable_id = record_event(event(), by=site.coordinator, now=NOW)
        changed = event(grade=3, causality_car_t="probable", ended_on=date(2026, 3, 6), is_ongoing=None)
        assert correct_event(stable_id, 1, changed, WHY, by=site.investigator, now=NOW) == 2
        assert void_event(stable_id, 2, "entered twice", by=site.investigator, now=NOW) == 3
        with reading() as session:
            versions = load_event_versions(session, stable_id)
        assert [(one.version, one.grade, one.reason, one.voided) for one in versions] == [
            (1, 2, None, False),
            (2, 3, WHY, False),
            (3, 3, "entered twice", True),
        ]
        assert versions[1].causality_car_t is Causality.PROBABLE
        assert standing() == []

    def test_a_correction_needs_a_reason_a_change_and_the_version_seen(self, sqlite_site: Site) -> None:
        by = sqlite_site.coordinator
        stable_id = record_event(event(), by=by, now=NOW)
        with pytest.raises(Refused, match="Say why the event is corrected"):
            correct_event(stable_id, 1, event(grade=3), " ", by=by, now=NOW)
        with pytest.raises(AlreadyRecorded):
            correct_event(stable_id, 1, event(), WHY, by=by, now=NOW)
        correct_event(stable_id, 1, event(grade=3), WHY, by=by, now=NOW)
        with pytest.raises(ChangedMeanwhile) as refusal:
            correct_event(stable_id, 1, event(grade=1), WHY, by=by, now=NOW)
        assert (refusal.value.theirs, refusal.value.yours) == ({"grade": 3}, {"grade": 1})
        with pytest.raises(Refused, match="patient of an event cannot be changed"):
            correct_event(stable_id, 2, event(patient_id=OTHER_CODE), WHY, by=by, now=NOW)
        with pytest.raises(Refused, match="Say why the event is withdrawn"):
            void_event(stable_id, 2, None, by=by, now=NOW)

    def test_judged_not_serious_it_is_no_longer(self, sqlite_site: Site) -> None:
        by = sqlite_site.investigator
        stable_id = record_event(pneumonia(), by=by, now=NOW)
        mild = pneumonia(is_serious=False, serious_criteria=None, aware_at=None)
        correct_event(stable_id, 1, mild, "treated as an outpatient", by=by, now=NOW)
        (found,) = standing()
        assert (found.is_serious, found.serious_criteria, found.aware_at) == (False, None, None)


def with_crs(site: Site) -> None:
    """CRS of grade 3 on day 1, clear from hour 40 on."""
    for hours, values in ((24, SHOCK), (28, SHOCK | {"vasopressors": "none"}), (40, WELL), (64, WELL)):
        site.record(hours, **values)


def judged(**values: Any) -> EpisodeIn:
    typed: dict[str, Any] = {
        "patient_id": CODE,
        "infusion_number": 1,
        "toxicity": "crs",
        "first_at": at(24),
        "grade": 3,
        "is_serious": True,
        "serious_criteria": "life_threatening",
        "aware_at": at(25),
        "causality_car_t": "definite",
    }
    return EpisodeIn.model_validate(typed | values)


class TestEpisodes:
    def test_they_appear_by_themselves(self, site: Site) -> None:
        with_crs(site)
        (found,) = derived().episodes
        episode = found.episode
        assert (found.study_code, found.infusion_number, found.added) == (CODE, 1, None)
        assert (episode.toxicity, episode.worst, episode.worst_settled) == (Toxicity.CRS, 3, True)
        assert (episode.first_at, episode.last_sign_at, episode.ended_at) == (at(24), at(28), at(40))
        assert episode.ending is Ending.ENDED
        assert found.day_of(episode.first_at, ZONE) == 1

    def test_what_a_person_adds_is_kept_with_the_episode_s_grade_and_days(self, sqlite_site: Site) -> None:
        with_crs(sqlite_site)
        stable_id = judge_episode(judged(), by=sqlite_site.investigator, now=NOW)
        (stored,) = standing()
        assert (stored.term, stored.toxicity, stored.grade) == ("CRS", Toxicity.CRS, 3)
        assert (stored.onset_on, stored.ended_on) == (date(2026, 3, 3), date(2026, 3, 4))
        (found,) = derived().episodes
        assert found.added == stored
        assert derived().of_record(stable_id) == found
        with pytest.raises(Refused, match="judged already"):
            judge_episode(judged(), by=sqlite_site.investigator, now=NOW)
        with pytest.raises(Refused, match="Correct it at the episode"):
            correct_event(stable_id, 1, event(), WHY, by=sqlite_site.investigator, now=NOW)

    def test_it_stays_with_its_episode_while_the_assessments_are_corrected(self, sqlite_site: Site) -> None:
        by = sqlite_site.investigator
        with_crs(sqlite_site)
        stable_id = judge_episode(judged(), by=by, now=NOW)
        sqlite_site.record(12, temperature_c=38.6)  # found later: the fever began on day 0
        (found,) = derived().episodes
        assert (found.episode.first_at, found.added is not None) == (at(12), True)
        outcome = judged(first_at=at(12), outcome="recovered")
        assert correct_judgement(stable_id, 1, outcome, WHY, by=by, now=NOW) == 2
        (stored,) = standing()
        assert (stored.onset_on, stored.outcome) == (date(2026, 3, 2), Outcome.RECOVERED)

    def test_without_its_episode_it_is_listed_apart(self, sqlite_site: Site) -> None:
        by = sqlite_site.investigator
        with_crs(sqlite_site)
        stable_id = judge_episode(judged(), by=by, now=NOW)
        for row in sqlite_site.rows("assessment", superseded_at=None)[:2]:
            void_assessment(row["stable_id"], 1, "wrong patient", by=by, now=NOW)
        found = derived()
        assert found.episodes == ()
        assert [one.stable_id for one in found.orphans] == [stable_id]
        with pytest.raises(Refused, match="show no such episode any more"):
            correct_judgement(stable_id, 1, judged(), WHY, by=by, now=NOW)

    def test_a_grade_that_changed_meanwhile_is_judged_again(self, sqlite_site: Site) -> None:
        with_crs(sqlite_site)
        with pytest.raises(Refused, match="The episode is grade 3 now"):
            judge_episode(judged(grade=2), by=sqlite_site.investigator, now=NOW)
        with pytest.raises(Refused, match="must not be before the onset"):
            judge_episode(judged(aware_at=at(2)), by=sqlite_site.investigator, now=NOW)
        with pytest.raises(NotPermitted):
            judge_episode(judged(), by=sqlite_site.nurse, now=NOW)


class TestTheAlert:
    def test_a_serious_event_opens_it_and_its_first_report_closes_it(self, site: Site) -> None:
        stable_id = record_event(pneumonia(), by=site.coordinator, now=NOW)
        (alert,) = site.rows("alert", signal="sae_clock")
        assert (alert["patient_id"], alert["slot"], alert["closed_at"]) == (
            site.patients[CODE],
            stable_id,
            None,
        )
        entry = NotificationIn(reported_at=NOW, reported_to="sponsor safety desk")
        record_notification(stable_id, entry, by=site.coordinator, now=NOW)
        (alert,) = site.rows("alert", signal="sae_clock")
        assert alert["closed_at"] == NOW

    @pytest.mark.parametrize("how", ["corrected", "withdrawn"])
    def test_not_serious_after_all_takes_it_back(self, sqlite_site: Site, how: str) -> None:
        by = sqlite_site.investigator
        stable_id = record_event(pneumonia(), by=by, now=NOW)
        if how == "corrected":
            mild = pneumonia(is_serious=False, serious_criteria=None, aware_at=None)
            correct_event(stable_id, 1, mild, "treated as an outpatient", by=by, now=NOW)
        else:
            void_event(stable_id, 1, "entered twice", by=by, now=NOW)
        (alert,) = sqlite_site.rows("alert", signal="sae_clock")
        assert alert["closed_at"] == NOW

    def test_an_episode_that_is_judged_serious_opens_one_too(self, sqlite_site: Site) -> None:
        with_crs(sqlite_site)
        record_event(event(), by=sqlite_site.investigator, now=NOW)
        assert sqlite_site.rows("alert", signal="sae_clock") == []
        stable_id = judge_episode(judged(), by=sqlite_site.investigator, now=NOW)
        (alert,) = sqlite_site.rows("alert", signal="sae_clock")
        assert alert["slot"] == stable_id


class TestReporting:
    def test_the_first_report_is_kept_with_whom_and_when(self, site: Site) -> None:
        stable_id = record_event(pneumonia(), by=site.coordinator, now=NOW)
        entry = NotificationIn(reported_at=NOW - timedelta(hours=1), reported_to="sponsor safety desk")
        record_notification(stable_id, entry, by=site.coordinator, now=NOW)
        with reading() as session:
            (found,) = load_notifications(session)[stable_id]
            assert load_notifications(session, site.patients[OTHER_CODE]) == {}
        assert (found.reported_to, found.reported_at, found.report_version) == (
            "sponsor safety desk",
            NOW - timedelta(hours=1),
            None,
        )
        assert found.by == site.coordinator.display_name
        assert site.events("report_serious_event")[-1]["detail"]["reported_to"] == "sponsor safety desk"

    def test_a_report_entered_by_mistake_is_withdrawn_and_the_clock_runs_again(self, site: Site) -> None:
        stable_id = record_event(pneumonia(), by=site.coordinator, now=NOW)
        entry = NotificationIn(reported_at=NOW, reported_to="sponsor safety desk")
        told = record_notification(stable_id, entry, by=site.coordinator, now=NOW)
        later = NOW + timedelta(hours=1)
        withdraw_notification(told, "it was never sent", by=site.investigator, now=later)
        with reading() as session:
            (found,) = load_notifications(session)[stable_id]
        assert not found.stands
        assert found.withdrawal == NotificationWithdrawal(
            "it was never sent", site.investigator.display_name, later
        )
        assert [one["closed_at"] for one in site.rows("alert", signal="sae_clock")] == [NOW, None]
        (audited,) = site.events("withdraw_sae_notification")
        assert (audited["detail"]["reason"], audited["username"]) == ("it was never sent", "investigator")
        with pytest.raises(AlreadyRecorded, match="This report was withdrawn at"):
            withdraw_notification(told, "again", by=site.investigator, now=later)

    def test_another_report_still_stops_the_clock(self, sqlite_site: Site) -> None:
        by = sqlite_site.coordinator
        stable_id = record_event(pneumonia(), by=by, now=NOW)
        first, _ = (
            record_notification(stable_id, NotificationIn(reported_at=NOW, reported_to=to), by=by, now=NOW)
            for to in ("sponsor", "ethics committee")
        )
        withdraw_notification(first, "wrong event", by=by, now=NOW)
        (alert,) = sqlite_site.rows("alert", signal="sae_clock")
        assert alert["closed_at"] == NOW

    def test_a_withdrawal_needs_a_reason_a_report_and_the_role(self, sqlite_site: Site) -> None:
        stable_id = record_event(pneumonia(), by=sqlite_site.coordinator, now=NOW)
        entry = NotificationIn(reported_at=NOW, reported_to="sponsor")
        told = record_notification(stable_id, entry, by=sqlite_site.coordinator, now=NOW)
        before = sqlite_site.everything()
        with pytest.raises(Refused, match="Say why the report is withdrawn"):
            withdraw_notification(told, " ", by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(Refused, match="This report is not known"):
            withdraw_notification(told + 1, WHY, by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(NotPermitted):
            withdraw_notification(told, WHY, by=sqlite_site.nurse, now=NOW)
        assert sqlite_site.everything() == before

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"reported_at": NOW + timedelta(minutes=1)}, "must not be in the future"),
            ({"reported_at": NOW - timedelta(hours=3)}, "must not be before the site learned"),
            ({"sae_report_id": 99}, "this event's own report"),
        ],
    )
    def test_a_report_that_cannot_be_is_refused(
        self, sqlite_site: Site, values: dict[str, Any], words: str
    ) -> None:
        stable_id = record_event(pneumonia(), by=sqlite_site.coordinator, now=NOW)
        entry = NotificationIn.model_validate({"reported_at": NOW, "reported_to": "sponsor"} | values)
        with pytest.raises(Refused, match=words):
            record_notification(stable_id, entry, by=sqlite_site.coordinator, now=NOW)

    def test_only_a_serious_event_is_reported(self, sqlite_site: Site) -> None:
        entry = NotificationIn(reported_at=NOW, reported_to="sponsor")
        stable_id = record_event(event(), by=sqlite_site.coordinator, now=NOW)
        for unknown in (stable_id, "0" * 32):
            with pytest.raises(Refused, match="not recorded as serious"):
                record_notification(unknown, entry, by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(NotPermitted):
            record_notification(stable_id, entry, by=sqlite_site.nurse, now=NOW)

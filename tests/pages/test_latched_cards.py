"""What a card says of an alert that only a person ends, and how it may be answered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from actions import context
from actions.permissions import Page
from alerts.answers import answers_to
from alerts.escalation import Life
from alerts.model import SignalKind
from alerts.posting import Person
from db.inputs_alerts import ActionTaken
from db.queries.alert_facts import EventBehind, ReleasedBy
from db.queries.alert_thread import Answer, Notified
from db.queries.alerts import AlertRow, AlertStory, Member, list_alerts, load_stories
from db.queries.charted_entries import StoredGrade
from db.roles import Actor, Role
from db.session import reading
from grading.scale import Toxicity
from pages.ward.alerts_parts import latched
from pages.ward.alerts_parts.coming import coming_of, coming_words
from pages.ward.alerts_parts.why import question_words, why_lines
from pages.ward.alerts_parts.words import answer_words, headline, state_words
from settings import Settings
from tests.alerts.conftest import Ward, at, make_ward
from tests.alerts.latching import AWARE_AT, GRADE_3, latching, record_event, release, report_event
from trial.protocol import load_protocol

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)  # 09:00 at the hospital
HOUR = timedelta(hours=1)
GRADE = StoredGrade(Toxicity.CRS, 3, 3, (), ("norepinephrine (one vasopressor)",), (), "rules")
ENTRY = Member(7, "a" * 32, 1, NOW - 2 * HOUR, NOW - HOUR, GRADE)
PEOPLE = (Person(1, "Dr Li", "li@x.example", "treating"), Person(2, "Dr Sun", "sun@x.example", "deputy"))


@pytest.fixture(autouse=True)
def _configured() -> None:
    context.configure(Settings(), load_protocol())


def row(signal: str, slot: str = "", **more: object) -> AlertRow:
    values: dict[str, object] = {
        "id": 142,
        "signal": signal,
        "slot": slot,
        "state": "open",
        "historical": False,
        "level": 0,
        "urgency": 2,
        "opened_at": NOW - HOUR,
        "first_observed_at": NOW - 2 * HOUR,
        "closed_at": None,
        "ended_reason": None,
        "study_code": "CART-007",
        "number": None,
        "infused_at": None,
        "infusion_id": None,
        "updated_at": NOW - HOUR,
    }
    return AlertRow(**(values | more))  # type: ignore[arg-type]


BAR = AlertStory(row("barred", number=1, infused_at=NOW - timedelta(days=6)), (ENTRY,), (), ())
RULE = AlertStory(row("boundary", "grade3_second", study_code=None, counted="CART-003;CART-007"), (), (), ())
EVENT = EventBehind("Pneumonitis", 4, ("life_threatening",), NOW - 21 * HOUR, None, None)
SAE = AlertStory(row("sae_clock", "e" * 32), (), (), (), event=EVENT)


def over(story: AlertStory, state: str, reason: str) -> AlertStory:
    return replace(story, alert=replace(story.alert, state=state, closed_at=NOW, ended_reason=reason))


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (BAR, "CART-007 must not be given the second infusion, 6 days after the first infusion."),
        (
            over(BAR, "closed", "released"),
            "CART-007 was barred from the second infusion, 6 days after the first infusion.",
        ),
        (
            over(BAR, "retracted", "corrected"),
            "CART-007 was not barred from the second infusion, 6 days after the first infusion.",
        ),
        (RULE, "A stopping rule is reached."),
        (
            replace(RULE, alert=replace(RULE.alert, counted="none")),
            "A stopping rule was reached and is below its limit now.",
        ),
        (over(RULE, "closed", "decided"), "A stopping rule was reached."),
        (SAE, "CART-007: the report of a serious adverse event of grade 4 is due."),
        (
            replace(SAE, alert=replace(SAE.alert, urgency=1)),
            "CART-007: the report of a serious adverse event of grade 4 is overdue.",
        ),
        (over(SAE, "closed", "reported"), "CART-007: a serious adverse event of grade 4 was reported."),
        (over(SAE, "retracted", "corrected"), "CART-007 has no serious adverse event to report."),
    ],
)
def test_the_sentence_of_a_card(story: AlertStory, words: str) -> None:
    assert headline(story, ZONE) == words


def lines(story: AlertStory) -> dict[str, str]:
    return dict(why_lines(story, NOW, ZONE))


def test_a_bar_says_by_which_grade_who_has_released_it_and_what_ends_it() -> None:
    released = replace(BAR, releases=(ReleasedBy(NOW - HOUR, "Dr Li", 3, 0),))
    assert lines(released) == {
        "Barred by": "grade 3 CRS, observed 07:00, 2 h ago.",
        "Why": "CRS grade 3: norepinephrine (one vasopressor).",
        "Released": "by Dr Li at 08:00 (CRS up to 3, ICANS up to 0).",
        "To end it": "two investigators release it at the gate, each with a signature and a reason.",
        "Reference": "A-0142, urgency P2.",
    }
    assert lines(replace(BAR, members=()))["Barred by"] == "no entry behind this alert stands today."
    assert "To end it" not in lines(over(BAR, "closed", "released"))


def test_a_rule_says_its_words_and_whose_events_it_counted() -> None:
    found = lines(RULE)
    assert found["Rule"] == "Grade 3 or more CRS or ICANS within 30 days after the second infusion."
    assert found["Counted"] == "CART-003 and CART-007."
    assert found["To end it"] == "the committee records its decision on the rule."
    fallen = lines(replace(RULE, alert=replace(RULE.alert, counted="none")))
    assert fallen["Counted"] == "no event any more: an entry was corrected."
    gone = replace(RULE, alert=replace(RULE.alert, slot="an_old_rule"))
    assert lines(gone)["Rule"] == "an_old_rule."


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (EVENT, "due at 12:00, in 3 h."),
        (replace(EVENT, aware_at=NOW - 26 * HOUR), "overdue by 2 h, was due at 07:00."),
        (
            replace(EVENT, reported_at=NOW - HOUR, reported_to="Sponsor"),
            "made at 08:00, to Sponsor.",
        ),
    ],
)
def test_a_serious_event_says_by_when_it_is_to_be_reported(event: EventBehind, words: str) -> None:
    found = lines(replace(SAE, event=event))
    assert found["Event"] == "Pneumonitis, grade 4, life threatening."
    assert found["Report"] == words
    assert "To end it" in found


def test_an_event_that_is_not_serious_any_more_has_no_clock() -> None:
    found = lines(over(replace(SAE, event=replace(EVENT, criteria=(), aware_at=None)), "retracted", "x"))
    assert found["Event"] == "Pneumonitis, grade 4."
    assert "Report" not in found
    assert lines(replace(SAE, event=None))["Event"] == "not on record any more."


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (BAR, "CART-007, second infusion barred"),
        (RULE, "the stopping rule"),
        (SAE, "CART-007, report of a serious event"),
    ],
)
def test_a_touch_says_what_it_acknowledges(story: AlertStory, words: str) -> None:
    assert question_words(story) == words


def test_no_bedside_answer_is_offered_for_what_is_no_matter_of_the_bedside() -> None:
    bedside = {ActionTaken.SEEN_AT_BEDSIDE, ActionTaken.DRUG_GIVEN, ActionTaken.INTENSIVE_CARE_CALLED}
    for kind in SignalKind:
        answers = set(answers_to(kind))
        assert ActionTaken.OTHER in answers
        if kind.is_latched or kind is SignalKind.SYSTEM:
            assert not answers & bedside
        else:
            assert answers >= bedside
    offered = {one for kind in SignalKind for one in answers_to(kind)}
    assert offered == set(ActionTaken), "every answer belongs to some alert"


@pytest.mark.parametrize(
    ("story", "done", "words"),
    [
        (BAR, "informed", "the team is informed. It holds while the bar stands; an attempt asks again."),
        (SAE, "will_report", "I will report it. The reminders come all the same until it is reported."),
        (RULE, "committee_called", "committee called. It lapses at 9 Mar 08:30"),
    ],
)
def test_an_answer_says_how_long_it_holds(story: AlertStory, done: str, words: str) -> None:
    answered_at = NOW - HOUR / 2
    answer = Answer(answered_at, "Dr Li", 0, done, None, answered_at + 24 * HOUR)
    acknowledged = replace(story, alert=replace(story.alert, state="acknowledged"), answers=(answer,))
    assert f"Acknowledged by Dr Li at 08:30: {words}" in answer_words(acknowledged, answer, NOW, ZONE)


def test_an_attempt_since_is_not_covered_by_an_answer() -> None:
    answer = Answer(NOW - HOUR, "Dr Li", 0, "informed", None, NOW + 1000 * HOUR)
    tried = replace(
        BAR,
        alert=replace(BAR.alert, urgency=1),
        answers=(answer,),
        notices=(Notified(1, "opening", NOW - 2 * HOUR, 0, 0), Notified(2, "attempt", NOW - HOUR / 2, 0, 0)),
    )
    assert "It does not cover the attempt since." in answer_words(tried, answer, NOW, ZONE)
    assert state_words(tried, NOW, ZONE) == "P1. Not acknowledged since 08:30, 30 min ago."


def test_what_comes_next_of_a_serious_event_is_its_next_reminder() -> None:
    told = Life(NOW - HOUR, 1, refused=False, told_at=NOW - HOUR, since=EVENT.aware_at)
    coming = coming_of(SAE.alert, told, PEOPLE, NOW, load_protocol(), ZONE)
    assert coming_words(coming, NOW, ZONE) == "Next: everyone again at 11:00 if nobody acknowledges."


def test_the_way_to_its_end_is_shown_to_those_who_may_see_that_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    investigator, ward = (Actor(1, "x", "X", role) for role in (Role.INVESTIGATOR, Role.WARD))
    monkeypatch.setattr(latched, "may_see", lambda role, page: role is Role.INVESTIGATOR)
    for story in (BAR, RULE, SAE):
        way = latched.way_to_its_end(story.alert, investigator)
        known = latched._ENDED_AT[story.alert.signal][0] in set(Page)
        assert (way is not None) is known
        assert latched.way_to_its_end(story.alert, ward) is None
    assert latched.way_to_its_end(row("grade3", "crs"), investigator) is None


def test_a_card_is_read_with_the_releases_and_the_event_behind_it(
    sqlite_database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ward: Ward = latching(make_ward(sqlite_database, tmp_path_factory.mktemp("site")))
    ward.assess(4, **GRADE_3)
    release(ward, int(ward.investigator.user_id or 0), at(20))
    event = record_event(ward, AWARE_AT)
    report_event(ward, event, AWARE_AT + HOUR)
    with reading() as session:
        stories = {one.alert.signal: one for one in load_stories(session, list_alerts(session)).values()}
    assert [(one.by, one.worst_crs) for one in stories["barred"].releases] == [("Dr Li", 3)]
    shown = stories["barred"].shown
    assert shown is not None
    assert (shown.grade.scale, shown.grade.at_least) == (Toxicity.CRS, 3)
    behind = stories["sae_clock"].event
    assert behind is not None
    assert (behind.term, behind.grade, behind.reported_to) == ("Pneumonitis", 4, "Sponsor")

"""The sentences of an alert, and of who was told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from db.queries.alerts import AlertRow, AlertStory, Answer, Attempt, Member, Told
from db.queries.charted_entries import StoredGrade
from grading.scale import Toxicity
from pages.ward.alerts_parts.told import delivery_words, told_summary, told_table
from pages.ward.alerts_parts.words import answer_words, headline, state_words, why_lines

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)  # 09:00 at the hospital


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


GRADE = StoredGrade(Toxicity.ICANS, 3, 3, (), ("ICE score 2",), (), "rules")
SHOWN = Member(7, "a" * 32, 1, ago(68), ago(60), GRADE)
ALERT = AlertRow(
    id=142,
    signal="grade3",
    slot="icans",
    state="open",
    historical=False,
    level=3,
    urgency=2,
    opened_at=ago(60),
    first_observed_at=ago(68),
    closed_at=None,
    ended_reason=None,
    study_code="CART-007",
    number=2,
    infused_at=NOW - timedelta(days=6),
)
STORY = AlertStory(ALERT, (SHOWN,), (), ())
ANSWER = Answer(ago(58), "Dr Example", 3, "drug_given", None, ago(58) + timedelta(hours=12))
TOLD = Told(
    1, "opening", ago(60), 3, "Ward", "w@x.example", "ward", "sent", ago(59), ago(60), "250 ok", None, ()
)


def test_the_headline_says_who_what_and_when() -> None:
    assert headline(STORY, ZONE) == "CART-007 has grade 3 ICANS, 6 days after the second infusion."


def test_an_unsettled_grade_is_at_least() -> None:
    grade = replace(GRADE, grade=None, missing=("seizure",))
    story = replace(STORY, members=(replace(SHOWN, grade=grade),))
    assert headline(story, ZONE) == "CART-007 has at least grade 3 ICANS, 6 days after the second infusion."
    assert ("To settle it", "record seizure.") in why_lines(story, NOW, ZONE)


@pytest.mark.parametrize(
    ("state", "reason", "verb", "words"),
    [
        ("open", None, "has", "Not acknowledged since 08:00, 1 h ago."),
        ("acknowledged", None, "has", "Acknowledged, not over."),
        ("recovering", None, "has", "Recovering, not over: a settled grade of 2 or less is known"),
        ("closed", "recovered", "had", "Over since 08:30, 30 min ago: recovered."),
        ("closed", "death", "had", "Over since 08:30, 30 min ago: the patient died."),
        ("retracted", "corrected", "did not have", "Withdrawn since 08:30, 30 min ago: the entry behind it"),
    ],
)
def test_every_state_has_its_sentence(state: str, reason: str | None, verb: str, words: str) -> None:
    closed_at = ago(30) if reason else None
    story = replace(STORY, alert=replace(ALERT, state=state, ended_reason=reason, closed_at=closed_at))
    assert state_words(story, NOW, ZONE).startswith(words)
    assert headline(story, ZONE).startswith(f"CART-007 {verb} grade 3")


def test_a_worsened_alert_waits_since_it_was_told_again() -> None:
    story = replace(STORY, told=(TOLD, replace(TOLD, kind="worsened", noticed_at=ago(20))))
    assert state_words(story, NOW, ZONE) == "Not acknowledged since 08:40, 20 min ago."


def test_an_answer_says_for_which_grade_and_what_asks_again() -> None:
    acknowledged = replace(STORY, alert=replace(ALERT, state="acknowledged"))
    words = answer_words(acknowledged, ANSWER, NOW, ZONE)
    assert words.startswith(
        "Acknowledged by Dr Example at 08:02 for grade 3: drug given. A grade 4 will ask again."
    )
    assert "lapses at 20:02" in words


def test_an_answer_to_a_lower_grade_covers_nothing_now() -> None:
    worse = replace(STORY, alert=replace(ALERT, level=4))
    assert answer_words(worse, ANSWER, NOW, ZONE).endswith("It does not cover grade 4.")
    assert worse.answer_that_holds(NOW) is None


def test_a_lapsed_answer_and_one_to_what_is_over_say_so() -> None:
    assert answer_words(STORY, ANSWER, NOW, ZONE).endswith("It has lapsed.")
    over = replace(STORY, alert=replace(ALERT, state="closed"))
    assert answer_words(over, ANSWER, NOW, ZONE).endswith("for grade 3: drug given.")


def test_an_alert_without_a_standing_entry_still_has_words() -> None:
    story = replace(STORY, members=())
    assert why_lines(story, NOW, ZONE) == [("Why", "No entry behind this alert stands today.")]
    assert headline(story, ZONE) == "CART-007 has grade 3 ICANS, 6 days after the second infusion."


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (TOLD, "sent 08:01"),
        (replace(TOLD, state="pending", sent_at=None), "waiting since 08:00"),
        (
            replace(TOLD, state="pending", sent_at=None, attempts=(Attempt(ago(59), "retry", "451 later"),)),
            "not sent yet; next try 08:00",
        ),
        (replace(TOLD, state="claimed", sent_at=None), "being sent now"),
        (replace(TOLD, state="failed", sent_at=None), "failed: not told by mail"),
        (replace(TOLD, state="unknown", sent_at=None), "may have arrived; sent again 08:00"),
    ],
)
def test_every_delivery_state_has_its_words(told: Told, words: str) -> None:
    assert delivery_words(told, NOW, ZONE) == words


def test_only_what_was_taken_counts_as_told() -> None:
    other = replace(TOLD, address="o@x.example", state="unknown", sent_at=None)
    assert told_summary([TOLD, other]) == "1 of 2 people told."
    assert told_summary([TOLD]) == "1 person told."
    assert told_summary([]) == "Nobody was mailed: no recipient was on the list."


def test_the_servers_words_are_escaped() -> None:
    told = replace(TOLD, attempts=(Attempt(ago(59), "refused", "550 <script>alert(1)</script>"),))
    html = told_table([told], NOW, ZONE)
    assert "08:01:00 refused for good: 550 &lt;script&gt;" in html
    assert "<script>" not in html

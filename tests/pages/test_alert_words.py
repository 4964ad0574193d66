"""The sentences of an alert, and of who was told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.escalation import Life
from alerts.model import SignalKind
from alerts.posting import Person
from alerts.states import EndedReason
from alerts.words.short import PROGRAM_ADVICE, PROGRAM_WORDS, short_words
from db.queries.alert_thread import Answer, Attempt, Notified, Silenced, Told
from db.queries.alerts import AlertRow, AlertStory, Before, Member
from db.queries.charted_entries import StoredGrade
from grading.scale import Toxicity
from pages.parts.who_is_told import CASES, would_be_told
from pages.ward.alerts_parts.coming import Coming, coming_of, coming_words
from pages.ward.alerts_parts.told import ROWS_AT_ONCE, delivery_words, told_summary, told_table, whole_table
from pages.ward.alerts_parts.why import charted_words, question_words, why_lines
from pages.ward.alerts_parts.words import ENDED, answer_words, headline, silence_words, state_words
from trial.protocol import load_protocol

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
    infusion_id=1,
    updated_at=ago(60),
)
OPENED = Notified(1, "opening", ago(60), 3, 0)
STORY = AlertStory(ALERT, (SHOWN,), (), (), (OPENED,))
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
        ("open", None, "has", "P2. Not acknowledged since 08:00, 1 h ago."),
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
    story = replace(STORY, notices=(OPENED, Notified(2, "worsened", ago(20), 4, 0)))
    assert state_words(story, NOW, ZONE) == "P2. Not acknowledged since 08:40, 20 min ago."


def test_a_repeat_does_not_hide_how_long_it_waits() -> None:
    story = replace(STORY, notices=(OPENED, Notified(2, "repeat", ago(5), 3, 0)))
    assert state_words(story, NOW, ZONE) == "P2. Not acknowledged since 08:00, 1 h ago."


def test_an_answer_says_for_which_grade_and_what_asks_again() -> None:
    acknowledged = replace(STORY, alert=replace(ALERT, state="acknowledged"))
    words = answer_words(acknowledged, ANSWER, NOW, ZONE)
    assert words.startswith(
        "Acknowledged by Dr Example at 08:02 for grade 3: drug given. A grade 4 will ask again."
    )
    assert "lapses at 20:02" in words
    assert words.endswith("Time to acknowledgement 2 min.")


def test_an_answer_to_a_lower_grade_covers_nothing_now() -> None:
    worse = replace(STORY, alert=replace(ALERT, level=4))
    assert "It does not cover grade 4." in answer_words(worse, ANSWER, NOW, ZONE)
    assert worse.answer_that_holds(NOW) is None


def test_a_lapsed_answer_and_one_to_what_is_over_say_so() -> None:
    assert "drug given. It has lapsed. Time" in answer_words(STORY, ANSWER, NOW, ZONE)
    over = replace(STORY, alert=replace(ALERT, state="closed"))
    assert "for grade 3: drug given. Time to" in answer_words(over, ANSWER, NOW, ZONE)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("lapsed", "It has lapsed."),
        ("worsened", "It does not cover what is worse since."),
        ("again", "It does not cover what came again since."),
    ],
)
def test_an_answer_says_why_it_no_longer_covers(kind: str, words: str) -> None:
    since = Notified(2, kind, ago(10), 3, 0)
    again = Answer(ago(9), "Dr Other", 3, "drug_given", None, ago(9) + timedelta(hours=12))
    story = replace(STORY, alert=replace(ALERT, state="acknowledged"), notices=(OPENED, since))
    assert words in answer_words(story, ANSWER, NOW, ZONE)
    newer = answer_words(story, again, NOW, ZONE)
    assert "It lapses at" in newer
    assert newer.endswith("Time to acknowledgement 1 min.")


def test_a_quick_answer_took_under_a_minute() -> None:
    quick = replace(ANSWER, at=ago(60) + timedelta(seconds=40))
    assert answer_words(STORY, quick, NOW, ZONE).endswith("Time to acknowledgement under 1 min.")


def test_an_alert_without_a_standing_entry_still_has_words() -> None:
    story = replace(STORY, members=())
    assert why_lines(story, NOW, ZONE) == [
        ("Why", "No entry behind this alert stands today."),
        ("Reference", "A-0142, urgency P2."),
    ]
    assert headline(story, ZONE) == "CART-007 has grade 3 ICANS, 6 days after the second infusion."


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (TOLD, "sent 08:01"),
        (replace(TOLD, state="pending", sent_at=None), "waiting since 08:00"),
        (
            replace(TOLD, state="pending", sent_at=None, due_at=NOW + timedelta(hours=2)),
            "waits until 11:00, the end of the quiet hours",
        ),
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
    html = told_table(replace(STORY, told=(told,)), NOW, ZONE)
    assert "08:01:00 refused for good: 550 &lt;script&gt;" in html
    assert "<script>" not in html


def an_alert(signal: str, slot: str = "", **changes: object) -> AlertRow:
    return replace(ALERT, signal=signal, slot=slot, level=0, urgency=3, **changes)  # type: ignore[arg-type]


CRS_OPEN = StoredGrade(Toxicity.CRS, None, 0, ("temperature_c",), ("temperature not recorded",), (), "rules")
HELD_UP = replace(SHOWN, grade=CRS_OPEN, charted={"vasopressors": "norepinephrine", "systolic_mmhg": 92.0})
RISEN = StoredGrade(Toxicity.CRS, 2, 2, (), ("hypotension without a vasopressor",), (), "rules")
SIXTH = "6 days after the second infusion"


@pytest.mark.parametrize(
    ("alert", "live", "over"),
    [
        (
            an_alert("support_ungraded"),
            f"CART-007 has support for pressure or oxygen without a CRS grade, {SIXTH}.",
            f"CART-007 had support for pressure or oxygen without a CRS grade, {SIXTH}.",
        ),
        (
            an_alert("unsettled", "icans"),
            f"CART-007: ICANS could be grade 3 or more and is not settled, {SIXTH}.",
            f"CART-007: ICANS could have been grade 3 or more and was not settled, {SIXTH}.",
        ),
        (
            an_alert("missed", "vital_signs"),
            f"CART-007: vital signs are missed, {SIXTH}.",
            f"CART-007: vital signs were missed, {SIXTH}.",
        ),
        (
            an_alert("missed", "ice"),
            f"CART-007: the ICE score is missed, {SIXTH}.",
            f"CART-007: the ICE score was missed, {SIXTH}.",
        ),
        (
            an_alert("system", "backup", study_code=None, number=None, infused_at=None),
            "The program: the last backup is too old.",
            "The program: the last backup was too old.",
        ),
        (
            an_alert("system", "audit", study_code=None, number=None, infused_at=None),
            "The program: the audit trail does not verify.",
            "The program: the audit trail did not verify.",
        ),
    ],
)
def test_every_signal_says_who_what_and_when(alert: AlertRow, live: str, over: str) -> None:
    assert headline(AlertStory(alert, (), (), ()), ZONE) == live
    ended = replace(alert, state="closed", closed_at=ago(1), ended_reason="gone")
    assert headline(AlertStory(ended, (), (), ()), ZONE) == over


def test_a_rise_says_from_what() -> None:
    alert = replace(ALERT, signal="rise2", slot="crs", level=2)
    story = AlertStory(alert, (replace(SHOWN, grade=RISEN),), (), (), before=Before(0, ago(300)))
    assert headline(story, ZONE) == f"CART-007 has risen to grade 2 CRS within a day, {SIXTH}."
    assert ("Before", "grade 0 at 04:00.") in why_lines(story, NOW, ZONE)
    withdrawn = replace(story, alert=replace(alert, state="retracted", closed_at=ago(1)))
    assert headline(withdrawn, ZONE) == f"CART-007 did not rise to grade 2 CRS, {SIXTH}."


def test_support_names_what_was_charted_and_who_ends_it() -> None:
    lines = dict(why_lines(AlertStory(an_alert("support_ungraded"), (HELD_UP,), (), ()), NOW, ZONE))
    assert lines["Charted"] == "Vasopressors: Norepinephrine; Systolic pressure: 92 mmHg."
    assert "temperature not recorded" in lines["Why"]
    assert lines["To settle it"] == "record temperature."
    assert lines["To end it"].startswith("an investigator says")


def test_what_was_not_given_is_no_support() -> None:
    charted = {"vasopressors": "none", "oxygen_device": "room_air", "hypotension": "no", "spo2_percent": 86.0}
    assert charted_words(charted) == "SpO2: 86 %"
    assert charted_words({}) == "not recorded any more"


def test_a_missed_assessment_says_when_it_was_due_and_how_to_end_it() -> None:
    story = AlertStory(an_alert("missed", "vital_signs"), (), (), ())
    lines = dict(why_lines(story, NOW, ZONE))
    assert lines["Due"] == "Vital signs, 07:52, 1 h 8 min ago."
    assert lines["To end it"] == "enter vital signs that settle CRS, or say why they were not done."
    over = replace(story, alert=replace(story.alert, state="closed", closed_at=NOW, ended_reason="met"))
    assert "To end it" not in dict(why_lines(over, NOW, ZONE))


def test_an_unsettled_grade_says_what_would_settle_it() -> None:
    last = replace(SHOWN, grade=CRS_OPEN)
    story = AlertStory(an_alert("unsettled", "crs"), (), (), (), unsettled=last)
    lines = dict(why_lines(story, NOW, ZONE))
    assert lines["Open since"] == "07:52, 1 h 8 min ago."
    assert lines["To settle it"] == "record temperature."
    assert lines["Last"] == "CRS not graded yet at 07:52, 1 h 8 min ago."


@pytest.mark.parametrize("slot", PROGRAM_WORDS)
def test_a_problem_of_the_program_says_what_to_do(slot: str) -> None:
    story = AlertStory(an_alert("system", slot, study_code=None, number=None, infused_at=None), (), (), ())
    assert dict(why_lines(story, NOW, ZONE))["What to do"] == PROGRAM_ADVICE[slot]


@pytest.mark.parametrize(
    ("signal", "slot", "words"),
    [
        ("grade3", "icans", "CART-007 at grade 3"),
        ("rise2", "crs", "CART-007 at grade 3"),
        ("support_ungraded", "", "CART-007, support without a CRS grade"),
        ("unsettled", "crs", "CART-007, CRS not settled"),
        ("missed", "ice", "CART-007, ICE score missed"),
    ],
)
def test_a_touch_says_what_it_acknowledges(signal: str, slot: str, words: str) -> None:
    assert question_words(replace(STORY, alert=replace(ALERT, signal=signal, slot=slot))) == words


def test_an_answer_to_what_is_no_grade_names_none() -> None:
    alert = an_alert("missed", "ice", state="acknowledged")
    answer = replace(ANSWER, level=0, action_taken="seen_at_bedside")
    words = answer_words(AlertStory(alert, (), (), (answer,), (OPENED,)), answer, NOW, ZONE)
    assert words.startswith("Acknowledged by Dr Example at 08:02: seen at bedside. It lapses at 20:02")


def test_stronger_support_asks_again() -> None:
    alert = an_alert("support_ungraded", state="acknowledged")
    answer = replace(ANSWER, level=0)
    words = answer_words(AlertStory(alert, (), (), (answer,), (OPENED,)), answer, NOW, ZONE)
    assert "Stronger support will ask again." in words


SILENCED = Silenced(ago(30), "Dr Example", NOW + timedelta(hours=2), "<b>treated</b>")


def test_a_silence_says_who_and_until_when_while_it_lasts() -> None:
    story = replace(STORY, silences=(SILENCED,))
    holds = "Silenced by Dr Example at 08:30 until 11:00: nobody else is told until then."
    past = "Silenced by Dr Example at 08:30 until 11:00. It no longer holds."
    assert silence_words(story, SILENCED, NOW, ZONE) == holds
    most_urgent = replace(story, alert=replace(ALERT, urgency=1))
    assert silence_words(most_urgent, SILENCED, NOW, ZONE) == past
    over = replace(story, alert=replace(ALERT, state="closed"))
    assert silence_words(over, SILENCED, NOW, ZONE) == past
    later = replace(SILENCED, at=ago(5), until=ago(1))
    assert silence_words(replace(story, silences=(SILENCED, later)), SILENCED, NOW, ZONE) == past
    ended = silence_words(story, SILENCED, NOW + timedelta(hours=2), ZONE)
    assert ended.endswith("It no longer holds.")


def test_every_way_to_end_has_words() -> None:
    assert set(ENDED) == {reason.value for reason in EndedReason}


def test_a_failed_mail_stands_in_red_with_words() -> None:
    told = replace(TOLD, state="failed", sent_at=None, attempts=(Attempt(ago(59), "refused", "550 no"),))
    html = told_table(replace(STORY, told=(told,)), NOW, ZONE)
    assert '<div class="vigil-problem">failed: not told by mail</div>' in html
    assert '<div class="vigil-problem">08:01:00 refused for good: 550 no</div>' in html


def test_a_step_without_people_stands_in_red() -> None:
    step = Notified(2, "escalation", ago(45), 3, 1)
    html = told_table(replace(STORY, told=(TOLD,), notices=(OPENED, step)), NOW, ZONE)
    assert '<div class="vigil-problem">nobody</div>' in html
    assert "not acknowledged, step 2, grade 3" in html


def test_a_mail_that_gave_way_to_a_later_one_is_no_step_without_people() -> None:
    withdrawn = replace(TOLD, notice_id=2, kind="retraction", noticed_at=ago(50))
    notices = (OPENED, Notified(2, "retraction", ago(50), 3, 0))
    html = told_table(replace(STORY, told=(withdrawn,), notices=notices), NOW, ZONE)
    assert "no mail of its own" in html
    assert "nobody" not in html


def test_a_long_thread_shows_its_beginning_and_its_end() -> None:
    told = tuple(
        replace(TOLD, notice_id=number, name=f"Person {number}", kind="repeat") for number in range(1, 31)
    )
    story = replace(STORY, told=told, notices=())
    short = told_table(story, NOW, ZONE)
    assert short.count("<tr>") == ROWS_AT_ONCE + 1
    assert "Person 1<" in short
    assert "Person 30<" in short
    assert "Person 15<" not in short
    assert whole_table(story, NOW, ZONE).count("<tr>") == 31


PROTOCOL = load_protocol()
WARD = Person(1, "Ward phone", "ward@x.example", "ward")
PI = Person(2, "Dr Wu", "wu@x.example", "pi")
DEPUTY = Person(3, "Dr Sun", "sun@x.example", "deputy")
CHAIR = Person(4, "Prof He", "he@x.example", "committee_chair")


def coming(life: Life, *people: Person, alert: AlertRow = ALERT) -> str:
    return coming_words(coming_of(alert, life, people, NOW, PROTOCOL, ZONE), NOW, ZONE)


def life(minutes: int, reached: int = 0, **more: object) -> Life:
    return Life(ago(minutes), reached, more.pop("refused", False), ago(minutes), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "people", "words"),
    [
        (
            life(4),
            (WARD, PI, DEPUTY),
            "Next: principal investigator (Dr Wu) and deputy investigator (Dr Sun) at 09:11 "
            "if nobody acknowledges.",
        ),
        (life(4), (WARD, CHAIR), "Next: committee chair (Prof He) at 09:11 if nobody acknowledges."),
        (
            life(4, refused=True),
            (WARD, PI),
            "Next: principal investigator (Dr Wu) within a minute if nobody acknowledges.",
        ),
        (
            life(20),
            (WARD, PI),
            "Next: principal investigator (Dr Wu) within a minute if nobody acknowledges.",
        ),
        (life(40, 2), (WARD, PI), "Next: everyone on the list at 09:20 if nobody acknowledges."),
        (life(50, 3), (WARD, PI), "Next: everyone again at 09:10 if nobody acknowledges."),
        (
            life(4, silent_until=NOW + timedelta(hours=3)),
            (WARD, PI),
            "Next: principal investigator (Dr Wu) at 12:00 if nobody acknowledges.",
        ),
        (
            life(40, 2),
            (),
            "Next: everyone at 09:20, which reaches nobody on the list.",
        ),
    ],
)
def test_the_next_step_names_whom_it_reaches_and_when(
    of: Life, people: tuple[Person, ...], words: str
) -> None:
    assert coming(of, *people) == words


def test_after_the_only_step_nobody_else_is_told() -> None:
    alert = an_alert("unsettled", "crs")
    assert coming(life(4), WARD, alert=alert) == "No further step: nobody else is told of it."


def test_a_missed_assessment_goes_on_to_the_investigators_and_respects_the_quiet_hours() -> None:
    late = Coming(NOW + timedelta(hours=14), 1, ("treating", "pi"), (PI,), NOW + timedelta(hours=22))
    assert coming_words(late, NOW, ZONE) == (
        "Next: principal investigator (Dr Wu) at 23:00 if nobody acknowledges. "
        "Mails to others than the ward wait until 9 Mar 07:00: quiet hours."
    )
    of = coming_of(an_alert("missed", "ice"), life(0), (WARD, PI), NOW, PROTOCOL, ZONE)
    assert of is not None
    assert (of.at, of.step, of.people, of.quiet_to) == (NOW + timedelta(hours=4), 1, (PI,), None)
    at_night = coming_of(
        an_alert("missed", "ice"), life(0), (WARD, PI), NOW + timedelta(hours=14), PROTOCOL, ZONE
    )
    assert at_night is not None
    assert at_night.quiet_to == NOW + timedelta(hours=22)


def test_every_raised_signal_says_who_would_be_told() -> None:
    assert {kind for kind, _, _ in CASES} == set(SignalKind)
    html = would_be_told([WARD, PI], PROTOCOL, NOW, ZONE)
    assert html.count("<table") == 9
    for _, _, words in CASES:
        assert words in html
    assert "Ward phone (ward@x.example)" in html
    assert "Deputy investigator: nobody" in html
    assert "This step reaches nobody: the next one that reaches somebody is told in its place." in html
    assert "After (from 2 h past due)" in html
    assert "every 1 h for 24 h, then every 4 h" in html
    assert "a serious event is reminded of 12 h, 20 h and 23 h after the site became aware" in html
    assert "Quiet hours 22:00 to 07:00" in html
    assert "It is not quiet now." in html
    assert "It is quiet now, until 07:00." in would_be_told([], PROTOCOL, NOW + timedelta(hours=14), ZONE)


def test_a_plan_that_reaches_nobody_at_all_says_to_add_somebody() -> None:
    html = would_be_told([CHAIR], PROTOCOL, NOW, ZONE)
    assert "This step reaches nobody, and no later one does. List somebody for it." in html
    assert "Everyone: nobody" in would_be_told([], PROTOCOL, NOW, ZONE)


@pytest.mark.parametrize(
    ("signal", "slot", "level", "words"),
    [
        ("grade3", "icans", 3, "ICANS at least 3"),
        ("rise2", "crs", 2, "CRS risen to at least 2"),
        ("support_ungraded", "", 0, "support without a CRS grade"),
        ("unsettled", "crs", 0, "CRS not settled, could be 3 or more,"),
        ("missed", "vital_signs", 0, "vital signs missed"),
        ("system", "disk", 0, "the disk is nearly full"),
        ("barred", "", 0, "second infusion barred"),
        ("boundary", "grade3_second", 0, "stopping rule reached"),
        ("sae_clock", "e" * 32, 0, "report of a serious event"),
    ],
)
def test_every_signal_has_its_few_words(signal: str, slot: str, level: int, words: str) -> None:
    assert short_words(signal, slot, level, is_settled=False) == words

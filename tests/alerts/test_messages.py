"""The mail itself: what it says, what it never says, and that its bytes never vary."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts import messages
from alerts.messages import Addressee, Envelope, build_message
from alerts.states import NoticeKind
from alerts.wording import days_after, full_time, grade_words, to_settle
from alerts.words.grades import build_content
from alerts.words.shell import MailContent, content_from, digest_content
from alerts.words.story import Chase, Correction, Course, Graded, Known, Story
from grading.colours import GRADE_COLOURS
from grading.scale import Toxicity

SHANGHAI = ZoneInfo("Asia/Shanghai")
OBSERVED = datetime(2026, 3, 7, 23, 52, tzinfo=UTC)  # 07:52 on 8 March in Shanghai
STORY = Story(
    kind=NoticeKind.OPENING,
    urgency=2,
    alert_id=142,
    number=1,
    scale=Toxicity.ICANS,
    level=3,
    over=False,
    recovering=False,
    course=Course("CART-007", 2, OBSERVED - timedelta(days=6)),
    observed_at=OBSERVED,
    entered_at=OBSERVED + timedelta(minutes=2),
    graded=Graded(3, 3, ("ICE 2 of 10 (0 to 2 is grade 3)", "alert"), (), ()),
    before=Known(1, 1, OBSERVED - timedelta(hours=11, minutes=52)),
    also_now=Known(2, 2, OBSERVED),
    correction=None,
    ruleset="ASTCT 2019, rules 1.0",
    told=("pi", "treating", "ward"),
    app_url="https://monitor.example.org",
    zone=SHANGHAI,
    late_after=timedelta(hours=2),
    chase=Chase(
        open_since=OBSERVED + timedelta(minutes=2),
        at=OBSERVED + timedelta(minutes=2),
        next_at=OBSERVED + timedelta(minutes=17),
        next_groups=("deputy", "pi"),
    ),
)
WAS = Graded(3, 3, ("ICE 2 of 10",), (), ())
CORRECTION = Correction(
    observed_at=OBSERVED,
    entered_at=OBSERVED + timedelta(minutes=2),
    was=WAS,
    now=Graded(1, 1, ("ICE 9 of 10",), (), ()),
    moved=False,
    corrected_at=OBSERVED + timedelta(minutes=10),
    corrected_by="the ward",
)
TO = Addressee("Dr Li", "li@hospital.org", "treating")
ENVELOPE = Envelope("6f0c-uid", OBSERVED, None, "vigil@hospital.org", SHANGHAI)


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, _class=EmailMessage, policy=policy.default)


def part(content: bytes, kind: str) -> str:
    body = parsed(content).get_body((kind,))
    assert body is not None
    return str(body.get_content())


def text_of(story: Story) -> str:
    return part(build_message(build_content(story), TO, ENVELOPE), "plain")


def test_the_text_part_reads_as_designed() -> None:
    assert text_of(STORY).splitlines() == [
        "Patient CART-007 has grade 3 ICANS, 6 days after the second",
        "infusion.",
        "",
        "Why: ICE 2 of 10 (0 to 2 is grade 3); alert.",
        "Before: grade 1 at 20:00 on 7 March.",
        "Also now: CRS grade 2.",
        "Observed: 8 March 2026, 07:52 (UTC+08:00). Entered 07:54.",
        "",
        "Open the alert and acknowledge:",
        "https://monitor.example.org/alerts?a=142",
        "",
        "Told now: ward on duty, treating investigator and principal",
        "investigator. If nobody acknowledges, principal investigator and",
        "deputy investigator are told at 08:09.",
        "",
        "--",
        "Told: ward on duty, treating investigator, principal",
        "investigator.",
        "You get this as treating investigator. Reference A-0142, notice",
        "1.",
        "Graded by ASTCT 2019, rules 1.0.",
        "Do not reply and do not add patient details to this mail.",
    ]


@pytest.mark.parametrize("signs", [20, 68, 70, 90, 140])
def test_a_subject_begins_on_the_line_of_its_name(signs: int) -> None:
    subject = ("P1 second infusion attempted while barred: " * 4)[:signs].strip()
    mail = build_message(replace(build_content(STORY), subject=subject), TO, ENVELOPE)
    assert f"\r\nSubject: {subject}\r\n".encode() in mail
    assert parsed(mail)["Subject"] == subject


def test_the_headers_name_thread_time_and_origin() -> None:
    mail = parsed(build_message(build_content(STORY), TO, replace(ENVELOPE, thread_uid="root-uid")))
    assert mail["Subject"] == "P2 grade 3 ICANS (A-0142)"
    assert mail["From"] == "Vigil <vigil@hospital.org>"
    assert mail["To"] == "Dr Li <li@hospital.org>"
    assert mail["Message-ID"] == "<6f0c-uid@hospital.org>"
    assert mail["In-Reply-To"] == mail["References"] == "<root-uid@hospital.org>"
    assert mail["Date"] == "Sun, 08 Mar 2026 07:52:00 +0800"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_html_part_says_the_same_and_acts_on_nothing() -> None:
    content = build_message(build_content(STORY), TO, ENVELOPE)
    html = part(content, "html")
    words = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())
    for phrase in ("Needs an acknowledgement.", "Patient CART-007 has grade 3 ICANS", "ICE 2 of 10"):
        assert phrase in words
    assert re.findall(r'(?:href|src|action)="([^"]+)"', html) == ["https://monitor.example.org/alerts?a=142"]
    assert not re.search(r"<(img|script|form|link)\b", html)
    for theme in ("light", "dark"):
        assert GRADE_COLOURS[theme]["3"].background in html
    assert len(html) < 3500


def test_the_same_notice_is_the_same_bytes() -> None:
    content = build_content(STORY)
    assert build_message(content, TO, ENVELOPE) == build_message(content, TO, ENVELOPE)
    assert content_from(content.stored()) == content


def test_lines_are_short_and_the_bytes_are_ascii() -> None:
    long = replace(STORY.graded, reasons=tuple(f"reason number {n} with °C and ≥" for n in range(30)))
    content = build_message(build_content(replace(STORY, graded=long)), TO, ENVELOPE)
    assert max(len(line) for line in part(content, "plain").splitlines()) <= 65
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("change", "subject", "headline"),
    [
        (
            {"kind": NoticeKind.WORSENED, "level": 4, "urgency": 1},
            "P1 grade 4 ICANS (A-0142)",
            "Patient CART-007 has grade 4 ICANS, 6 days after the second infusion.",
        ),
        (
            {"graded": Graded(None, 3, ("ICE 2 of 10",), (), ("seizure", "motor_weakness"))},
            "P2 at least grade 3 ICANS (A-0142)",
            "Patient CART-007 has at least grade 3 ICANS, 6 days after the second infusion.",
        ),
        (
            {"kind": NoticeKind.AGAIN},
            "P2 grade 3 ICANS again (A-0142)",
            "Patient CART-007 has grade 3 ICANS again, 6 days after the second infusion.",
        ),
        (
            {"kind": NoticeKind.AGAIN, "recovering": True},
            "P2 not recovered: grade 3 ICANS (A-0142)",
            "Patient CART-007 has not yet recovered from grade 3 ICANS, 6 days after the second infusion: "
            "an entry came late or was corrected.",
        ),
        (
            {"kind": NoticeKind.LAPSED},
            "P2 acknowledge again: grade 3 ICANS (A-0142)",
            "Patient CART-007 still has grade 3 ICANS, 6 days after the second infusion, "
            "and the acknowledgement has lapsed.",
        ),
        (
            {"kind": NoticeKind.LATE, "over": True, "urgency": 3},
            "P3 late entry, over: grade 3 ICANS (A-0142)",
            "Patient CART-007 had grade 3 ICANS, 6 days after the second infusion. It is over.",
        ),
        (
            {"kind": NoticeKind.RECOVERY, "over": True, "urgency": 3, "graded": Graded(1, 1, (), (), ())},
            "P3 recovered: grade 3 ICANS (A-0142)",
            "Patient CART-007 has recovered from grade 3 ICANS, 6 days after the second infusion.",
        ),
        (
            {"kind": NoticeKind.DEATH, "over": True, "urgency": 3, "graded": Graded(1, 1, (), (), ())},
            "P3 died: grade 3 ICANS (A-0142)",
            "Patient CART-007 died, 6 days after the second infusion.",
        ),
        (
            {"kind": NoticeKind.OPENING, "over": True, "level": 5, "urgency": 1},
            "P1 grade 5 ICANS (A-0142)",
            "Patient CART-007 died of ICANS (grade 5), 6 days after the second infusion.",
        ),
        (
            {"kind": NoticeKind.AMENDMENT, "urgency": 3, "correction": CORRECTION},
            "P3 corrected: grade 3 ICANS (A-0142)",
            "Corrected: CART-007 still has grade 3 ICANS, 6 days after the second infusion.",
        ),
        (
            {"kind": NoticeKind.AMENDMENT, "urgency": 3, "correction": CORRECTION, "over": True},
            "P3 corrected: grade 3 ICANS (A-0142)",
            "Corrected: CART-007 had grade 3 ICANS, 6 days after the second infusion.",
        ),
        (
            {"kind": NoticeKind.RETRACTION, "correction": CORRECTION},
            "P2 withdrawn: grade 3 ICANS (A-0142)",
            "Withdrawn: CART-007 did not have grade 3 ICANS, 6 days after the second infusion.",
        ),
    ],
)
def test_each_kind_opens_with_one_sentence(change: dict[str, object], subject: str, headline: str) -> None:
    content = build_content(replace(STORY, **change))  # type: ignore[arg-type]
    assert (content.subject, content.headline) == (subject, headline)
    message = build_message(content, TO, ENVELOPE)
    assert parsed(message)["Subject"] == subject
    assert " ".join(part(message, "plain").split()).startswith(headline)


def test_an_alert_that_is_over_asks_for_nothing() -> None:
    assert build_content(STORY).button == "Open the alert and acknowledge"
    over = build_content(replace(STORY, kind=NoticeKind.LATE, over=True))
    assert (over.button, over.closing) == ("Open the alert", "Nothing has to be acknowledged.")


def test_an_unsettled_grade_has_its_tile_and_what_would_settle_it() -> None:
    unsettled = Graded(None, 3, ("ICE 2 of 10",), (), ("seizure", "motor_weakness"))
    content = build_content(replace(STORY, graded=unsettled))
    assert content.tile == "≥3"
    assert ("To settle it", "record seizure and motor weakness.") in content.lines


def test_a_correction_shows_what_was_and_what_is() -> None:
    story = replace(STORY, kind=NoticeKind.RETRACTION, correction=CORRECTION)
    lines = dict(build_content(story).lines)
    assert lines["Was"] == "grade 3. ICE 2 of 10."
    assert lines["Is"] == "grade 1. ICE 9 of 10."
    assert lines["Observed"] == "8 March 2026, 07:52 (UTC+08:00)."
    assert (
        lines["Corrected"] == "entered 07:54, corrected 08:02 by the ward. The reason stands with the entry."
    )
    voided = replace(story, correction=replace(CORRECTION, now=None))
    assert dict(build_content(voided).lines)["Is"] == "withdrawn; the entry does not count."


def test_a_late_entry_says_when_it_was_observed_and_entered() -> None:
    late = replace(STORY, entered_at=OBSERVED + timedelta(hours=26))
    lines = dict(build_content(late).lines)
    assert lines["Late entry"] == "observed 8 March 2026, 07:52 (UTC+08:00), entered 9 March 2026, 09:52."
    assert "Observed" not in lines


def test_a_first_assessment_has_nothing_before_it() -> None:
    lines = dict(build_content(replace(STORY, before=None, also_now=None)).lines)
    assert "Before" not in lines
    assert lines["Also now"] == "CRS not graded yet."


def test_the_digest_of_history_counts() -> None:
    content = digest_content(1, 1, told=("pi",), app_url="https://x.org", ruleset="r")
    assert content.subject == "P4 imported history: 1 episode of grade 3 or more"
    text = part(build_message(content, TO, ENVELOPE), "plain")
    assert "Reference" not in text
    assert "https://x.org/alerts" in text


def test_a_mail_that_cannot_be_built_becomes_a_minimal_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_name: str) -> None:
        raise RuntimeError("a broken template")

    monkeypatch.setattr(messages, "_template", fails)
    content = build_message(build_content(STORY), TO, ENVELOPE)
    assert parsed(content)["Subject"] == "Vigil has an alert"
    assert parsed(content)["Message-ID"] == "<6f0c-uid@hospital.org>"
    assert "https://monitor.example.org/alerts?a=142" in parsed(content).get_content()
    assert "CART-007" not in content.decode()


@pytest.mark.parametrize(
    "to",
    [
        Addressee("Dr\r\nBcc: all@x.org", "li@hospital.org", "pi"),
        Addressee("Dr Li", "li@hospital.org\r\nBcc: all@x.org", "pi"),
        Addressee("Dr Li", "not an address", "pi"),
        Addressee("Dr \udcff Li", "li@hospital.org", "pi"),
        Addressee("Dr Li", "li@hospital.org", "a group nobody knows"),
    ],
)
def test_a_bad_recipient_never_adds_a_header_and_never_stops_a_mail(to: Addressee) -> None:
    mail = parsed(build_message(build_content(STORY), to, ENVELOPE))
    assert mail["Bcc"] is None
    assert mail["Message-ID"] == "<6f0c-uid@hospital.org>"


def test_markup_in_a_value_is_shown_and_not_obeyed() -> None:
    odd = replace(STORY, course=replace(STORY.course, study_code="<b>&1"))
    html = part(build_message(build_content(odd), TO, ENVELOPE), "html")
    assert "<b>&1" not in html
    assert "&lt;b&gt;&amp;1" in html


def test_the_templates_know_no_field_but_the_allowed_ones() -> None:
    allowed = set(MailContent.__dataclass_fields__)
    assert allowed.isdisjoint({"comment", "reason", "remark", "name", "sex", "age_years", "lot"})
    for template in (Path(messages.__file__).parent / "templates").iterdir():
        assert set(re.findall(r"content\.(\w+)", template.read_text(encoding="utf-8"))) <= allowed


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "on the day of the second infusion"),
        (1, "1 day after the second infusion"),
        (6, "6 days after the second infusion"),
    ],
)
def test_days_are_counted_by_the_hospitals_calendar(days: int, words: str) -> None:
    assert days_after(OBSERVED, OBSERVED - timedelta(days=days), 2, SHANGHAI) == words


def test_times_and_grades_are_words_a_person_reads() -> None:
    assert full_time(OBSERVED, ZoneInfo("America/St_Johns")) == "7 March 2026, 20:22 (UTC-03:30)"
    assert grade_words(None, 0) == "not graded yet"
    assert grade_words(None, 2) == "at least grade 2"
    assert to_settle(("spo2_percent",)) == "record SpO2."

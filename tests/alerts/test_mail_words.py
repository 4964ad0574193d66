"""The words inside mails: what supports a patient, why it has no grade, who is next, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import SignalKind, Support
from alerts.states import NoticeKind
from alerts.support import SUPPORT_COLUMNS, support_of
from alerts.wording import lasted, late_by
from alerts.words.chase import chase_lines, closing_of
from alerts.words.grades import build_content
from alerts.words.story import Chase, Graded, Known
from alerts.words.support import signs_of, why_ungraded
from db.charted_columns import list_text
from grading.charted import Charted, OxygenDevice, Sign, Vasopressor, YesNo
from grading.crs_course import grade_course
from grading.settings import DEFAULT_SETTINGS
from tests.alerts.test_messages import OBSERVED, STORY

AT = datetime(2026, 3, 7, tzinfo=UTC)
ANSWERS = st.sampled_from([None, *YesNo])
CHARTED = st.builds(
    Charted,
    assessed_at=st.just(AT),
    temperature_c=st.sampled_from([None, 36.8, 38.6]),
    systolic_mmhg=st.sampled_from([None, 84.0, 89.9, 90.0, 120.0]),
    spo2_percent=st.sampled_from([None, 89.0, 90.0, 97.0]),
    oxygen_device=st.sampled_from([None, *OxygenDevice]),
    oxygen_l_per_min=st.sampled_from([None, 0.0, 2.0, 6.0, 6.5]),
    hypoxia=ANSWERS,
    vasopressors=st.one_of(st.none(), st.frozensets(st.sampled_from(Vasopressor), max_size=2)),
    iv_fluid_bolus=ANSWERS,
    hypotension=ANSWERS,
    attributed_elsewhere=st.one_of(
        st.none(), st.frozensets(st.sampled_from([Sign.FEVER, Sign.HYPOTENSION, Sign.HYPOXIA]))
    ),
).filter(lambda one: not (one.oxygen_device is OxygenDevice.ROOM_AIR and one.oxygen_l_per_min))


def stored(charted: Charted) -> dict[str, Any]:
    """The columns as the database holds them."""
    row: dict[str, Any] = {name: getattr(charted, name) for name in SUPPORT_COLUMNS}
    return row | {"vasopressors": list_text(charted.vasopressors)}


@given(charted=CHARTED, lasting=st.frozensets(st.just(Sign.HYPOXIA)))
def test_a_mail_names_a_sign_exactly_where_there_is_support(
    charted: Charted, lasting: frozenset[Sign]
) -> None:
    support = support_of(stored(charted), DEFAULT_SETTINGS, lasting=lasting)
    signs = signs_of(charted, DEFAULT_SETTINGS, lasting=lasting)
    assert bool(signs) == (support is not Support.NONE)
    assert all(sign and "None" not in sign and "{" not in sign for sign in signs)


@given(charted=CHARTED)
def test_support_without_a_grade_always_says_why(charted: Charted) -> None:
    (graded,) = grade_course([charted])
    if graded.crs.at_least or not signs_of(charted, DEFAULT_SETTINGS):
        return
    reasons = why_ungraded(charted, graded.crs_state.fever, DEFAULT_SETTINGS)
    assert reasons
    assert "what is recorded proves no grade" not in reasons


@pytest.mark.parametrize(
    ("charted", "fever", "reasons"),
    [
        (Charted(assessed_at=AT), "unknown", ("the temperature is not recorded",)),
        (Charted(assessed_at=AT, temperature_c=36.8), "absent", ("no fever, and no CRS is under way",)),
        (
            Charted(assessed_at=AT, temperature_c=38.8, attributed_elsewhere=frozenset({Sign.FEVER})),
            "absent",
            ("the fever was put down to another cause",),
        ),
        (
            Charted(assessed_at=AT, temperature_c=36.8, systolic_mmhg=84, hypotension=YesNo.NO),
            "masked",
            ("systolic 84 mmHg was judged not to be hypotension, but not by an investigator",),
        ),
        (
            Charted(assessed_at=AT, oxygen_device=OxygenDevice.FACE_MASK, hypoxia=YesNo.NO),
            "masked",
            ("face mask was judged not to be hypoxia, but not by an investigator",),
        ),
    ],
)
def test_each_way_to_have_no_grade_has_its_words(
    charted: Charted, fever: str, reasons: tuple[str, ...]
) -> None:
    assert why_ungraded(charted, fever, DEFAULT_SETTINGS) == reasons


@pytest.mark.parametrize(
    ("minutes", "words", "clock"),
    [
        (-3, "0 min", "00:00"),
        (0, "0 min", "00:00"),
        (15, "15 min", "00:15"),
        (60, "1 h", "01:00"),
        (245, "4 h 5 min", "04:05"),
        (47 * 60 + 59, "47 h 59 min", "47:59"),
        (48 * 60, "2 days", "48:00"),
        (74 * 60 + 5, "3 days 2 h", "74:05"),
    ],
)
def test_durations_are_words_a_person_reads(minutes: int, words: str, clock: str) -> None:
    duration = timedelta(minutes=minutes)
    assert (lasted(duration), late_by(duration)) == (words, clock)


CHASE = Chase(open_since=OBSERVED, at=OBSERVED + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("chase", "closing"),
    [
        ({}, "If nobody acknowledges, nobody else is told."),
        (
            {"next_at": OBSERVED + timedelta(hours=1)},
            "If nobody acknowledges, nobody else can be told: the list of recipients ends here.",
        ),
        (
            {"next_at": OBSERVED + timedelta(hours=1), "next_groups": ("committee_chair",)},
            "If nobody acknowledges, committee chair is told at 08:52.",
        ),
        (
            {"next_at": OBSERVED + timedelta(hours=17), "next_groups": ("everyone",)},
            "If nobody acknowledges, everyone on the list is told at 9 March 2026, 00:52.",
        ),
        (
            {"next_at": OBSERVED + timedelta(hours=1), "next_groups": ("pi",), "again": True},
            "If nobody acknowledges, everyone told so far is told again at 08:52.",
        ),
    ],
)
def test_a_mail_says_who_is_told_next_and_when(chase: dict[str, Any], closing: str) -> None:
    story = replace(STORY, chase=replace(CHASE, **chase))
    told_now = "Told now: ward on duty, treating investigator and principal investigator. "
    assert closing_of(story) == told_now + closing
    assert closing_of(replace(story, kind=NoticeKind.ESCALATION)) == closing
    assert closing_of(replace(story, told=())) == "Nobody has acknowledged yet."


def test_a_repeat_counts_how_often_and_names_who_was_told_when() -> None:
    before = ((OBSERVED, ("ward", "treating")), (OBSERVED + timedelta(minutes=15), ("pi",)))
    story = replace(STORY, kind=NoticeKind.REPEAT, chase=replace(CHASE, before=before, times=5))
    assert chase_lines(story) == [
        ("Told before", "ward on duty and treating investigator at 07:52; principal investigator at 08:07."),
        ("Told so far", "5 times with this mail."),
    ]
    assert "nobody has acknowledged for 30 min" in build_content(story).headline


def test_a_rise_that_is_not_settled_says_at_least() -> None:
    rise = replace(
        STORY,
        signal=SignalKind.RISE_2,
        level=2,
        graded=Graded(None, 2, ("ICE 4 of 10",), (), ("seizure",)),
        rose_from=Known(0, 0, OBSERVED - timedelta(hours=4, minutes=5)),
    )
    content = build_content(rise)
    assert content.headline == (
        "Patient CART-007: ICANS rose from grade 0 (03:47) to at least grade 2 (07:52), "
        "6 days after the second infusion."
    )
    assert ("Rise", "by 2 grades within 4 h 5 min.") in content.lines
    assert (content.subject, content.tile) == ("P2 rise to at least grade 2 ICANS (A-0142)", "≥2")

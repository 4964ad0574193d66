"""What a notice of support without a CRS grade says: what stands, why it has no grade, what to record.

The words are those of the closed choices and the numbers of the entry; nothing that was typed as text.
"""

from collections.abc import Iterator, Set
from typing import Final

from alerts.states import EndedReason, NoticeKind
from alerts.wording import days_after, full_time, grade_words, sentence, time_on_day
from alerts.words.chase import chase_lines, unanswered
from alerts.words.shell import Line, MailContent, Parts, assembled
from alerts.words.story import Supported, SupportStory
from alerts.words.times import corrected_line, observed_and_entered
from grading.astct_crs import COUNTED_AS, Counting
from grading.cells import write_number
from grading.charted import Charted, CrsJudgement, OxygenDevice, Sign, YesNo
from grading.settings import GradingSettings
from grading.stored_values import write_oxygen, write_vasopressors

_SIGNAL: Final = "support without a CRS grade"
_TO_DO: Final = "an investigator records the cause, or that these signs are CRS"


def support_content(story: SupportStory) -> MailContent:
    """The subject, headline and lines of one notice."""
    return assembled(story, _PARTS[story.kind](story))


def signs_of(
    charted: Charted, settings: GradingSettings, *, lasting: Set[Sign] = frozenset()
) -> tuple[str, ...]:
    """What holds pressure or oxygen up, strongest first; empty exactly where `support_of` finds nothing."""
    return (*_pressure(charted, settings), *_oxygen(charted, settings, lasting))


def why_ungraded(charted: Charted, fever: str, settings: GradingSettings) -> tuple[str, ...]:
    """Why support proves no grade of CRS. `fever` is what the stored grade says of it."""
    return tuple(_reasons(charted, fever, settings)) or ("what is recorded proves no grade",)


def _pressure(charted: Charted, settings: GradingSettings) -> Iterator[str]:
    agents = {one for one in charted.vasopressors or () if COUNTED_AS[one] is not Counting.NEVER}
    if agents:
        yield write_vasopressors(agents)
    if charted.iv_fluid_bolus is YesNo.YES:
        yield "fluid bolus for low blood pressure"
    if charted.systolic_mmhg is not None and charted.systolic_mmhg < settings.low_systolic_mmhg:
        yield f"systolic {write_number(charted.systolic_mmhg)} mmHg"
    if charted.hypotension is YesNo.YES:
        yield "hypotension judged present"


def _oxygen(charted: Charted, settings: GradingSettings, lasting: Set[Sign]) -> Iterator[str]:
    if Sign.HYPOXIA not in lasting:
        yield from _device(charted)
    if charted.spo2_percent is not None and charted.spo2_percent < settings.low_spo2_percent:
        yield f"SpO2 {write_number(charted.spo2_percent)} %"
    if charted.hypoxia is YesNo.YES:
        yield "hypoxia judged present"


def _device(charted: Charted) -> Iterator[str]:
    device, flow = charted.oxygen_device, charted.oxygen_l_per_min
    if device is None:
        if flow:
            yield f"oxygen {write_number(flow)} L/min (device not recorded)"
    elif device is OxygenDevice.NASAL_CANNULA and flow is None:
        yield "nasal cannula (flow not recorded)"
    elif device is not OxygenDevice.ROOM_AIR and not (device is OxygenDevice.NASAL_CANNULA and not flow):
        yield write_oxygen(device, flow)


def _reasons(charted: Charted, fever: str, settings: GradingSettings) -> Iterator[str]:
    elsewhere = charted.attributed_elsewhere or frozenset()
    if charted.crs_judgement is CrsJudgement.NOT_CRS:
        yield "a file says that these signs are not CRS, and no investigator has confirmed it"
    elif charted.temperature_c is None and fever == "unknown":
        yield "the temperature is not recorded"
    elif fever == "absent":
        yield (
            "the fever was put down to another cause"
            if Sign.FEVER in elsewhere
            else "no fever, and no CRS is under way"
        )
    for sign, judged in ((Sign.HYPOTENSION, charted.hypotension), (Sign.HYPOXIA, charted.hypoxia)):
        if sign in elsewhere:
            yield f"{sign.phrase} was put down to another cause, but not by an investigator"
        elif judged is YesNo.NO and _is_low(charted, sign, settings):
            yield f"{_reading(charted, sign)} was judged not to be {sign.phrase}, but not by an investigator"


def _is_low(charted: Charted, sign: Sign, settings: GradingSettings) -> bool:
    if sign is Sign.HYPOTENSION:
        return charted.systolic_mmhg is not None and charted.systolic_mmhg < settings.low_systolic_mmhg
    low = charted.spo2_percent is not None and charted.spo2_percent < settings.low_spo2_percent
    return low or any(_device(charted))


def _reading(charted: Charted, sign: Sign) -> str:
    if sign is Sign.HYPOTENSION:
        return f"systolic {write_number(charted.systolic_mmhg or 0)} mmHg"
    device = next(_device(charted), "")
    return device or f"SpO2 {write_number(charted.spo2_percent or 0)} %"


def _day(story: SupportStory, shown: Supported) -> str:
    course = story.course
    return days_after(shown.observed_at, course.infused_at, course.infusion_number, story.zone)


def _call(story: SupportStory) -> Parts:
    """Every notice that asks for an answer."""
    before, after = _CALL_WORDS.get(story.kind, ("", ""))
    headline = (
        f"Patient {story.course.study_code}: {before}{', '.join(story.shown.signs)}, and no CRS grade, "
        f"{_day(story, story.shown)}{after}{unanswered(story)}."
    )
    subject = f"{_SUBJECTS.get(story.kind, '')}{_SIGNAL}"
    return headline, subject, [*chase_lines(story), *_why(story)]


def _why(story: SupportStory) -> list[Line]:
    shown = story.shown
    to_do = f"{_TO_DO}{'. Record the temperature too' if shown.ask_temperature else ''}."
    lines = [("Why no grade", f"{'; '.join(shown.why_ungraded)}."), ("To do", to_do)]
    if story.since < shown.observed_at:
        lines.append(("Since", f"{time_on_day(story.since, story.zone)}."))
    return [*lines, _observed(story)]


def _observed(story: SupportStory) -> Line:
    shown = story.shown
    return observed_and_entered(shown.observed_at, shown.entered_at, story.late_after, story.zone)


def _over(story: SupportStory) -> Parts:
    """An investigator has named the cause, the grade has come, or the sign is gone."""
    code, day = story.course.study_code, _day(story, story.shown)
    since = ("Stood since", f"{time_on_day(story.since, story.zone)}.")
    if story.ended is EndedReason.JUDGED:
        headline = f"Closed: an investigator has recorded the cause of the support of {code}, {day}."
        stands = ("Stands", f"{', '.join(story.shown.signs)}. More support than this is told again.")
        return headline, f"closed, cause recorded: {_SIGNAL}", [stands, since, _observed(story)]
    if story.ended is EndedReason.GRADED and story.shown.grade is not None:
        grade = story.shown.grade
        words = f"{grade_words(grade.grade, grade.at_least)} CRS"
        headline = f"Closed: the support of {code} has a grade now, {words}, {day}."
        lines = [("Why", sentence(grade.reasons, grade.notes)), since, _observed(story)]
        return headline, f"closed, now {words}: {_SIGNAL}", lines
    headline = f"Closed: {code} has needed no support in two assessments in a row, {day}."
    return headline, f"closed, support gone: {_SIGNAL}", [since, _observed(story)]


def _changed(story: SupportStory) -> Parts:
    """A correction: the alert is withdrawn, or stands on other entries."""
    was = story.was or story.shown
    code, day = story.course.study_code, _day(story, was)
    grade = story.shown.grade
    if story.kind is NoticeKind.AMENDMENT:
        headline, subject = f"Corrected: {code} still has {_SIGNAL}, {day}.", f"corrected: {_SIGNAL}"
    elif not story.moved and grade is not None and grade.at_least > 0:
        words = f"{grade_words(grade.grade, grade.at_least)} CRS"
        headline = f"Withdrawn: the support of {code} has a grade now, {words}, {day}."
        subject = f"withdrawn, now {words}: {_SIGNAL}"
    else:
        headline, subject = f"Withdrawn: {code} did not have {_SIGNAL}, {day}.", f"withdrawn: {_SIGNAL}"
    lines = [
        ("Was", f"{', '.join(was.signs)} without a CRS grade."),
        ("Is", _is(story)),
        ("Observed", f"{full_time(was.observed_at, story.zone)}."),
    ]
    if story.corrected_at is not None:
        lines.append(
            corrected_line(
                was.observed_at,
                was.entered_at,
                story.corrected_at,
                story.corrected_by,
                story.zone,
                another=story.another,
            )
        )
    return headline, subject, lines


def _is(story: SupportStory) -> str:
    shown = story.shown
    if story.moved:
        return "moved; the entry belonged to another patient or infusion."
    if shown.grade is None:
        return "withdrawn; the entry does not count."
    signs = ", ".join(shown.signs) or "no support"
    return f"{signs}. CRS {grade_words(shown.grade.grade, shown.grade.at_least)}."


_CALL_WORDS: Final = {
    NoticeKind.WORSENED: ("more support: ", ""),
    NoticeKind.AGAIN: ("again ", ""),
    NoticeKind.LAPSED: ("still ", ", and the acknowledgement has lapsed"),
}
_SUBJECTS: Final = {
    NoticeKind.WORSENED: "more ",
    NoticeKind.AGAIN: "again ",
    NoticeKind.LAPSED: "acknowledge again: ",
    NoticeKind.ESCALATION: "not acknowledged: ",
    NoticeKind.REPEAT: "not acknowledged: ",
}
_PARTS: Final = {
    **dict.fromkeys(
        (
            NoticeKind.OPENING,
            NoticeKind.WORSENED,
            NoticeKind.AGAIN,
            NoticeKind.LAPSED,
            NoticeKind.ESCALATION,
            NoticeKind.REPEAT,
        ),
        _call,
    ),
    NoticeKind.RECOVERY: _over,
    NoticeKind.AMENDMENT: _changed,
    NoticeKind.RETRACTION: _changed,
}

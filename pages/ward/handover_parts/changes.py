"""What changed for one patient since a shift began, in words: grades, support, corrections, what was skipped.

Everything comes from what was charted. Free text stays out, but for the ward's own words on a skipped
assessment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from db.queries.handover import GradeOf, Version
from grading.charted import FeverMaskingDrug, OxygenDevice, Vasopressor
from grading.scale import Toxicity
from pages.parts.wording import clock_time, late_words, listed, when
from trial.calendar import SlotKind, StayKind, StayPeriod
from trial.due import SkippedSlot

KIND_WORDS: Final = {SlotKind.VITAL_SIGNS: "vital signs", SlotKind.ICE: "ICE"}
REASON_WORDS: Final = {
    "asleep": "asleep",
    "procedure": "at a procedure",
    "refused": "refused",
    "other": "other",
}
STAY_WORDS: Final = {
    StayKind.WARD: "ward",
    StayKind.INTENSIVE_CARE: "intensive care",
    StayKind.HOME: "home",
}
_DEVICES: Final = {word.value: word.phrase for word in OxygenDevice}
_AGENTS: Final = {word.value: word.phrase for word in Vasopressor}
_DRUGS: Final = {word.value: word.phrase for word in FeverMaskingDrug}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed, at the time by which it is listed."""

    at: datetime
    words: str


def short_grade(grade: int | None, at_least: int) -> str:
    """ "3", "at least 3", "not graded"."""
    if grade is not None:
        return str(grade)
    return f"at least {at_least}" if at_least else "not graded"


def standing_versions(versions: Iterable[Version]) -> list[Version]:
    """The versions that stand today, by time observed."""
    return sorted((one for one in versions if one.counts), key=lambda one: (one.assessed_at, one.id))


def changes_since(
    versions: Sequence[Version],
    skips: Sequence[SkippedSlot],
    stays: Sequence[StayPeriod],
    since: datetime,
    now: datetime,
    zone: tzinfo,
) -> list[Change]:
    """Everything that changed from `since` on, by time; of one time first the grades, then the rest."""
    standing = standing_versions(versions)
    found = [
        *grade_changes(standing, since),
        *support_changes(standing, since),
        *late_entries(standing, since, now, zone),
        *corrections(versions, since, now, zone),
        *skipped(skips, since, now, zone),
        *moves(stays, since, now),
    ]
    return sorted(found, key=lambda change: change.at)


def grade_changes(standing: Sequence[Version], since: datetime) -> Iterator[Change]:
    """Each time a grade is no longer what was known: the last settled one, or anything higher since."""
    for scale in Toxicity:
        known: GradeOf | None = None
        for version in standing:
            seen = version.grades.get(scale)
            before, known = known, _known(known, seen)
            same = before is not None and known is not None and _pair(before) == _pair(known)
            if known is seen and seen is not None and not same and version.assessed_at >= since:
                yield Change(version.assessed_at, _grade_words(scale, before, seen, version))


def _known(before: GradeOf | None, seen: GradeOf | None) -> GradeOf | None:
    if seen is None:
        return before
    if seen.grade is not None:
        return seen
    proved = 0 if before is None else before.at_least
    return seen if seen.at_least > proved else before


def _pair(grade: GradeOf) -> tuple[int | None, int]:
    return grade.grade, grade.at_least


def _grade_words(scale: Toxicity, before: GradeOf | None, seen: GradeOf, version: Version) -> str:
    start = "" if before is None else f"{short_grade(before.grade, before.at_least)} to "
    # A first grade 0 is no news; all that is absent need not be listed.
    is_news = before is not None or seen.at_least > 0
    why = f": {'; '.join(seen.reasons)}" if seen.reasons and is_news else ""
    late = _late(version)
    return f"{scale.label} {start}{short_grade(seen.grade, seen.at_least)}{why}{f' ({late})' if late else ''}"


def _late(version: Version) -> str:
    """Lateness of a first version; a file's entries were never entered at the bedside."""
    if version.version > 1 or version.source == "file":
        return ""
    return late_words(version.assessed_at, version.entered_at)


def support_changes(standing: Sequence[Version], since: datetime) -> Iterator[Change]:
    """New or stopped oxygen and vasopressors, new drugs, and each bolus, as charted."""
    oxygen: str | None = None
    agents: frozenset[str] | None = None
    drugs: frozenset[str] | None = None
    for version in standing:
        words = []
        breathing = _oxygen(version)
        if breathing is not None and breathing != (oxygen or _DEVICES["room_air"]):
            words.append(f"Oxygen: {breathing}" + (f" (before: {oxygen})" if oxygen else ""))
        running, given = _chosen(version.vasopressors), _chosen(version.fever_masking_drugs)
        words += _new_and_stopped(running, agents)
        new_drugs = (given or frozenset()) - (drugs or frozenset())
        if new_drugs:
            words.append(f"Given: {_named(new_drugs, _DRUGS)}")
        if version.iv_fluid_bolus == "yes":
            words.append("Fluid bolus given")
        if words and version.assessed_at >= since:
            yield Change(version.assessed_at, ". ".join(words))
        oxygen = oxygen if breathing is None else breathing
        agents, drugs = (agents if running is None else running), (drugs if given is None else given)


def _oxygen(version: Version) -> str | None:
    flow = version.oxygen_l_per_min
    litres = f" {flow:g} L/min" if flow else ""
    if version.oxygen_device is not None:
        return f"{_DEVICES[version.oxygen_device]}{litres}"
    return f"device not recorded,{litres}" if litres else None


def _new_and_stopped(running: frozenset[str] | None, before: frozenset[str] | None) -> list[str]:
    if running is None:
        return []
    new, stopped = running - (before or frozenset()), (before or frozenset()) - running
    words = [f"Vasopressor: {_named(new, _AGENTS)}"] if new else []
    return words + ([f"Vasopressor stopped: {_named(stopped, _AGENTS)}"] if stopped else [])


def _chosen(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    return frozenset() if text == "none" else frozenset(text.split(";"))


def _named(chosen: frozenset[str], words: Mapping[str, str]) -> str:
    return listed([phrase for value, phrase in words.items() if value in chosen])


def late_entries(
    standing: Sequence[Version], since: datetime, now: datetime, zone: tzinfo
) -> Iterator[Change]:
    """Entries of this shift that were observed before it began."""
    for version in standing:
        is_new = version.version == 1 and version.entered_at >= since > version.assessed_at
        if is_new and _late(version):
            observed = when(version.assessed_at, now, zone)
            words = f"Late entry: observed {observed}, {_late(version)}: {_grades_words(version)}"
            yield Change(version.entered_at, words)


def corrections(
    versions: Sequence[Version], since: datetime, now: datetime, zone: tzinfo
) -> Iterator[Change]:
    """Every correction, withdrawal and move to another patient that was made since then."""
    by_id = {version.id: version for version in versions}
    followed = {version.supersedes_id for version in versions}
    for version in versions:
        observed = when(version.assessed_at, now, zone)
        if (
            version.superseded_at is not None
            and version.superseded_at >= since
            and version.id not in followed
        ):
            yield Change(version.superseded_at, f"Entry of {observed} moved to another patient or infusion")
        if version.version == 1 or version.entered_at < since:
            continue
        before = by_id.get(version.supersedes_id or 0)
        if version.status == "voided":
            yield Change(version.entered_at, f"Entry of {observed} withdrawn")
        elif before is None or before.infusion_id != version.infusion_id:
            words = f"Entry of {observed} moved here from another patient or infusion"
            yield Change(version.entered_at, f"{words}: {_grades_words(version)}")
        else:
            yield Change(version.entered_at, f"Entry of {observed} corrected: {_difference(before, version)}")


def _difference(before: Version, after: Version) -> str:
    changed = []
    for scale in Toxicity:
        old, new = before.grades.get(scale), after.grades.get(scale)
        if old is not None and new is not None and _pair(old) != _pair(new):
            changed.append(f"{scale.label} {short_grade(*_pair(old))} to {short_grade(*_pair(new))}")
    return ", ".join(changed) if changed else "the grades stay"


def _grades_words(version: Version) -> str:
    return ", ".join(f"{scale.label} {short_grade(*_pair(grade))}" for scale, grade in version.grades.items())


def skipped(skips: Sequence[SkippedSlot], since: datetime, now: datetime, zone: tzinfo) -> Iterator[Change]:
    """What was said not done, why, and from when it is asked again."""
    for skip in skips:
        if skip.entered_at < since:
            continue
        kind, due = KIND_WORDS[skip.kind], when(skip.due_at, now, zone)
        words = f"Not done: {kind} of {due}, {REASON_WORDS[skip.reason]}"
        if skip.explanation:
            words += f' ("{skip.explanation}")'
        if skip.asked_again_at is not None:
            words += f", asked again from {clock_time(skip.asked_again_at, zone)}"
        yield Change(skip.entered_at, words)


def moves(stays: Sequence[StayPeriod], since: datetime, now: datetime) -> Iterator[Change]:
    """Where the patient went."""
    for stay in stays:
        if since <= stay.from_at <= now:
            yield Change(stay.from_at, f"To {STAY_WORDS[stay.kind]}")


def worst_since(
    standing: Sequence[Version], scale: Toxicity, since: datetime
) -> tuple[Version, GradeOf] | None:
    """The highest proved grade from `since` on, the latest of equals; settled before unsettled."""
    seen = [
        (version, version.grades[scale])
        for version in standing
        if version.assessed_at >= since and scale in version.grades
    ]
    return max(
        seen, key=lambda one: (one[1].at_least, one[1].grade is not None, one[0].assessed_at), default=None
    )

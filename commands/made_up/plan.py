"""Everything that is entered for the demonstration, in the order of time.

Pure: the same moment and seed give the same plan.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from commands.made_up.bedside import find, has_icans, hour_of
from commands.made_up.cast import CAST, IN_SCREENING
from commands.made_up.records import records_of
from commands.made_up.screening import find_facts
from commands.made_up.story import HOME_ON_DAY, InfusionStory, PatientStory
from trial.protocol import Protocol

SEED: Final = 20_240_615
_SCREENED_BEFORE: Final = timedelta(days=6)
_INFUSED_AT: Final = time(11, 0)
_GATE_BEFORE: Final = timedelta(days=2)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Event:
    """Something entered at a moment.

    kind      screen, judge, enrol, findings, gate, infuse, stay, chart, correct, skip, or a kind of record
    observed  when it happened, for chart, correct and skip
    values    what is entered
    """

    at: datetime
    kind: str
    patient: PatientStory
    number: int = 0
    observed: datetime | None = None
    values: Mapping[str, object] | None = None
    reason: str | None = None


def make_plan(now: datetime, protocol: Protocol, zone: ZoneInfo, seed: int = SEED) -> list[Event]:
    """Every event up to `now`, earliest first."""
    now = now.replace(second=0, microsecond=0)
    everybody = (*CAST, *IN_SCREENING)
    events = [event for patient in everybody for event in _of_patient(patient, now, protocol, zone, seed)]
    order = {
        kind: place for place, kind in enumerate(("screen", "judge", "enrol", "findings", "stay", "infuse"))
    }
    return sorted(
        (event for event in events if event.at <= now),
        key=lambda event: (event.at, order.get(event.kind, 9), event.patient.code),
    )


def _of_patient(
    patient: PatientStory, now: datetime, protocol: Protocol, zone: ZoneInfo, seed: int
) -> Iterator[Event]:
    infused = [_infused_at(story, now, zone) for story in patient.infusions]
    enrolled_at = (infused[0] if infused else now - timedelta(days=3)) - timedelta(days=12)
    yield from _screening(patient, enrolled_at, zone, seed)
    if not patient.enrolled:
        return
    yield Event(enrolled_at, "enrol", patient)
    if patient.lasting:
        yield Event(enrolled_at + _HOUR, "findings", patient)
    for number, (story, infused_at) in enumerate(zip(patient.infusions, infused, strict=True), start=1):
        if number > 1:
            yield Event(infused_at - _GATE_BEFORE, "gate", patient, number)
        yield Event(infused_at + timedelta(minutes=20), "infuse", patient, number, observed=infused_at)
        yield from _stays(patient, number, story, infused_at, now, zone)
        rng = Random(f"{seed} {patient.code} {number}")
        for charted in _charting(
            Event(infused_at, "chart", patient, number), story, now, protocol, zone, rng
        ):
            yield from _antipyretic(charted)
            yield charted
    for at, kind, values in records_of(patient, infused, now, zone, seed):
        yield Event(at, kind, patient, values=values)


def _screening(patient: PatientStory, enrolled_at: datetime, zone: ZoneInfo, seed: int) -> Iterator[Event]:
    """The facts some days before the enrolment, and the investigator's judgement the day before it."""
    screened_at = enrolled_at - _SCREENED_BEFORE
    facts = find_facts(patient, screened_at.astimezone(zone).date(), seed)
    yield Event(screened_at, "screen", patient, values=facts)
    if patient.enrolled:
        yield Event(enrolled_at - timedelta(days=1), "judge", patient)


def _infused_at(story: InfusionStory, now: datetime, zone: ZoneInfo) -> datetime:
    on = now.astimezone(zone).date() - timedelta(days=story.days_ago)
    # Just after midnight, who is "infused today" was infused late yesterday.
    return min(datetime.combine(on, _INFUSED_AT, zone).astimezone(now.tzinfo), now - 3 * _HOUR)


def _stays(
    patient: PatientStory,
    number: int,
    story: InfusionStory,
    infused_at: datetime,
    now: datetime,
    zone: ZoneInfo,
) -> Iterator[Event]:
    until_h = (now - infused_at) / _HOUR
    moves = [("ward", infused_at - 20 * _HOUR)]
    if story.intensive is not None:
        begin, end = story.intensive
        moves.append(("intensive_care", infused_at + hour_of(begin, until_h) * _HOUR))
        if end is not None:
            moves.append(("ward", infused_at + hour_of(end, until_h) * _HOUR))
    moves.append(("home", _went_home_at(infused_at, zone)))
    for kind, at in moves:
        yield Event(at + timedelta(minutes=10), "stay", patient, number, observed=at, values={"kind": kind})


def _went_home_at(infused_at: datetime, zone: ZoneInfo) -> datetime:
    on = infused_at.astimezone(zone).date() + timedelta(days=HOME_ON_DAY)
    return datetime.combine(on, time(14, 30), zone).astimezone(infused_at.tzinfo)


def _charting(
    place: Event, story: InfusionStory, now: datetime, protocol: Protocol, zone: ZoneInfo, rng: Random
) -> Iterator[Event]:
    infused_at, until_h = place.at, (now - place.at) / _HOUR
    wrong_at = None if story.correction is None else hour_of(story.correction.at_h, until_h)
    skipped_at = None if story.skips_ice_at_h is None else hour_of(story.skips_ice_at_h, until_h)
    last_entered = infused_at
    for due_at, ice in _due(infused_at, story, until_h, protocol, zone):
        hour = (due_at - infused_at) / _HOUR
        if _within(story.skipped_h, due_at - infused_at):
            kinds = ("vital_signs", "ice") if ice else ("vital_signs",)
            for kind in kinds:
                yield _skip(place, due_at, kind, "procedure")
            continue
        if skipped_at is not None and ice and hour >= skipped_at:
            yield _skip(place, due_at, "ice", "asleep")
            skipped_at, ice = None, False
        # Near a regular time, the story's extra one follows it: one nurse makes one entry at a time.
        observed = max(due_at + timedelta(minutes=rng.randint(-12, 18)), last_entered + _MINUTE)
        ice = ice or has_icans(story, hour, until_h)
        values = find(story, (observed - infused_at) / _HOUR, until_h, rng, ice=ice)
        entered = last_entered = observed + timedelta(minutes=rng.randint(2, 9))
        charted = replace(place, at=entered, observed=observed, values=values)
        if story.correction is not None and wrong_at is not None and hour >= wrong_at:
            yield replace(charted, values=values | dict(story.correction.wrong))
            later = entered + timedelta(minutes=40)
            yield replace(charted, at=later, kind="correct", reason=story.correction.reason)
            wrong_at = None
        else:
            yield charted


def _antipyretic(charted: Event) -> Iterator[Event]:
    """The dose behind what the ward charts as given for the fever."""
    given = (charted.values or {}).get("fever_masking_drugs")
    if charted.kind == "chart" and charted.observed and isinstance(given, list) and "acetaminophen" in given:
        dose = {"drug": "acetaminophen", "giving": "once", "dose": 500, "dose_unit": "mg"}
        values = dose | {"started_at": charted.observed - timedelta(minutes=25)}
        yield replace(charted, kind="treat", observed=None, values=values)


def _skip(place: Event, due_at: datetime, kind: str, reason: str) -> Event:
    at = due_at + timedelta(minutes=15)
    return replace(place, at=at, kind="skip", observed=due_at, values={"kind": kind}, reason=reason)


def _due(
    infused_at: datetime, story: InfusionStory, until_h: float, protocol: Protocol, zone: ZoneInfo
) -> Iterator[tuple[datetime, bool]]:
    """The regular times until the patient goes home, and the story's extra ones; whether ICE is due."""
    silent_h = until_h if story.silent_since_h is None else hour_of(story.silent_since_h, until_h)
    end = min(infused_at + silent_h * _HOUR, _went_home_at(infused_at, zone) - _HOUR)
    on = infused_at.astimezone(zone).date()
    due: list[tuple[datetime, bool]] = []
    while datetime.combine(on, time(), zone) <= end:
        for at in protocol.vital_sign_times:
            due_at = datetime.combine(on, at, zone).astimezone(infused_at.tzinfo)
            is_in_gap = _within(story.gap_h, due_at - infused_at)
            if infused_at + timedelta(minutes=30) <= due_at <= end and not is_in_gap:
                due.append((due_at, at in protocol.ice_times))
        on += timedelta(days=1)
    due += [(infused_at + hour_of(hour, until_h) * _HOUR, True) for hour in story.extra_h]
    return iter(sorted(due))


def _within(hours: tuple[float, float] | None, since: timedelta) -> bool:
    return hours is not None and hours[0] <= since / _HOUR < hours[1]

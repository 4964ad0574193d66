"""What is recorded of one patient for the gate to the second infusion, read in one place.

The gate is asked at an instant: today, or when a second infusion was given. What was scanned, sampled or
observed after it, and a ctDNA result that came after its day, is left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, select
from sqlmodel import Session

from db.queries.deaths import load_death
from db.queries.events import EventRecord, load_events
from db.queries.follow_up import facts_of
from db.queries.follow_up import load_events as load_follow_up
from db.queries.grade_points import load_grade_points
from db.queries.records import table_of
from db.queries.response import CtDnaVersion, ScanVersion, load_ctdna, load_scans, standing
from db.queries.screening import ScreeningRecord, load_screening, load_screening_versions
from grading.scale import Toxicity
from trial.follow_up_facts import FollowUpFact, end_of_follow_up
from trial.protocol import Protocol
from trial.screening_facts import ActiveInfection, Judgement, Purpose, ScreeningFacts, WorstGrade
from trial.second_infusion import GateVerdict
from trial.second_infusion_facts import CtDna, GateFacts, GateQuestion, Release
from trial.worst_grade import worst_grade

_Worst = dict[Toxicity, WorstGrade | None]

_GAPS: Final = {Toxicity.CRS: GateQuestion.CRS_GAPS, Toxicity.ICANS: GateQuestion.ICANS_GAPS}


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementRecord:
    """What an investigator judged; `holds` speaks for the second infusion.

    counts  whether it is the newest of its question and still speaks of what is known: the PET/CT it was made
            on, the days that were not settled then
    """

    question: GateQuestion
    holds: bool
    reason: str
    by: str
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRecord:
    """One investigator's signed release; the name and role as printed with the signature."""

    user_id: int
    username: str
    by: str
    role: str
    at: datetime
    reason: str
    worst_crs: int
    worst_icans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRecords:
    """The facts of the gate, with who recorded what a person decided.

    asked_again  the exclusion criteria as they were last asked after the first infusion
    """

    first_infusion_id: int
    first_infused_at: datetime
    second_infused_at: datetime | None
    facts: GateFacts
    asked_again: ScreeningRecord | None
    judgements: tuple[JudgementRecord, ...]
    releases: tuple[ReleaseRecord, ...]


def load_gate_facts(
    session: Session, patient_id: int, zone: ZoneInfo, protocol: Protocol, *, until: datetime
) -> GateFacts | None:
    """The facts as the gate asks for them at `until`; None without a first infusion."""
    records = load_gate_records(session, patient_id, zone, protocol, until=until)
    return None if records is None else records.facts


def load_gate_records(
    session: Session, patient_id: int, zone: ZoneInfo, protocol: Protocol, *, until: datetime
) -> GateRecords | None:
    """The facts at `until`, with the people behind them; None without a first infusion."""
    infused = _infusions(session, patient_id)
    if 1 not in infused:
        return None
    first_id, first_at = infused[1]
    course = _Course(session, first_id, first_at, protocol, zone)
    on = until.astimezone(zone).date()
    scans = [scan for scan in standing(load_scans(session, patient_id)) if scan.scanned_on <= on]
    samples = [one for one in standing(load_ctdna(session, patient_id)) if one.sampled_on <= on]
    worst = course.worst(until)
    judgements = _judgements(session, patient_id, course, scans, worst)
    releases = _releases(session, patient_id)
    again = _asked_again(session, patient_id, first_at.astimezone(zone).date())
    facts = GateFacts(
        first_infused_on=first_at.astimezone(zone).date(),
        scans=tuple(scan.fact() for scan in scans) or None,
        ctdna=tuple(_known_on(sample, on) for sample in samples) or None,
        worst_crs=_with_judgement(worst[Toxicity.CRS], judgements, GateQuestion.CRS_GAPS),
        worst_icans=_with_judgement(worst[Toxicity.ICANS], judgements, GateQuestion.ICANS_GAPS),
        asked_again=_exclusion_facts(session, patient_id, again, on),
        judgement=_judgement(judgements, GateQuestion.RESPONSE),
        releases=tuple(_release(one) for one in releases),
        ended=_ended(session, patient_id, on, zone),
    )
    return GateRecords(
        first_infusion_id=first_id,
        first_infused_at=first_at,
        second_infused_at=infused[2][1] if 2 in infused else None,
        facts=facts,
        asked_again=again,
        judgements=judgements,
        releases=releases,
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """The grades after the first infusion, now and as they were known before."""

    session: Session
    infusion_id: int
    infused_at: datetime
    protocol: Protocol
    zone: ZoneInfo

    def worst(self, until: datetime, *, known_at: datetime | None = None) -> _Worst:
        """The worst of both up to `until`; `known_at` as in `load_grade_points`."""
        points = load_grade_points(self.session, self.infusion_id, known_at=known_at)
        return {
            toxicity: worst_grade(toxicity, self.infused_at, points, until, self.protocol, zone=self.zone)
            for toxicity in Toxicity
        }


def _infusions(session: Session, patient_id: int) -> dict[int, tuple[int, datetime]]:
    rows = table_of("infusion")
    query = select(rows.c.number, rows.c.id, rows.c.infused_at).where(rows.c.patient_id == patient_id)
    return {number: (row_id, at) for number, row_id, at in session.connection().execute(query)}


def _ended(session: Session, patient_id: int, on: date, zone: ZoneInfo) -> FollowUpFact | None:
    """What ended the patient's part in the trial up to a day."""
    events = load_follow_up(session, patient_id)
    return end_of_follow_up(facts_of(events, load_death(session, patient_id), zone), on)


def _known_on(sample: CtDnaVersion, on: date) -> CtDna:
    """The sample as it was known on a day: its result is awaited until the day it came."""
    fact = sample.fact()
    if fact.resulted_on is None or fact.resulted_on <= on:
        return fact
    return CtDna(fact.sampled_on)


def _judgements(
    session: Session,
    patient_id: int,
    course: _Course,
    scans: Sequence[ScanVersion],
    worst: _Worst,
) -> tuple[JudgementRecord, ...]:
    """Every judgement, oldest first."""
    rows, users = table_of("gate_judgement"), table_of("user")
    query = (
        select(rows, users.c.display_name)
        .outerjoin(users, users.c.id == rows.c.by)
        .where(rows.c.patient_id == patient_id)
        .order_by(rows.c.id)
    )
    found = list(session.connection().execute(query).mappings())
    newest = {row["question"]: row["id"] for row in found}
    return tuple(
        JudgementRecord(
            question=GateQuestion(row["question"]),
            holds=row["holds"],
            reason=row["reason"],
            by=row["display_name"] or "the program",
            at=row["at"],
            counts=row["id"] == newest[row["question"]] and _speaks_of_now(row, course, scans, worst),
        )
        for row in found
    )


def _speaks_of_now(
    row: RowMapping,
    course: _Course,
    scans: Sequence[ScanVersion],
    worst: _Worst,
) -> bool:
    """Whether what was judged is still what is known; a judgement against is never outlived by new facts."""
    question = GateQuestion(row["question"])
    if question is GateQuestion.RESPONSE:
        return not scans or scans[-1].entered_at <= row["at"]
    (toxicity,) = (one for one, asked in _GAPS.items() if asked is question)
    now, then = worst[toxicity], course.worst(row["at"], known_at=row["at"])[toxicity]
    if not row["holds"] or now is None:
        return True
    return set(now.unsettled_days) <= set(then.unsettled_days if then else ())


def _judgement(judgements: Iterable[JudgementRecord], question: GateQuestion) -> Judgement | None:
    counting = [one for one in judgements if one.question is question and one.counts]
    return Judgement(counting[-1].holds, counting[-1].reason) if counting else None


def _with_judgement(
    worst: WorstGrade | None, judgements: Iterable[JudgementRecord], question: GateQuestion
) -> WorstGrade | None:
    return None if worst is None else replace(worst, gaps_judged=_judgement(judgements, question))


def _releases(session: Session, patient_id: int) -> tuple[ReleaseRecord, ...]:
    rows, users, signatures = table_of("bar_release"), table_of("user"), table_of("signature")
    query = (
        select(rows, users.c.username, signatures.c.printed_name, signatures.c.role)
        .join(users, users.c.id == rows.c.by)
        .join(signatures, signatures.c.id == rows.c.signature_id)
        .where(rows.c.patient_id == patient_id)
        .order_by(rows.c.id)
    )
    return tuple(
        ReleaseRecord(
            user_id=row["by"],
            username=row["username"],
            by=row["printed_name"],
            role=row["role"],
            at=row["at"],
            reason=row["reason"],
            worst_crs=row["worst_crs"],
            worst_icans=row["worst_icans"],
        )
        for row in session.connection().execute(query).mappings()
    )


def _release(record: ReleaseRecord) -> Release:
    # Two people may share a name; the username tells them apart.
    return Release(f"{record.by} ({record.username})", record.reason, record.worst_crs, record.worst_icans)


def _asked_again(session: Session, patient_id: int, first_infused_on: date) -> ScreeningRecord | None:
    """The exclusion criteria as they stand asked again; what was asked before the infusion is not that."""
    found = load_screening(session, patient_id, Purpose.SECOND_INFUSION)
    return found if found is not None and found.judged_on >= first_infused_on else None


def _exclusion_facts(
    session: Session, patient_id: int, again: ScreeningRecord | None, on: date
) -> ScreeningFacts:
    """The facts asked again, with the infections recorded since: nobody has said yet how those stand."""
    if again is None:
        return ScreeningFacts()
    said_at = _infections_said_at(session, again)
    named = {one.site.casefold() for one in again.facts.infections or ()}
    since = tuple(
        ActiveInfection(event.site or event.term)
        for event in load_events(session, patient_id)
        if event.is_infection
        and event.entered_at > said_at
        and _is_active(event, on)
        and (event.site or event.term).casefold() not in named
    )
    infections = (*(again.facts.infections or ()), *since)
    return replace(again.facts, infections=infections) if since else again.facts


def _infections_said_at(session: Session, again: ScreeningRecord) -> datetime:
    """When the infections were last answered: a later version that only judges does not answer them anew."""
    said_at = again.entered_at
    for version in reversed(load_screening_versions(session, again.stable_id)):
        if version.facts.infections != again.facts.infections:
            break
        said_at = version.entered_at
    return said_at


def _is_active(event: EventRecord, on: date) -> bool:
    return event.onset_on <= on and (event.ended_on is None or event.ended_on > on)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedGate:
    """What the gate said when a second infusion was recorded, or last corrected."""

    verdict: GateVerdict
    reasons: tuple[str, ...]
    at: datetime


def load_recorded_gate(session: Session, infusion_id: int) -> RecordedGate | None:
    """What the audit trail keeps of it; None for an infusion recorded before the gate was asked."""
    rows = table_of("audit_event")
    query = (
        select(rows.c.detail, rows.c.at)
        .where(
            rows.c.subject == "infusion",
            rows.c.subject_id == str(infusion_id),
            rows.c.action.in_(("record_infusion", "correct_infusion")),
        )
        .order_by(rows.c.id.desc())
    )
    for detail, at in session.connection().execute(query):
        if "gate" in detail:
            gate = detail["gate"]
            return RecordedGate(verdict=GateVerdict(gate["verdict"]), reasons=tuple(gate["reasons"]), at=at)
    return None

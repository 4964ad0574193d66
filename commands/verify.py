"""`manage.py verify`: is what is stored still what was written, and still what the rules give?

Reads only. One line a check, the first findings under it; the exit status is 1 when one of them fails.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import make_url
from sqlmodel import Session

from actions.course import judged_values
from actions.patient_days import DayGrade, worst_of_days
from alerts.model import SignalKind
from alerts.reconcile import pending_changes
from alerts.states import Change, EndedReason, NoticeKind
from alerts.wording import reference
from clock import utc_now
from commands.verify_latched import check_latched
from commands.verify_screenings import check_screenings
from db import guards, migrate
from db import session as database
from db.audit import verify_chain
from db.queries import verify as stored
from db.queries.course import StoredAssessment, load_course
from db.queries.reports import StoredReport, load_file, load_frozen, load_reports
from db.queries.treatments import load_infused_and_given
from db.session import SaveRefused, reading
from grading.crs_course import GradedAssessment, grade_course
from grading.given_drugs import DrugGiven
from grading.scale import RULESET, Toxicity
from grading.settings import GradingSettings
from reports.committee import EarlierReportError, read_frozen, recomputed
from reports.sae import altered_sae_reports
from settings import SettingsError, load_settings
from trial.protocol import Protocol, ProtocolError, load_protocol, parse_protocol

SHOWN: Final = 10
"""How many findings of a check are printed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, in words, and what is wrong."""

    words: str
    findings: Sequence[str] = ()


@dataclass(slots=True)
class _Tally:
    """What comparing all courses came to; `ungraded` are the infusions that lack a grade."""

    grades: int = 0
    earlier_rules: int = 0
    days: int = 0
    grade_findings: list[str] = field(default_factory=list)
    day_findings: list[str] = field(default_factory=list)
    ungraded: set[int] = field(default_factory=set)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: the database is the one of DATABASE_URL or DATA_DIR."""


def main(args: argparse.Namespace) -> int:
    """Run every check and return the exit status."""
    try:
        settings = load_settings()
        protocol = load_protocol(settings.protocol_file)
        _open(settings.database_url)
        failed = [check for check in run_checks(settings.zone, protocol, utc_now()) if _print(check)]
    except (SettingsError, ProtocolError, SaveRefused, migrate.MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        database.close()
    print("Everything is as it was written." if not failed else f"{len(failed)} checks failed.")
    return 1 if failed else 0


def run_checks(zone: ZoneInfo, protocol: Protocol, now: datetime) -> Iterator[Check]:
    """Every check on the database that is open; days are the hospital's, in `zone`."""
    with reading() as session:
        yield _audit_trail(session)
        yield from _sqlite_file(session)
        yield _triggers(session)
        yield _versions(session)
        infusions = stored.load_infusions(session)
        yield _infusions(session, infusions)
        tally = _compare_courses(session, infusions, zone)
        yield from _courses(tally)
        graded = [one for one in infusions if one.id not in tally.ungraded]
        yield _alerts(session, graded, protocol, now, zone)
        yield Check(*check_latched(session, protocol, now, zone))
        yield Check(*check_screenings(session))
        yield _reports(session)
        yield _sae_reports(session)


def _open(url: str) -> None:
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).is_file():
        raise migrate.MigrationError(f"There is no database at {address.database}; `make run` creates one.")
    migrate.require_current(url)
    database.configure(url, only_reads=True)


def _print(check: Check) -> bool:
    print(f"{'FAILED' if check.findings else 'ok':<7}{check.words}")
    for finding in check.findings[:SHOWN]:
        print(f"       {finding}")
    if len(check.findings) > SHOWN:
        print(f"       and {len(check.findings) - SHOWN} more")
    return bool(check.findings)


def _audit_trail(session: Session) -> Check:
    chain = verify_chain(session)
    if chain.whole:
        return Check(f"audit trail: {chain.events} events in one chain, the newest is {chain.last_hash[:12]}")
    broken = f"event {chain.broken_at_id} is not what was written, or one before it is gone"
    return Check(f"audit trail: {chain.events} events, then the chain breaks", [broken])


def _sqlite_file(session: Session) -> Iterator[Check]:
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return
    faults = [str(line) for line in connection.exec_driver_sql("PRAGMA integrity_check").scalars()]
    yield Check("database file: integrity_check", [] if faults == ["ok"] else faults)
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    findings = [f"row {row} of {table} points at no row of {parent}" for table, row, parent, _ in orphans]
    yield Check("database file: foreign_key_check", findings)


def _triggers(session: Session) -> Check:
    gone = guards.missing(session.connection())
    return Check(
        "triggers: records can be neither changed nor deleted", [f"{name} is missing" for name in gone]
    )


def _versions(session: Session) -> Check:
    broken = [
        f"{table.name} {stable_id}"
        for table in stored.versioned_tables()
        for stable_id in stored.load_broken_versions(session, table)
    ]
    old = [
        f"assessment version {row} no longer counts and still has a grade"
        for row in stored.load_grades_of_old_versions(session)
    ]
    return Check("versions: numbered without a gap, one current, graded once", [*broken, *old])


def _infusions(session: Session, infusions: Sequence[stored.InfusionToVerify]) -> Check:
    unlike = stored.load_infusions_unlike_their_versions(session)
    findings = [f"{one.words}: not what its newest version says" for one in infusions if one.id in unlike]
    return Check(f"infusions: {len(infusions)} compared with their versions", findings)


def _alerts(
    session: Session,
    infusions: Sequence[stored.InfusionToVerify],
    protocol: Protocol,
    now: datetime,
    zone: ZoneInfo,
) -> Check:
    findings = [
        f"{one.words}: {_about(change)}"
        for one in infusions
        for change in pending_changes(session, one.id, now, protocol, zone).changes
        if not _is_due_to_time(change)
    ]
    return Check(f"alerts: those of {len(infusions)} infusions compared with their grades", findings)


def _reports(session: Session) -> Check:
    """Every report: its figures computed anew from its frozen rows, and the hash of every file."""
    texts = stored.load_protocol_texts(session)
    reports = load_reports(session)
    earlier = 0
    findings: list[str] = []
    for one in reports:
        try:
            # One by one: what was found before the end of this report stays.
            for finding in _differences(session, one, texts):
                findings.append(f"report {one.number}: {finding}")
        except EarlierReportError:
            earlier += 1
    kept = f" ({earlier} of an earlier version, kept as they are)" if earlier else ""
    words = f"reports: {len(reports)} recomputed from their frozen rows, files compared{kept}"
    return Check(words, findings)


def _sae_reports(session: Session) -> Check:
    """The reports of serious events: the hash of each content and file."""
    count, findings = altered_sae_reports(session)
    return Check(f"serious events: content and file of {count} report versions compared", findings)


def _differences(session: Session, report: StoredReport, texts: Mapping[str, str]) -> Iterator[str]:
    frozen, protocol_hash = load_frozen(session, report.id)
    if sha256(frozen).hexdigest() != report.frozen_sha256:
        yield "the frozen content is not what was made"
    for file in report.files:
        if sha256(load_file(session, file.id)).hexdigest() != file.sha256:
            yield f"{file.name} is not what was made"
    if protocol_hash not in texts:
        yield f"its protocol {protocol_hash[:12]} is not stored"
        return
    then = {table.name: table for table in read_frozen(frozen).figures}
    for table in recomputed(frozen, parse_protocol(texts[protocol_hash])):
        if table != then.get(table.name):
            yield f"the table {table.title} is not what its rows give"


def _is_due_to_time(change: Change) -> bool:
    """Whether only time has passed; the worker writes it when it runs."""
    by_the_clock = change.ended_reason in (EndedReason.EXPIRED, EndedReason.LEFT)
    return not change.kind.is_episode or by_the_clock or change.notice is NoticeKind.LAPSED


def _about(change: Change) -> str:
    scale = f" {Toxicity(change.slot).label}" if change.slot else ""
    graded = change.kind is SignalKind.GRADE_3
    what = f"grade {change.level}{scale}" if graded else f"{change.kind.value}{scale}"
    if change.alert_id is None:
        return f"{what} has no alert"
    return f"alert {reference(change.alert_id)} ought to be {change.state.value}, {what}"


def _compare_courses(
    session: Session, infusions: Sequence[stored.InfusionToVerify], zone: ZoneInfo
) -> _Tally:
    protocols = _settings_by_hash(stored.load_protocol_texts(session))
    tally = _Tally()
    for infusion in infusions:
        _compare_course(session, infusion, protocols, zone, tally)
    return tally


def _courses(tally: _Tally) -> Iterator[Check]:
    earlier = f" ({tally.earlier_rules} by earlier rules, kept as they are)" if tally.earlier_rules else ""
    yield Check(f"grades: {tally.grades} rebuilt and compared{earlier}", tally.grade_findings)
    yield Check(f"patient days: {tally.days} rebuilt and compared", tally.day_findings)


def _settings_by_hash(texts: Mapping[str, str]) -> dict[str, GradingSettings]:
    found = {}
    for name, text in texts.items():
        try:
            found[name] = parse_protocol(text).grading
        except ProtocolError:
            continue  # its grades are reported: no stored protocol can rebuild them
    return found


def _compare_course(
    session: Session,
    infusion: stored.InfusionToVerify,
    protocols: Mapping[str, GradingSettings],
    zone: ZoneInfo,
    tally: _Tally,
) -> None:
    rows = load_course(session, infusion.id)
    standing = {
        (grade["assessment_id"], grade["scale"]): grade
        for grade in stored.load_standing_grades(session, infusion.id)
    }
    _, drugs = load_infused_and_given(session, infusion.id)
    rebuild = _Rebuilt(rows, infusion, drugs, protocols, zone)
    for place, row in enumerate(rows):
        at = f"{infusion.words}, {row.assessed_at.astimezone(zone):%Y-%m-%d %H:%M}"
        for scale in Toxicity:
            grade = standing.get((row.id, scale.value))
            tally.grades += 1
            if grade is None:
                tally.ungraded.add(infusion.id)
            tally.earlier_rules += grade is not None and grade["ruleset"] != RULESET
            tally.grade_findings += [
                f"{at}: {finding}" for finding in rebuild.differences(place, scale, grade)
            ]
    _compare_days(session, infusion, rows, standing, zone, tally)


class _Rebuilt:
    """A course graded again under each protocol that its stored grades name."""

    def __init__(
        self,
        rows: Sequence[StoredAssessment],
        infusion: stored.InfusionToVerify,
        drugs: Sequence[DrugGiven],
        protocols: Mapping[str, GradingSettings],
        zone: ZoneInfo,
    ) -> None:
        self._drugs = drugs
        self._charted = [row.charted for row in rows]
        self._infused_at = infusion.infused_at.astimezone(zone)
        self._protocols = protocols
        self._graded: dict[str, list[GradedAssessment]] = {}

    def differences(self, place: int, scale: Toxicity, grade: Mapping[str, Any] | None) -> Iterator[str]:
        """What a stored grade says otherwise than the rules do."""
        if grade is None:
            yield f"{scale.label} has no stored grade"
        elif grade["ruleset"] != RULESET:
            return
        elif grade["settings_hash"] not in self._protocols:
            protocol = grade["settings_hash"][:12]
            yield f"{scale.label} was graded under protocol {protocol}, which is not stored"
        else:
            graded = self._under(grade["settings_hash"])[place]
            rebuilt = judged_values(graded, graded.crs if scale is Toxicity.CRS else graded.icans)
            for name, value in rebuilt.items():
                if grade[name] != value:
                    yield f"{scale.label} {name} is stored as {grade[name]!r}, rebuilt {value!r}"

    def _under(self, settings_hash: str) -> list[GradedAssessment]:
        if settings_hash not in self._graded:
            self._graded[settings_hash] = grade_course(
                self._charted,
                infused_at=self._infused_at,
                settings=self._protocols[settings_hash],
                drugs=self._drugs,
            )
        return self._graded[settings_hash]


def _compare_days(
    session: Session,
    infusion: stored.InfusionToVerify,
    rows: Sequence[StoredAssessment],
    standing: Mapping[tuple[int, str], Mapping[str, Any]],
    zone: ZoneInfo,
    tally: _Tally,
) -> None:
    grades = [
        DayGrade(row.assessed_at, scale, grade["grade"], grade["at_least"])
        for row in rows
        for scale in Toxicity
        if (grade := standing.get((row.id, scale.value))) is not None
    ]
    rebuilt = {
        (one.scale.value, one.on_date): one for one in worst_of_days(grades, infusion.infused_at, zone)
    }
    kept = {(day["scale"], day["on_date"]): day for day in stored.load_stored_days(session, infusion.id)}
    tally.days += len(rebuilt)
    for key in sorted(rebuilt.keys() | kept.keys()):
        if not _same_day(kept.get(key), rebuilt.get(key)):
            tally.day_findings.append(
                f"{infusion.words}, {key[1]}, {key[0].upper()}: not what its grades give"
            )


_DAY_COLUMNS: Final = ("days_since_infusion", "worst_at_least", "settled", "assessments")


def _same_day(kept: Mapping[str, Any] | None, rebuilt: object) -> bool:
    if kept is None or rebuilt is None:
        return False
    return all(kept[name] == getattr(rebuilt, name) for name in _DAY_COLUMNS)

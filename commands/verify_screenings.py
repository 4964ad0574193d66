"""The screenings, for `manage.py verify`: verdicts judged again, signatures against what was signed."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError
from sqlalchemy import RowMapping
from sqlmodel import Session

from actions.enrolment import is_as_signed
from db.queries.screening import ScreeningRecord, load_screening_rows, screening_of
from db.queries.signatures import SignatureRecord, load_signatures
from db.queries.verify import load_protocol_texts
from trial.eligibility import judge_for
from trial.protocol import Protocol, ProtocolError, parse_protocol
from trial.screening_checks import FactsError


def check_screenings(session: Session) -> tuple[str, Sequence[str]]:
    """What was looked at, in words, and what is wrong."""
    rows = load_screening_rows(session)
    signatures = load_signatures(session, "screening")
    findings = [*_verdicts(rows, load_protocol_texts(session)), *_signatures(rows, signatures)]
    counted = f"{len(rows)} versions judged again, {len(signatures)} signatures compared"
    return f"screenings: {counted}", findings


def _verdicts(rows: Sequence[RowMapping], texts: Mapping[str, str]) -> Iterator[str]:
    protocols = {name: _parsed(text) for name, text in texts.items()}
    for row in rows:
        about = f"patient {row['patient_id']}, {row['purpose']}, version {row['version']} of the facts"
        protocol = protocols.get(row["protocol_hash"])
        record = _read(row)
        if record is None:
            yield f"{about}: what is stored are no facts"
        elif protocol is None:
            yield f"{about}: its protocol {row['protocol_hash'][:12]} is not stored"
        else:
            rebuilt = _judge(record, protocol)
            if rebuilt != record.verdict.value:
                yield f"{about}: stored as {record.verdict.value}, rebuilt {rebuilt}"


def _signatures(rows: Sequence[RowMapping], signatures: Sequence[SignatureRecord]) -> Iterator[str]:
    records = {row["id"]: _read(row) for row in rows}
    for signature in signatures:
        record = records.get(signature.subject_id)
        if record is None or not is_as_signed(record, signature):
            yield f"signature {signature.id}: the facts are not those that were signed"


def _read(row: RowMapping) -> ScreeningRecord | None:
    try:
        return screening_of(row)
    except ValidationError:
        return None


def _judge(record: ScreeningRecord, protocol: Protocol) -> str:
    try:
        return judge_for(record.purpose, record.facts, protocol.eligibility, record.judged_on).verdict.value
    except FactsError as error:
        return f"nothing ({error})"


def _parsed(text: str) -> Protocol | None:
    try:
        return parse_protocol(text)
    except ProtocolError:
        return None

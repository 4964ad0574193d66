"""The story of support without a CRS grade."""

from typing import Any

from sqlmodel import col, select

from alerts.states import Change, NoticeKind
from alerts.telling.desk import Desk, graded, row_id
from alerts.words.story import Supported, SupportStory
from alerts.words.support import signs_of, why_ungraded
from db.charted_columns import charted_of
from db.models import Alert, Assessment, Patient
from grading.charted import Sign
from grading.scale import Toxicity

_CORRECTIONS = (NoticeKind.AMENDMENT, NoticeKind.RETRACTION)


def support_story(
    desk: Desk, change: Change, alert: Alert, common: dict[str, Any]
) -> tuple[SupportStory, int]:
    """The story, and the version row it is about. `common` is what every notice carries."""
    if change.signal is None or change.notice in _CORRECTIONS:
        return _corrected(desk, change, alert, common)
    assessment_id = _subject(change)
    story = SupportStory(
        **common,
        course=desk.course,
        since=alert.first_observed_at,
        shown=_supported(desk, desk.session.get_one(Assessment, assessment_id), stands=True),
        ended=change.ended_reason,
        late_after=desk.protocol.slot_tolerance,
    )
    return story, assessment_id


def _subject(change: Change) -> int:
    signal = change.signal
    if signal is None:
        raise ValueError("Only a correction tells of support that no episode holds.")
    if change.notice is NoticeKind.RECOVERY:
        found = signal.ended_id
    else:
        latest = change.notice in (NoticeKind.AGAIN, NoticeKind.LAPSED)
        found = signal.latest_id if latest else signal.worst_id
    if found is None:
        raise ValueError(f"The signal {signal.kind} belongs to no assessment.")
    return found


def _corrected(desk: Desk, change: Change, alert: Alert, common: dict[str, Any]) -> tuple[SupportStory, int]:
    then, current = _versions(desk, change)
    moved = current.infusion_id != then.infusion_id
    stands = current.status == "recorded" and not moved
    story = SupportStory(
        **common,
        course=desk.course,
        since=alert.first_observed_at,
        shown=_supported(desk, current, stands=stands, moved=moved),
        ended=change.ended_reason,
        late_after=desk.protocol.slot_tolerance,
        was=_supported(desk, then, stands=False),
        moved=moved,
        another=current.entered_at != desk.now,
        corrected_at=desk.now,
        corrected_by=desk.by_words,
    )
    return story, row_id(then)


def _versions(desk: Desk, change: Change) -> tuple[Assessment, Assessment]:
    """The entry that left, as it was told, and as it stands: the one changed just now, else the newest."""
    ids = change.lost or change.members
    rows = [desk.current_of(stable_id) for stable_id in sorted(ids)]
    current = max(rows, key=lambda row: (row.entered_at == desk.now, row.assessed_at))
    if current.entered_at != desk.now or current.version == 1:
        return current, current  # another entry changed what this one proves
    former = desk.session.exec(
        select(Assessment)
        .where(Assessment.stable_id == current.stable_id, Assessment.version < current.version)
        .order_by(col(Assessment.version).desc())
        .limit(1)
    ).one()
    return former, current


def _supported(desk: Desk, row: Assessment, *, stands: bool, moved: bool = False) -> Supported:
    charted = charted_of(row)
    # A moved entry is graded with its new course, after this mail is written.
    grade = desk.grade(row_id(row), Toxicity.CRS) if row.status == "recorded" and not moved else None
    lasting = desk.session.get_one(Patient, row.patient_id).lasting_findings or ""
    settings = desk.protocol.grading
    return Supported(
        observed_at=row.assessed_at,
        entered_at=row.entered_at,
        signs=signs_of(
            charted, settings, lasting={Sign(word) for word in lasting.split(";") if word not in ("", "none")}
        ),
        why_ungraded=why_ungraded(charted, grade.fever or "" if grade else "", settings),
        grade=graded(grade) if grade and stands else None,
        ask_temperature=charted.temperature_c is None,
    )

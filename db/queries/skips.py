"""What was not done, because: every row, in the order in which it was entered.

The newest row of a due assessment decides (`trial.due.skips_that_count`): a refusal without an explanation
is asked again, so one due assessment may have several.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from db.models import SkippedAssessment
from trial.calendar import SlotKind
from trial.due import SkippedSlot


def load_skips(
    session: Session, infusion_ids: Sequence[int] | None = None
) -> defaultdict[int, list[SkippedSlot]]:
    """Infusion -> what was not done after it; of these infusions (some hundred at most), or of all."""
    query = select(
        col(SkippedAssessment.infusion_id),
        col(SkippedAssessment.kind),
        col(SkippedAssessment.due_at),
        col(SkippedAssessment.reason),
        col(SkippedAssessment.explanation),
        col(SkippedAssessment.entered_at),
    ).order_by(col(SkippedAssessment.id))
    if infusion_ids is not None:
        query = query.where(col(SkippedAssessment.infusion_id).in_(infusion_ids))
    found: defaultdict[int, list[SkippedSlot]] = defaultdict(list)
    for infusion_id, kind, due_at, reason, explanation, entered_at in session.connection().execute(query):
        found[infusion_id].append(SkippedSlot(SlotKind(kind), due_at, reason, explanation, entered_at))
    return found

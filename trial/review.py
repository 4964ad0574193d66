"""What a committee member reviews: items with a lasting key, and how each stands for one member.

An item is reviewed in the state of its data. While the data stay the same it stays reviewed; once they
change it asks again. Nothing here depends on who may see what.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any


class ItemKind(StrEnum):
    """What an item is about."""

    TOXICITY = "toxicity"
    ADVERSE_EVENT = "adverse_event"
    DEATH = "death"
    BAR_RELEASE = "bar_release"
    CORRECTION = "correction"


class Mark(StrEnum):
    """How an item stands for one member."""

    NEW = "new"
    CHANGED = "changed"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One thing to review.

    key         lasts as long as the item, whatever its data say
    words       one line for the list
    changed_at  when its data were last entered
    data        what a review was made of, as JSON values; another value asks for another review
    """

    key: str
    kind: ItemKind
    patient_id: int
    study_code: str
    words: str
    link: str
    changed_at: datetime
    data: Mapping[str, Any]

    @property
    def data_hash(self) -> str:
        """SHA-256 of the data."""
        text = json.dumps(self.data, default=_plain, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class MarkedItem:
    """An item as one member finds it; `is_since_last_look` where its data were entered after that."""

    item: ReviewItem
    mark: Mark
    reviewed_at: datetime | None
    is_since_last_look: bool


def marked(
    items: Iterable[ReviewItem],
    reviews: Mapping[str, tuple[str, datetime]],
    last_look_at: datetime | None,
) -> list[MarkedItem]:
    """Every item with its mark, what asks for a review first, the newest data first.

    Args:
        reviews: key -> the hash and time of the member's newest review of it.
        last_look_at: when the member last looked; None is never, and everything is since then.
    """
    found = [_marked(item, reviews.get(item.key), last_look_at) for item in items]
    by_time = sorted(found, key=lambda one: (one.item.changed_at, one.item.key), reverse=True)
    return sorted(by_time, key=lambda one: one.mark is Mark.REVIEWED)


def _marked(
    item: ReviewItem, review: tuple[str, datetime] | None, last_look_at: datetime | None
) -> MarkedItem:
    since = last_look_at is None or item.changed_at > last_look_at
    if review is None:
        return MarkedItem(item, Mark.NEW, None, since)
    data_hash, at = review
    mark = Mark.REVIEWED if data_hash == item.data_hash else Mark.CHANGED
    return MarkedItem(item, mark, at, since)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A review item cannot hold {value!r}.")

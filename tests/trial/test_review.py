"""Marks of review items: what asks a member again, and what does not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from trial.event_facts import Outcome
from trial.review import ItemKind, Mark, ReviewItem, marked

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def item(key: str = "toxicity:1:crs", hours: float = 0, **data: object) -> ReviewItem:
    at = NOW + timedelta(hours=hours)
    return ReviewItem(key, ItemKind.TOXICITY, 1, "CART-007", "CRS 3", "/patient", at, {"grade": 3, **data})


def marks(items: list[ReviewItem], reviewed: list[ReviewItem]) -> dict[str, Mark]:
    reviews = {one.key: (one.data_hash, NOW) for one in reviewed}
    return {one.item.key: one.mark for one in marked(items, reviews, NOW)}


def test_an_item_is_new_then_reviewed_then_changed_when_its_data_change() -> None:
    first = item()
    assert marks([first], []) == {first.key: Mark.NEW}
    assert marks([first], [first]) == {first.key: Mark.REVIEWED}
    assert marks([item(grade=4)], [first]) == {first.key: Mark.CHANGED}
    assert marks([replace(item(), words="CRS at least 3", link="/x")], [first]) == {first.key: Mark.REVIEWED}


def test_what_asks_for_a_review_stands_first_and_the_newest_of_it_on_top() -> None:
    old, new, done = item("a", 0), item("b", 5), item("c", 9)
    found = marked([old, new, done], {"c": (done.data_hash, NOW)}, None)
    assert [one.item.key for one in found] == ["b", "a", "c"]
    assert [one.reviewed_at for one in found] == [None, None, NOW]


def test_since_the_last_look_is_by_when_the_data_were_entered() -> None:
    before, after = item("a", -1), item("b", 1)
    since = {one.item.key: one.is_since_last_look for one in marked([before, after], {}, NOW)}
    assert since == {"a": False, "b": True}
    assert all(one.is_since_last_look for one in marked([before, after], {}, None))


def test_the_same_data_have_one_hash_in_any_order_and_zone() -> None:
    one = item(at=NOW, on=date(2026, 3, 2), outcome=Outcome.FATAL)
    other = replace(one, data=dict(reversed(list(one.data.items()))))
    assert one.data_hash == other.data_hash
    assert one.data_hash != replace(one, data={**one.data, "on": date(2026, 3, 3)}).data_hash
    with pytest.raises(TypeError, match="cannot hold"):
        _ = replace(one, data={"x": object()}).data_hash

"""What is kept for one state of the data."""

from pages.parts.kept import Kept


def test_a_value_is_made_once_for_its_key() -> None:
    kept: Kept[list[int]] = Kept()
    first = kept.get(("v1", "light"), lambda: [1])
    assert kept.get(("v1", "light"), lambda: [2]) is first
    assert kept.get(("v2", "light"), lambda: [3]) == [3]


def test_what_was_used_longest_ago_goes_first() -> None:
    kept: Kept[str] = Kept(at_most=2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda key=key: key)  # type: ignore[misc]
    assert kept.get("a", lambda: "made again") == "a"
    assert kept.get("b", lambda: "made again") == "made again"

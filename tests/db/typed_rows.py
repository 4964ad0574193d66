"""Strategies: assessments as people and files type them, right and wrong."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from db.charted_columns import LIST_COLUMNS, WORD_COLUMNS
from grading.charted import OxygenDevice

_RANGES = {
    "temperature_c": (25, 45),
    "heart_rate_per_min": (0, 300),
    "respiratory_rate_per_min": (0, 100),
    "spo2_percent": (1, 100),
}
_ICE = {"ice_orientation": 4, "ice_naming": 3, "ice_commands": 1, "ice_writing": 1, "ice_attention": 1}

ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.builds(
    lambda at, zone: at.replace(tzinfo=UTC).astimezone(zone),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 -- made aware just above
    ZONES,
)
COMMENTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=2000).filter(
    str.strip
)


def _number(low: float, high: float) -> st.SearchStrategy[Any]:
    number = st.floats(low, high, allow_nan=False)
    return st.one_of(number, number.map(repr), st.integers(int(low) + 1, int(high)), st.none())


def _list(choices: type[Any]) -> st.SearchStrategy[Any]:
    words = st.lists(st.sampled_from([word.value for word in choices]), unique=True)
    return st.one_of(st.none(), words, words.map(lambda some: ";".join(some) or "none"))


@st.composite
def accepted(draw: st.DrawFn) -> dict[str, Any]:
    """A row that meets every rule."""
    typed: dict[str, Any] = {"patient_id": "C01", "assessed_at": draw(INSTANTS)}
    typed |= {column: draw(_number(*limits)) for column, limits in _RANGES.items()}
    typed |= {column: draw(_list(choices)) for column, choices in LIST_COLUMNS.items()}
    for column, choices in WORD_COLUMNS.items():
        if column != "ice_not_done":
            typed[column] = draw(st.none() | st.sampled_from([word.value for word in choices]))
    typed["systolic_mmhg"] = draw(st.none() | st.integers(100, 300))
    typed["diastolic_mmhg"] = draw(st.none() | st.integers(5, 99))
    if typed["oxygen_device"] != OxygenDevice.ROOM_AIR:
        typed["oxygen_l_per_min"] = draw(_number(0, 80))
    if typed["crs_judgement"] == "not_crs" and typed["death_due_to"] == "crs":
        typed["death_due_to"] = "icans"
    typed["comment"] = draw(st.none() | COMMENTS)
    return typed | draw(_ice(typed["consciousness"]))


@st.composite
def _ice(draw: st.DrawFn, consciousness: str | None) -> dict[str, Any]:
    most = {item: 0 if consciousness == "unarousable" else points for item, points in _ICE.items()}
    items = {item: draw(st.none() | st.integers(0, points)) for item, points in most.items()}
    given = sum(points for points in items.values() if points is not None)
    best = sum(most[item] if points is None else points for item, points in items.items())
    how = draw(st.sampled_from(["items", "score", "both", "not done", "nothing"]))
    if how == "items":
        return items
    if how == "score":
        return {"ice_score": draw(st.integers(0, sum(most.values())))}
    if how == "both":
        return items | {"ice_score": draw(st.integers(given, best))}
    if how == "not done":
        why = "sedated" if consciousness not in (None, "unarousable") else "unarousable"
        return {"ice_not_done": why}
    return {}


ANYTHING = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.lists(st.text(max_size=5), max_size=3),
    st.sampled_from(
        ["none", "none;none", "yes", "alert", "unarousable", "NaN", "1e999", "-0", "36,8", "\x00"]
    ),
)

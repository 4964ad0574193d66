"""Random valid courses that reach the states where graders disagree, and a way to make a disagreement small.

A course walks between phases (febrile, ill without fever, clear) so that courses open, are masked, close,
reopen and relapse under treatment; each row is then recorded fully or in part. Rows obey the assessment file,
and come in time order; the instants are all different and the UTC offsets vary.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from hypothesis import strategies as st

from tests.second_opinion import tables
from tests.second_opinion.grader import Given
from tests.second_opinion.signs import Row

PHASES = {
    "febrile": {"febrile": 3, "ill": 3, "clear": 3},
    "ill": {"febrile": 1, "ill": 4, "clear": 4},
    "clear": {"febrile": 1, "ill": 2, "clear": 7},
}
"""From each phase, the weight of each phase for the next row."""
FEBRILE_C = ("38.0", "38.00", "38.05", "38.6", "39.0", "40.2")
AFEBRILE_C = ("36.8", "37.2", "37.9", "37.95", "37.99")
GAPS_H = (0.5, 1, 4, 6, 8, 11.5, 12, 12.5, 13, 18, 23.5, 24, 24, 24.5, 25, 30)
AGENTS = tuple(tables.VASOPRESSOR_COUNTS)
DRUGS = tuple(tables.FEVER_MASKING_DRUG)
SIGNS = tuple(tables.FINDING_COLUMNS)
DEVICES = tuple(tables.OXYGEN_DEVICE)
OFFSETS = (UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-5, minutes=-30)))
RECORDED = (1.0, 1.0, 0.95, 0.8, 0.5)
"""How completely a row is recorded: each optional cell is kept with this chance."""
STRUCTURE = ("patient_id", "infusion_number", "assessed_at")


def random_course(rng: Random, rows: int) -> list[Row]:
    """A valid random course of `rows` rows, one patient and one infusion, in time order.

    The same generator state gives the same first rows whatever `rows` is, but for a death on the last.
    """
    start = datetime(2026, 3, 2, rng.randrange(24), rng.randrange(60), tzinfo=UTC)
    phase = rng.choice(("febrile", "clear", "clear", "ill"))
    treated = rng.random() < 0.3
    assessed_at, course = start, []
    for _ in range(rows):
        course.append(_row(rng, phase, treated, assessed_at))
        phase = _weighted(rng, PHASES[phase])
        treated = rng.random() < (0.7 if treated else 0.2)
        assessed_at += timedelta(hours=rng.choice(GAPS_H))
    if course and rng.random() < 0.1:
        judged_not_crs = course[-1]["crs_judgement"] == "not_crs"
        course[-1]["death_due_to"] = rng.choice(
            ("icans", "other") if judged_not_crs else ("crs", "icans", "other")
        )
    return course


def courses(max_rows: int = 10) -> st.SearchStrategy[list[Row]]:
    """Hypothesis strategy for `random_course`; the number of rows shrinks, see also `smallest`."""
    return st.builds(
        lambda rows, seed: random_course(Random(seed), rows),
        st.integers(min_value=1, max_value=max_rows),
        st.integers(min_value=0, max_value=2**32 - 1),
    )


def random_treatments(rng: Random, course: list[Row]) -> list[Given]:
    """Steroids and anticytokine drugs given around a course: once, repeated, running, not yet ended."""
    start = datetime.fromisoformat(str(course[0]["assessed_at"]))
    treatments: list[Given] = []
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        first = start + timedelta(hours=rng.choice(GAPS_H) * rng.choice((-2, 0, 1, 1, 3, 6)))
        end = rng.choice((None, first + timedelta(hours=rng.choice(GAPS_H) * rng.choice((0, 1, 2, 5)))))
        once: Given = (first, first, None)
        treatments.append(
            rng.choice((once, (first, end, None), (first, end, rng.choice((4, 6, 12, 24, 36)))))
        )
    return treatments


def smallest(course: list[Row], disagrees: Callable[[list[Row]], bool]) -> list[Row]:
    """Drop rows and blank cells while `disagrees` still holds; for a message a person can read."""
    progress = True
    while progress:
        progress = False
        for smaller in _one_step_smaller(course):
            if disagrees(smaller):
                course, progress = smaller, True
                break
    return [{column: cell for column, cell in row.items() if cell is not None} for row in course]


def _one_step_smaller(course: list[Row]) -> list[list[Row]]:
    """Every course with one row less or one cell less; each is still valid."""
    fewer_rows = [course[:i] + course[i + 1 :] for i in range(len(course)) if len(course) > 1]
    fewer_cells = [
        [*course[:i], {**row, column: None}, *course[i + 1 :]]
        for i, row in enumerate(course)
        for column, cell in row.items()
        if cell is not None and column not in STRUCTURE
    ]
    return fewer_rows + fewer_cells


def _weighted(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(tuple(weights), weights=tuple(weights.values()))[0]


def _row(rng: Random, phase: str, treated: bool, assessed_at: datetime) -> Row:
    """One valid row of the phase, recorded fully or in part."""
    row: Row = dict.fromkeys(tables.COLUMNS)
    ill = phase == "ill" or (phase == "febrile" and rng.random() < 0.4)
    row |= _vitals(rng, phase == "febrile", ill)
    row |= _oxygen(rng, ill)
    row |= _pressure(rng, ill)
    row |= _nerves(rng, worried=rng.random() < 0.5)
    row["fever_masking_drugs"] = _list(rng, DRUGS, 1.0 if treated else 0.0)
    _judge(rng, row, quiet=phase == "clear")
    _thin(rng, row)
    row |= _ice(rng, row)
    _attribute(rng, row)
    row["patient_id"], row["infusion_number"] = "R01", "1"
    row["assessed_at"] = assessed_at.astimezone(rng.choice(OFFSETS)).isoformat(timespec="minutes")
    return row


def _list(rng: Random, values: tuple[str, ...], chance: float) -> str:
    """A list cell: a few of the values, else `none`."""
    if rng.random() >= chance:
        return "none"
    return ";".join(rng.sample(values, rng.choice((1, 1, 1, 2, 3))))


def _vitals(rng: Random, febrile: bool, ill: bool) -> Row:
    systolic_mmhg = rng.choice((62, 84, 89, 90, 91)) if ill and rng.random() < 0.5 else rng.choice((90, 120))
    return {
        "temperature_c": rng.choice(FEBRILE_C if febrile else AFEBRILE_C),
        "systolic_mmhg": str(systolic_mmhg),
        "diastolic_mmhg": str(systolic_mmhg - rng.choice((1, 20, 40))),
        "heart_rate_per_min": str(rng.randint(50, 150)),
        "respiratory_rate_per_min": str(rng.randint(8, 40)),
    }


def _oxygen(rng: Random, ill: bool) -> Row:
    if not ill:
        return {"spo2_percent": rng.choice(("90", "97")), "oxygen_device": "room_air"}
    device = rng.choice((*DEVICES, "room_air", "nasal_cannula", "nasal_cannula", "nasal_cannula"))
    flow = (
        "0" if device == "room_air" else rng.choice(("0", "0.0", "0.1", "2", "5.9", "6", "6.0", "6.1", "15"))
    )
    return {
        "spo2_percent": rng.choice(("85", "89", "89.9", "90", "97")),
        "oxygen_device": device,
        "oxygen_l_per_min": flow,
    }


def _pressure(rng: Random, ill: bool) -> Row:
    return {
        "vasopressors": _list(rng, AGENTS, 0.5 if ill else 0.0),
        "iv_fluid_bolus": rng.choice(("yes", "no", None)) if ill else rng.choice(("no", None)),
    }


def _nerves(rng: Random, worried: bool) -> Row:
    if not worried:
        return {
            "consciousness": "alert",
            "seizure": "none",
            "motor_weakness": "none",
            "edema_or_raised_icp": "none",
        }
    edema = tuple(value for value in tables.EDEMA_OR_RAISED_ICP if value != "none")
    return {
        "consciousness": rng.choice(tuple(tables.CONSCIOUSNESS)),
        "seizure": rng.choice(("none", "none", *tables.SEIZURE)),
        "motor_weakness": rng.choice(("none", "none", "none", "deep_focal")),
        "edema_or_raised_icp": _list(rng, edema, 0.25),
    }


def _judge(rng: Random, row: Row, quiet: bool) -> None:
    """The clinician's judgements, rarer in the clear phase so that courses come to an end."""
    often = 0.05 if quiet else 0.2
    for column in ("hypoxia", "hypotension"):
        if rng.random() < often:
            row[column] = rng.choice(("yes", "no"))
    if rng.random() < often:
        row["crs_judgement"] = rng.choice(("crs", "not_crs"))


def _thin(rng: Random, row: Row) -> None:
    """Leave cells out. What remains is valid: only the oxygen flow needs its device to be no longer known."""
    kept = rng.choice(RECORDED)
    for column, cell in row.items():
        if cell is not None and rng.random() >= kept:
            row[column] = None


def _ice(rng: Random, row: Row) -> Row:
    """ICE by items, by total, by both, or not done; drawn after consciousness is final, which limits it."""
    unarousable = row["consciousness"] == "unarousable"
    way = rng.choice(("score", "score", "items", "part", "part", "both", "not done", "blank"))
    if way == "blank":
        return {}
    if way == "not done":
        reasons = [r for r in tables.ICE_NOT_DONE if r != "unarousable" or row["consciousness"] in (None, r)]
        return {"ice_not_done": rng.choice(reasons)}
    chance_full = 0.0 if unarousable else rng.choice((0.0, 0.5, 0.8, 1.0, 1.0))
    items: dict[str, int | None] = {}
    for column, most in tables.ICE_MAXIMUM.items():
        points = 0 if unarousable else most if rng.random() < chance_full else rng.randint(0, most)
        items[column] = None if way != "items" and rng.random() < 0.5 else points
    low = sum(points for points in items.values() if points is not None)
    could_add = sum(most for column, most in tables.ICE_MAXIMUM.items() if items[column] is None)
    score = 0 if unarousable else rng.randint(low, low + could_add)
    if way == "score":
        return {"ice_score": "0" if unarousable else str(rng.choice((0, 2, 3, 6, 7, 9, 10, 10, 10)))}
    texts: Row = {column: None if points is None else str(points) for column, points in items.items()}
    return texts | {"ice_score": str(score)} if way == "both" else texts


def _attribute(rng: Random, row: Row) -> None:
    """Some signs have another cause; now and then one that has no finding, which the file accepts."""
    if rng.random() < 0.25:
        row["attributed_elsewhere"] = ";".join(rng.sample(SIGNS, rng.choice((1, 1, 2, 3))))

"""Treatments, laboratory, scans, ctDNA, events and visits of the made-up patients, as events of the plan.

Treatments follow what the story charts. Counts fall after lymphodepletion to a nadir in the second week and
come back in the fourth; CRP and ferritin rise with the fever. What is odd about one patient stands in `MORE`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from commands.made_up.bedside import hour_of
from commands.made_up.story import InfusionStory, PatientStory, Signs

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_LAB_DAYS: Final = (-6, 0, 2, 4, 6, 8, 10, 12, 14, 18, 21, 25, 28, 35, 42, 60, 90, 135, 180, 225, 270)
_VISITS: Final = {"day_28": 28, "day_60": 60, "day_90": 90, "day_180": 180, "day_270": 270}
_WITH_PET: Final = frozenset({"day_28", "day_90", "day_180", "day_270"})
_LIMITS: Final[Mapping[str, tuple[str, float | None, float | None]]] = {
    "anc": ("10^9/L", 1.8, 6.3),
    "platelets": ("10^9/L", 125, 350),
    "hemoglobin": ("g/L", 115, 150),
    "wbc": ("10^9/L", 3.5, 9.5),
    "lymphocytes": ("10^9/L", 1.1, 3.2),
    "crp": ("mg/L", None, 5),
    "ferritin": ("ng/mL", 13, 400),
    "il_6": ("pg/mL", None, 7),
    "ldh": ("U/L", 120, 250),
    "creatinine": ("umol/L", 41, 97),
    "alt": ("U/L", 7, 40),
    "ast": ("U/L", 13, 35),
    "bilirubin": ("umol/L", 3, 21),
    "fibrinogen": ("g/L", 2.0, 4.0),
}


@dataclass(frozen=True, slots=True)
class More:
    """What one patient's records have of their own; days count from the first infusion.

    anc_recovers_on  day on which neutrophils are back
    scans            day -> (response, Deauville)
    ctdna            day -> value in hGE/mL; 0 is negative, None awaited
    events           (day of onset, day of the end or None, values)
    follow_up        (day, values)
    missed           planned visits that were missed
    """

    anc_recovers_on: int = 20
    scans: Mapping[int, tuple[str, int]] | None = None
    ctdna: Mapping[int, float | None] | None = None
    events: tuple[tuple[int, int | None, Mapping[str, Any]], ...] = ()
    follow_up: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    missed: tuple[str, ...] = ()


def _infection(term: str, grade: int, site: str, organism: str | None, **more: Any) -> dict[str, Any]:
    return {
        "term": term,
        "grade": grade,
        "is_infection": True,
        "site": site,
        "organism": organism,
        "proof": "microbiological" if organism else "imaging",
        "neutropenic": True,
        "infection_treatment": "intravenous",
        "causality_car_t": "possible",
        "causality_lymphodepletion": "probable",
        "is_serious": False,
    } | more


def _event(term: str, grade: int, **more: Any) -> dict[str, Any]:
    return {"term": term, "grade": grade, "is_infection": False, "is_serious": False} | more


_SERIOUS: Final = {"is_serious": True, "serious_criteria": ["hospitalisation"]}
_LIFE_THREATENING: Final = {"is_serious": True, "serious_criteria": ["life_threatening"]}
_MILD: Final = {"neutropenic": False, "infection_treatment": "oral"}

MORE: Final[Mapping[str, More]] = {
    "CART-001": More(
        scans={28: ("PR", 4), 59: ("PD", 5)},
        ctdna={-8: 812, 14: 120, 28: 64, 59: 240},
        events=(
            (8, 17, _infection("Lung infection", 3, "lung", "Klebsiella pneumoniae")),
            (3, 6, _event("Hypotension", 2, causality_car_t="probable")),
        ),
        follow_up=((59, {"kind": "progression"}), (63, {"kind": "new_therapy", "note": "polatuzumab"})),
    ),
    "CART-002": More(
        anc_recovers_on=41,
        scans={28: ("CR", 2)},
        ctdna={-7: 430, 14: 12, 28: 0, 45: 3.1, 55: 9.4},
        events=(
            (2, 12, _event("Hypoxia", 4, causality_car_t="definite", **_LIFE_THREATENING)),
            (4, 13, _infection("Sepsis", 4, "blood", "Escherichia coli", **_LIFE_THREATENING)),
        ),
    ),
    "CART-003": More(ctdna={-8: 655}),
    "CART-004": More(ctdna={-7: 88}),
    "CART-005": More(
        ctdna={-9: 240},
        events=((6, None, _event("Headache", 1, causality_car_t="unlikely")),),
    ),
    "CART-006": More(
        scans={28: ("SD", 4)},
        ctdna={-9: 95, 14: 71, 28: 80},
        events=((5, 9, _event("Tremor", 2, causality_car_t="probable")),),
    ),
    "CART-007": More(scans={28: ("PR", 4)}, ctdna={-8: 510, 14: 44, 28: 12}),
    "CART-008": More(ctdna={-8: 931}),
    "CART-009": More(ctdna={-7: 174}),
    "CART-010": More(ctdna={-8: 312}),
    "CART-011": More(
        scans={28: ("PR", 4), 90: ("CR", 2), 181: ("CR", 1), 268: ("CR", 2)},
        ctdna={-8: 377, 14: 21, 28: 6, 60: 0, 90: 0, 181: 0, 268: 0},
        events=(
            (120, 131, _infection("Upper respiratory infection", 2, "throat", "rhinovirus") | _MILD),
            (30, None, _event("Immunoglobulin G decreased", 2, causality_car_t="probable")),
        ),
        missed=("day_60",),
    ),
    "CART-012": More(
        anc_recovers_on=26,
        scans={28: ("PR", 5)},
        ctdna={-7: 1204, 14: 300, 28: 210},
        events=(
            (
                9,
                21,
                _infection("Catheter related infection", 3, "central line", "Staphylococcus aureus"),
            ),
        ),
    ),
    "CART-013": More(
        anc_recovers_on=38,
        scans={26: ("SD", 4)},
        ctdna={-8: 66, 14: 5.2, 26: None},
        events=((27, None, _infection("Lung infection", 3, "lung", None) | _SERIOUS),),
    ),
    "CART-014": More(ctdna={-8: 57}),
}

Record = tuple[datetime, str, dict[str, Any]]
"""When it is entered, by which kind of event, and what."""


def records_of(
    patient: PatientStory, infused: list[datetime], now: datetime, zone: ZoneInfo, seed: int
) -> Iterator[Record]:
    """Every record of one patient up to now, in no order."""
    more = MORE.get(patient.code, More())
    rng = Random(f"{seed} {patient.code} records")
    for story, infused_at in zip(patient.infusions, infused, strict=True):
        yield from _lymphodepletion(infused_at)
        yield from _treatments(patient, story, infused_at, now)
    if infused:
        yield from _laboratory(patient, infused, more, now, zone, rng)
        yield from _disease(infused[0], more, now, zone)
        yield from _events(infused[0], more, now, zone)
        yield from _visits(infused[0], more, now, zone)


def _lymphodepletion(infused_at: datetime) -> Iterator[Record]:
    begin = infused_at - 5 * _DAY
    for drug, dose in (("fludarabine", 30), ("cyclophosphamide", 500)):
        values = {"drug": drug, "giving": "repeated", "dose": dose, "dose_unit": "mg/m2", "every_hours": 24}
        end = begin + 2 * _DAY
        yield end + _HOUR, "treat", values | {"started_at": begin, "ended_at": end}


def _treatments(
    patient: PatientStory, story: InfusionStory, infused_at: datetime, now: datetime
) -> Iterator[Record]:
    """What the story charts as given, with its doses."""
    until_h = (now - infused_at) / _HOUR
    for signs in story.signs:
        begin = infused_at + hour_of(signs.from_h, until_h) * _HOUR
        end = None if signs.to_h is None else infused_at + hour_of(signs.to_h, until_h) * _HOUR
        for values in _doses(patient, signs):
            if values["giving"] == "once":
                yield begin + 0.75 * _HOUR, "treat", values | {"started_at": begin}
            elif end is None or end > now:
                yield begin + 0.5 * _HOUR, "treat", values | {"started_at": begin}
            else:
                yield end + 0.5 * _HOUR, "treat", values | {"started_at": begin, "ended_at": end}


def _doses(patient: PatientStory, signs: Signs) -> Iterator[dict[str, Any]]:
    given = _words(signs, "fever_masking_drugs")
    if "tocilizumab" in given:
        # Rounded down to whole 10 mg: never above 8 mg/kg or 800 mg.
        dose = min(800.0, 8 * patient.weight_kg // 10 * 10)
        once = {"giving": "once", "dose": dose, "dose_unit": "mg", "weight_kg": patient.weight_kg}
        yield {"drug": "tocilizumab"} | once
    if "anakinra" in given:
        yield {"drug": "anakinra", "giving": "repeated", "dose": 100, "dose_unit": "mg", "every_hours": 6}
    if "dexamethasone" in given:
        yield {"drug": "dexamethasone", "giving": "repeated", "dose": 10, "dose_unit": "mg", "every_hours": 6}
    for agent in _words(signs, "vasopressors"):
        yield {"drug": agent, "giving": "running", "dose": 0.08, "dose_unit": "ug/kg/min"}


def _words(signs: Signs, column: str) -> list[str]:
    found = signs.columns.get(column)
    return list(found) if isinstance(found, list) else []


def _laboratory(
    patient: PatientStory, infused: list[datetime], more: More, now: datetime, zone: ZoneInfo, rng: Random
) -> Iterator[Record]:
    """A panel on each day of the list after the first infusion, and after the second."""
    taken: set[date] = set()
    for number, infused_at in enumerate(infused, start=1):
        fevers = [(fever.from_h / 24, fever.peak_c) for fever in patient.infusions[number - 1].fevers]
        later = infused[1] if number == 1 and len(infused) > 1 else None
        for day in _LAB_DAYS:
            at = (infused_at + day * _DAY).astimezone(zone).replace(hour=6, minute=15)
            if at > now - 3 * _HOUR or (later is not None and at > later - 7 * _DAY) or at.date() in taken:
                continue
            taken.add(at.date())
            values = _panel(day, more.anc_recovers_on if number == 1 else 18, fevers, rng)
            yield at + 2 * _HOUR, "lab", {"taken_at": at, "values": values}


def _panel(
    day: int, recovers_on: int, fevers: list[tuple[float, float]], rng: Random
) -> list[dict[str, Any]]:
    low = _trough(day, recovers_on)
    heats = [exp(-(((day - begin - 2) / 2.5) ** 2)) * (peak - 37.5) for begin, peak in fevers]
    heat = max(heats, default=0.0)
    drawn = {
        "anc": max(0.02, 3.4 * (1 - low) ** 3),
        "platelets": max(9, 190 * (1 - 0.85 * _trough(day - 3, recovers_on + 8))),
        "hemoglobin": 108 - 26 * _trough(day - 3, recovers_on + 12),
        "wbc": max(0.1, 5.1 * (1 - low) ** 2),
        "lymphocytes": max(0.03, 1.1 * (1 - low) ** 2),
        "crp": 4 + 70 * heat,
        "il_6": 5 + 420 * heat**2,
        "ferritin": 420 + 1900 * max(heat, 0.0),
        "ldh": 230 + 120 * heat,
        "creatinine": 68 + 8 * heat,
        "alt": 24 + 30 * heat,
        "ast": 26 + 34 * heat,
        "bilirubin": 10 + 4 * heat,
        "fibrinogen": max(1.1, 3.1 - 0.5 * heat),
    }
    return [
        {
            "analyte": analyte,
            "value": _rounded(value * rng.uniform(0.93, 1.07)),
            "unit": _LIMITS[analyte][0],
            "lln": _LIMITS[analyte][1],
            "uln": _LIMITS[analyte][2],
        }
        for analyte, value in drawn.items()
    ]


def _trough(day: float, recovers_on: int) -> float:
    """0 before lymphodepletion, 1 at the nadir, back to 0.2 on the day of recovery and fading from there."""
    if day <= -5:
        return 0.0
    if day < 7:
        return (day + 5) / 12
    middle = min(recovers_on, 11)
    fading = exp(-(day - middle) / max(recovers_on - middle, 3) * 1.5)
    return 1.0 if day <= middle else 0.9 * fading


def _rounded(value: float) -> float:
    return round(value, 2) if value < 10 else round(value, 1) if value < 100 else float(round(value))


def _disease(first: datetime, more: More, now: datetime, zone: ZoneInfo) -> Iterator[Record]:
    for day, (response, deauville) in (more.scans or {}).items():
        at = first + day * _DAY + 5 * _HOUR
        if at <= now:
            on = at.astimezone(zone).date()
            yield at, "scan", {"scanned_on": on, "response": response, "deauville": deauville}
    for day, value in (more.ctdna or {}).items():
        on = (first + day * _DAY).astimezone(zone).date()
        at = first + (day + 6) * _DAY
        values: dict[str, Any] = {"sampled_on": on}
        if value is not None and at <= now:
            found = {"value": value, "unit": "hGE/mL"} if value else {}
            result = "positive" if value else "negative"
            values |= found | {"result": result, "resulted_on": at.astimezone(zone).date()}
        yield (at if "result" in values else first + day * _DAY + _HOUR), "sample", values


def _events(first: datetime, more: More, now: datetime, zone: ZoneInfo) -> Iterator[Record]:
    """Entered at the onset; a serious one reported 18 h later, and each ended when it ended."""
    for onset, end, values in more.events:
        at = first + onset * _DAY + 4 * _HOUR
        typed: dict[str, Any] = dict(values) | {"onset_on": at.astimezone(zone).date(), "is_ongoing": True}
        entered_at = at + 3 * _HOUR
        if typed["is_serious"]:
            # The site learned of the one that goes on only this morning: its clock is running.
            typed["aware_at"] = max(at + 2 * _HOUR, now - 5 * _HOUR) if end is None else at + 2 * _HOUR
            entered_at = typed["aware_at"] + _HOUR / 4
        yield entered_at, "event", typed
        if typed.get("infection_treatment") == "intravenous":
            yield _antibiotic(at, None if end is None else first + end * _DAY)
        if end is not None:
            ended = first + end * _DAY + 5 * _HOUR
            done = {"ended_on": ended.astimezone(zone).date(), "is_ongoing": None, "outcome": "recovered"}
            if typed["is_serious"]:
                yield typed["aware_at"] + 18 * _HOUR, "event_reported", typed
            yield ended, "event_ended", typed | done
    for day, values in more.follow_up:
        at = first + day * _DAY + 8 * _HOUR
        yield at, "follow_up", dict(values) | {"occurred_on": at.astimezone(zone).date()}


def _antibiotic(begin: datetime, end: datetime | None) -> Record:
    """Intravenous, as meropenem is given, from the onset of an infection on."""
    dose = {"giving": "repeated", "dose": 1, "dose_unit": "g", "every_hours": 8}
    values = {"drug": "antibacterial", "started_at": begin + _HOUR} | dose
    if end is None:
        return begin + 2 * _HOUR, "treat", values
    return end + _HOUR, "treat", values | {"ended_at": end}


def _visits(first: datetime, more: More, now: datetime, zone: ZoneInfo) -> Iterator[Record]:
    for name, day in _VISITS.items():
        at = first + day * _DAY + 9 * _HOUR
        values: dict[str, Any] = {"infusion_number": 1, "name": name, "status": "done"}
        if name in more.missed:
            missed = {"status": "missed", "note": "Unwell with a cold; seen on day 90."}
            yield at + 10 * _DAY, "visit", values | missed
            continue
        pet = "done" if name in _WITH_PET and more.scans else "not_done"
        tests = {"blood_tests": "done", "ctdna": "done" if more.ctdna else "not_done", "pet_ct": pet}
        yield at, "visit", values | tests | {"visited_on": at.astimezone(zone).date()}

"""The tables of the efficacy page: rates with who is pending, steps of the curves, each patient's end."""

from collections.abc import Iterable, Sequence

from charts.survival import survival_words
from pages.committee.safety_parts.links import patient_link
from pages.committee.safety_parts.tables import who
from pages.parts import tiles
from pages.parts.wording import infusion_words
from trial.efficacy import EfficacySet, Survival
from trial.endpoints import EndpointRow, ResponseCount, Survived


def rate_table(counts: Iterable[tuple[str, int, ResponseCount]]) -> str:
    """Each rate with those who are not counted in it yet."""
    rows = [
        [
            tiles.cell(f"{head}, from the {infusion_words(number)}"),
            tiles.cell(count.rate.in_words),
            who(count.pending),
            who(count.early),
            who(count.not_counted),
        ]
        for head, number, count in counts
    ]
    heads = ("", "Rate of those counted", "Pending", "Reached so far", "Without PET/CT")
    return tiles.table("Rates with exact 95 % limits; a number opens its patients", heads, rows, numbers=True)


def survival_tables(sets: Sequence[EfficacySet]) -> str:
    """The steps of each curve."""
    return "".join(_steps_table(one, what) for one in sets for what in Survival)


def _steps_table(one: EfficacySet, what: Survival) -> str:
    head = f"{what.label} from the {infusion_words(one.number)}, {len(one.rows)} patients"
    curve = one.curve(what)
    if not curve.steps:
        return tiles.piece("p", text=f"{head}: no event.", classes="vigil-text")
    rows = [
        [
            tiles.cell(f"Day {step.day:g}"),
            tiles.cell(str(step.at_risk)),
            tiles.cell(str(step.events)),
            tiles.cell(f"{100 * step.survival:.0f} %"),
            tiles.cell(_limits(step.low, step.high)),
        ]
        for step in curve.steps
    ]
    heads = ("From", "At risk", "Events", "Survival", "95 % limits")
    return tiles.table(f"{head}: {survival_words(curve)}", heads, rows, numbers=True)


def _limits(low: float | None, high: float | None) -> str:
    return "none" if low is None or high is None else f"{100 * low:.0f} to {100 * high:.0f} %"


def endpoint_tables(sets: Sequence[EfficacySet]) -> str:
    """One line for each patient of each set, every endpoint with its reason."""
    head = tiles.piece("h2", text="Every patient", classes="vigil-h2")
    return head + "".join(_endpoint_table(one) for one in sets)


def _endpoint_table(one: EfficacySet) -> str:
    words = f"From the {infusion_words(one.number)}"
    if not one.rows:
        return tiles.piece("p", text=f"{words}: nobody yet.", classes="vigil-text")
    heads = ("Patient", "3-month CR", "Best response", "PFS", "OS")
    rows = [_row(row) for row in one.rows]
    return tiles.table(f"{words}, in the order of infusion; each with its reason", heads, rows)


def _row(row: EndpointRow) -> list[str]:
    return [
        patient_link(row.study_code),
        tiles.cell(row.month_3_cr.why),
        tiles.piece("div", text=row.best.value if row.best else "none read")
        + tiles.piece("div", text=row.objective_response.why, classes="vigil-soft"),
        _time(row.pfs),
        _time(row.os),
    ]


def _time(time: Survived) -> str:
    """ "day 63, censored" with the reason beneath."""
    what = "event" if time.event else "censored"
    return tiles.piece("div", text=f"day {time.day}, {what}") + tiles.piece(
        "div", text=time.why, classes="vigil-soft"
    )

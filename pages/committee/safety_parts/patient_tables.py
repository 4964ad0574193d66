"""The tables behind the lanes and the small panels: a line for each patient."""

from collections.abc import Iterator, Sequence

from charts.sign_panels import SignLine
from pages.committee.safety_parts.links import patient_link
from pages.committee.safety_parts.view import View
from pages.parts import tiles
from pages.parts.wording import infusion_words
from trial.drug_days import DrugGroup
from trial.swimmer import Lane, Stretch


def lane_table(view: View, lanes: Sequence[Lane]) -> str:
    """What each lane shows, in words; days since the first infusion."""
    heads = (
        "Patient",
        "Second infusion",
        *(f"{toxicity.label}, grade by days" for toxicity in view.filter.toxicities),
        *(group.label for group in DrugGroup),
        "Response",
        "Followed",
    )
    rows = [
        [
            patient_link(lane.code),
            tiles.cell("none" if lane.second_infusion_day is None else f"day {lane.second_infusion_day}"),
            *(
                tiles.cell(_stretches(lane.of([toxicity], view.filter.infusions)))
                for toxicity in view.filter.toxicities
            ),
            *(tiles.cell(_drug(lane, group)) for group in DrugGroup),
            tiles.cell(
                ", ".join(f"{response.value} day {day}" for day, response in lane.responses) or "none"
            ),
            tiles.cell(_followed(lane)),
        ]
        for lane in lanes
    ]
    return tiles.table("Days since the first infusion, in the order of infusion", heads, rows, numbers=True)


def _stretches(found: Sequence[Stretch]) -> str:
    return ", ".join(_stretch(one) for one in found) or "no grade above 0"


def _stretch(one: Stretch) -> str:
    until = f" to {one.last_day}" if one.last_day > one.first_day else ""
    return f"{one.grade}: day {one.first_day}{until}"


def _drug(lane: Lane, group: DrugGroup) -> str:
    days = [day for given, day in lane.drug_days if given is group]
    return ", ".join(_runs(days)) or "none"


def _runs(days: Sequence[int]) -> Iterator[str]:
    """ "day 3", "day 5 to 8": days in a row together."""
    first = 0
    for place, day in enumerate(days):
        if place + 1 == len(days) or days[place + 1] != day + 1:
            yield f"day {days[first]}" if days[first] == day else f"day {days[first]} to {day}"
            first = place + 1


def _followed(lane: Lane) -> str:
    if lane.died_day is not None:
        return f"died day {lane.died_day}"
    return f"day {lane.last_day}, further" if lane.goes_on else f"left day {lane.last_day}"


def sign_table(view: View, title: str, lines: Sequence[SignLine], unit: str) -> str:
    """Patients and infusions as rows, days as columns; a day without a value is a dash."""
    days = range(view.window + 1)
    rows = [
        [
            patient_link(line.code, line.number),
            tiles.cell(infusion_words(line.number)),
            *(tiles.cell(f"{line.values[day]:g}" if day in line.values else "–") for day in days),
        ]
        for line in lines
    ]
    heads = ("Patient", "", *(str(day) for day in days))
    return tiles.table(f"{title}, {unit}, by days since the infusion", heads, rows, numbers=True)

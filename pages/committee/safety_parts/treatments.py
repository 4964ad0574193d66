"""The tab of the treatments: who was given tocilizumab, steroids or another drug against the toxicity."""

from collections.abc import Sequence

from charts.rate_rows import RateLine, Section, draw_rate_rows
from db.queries.committee_later import load_treated
from db.session import reading
from pages.committee.safety_parts.links import patient_link
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.tables import who
from pages.committee.safety_parts.view import View, part
from pages.parts import tiles
from pages.parts.wording import counted, infusion_words, sentence_case
from trial.drug_days import DrugGroup
from trial.later_toxicity import WINDOW_DAYS, TreatedCourse, TreatedRow, treated_row


def show(view: View) -> None:
    """One picture, with every patient's days and amounts in the table behind it."""
    with reading() as session:
        courses = part(view, "treated", lambda: load_treated(session, view.people, view.cut_off, view.zone))

    def rows() -> tuple[TreatedRow, ...]:
        return tuple(
            treated_row(courses, number, group) for group in DrugGroup for number in view.filter.infusions
        )

    show_picture(
        view,
        Picture(
            name="treatments",
            title="Tocilizumab, steroids and others",
            how=f"Given at least once from day 0 to {WINDOW_DAYS}, or to the next infusion. Rates are of the "
            f"complete patients: day {WINDOW_DAYS} is over. Days come from treatments, else from what was "
            "charted at the bedside.",
            alt="Rates of patients given each group of drugs after each infusion, as in the table below.",
            draw=lambda theme: draw_rate_rows(_sections(rows()), ("Patients given it",), theme),
            table=lambda: _counts(rows()) + _patients(view, courses),
        ),
    )


def _sections(rows: Sequence[TreatedRow]) -> list[Section]:
    return [(group.label, [_line(row) for row in rows if row.group is group]) for group in DrugGroup]


def _line(row: TreatedRow) -> RateLine:
    early = f", {len(row.early)} given it already" if row.early else ""
    return RateLine(
        name=sentence_case(infusion_words(row.number)),
        under=f"{len(row.complete)} complete, {len(row.pending)} open{early}",
        rates=(row.rate,),
    )


def _counts(rows: Sequence[TreatedRow]) -> str:
    body = [
        [
            tiles.cell(f"{row.group.label}, {infusion_words(row.number)}"),
            tiles.cell(row.rate.in_words),
            who(row.treated, row.number),
            tiles.cell(str(len(row.complete))),
            who(row.pending, row.number),
        ]
        for row in rows
    ]
    heads = ("", "Rate of the complete", "Given it", "Complete", "Open")
    return tiles.table(
        "Patients given each group of drugs; a number opens its patients", heads, body, numbers=True
    )


def _patients(view: View, courses: Sequence[TreatedCourse]) -> str:
    rows = [
        [
            patient_link(one.code, one.number),
            tiles.cell(infusion_words(one.number)),
            *(tiles.cell(_days(one, group)) for group in DrugGroup),
            tiles.cell(_amount(one)),
        ]
        for one in courses
        if one.number in view.filter.infusions and one.given
    ]
    if not rows:
        return tiles.piece("p", text="Nobody was given any of them.", classes="vigil-text")
    heads = ("Patient", "", *(group.label for group in DrugGroup), "Dexamethasone-equivalent")
    return tiles.table("Days since the infusion on which a drug was given", heads, rows, numbers=True)


def _days(one: TreatedCourse, group: DrugGroup) -> str:
    days = one.given.get(group)
    if not days:
        return "none"
    doses = one.doses.get(group)
    how = "charted" if doses is None else counted(doses, "dose", "doses")
    return f"day {', '.join(str(day) for day in days)} ({how})"


def _amount(one: TreatedCourse) -> str:
    if DrugGroup.STEROID not in one.given:
        return "none"
    return f"{float(one.steroid_mg):g} mg" if one.steroid_mg else "not recorded"

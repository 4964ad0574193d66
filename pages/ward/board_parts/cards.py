"""One card of the board: what is shown of a patient, and in which order the cards stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.model import SignalKind
from alerts.words.short import short_words
from db.queries.board import BoardPatient, Missing
from db.queries.board_alerts import BoardAlert
from grading.scale import Toxicity
from pages.parts import tiles
from pages.parts.wording import (
    ago,
    columns_words,
    counted,
    infusion_and_day,
    listed,
    sentence_case,
    span,
    when,
)
from pages.ward.board_parts.standing import KIND_OF, Standing, due_of, open_columns, standing
from trial.calendar import Slot, SlotKind, day_of
from trial.due import DueNow
from trial.protocol import Protocol

LAST_THAT_CALLS = 2
"""Alerts up to this urgency stand in a solid band."""

_KIND_WORDS = {SlotKind.VITAL_SIGNS: "vital signs", SlotKind.ICE: "ICE"}
_WITH_ICE: Mapping[frozenset[SlotKind], str] = {
    frozenset({SlotKind.VITAL_SIGNS}): "",
    frozenset({SlotKind.VITAL_SIGNS, SlotKind.ICE}): ", with ICE",
    frozenset({SlotKind.ICE}): ", ICE only",
    frozenset(): "",
}


@dataclass(frozen=True, slots=True)
class Card:
    """Everything one card says, as words; `html` is made of escaped pieces only.

    urgent_alert_id  the unacknowledged alert that the Acknowledge button leads to
    """

    patient_id: int
    code: str
    infusion_id: int
    order: tuple[object, ...]
    needs_you_now: bool
    urgent_alert_id: int | None
    next_due: str
    html: str


@dataclass(frozen=True, slots=True)
class Place:
    """How one patient stands, and so where the card stands."""

    patient: BoardPatient
    alerts: Sequence[BoardAlert]
    due: DueNow
    standings: Mapping[Toxicity, Standing]
    day: int

    @property
    def unacknowledged(self) -> list[BoardAlert]:
        """The alerts nobody has answered for, the worst and oldest first."""
        waiting = [alert for alert in self.alerts if not alert.is_acknowledged]
        return sorted(waiting, key=lambda alert: (alert.urgency, -alert.level, alert.opened_at))

    @property
    def needs_you_now(self) -> bool:
        """Whether somebody must come: an alert without an answer, or something overdue."""
        return bool(self.unacknowledged or self.due.overdue)

    @property
    def order(self) -> tuple[object, ...]:
        """Unacknowledged alerts, then overdue (longest first), then grade, then day."""
        waiting = self.unacknowledged
        overdue_at = min((slot.due_at.timestamp() for slot in self.due.overdue), default=0.0)
        worst = max(one.rank for one in self.standings.values())
        return (
            not waiting,
            waiting[0].urgency if waiting else 0,
            -waiting[0].level if waiting else 0,
            not self.due.overdue,
            overdue_at,
            -worst,
            self.day,
            self.patient.code,
        )


def _questions_line(questions: int) -> str:
    words = f"{counted(questions, 'question', 'questions')} of the safety committee to answer, on the page."
    return tiles.piece("div", text=words, classes="vigil-card-line")


def in_order(
    patients: Sequence[BoardPatient],
    alerts: Mapping[int, Sequence[BoardAlert]],
    now: datetime,
    protocol: Protocol,
    *,
    zone: ZoneInfo,
) -> list[Place]:
    """Who needs somebody first: unacknowledged alerts, overdue, grade, day. Cheap for a thousand of them."""
    places = [
        _place(patient, alerts.get(patient.infusion_id, ()), now, protocol, zone) for patient in patients
    ]
    return sorted(places, key=lambda place: place.order)


def _place(
    patient: BoardPatient,
    alerts: Sequence[BoardAlert],
    now: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
) -> Place:
    due = due_of(patient, now, protocol, zone)
    late_kinds = {slot.kind for slot in due.overdue}
    standings = {
        scale: standing(patient.points, scale, now, zone, is_overdue=KIND_OF[scale] in late_kinds)
        for scale in Toxicity
    }
    return Place(patient, alerts, due, standings, day_of(now, patient.infused_at, zone))


def write_card(place: Place, missing: Missing, now: datetime, zone: ZoneInfo, *, questions: int = 0) -> Card:
    """Write one card; `questions` of the safety committee wait for an answer."""
    patient, waiting = place.patient, place.unacknowledged
    opened = open_columns(patient, place.due, missing)
    parts = [
        *(_band(alert, now, zone) for alert in waiting if not _says_the_same(alert, place.due)),
        *([tiles.outlined_band(overdue_words(place.due.overdue, now, zone))] if place.due.overdue else []),
        _heading(patient, place.day),
        *(_grade_line(scale, place.standings[scale]) for scale in Toxicity),
        _times_line(place, now, zone),
        *(_open_line(scale, opened[scale]) for scale in opened),
        *([_questions_line(questions)] if questions else []),
        *(
            tiles.piece("div", text=acknowledged_words(alert, now, zone), classes="vigil-card-line")
            for alert in place.alerts
            if alert.is_acknowledged
        ),
    ]
    return Card(
        patient_id=patient.patient_id,
        code=patient.code,
        infusion_id=patient.infusion_id,
        order=place.order,
        needs_you_now=place.needs_you_now,
        urgent_alert_id=waiting[0].alert_id if waiting else None,
        next_due=next_due_words(place.due, now, zone),
        html=tiles.piece("div", *parts, classes="vigil-card"),
    )


def _band(alert: BoardAlert, now: datetime, zone: ZoneInfo) -> str:
    """A solid band calls; what is less urgent is outlined, so that it never drowns what is."""
    draw = tiles.alert_band if alert.urgency <= LAST_THAT_CALLS else tiles.outlined_band
    return draw(alert_words(alert, now, zone))


def _says_the_same(alert: BoardAlert, due: DueNow) -> bool:
    """Whether the band of what is overdue tells of it already."""
    return alert.signal == SignalKind.MISSED and alert.slot in {slot.kind for slot in due.overdue}


def alert_words(alert: BoardAlert, now: datetime, zone: ZoneInfo) -> str:
    """ "ICANS 3 since 07:52, not acknowledged. 3 people told.", "Vital signs missed since 06:00, ..."."""
    since = when(alert.first_observed_at, now, zone)
    return f"{what_words(alert)} since {since}, not acknowledged. {told_words(alert)}"


def what_words(alert: BoardAlert) -> str:
    """ "ICANS at least 3", "Vital signs missed"."""
    words = short_words(alert.signal, alert.slot, alert.level, is_settled=alert.is_settled)
    return sentence_case(words)


def told_words(alert: BoardAlert) -> str:
    """Who has been told: "3 people told.", "2 of 3 people told.", "3 people are being told."."""
    if alert.recipients == 0:
        return "Nobody is on the list of recipients."
    people = counted(alert.recipients, "person", "people")
    if alert.told == alert.recipients:
        return f"{people} told."
    if alert.told == 0:
        return f"{people} {'is' if alert.recipients == 1 else 'are'} being told."
    return f"{alert.told} of {people} told."


def acknowledged_words(alert: BoardAlert, now: datetime, zone: ZoneInfo) -> str:
    """ "ICANS 3 acknowledged by Dr Chen at 08:02.", "Vital signs missed: acknowledged by ..."."""
    at = "" if alert.acknowledged_at is None else f" at {when(alert.acknowledged_at, now, zone)}"
    by = f" by {alert.acknowledged_by}" if alert.acknowledged_by else ""
    what = sentence_case(short_words(alert.signal, alert.slot, alert.level)).rstrip(",")
    return f"{what}{' ' if alert.level else ': '}acknowledged{by}{at}."


def overdue_words(overdue: Sequence[Slot], now: datetime, zone: ZoneInfo) -> str:
    """ "Overdue 2 h 27 min: vital signs and ICE, due 06:05."."""
    first = overdue[0]
    late = span(now - first.due_at)
    together = [slot for slot in overdue if slot.due_at == first.due_at]
    words = f"{listed([_KIND_WORDS[slot.kind] for slot in together])}, due {when(first.due_at, now, zone)}"
    rest = [
        f"{_KIND_WORDS[slot.kind]}, due {when(slot.due_at, now, zone)}"
        for slot in overdue
        if slot not in together
    ]
    return f"Overdue {late}: {'; '.join([words, *rest])}."


def next_due_words(due: DueNow, now: datetime, zone: ZoneInfo) -> str:
    """ "11:52", or "" when it is due already, or nothing more is due before the end of tomorrow."""
    ahead = bool(due.coming) and due.coming[0].due_at > now
    return when(due.coming[0].due_at, now, zone) if ahead else ""


def _heading(patient: BoardPatient, day: int) -> str:
    return tiles.piece(
        "div",
        tiles.piece("h3", text=patient.code),
        tiles.piece("span", text=infusion_and_day(patient.number, day)),
        classes="vigil-card-heading",
    )


def _grade_line(scale: Toxicity, standing_now: Standing) -> str:
    return tiles.piece(
        "div",
        tiles.grade_tile(standing_now.grade, standing_now.at_least, toxicity=scale.label),
        tiles.piece("b", text=scale.label, aria_hidden="true"),
        tiles.arrow(standing_now.direction, standing_now.words),
        classes="vigil-card-grade",
    )


def _times_line(place: Place, now: datetime, zone: ZoneInfo) -> str:
    points = place.patient.points
    last = (
        f"Last {when(points[-1].at, now, zone)}, {ago(points[-1].at, now)}."
        if points
        else "No assessment yet."
    )
    parts = [tiles.piece("span", text=last)]
    if place.due.coming:
        at = place.due.coming[0].due_at
        with_ice = _WITH_ICE[frozenset(slot.kind for slot in place.due.coming)]
        parts += [
            tiles.piece("span", text=" Next due " if at > now else " Due since "),
            tiles.piece("b", text=when(at, now, zone)),
            tiles.piece("span", text=f"{with_ice}."),
        ]
    return tiles.piece("div", *parts, classes="vigil-card-line")


def _open_line(scale: Toxicity, columns: Sequence[str]) -> str:
    words = f"{sentence_case(columns_words(columns))}, to settle {scale.label}"
    return tiles.piece(
        "div",
        tiles.piece("b", text="Not recorded: "),
        tiles.piece("span", text=words),
        classes="vigil-card-line",
    )

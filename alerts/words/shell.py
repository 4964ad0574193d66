"""What one notice says: built from typed values only, and the only fields the mail's templates know.

No free text enters: no comment, reason, remark or name. The study code is the only identifier.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from alerts.states import STARTING, NoticeKind
from alerts.wording import reference
from alerts.words.chase import closing_of
from alerts.words.story import Course, Telling

Line = tuple[str, str]
Parts = tuple[str, str, list[Line]]
"""The headline, the subject without urgency and reference, and the lines."""

CALLS: Final = frozenset({*STARTING, NoticeKind.ESCALATION, NoticeKind.REPEAT})
"""The notices that ask for an answer."""

NEUTRAL: Final = "0"
"""The colour of a tile that shows no grade."""

OPEN: Final = "Open the alert"
"""The button of a notice that asks for no acknowledgement, or not of the first it reaches."""

_ACKNOWLEDGE: Final = "Open the alert and acknowledge"
_NOTHING_TO_DO: Final = "Nothing has to be acknowledged."


@dataclass(frozen=True, slots=True)
class MailContent:
    """The allow-list of the templates, stored with the notice.

    tile       what stands in the coloured square, `colour` the grade whose colour it takes
    lines      label and text, one each
    told       groups of the recipients
    number     which notice of the alert this is
    ruleset    what the grades follow; empty where nothing is graded
    """

    subject: str
    preview: str
    tile: str
    colour: str
    headline: str
    lines: tuple[Line, ...]
    button: str
    link: str
    closing: str
    told: tuple[str, ...]
    reference: str
    number: int
    ruleset: str

    def stored(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def assembled(
    telling: Telling, parts: Parts, *, over: bool = False, tile: str = "", colour: str = NEUTRAL
) -> MailContent:
    """The whole content around the headline, subject and lines. Without `tile` the urgency stands there.

    `over`: the notice asks for nothing although its kind would.
    """
    headline, subject, lines = parts
    waiting = telling.kind in CALLS and not over
    return MailContent(
        subject=f"P{telling.urgency} {subject} ({reference(telling.alert_id)})",
        preview="Needs an acknowledgement." if waiting else _NOTHING_TO_DO,
        tile=tile or f"P{telling.urgency}",
        colour=colour,
        headline=headline,
        lines=tuple(lines),
        button=_ACKNOWLEDGE if waiting else OPEN,
        link=f"{telling.app_url}/alerts?a={telling.alert_id}",
        closing=closing_of(telling) if waiting else _NOTHING_TO_DO,
        told=telling.told,
        reference=reference(telling.alert_id),
        number=telling.number,
        ruleset=telling.ruleset,
    )


def patient(course: Course) -> str:
    """ "Patient CART-007"."""
    return f"Patient {course.study_code}"


def digest_content(
    alerts: int, courses: int, *, told: tuple[str, ...], app_url: str, ruleset: str
) -> MailContent:
    """The one notice after an import of history."""
    count = f"{alerts} {'episode' if alerts == 1 else 'episodes'} of grade 3 or more"
    return MailContent(
        subject=f"P4 imported history: {count}",
        preview=_NOTHING_TO_DO,
        tile=str(alerts),
        colour=NEUTRAL,
        headline=f"Imported history holds {count}.",
        lines=(
            ("Infusions", f"{courses}."),
            ("Alerts", "stored as historical; none of them was sent as a mail of its own."),
        ),
        button="Open the alerts",
        link=f"{app_url}/alerts",
        closing=_NOTHING_TO_DO,
        told=told,
        reference="",
        number=1,
        ruleset=ruleset,
    )


def content_from(stored: Mapping[str, Any]) -> MailContent:
    """The content as it was stored with the notice."""
    fields = dict(stored)
    fields["lines"] = tuple((label, text) for label, text in fields["lines"])
    fields["told"] = tuple(fields["told"])
    return MailContent(**fields)


def without_empty(lines: Iterable[Line]) -> list[Line]:
    """The lines that say something."""
    return [(label, text) for label, text in lines if text]

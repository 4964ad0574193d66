"""A notice as the bytes of one mail: plain text and HTML, the same bytes for the same notice and recipient.

The bytes are stored with the delivery before the first attempt, so that every retry is identical and
carries the same Message-ID.
"""

import logging
import textwrap
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from alerts.wording import GROUP_WORDS, group_words
from alerts.words.shell import MailContent
from grading.colours import GRADE_COLOURS, THEME_COLOURS

TEXT_WIDTH: Final = 65
_FONTS: Final = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans SC','PingFang SC',sans-serif"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who gets the mail; `group` says why."""

    name: str
    address: str
    group: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What makes this mail this one.

    uid         the delivery's, and so the Message-ID
    thread_uid  of the first mail to this recipient about the same alert, if this is a later one
    """

    uid: str
    created_at: datetime
    thread_uid: str | None
    sender: str
    zone: ZoneInfo


def build_message(content: MailContent, to: Addressee, envelope: Envelope) -> bytes:
    """The whole mail. A notice that cannot be built becomes a fixed, minimal one, never an error."""
    try:
        return _rendered(content, to, envelope)
    except Exception:
        # Whatever is wrong with one template or name, the others must still be told, and so must this one.
        _log.exception("The mail for delivery %s could not be built; a minimal one is sent.", envelope.uid)
        return _minimal(content.link, to.address, envelope)


def _rendered(content: MailContent, to: Addressee, envelope: Envelope) -> bytes:
    told = ", ".join(group_words(content.told))
    values = {
        "content": content,
        "told": told,
        "you": GROUP_WORDS[to.group],
        "reference": f" Reference {content.reference}, notice {content.number}." if content.reference else "",
        "light": THEME_COLOURS["light"],
        "dark": THEME_COLOURS["dark"],
        "tile": GRADE_COLOURS["light"][content.colour],
        "dark_tile": GRADE_COLOURS["dark"][content.colour],
        "fonts": _FONTS,
    }
    message = _headers(Address(to.name, addr_spec=to.address), content.subject, envelope)
    message.set_content(_template("notice.txt").render(values), cte="quoted-printable")
    message.add_alternative(_template("notice.html").render(values), subtype="html", cte="quoted-printable")
    # The library would draw the boundary at random.
    message.set_boundary(f"=_{envelope.uid}")
    return message.as_bytes(policy=_LONG_LINES)


def _minimal(link: str, address: str, envelope: Envelope) -> bytes:
    """A mail of fixed words, made without the library's checks of names and addresses."""
    domain = envelope.sender.rpartition("@")[2]
    to = "".join(sign for sign in address if " " < sign < "\x7f")
    lines = [
        f"From: Vigil <{envelope.sender}>",
        f"To: <{to}>",
        "Subject: Vigil has an alert",
        f"Date: {format_datetime(envelope.created_at.astimezone(envelope.zone))}",
        f"Message-ID: <{envelope.uid}@{domain}>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        'Content-Type: text/plain; charset="us-ascii"',
        "",
        "Vigil has an alert. This mail could not show what it is.",
        "Open it:",
        link,
        "",
    ]
    return "\r\n".join(lines).encode("ascii", "ignore")


def _headers(to: Address, subject: str, envelope: Envelope) -> EmailMessage:
    domain = envelope.sender.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Vigil", addr_spec=envelope.sender)
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = envelope.created_at.astimezone(envelope.zone)
    message["Message-ID"] = f"<{envelope.uid}@{domain}>"
    if envelope.thread_uid:
        message["In-Reply-To"] = f"<{envelope.thread_uid}@{domain}>"
        message["References"] = f"<{envelope.thread_uid}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def _lines(text: str) -> str:
    """The text in lines of at most TEXT_WIDTH characters; an address is never broken."""
    return textwrap.fill(text, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)


def _environment(autoescape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("alerts"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["lines"] = _lines
    return environment


# A subject a little too long would begin on a line of its own, which some mail programs show as no subject.
_LONG_LINES = SMTP.clone(max_line_length=300)
_TEXT = _environment(autoescape=False)
_HTML = _environment(autoescape=True)


def _template(name: str) -> Template:
    return (_HTML if name.endswith(".html") else _TEXT).get_template(name)

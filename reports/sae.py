"""The report of a serious adverse event: its frozen content, its PDF, and how a version of it is made.

The content is plain values of what stands, without the time of making: as long as nothing changed, it is the
same, and no new version is made. The PDF is a function of the content and its version alone.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from actions import context
from actions.errors import Refused
from actions.permissions import Action, require
from actions.sae_reports import NewReport, keep_report
from actions.signatures import record_hash
from db.queries.sae import load_report_pdf, load_reports
from db.queries.sae_facts import SaeFacts, load_sae_facts
from db.roles import Actor
from db.session import reading
from reports.sae_content import content_of
from reports.sae_pdf import render_sae

_NOT_SERIOUS = "This event is not recorded as serious. Reload the page and choose again."


def make_sae_report(stable_id: str, narrative: str | None, *, by: Actor, now: datetime) -> int:
    """Make the next version of the report of a serious event and keep it; returns its row id.

    narrative  what happened, in words, by study code and never a name

    Raises:
        AlreadyRecorded: the last version says all that stands.
        ChangedMeanwhile: the event changed, or somebody made a version, while this one was made.
        Refused: the event is not serious, or the narrative is missing or too long.
        NotPermitted: the role may not report serious events.
    """
    require(by, Action.REPORT_SAE)
    with reading() as session:
        facts = load_sae_facts(session, stable_id, context.protocol(), context.settings().zone)
    if facts is None:
        raise Refused(_NOT_SERIOUS)
    content = current_content(facts, narrative)
    version = len(facts.reports) + 1
    pdf = render_sae(content, version=version, made_by=by.display_name, made_at=now)
    new = NewReport(stable_id, facts.event.version, facts.patient.id, version, content, pdf)
    return keep_report(new, by=by, now=now)


def current_content(facts: SaeFacts, narrative: str | None) -> dict[str, Any]:
    """The content of a report made now."""
    return content_of(facts, narrative, context.protocol(), context.settings().zone)


def is_outdated(facts: SaeFacts) -> bool:
    """Whether what stands differs from the last version of the report; False where there is none."""
    if not facts.reports:
        return False
    last = facts.reports[-1]
    return record_hash(current_content(facts, _narrative(last.content))) != last.content_hash


def altered_sae_reports(session: Session) -> tuple[int, list[str]]:
    """How many versions are kept, and a sentence for each whose content or file is not what was made."""
    every = [one for versions in load_reports(session).values() for one in versions]
    findings = []
    for one in every:
        name = f"report of the serious event {one.event_stable_id[:8]}, version {one.version}"
        if record_hash(one.content) != one.content_hash:
            findings.append(f"{name}: the content is not what was made")
        if hashlib.sha256(load_report_pdf(session, one.id)).hexdigest() != one.pdf_sha256:
            findings.append(f"{name}: the file is not what was made")
    return len(every), findings


def _narrative(content: Mapping[str, Any]) -> str | None:
    told: str | None = content["narrative"]
    return told

"""Every kind of mail, word for word: the texts stand in `mail_texts`, one file a course of events.

`REWRITE_MAIL_TEXTS=1` writes them anew; read what changed before it is committed.
"""

import os
import re
from pathlib import Path

import pytest
from sqlmodel import select

from alerts.messages import TEXT_WIDTH
from db.models import Assessment
from db.session import reading
from tests.alerts.conftest import Ward
from tests.alerts.latched_scenarios import LATCHED_SCENARIOS
from tests.alerts.lively import lively_ward, mails_of, raw_mails_of
from tests.alerts.mail_scenarios import SCENARIOS
from tests.alerts.test_messages import parsed, part
from tests.support import made_up

TEXTS = Path(__file__).parent / "mail_texts"
BETWEEN = f"\n{'=' * TEXT_WIDTH}\n"
"""Between two mails of one file."""

TYPED = "Zhang Wei in room 812 by the window"
"""What a person may have typed where free text is taken."""


@pytest.fixture(params=[*SCENARIOS, *LATCHED_SCENARIOS])
def played(
    request: pytest.FixtureRequest, sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Ward, str | None]:
    """One course of events, played to its end, and the signal whose mails are read."""
    ward = lively_ward(sqlite_database, tmp_path)
    monkeypatch.setattr(made_up, "WELL", {**made_up.WELL, "comment": TYPED})
    signal = None
    if request.param in SCENARIOS:
        SCENARIOS[request.param](ward)
    else:
        play, signal = LATCHED_SCENARIOS[request.param]
        play(ward)
    return request.param, ward, signal


def test_every_mail_reads_as_agreed(played: tuple[str, Ward, str | None]) -> None:
    name, ward, signal = played
    with reading() as session:
        assert session.exec(select(Assessment.comment).distinct()).all() in ([TYPED], [])
    found = BETWEEN.join(mails_of(ward, signal))
    path = TEXTS / f"{name}.txt"
    if os.environ.get("REWRITE_MAIL_TEXTS"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")
    for message in raw_mails_of(ward, signal):
        check(message)


def check(message: bytes) -> None:
    """What holds for every mail: short, in two parts that say the same, one link, nothing typed."""
    mail = parsed(message)
    text, html = part(message, "plain"), part(message, "html")
    seen = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())
    paragraphs = " ".join(text.split())
    headline = re.search(r"<h1[^>]*>(.*?)</h1>", html, flags=re.DOTALL)
    assert headline is not None
    assert paragraphs.startswith(headline[1])
    assert re.fullmatch(r"P[1-4] .{5,75} \(A-\d{4}\)", mail["Subject"])
    assert max(len(line) for line in text.splitlines()) <= TEXT_WIDTH
    assert len(text.splitlines()) <= 34  # two screens of a phone at most
    (link,) = re.findall(r'(?:href|src|action)="([^"]+)"', html)
    assert f"\n{link}\n" in text.replace("\r\n", "\n")
    assert not re.search(r"<(img|script|form|link)\b", html)
    assert "None" not in paragraphs
    assert len(html) < 4500
    for word in ("Zhang", "812", "window", "Dr Li,"):
        assert word not in paragraphs
        assert word not in seen

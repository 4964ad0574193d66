"""The efficacy page: closed to everyone but the committee and the investigators, on the server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions import permissions
from actions.permissions import Action
from db.roles import Role
from tests.pages.safety_page import (
    Show,
    admit,
    charts,
    day,
    drawn,
    infuse,
    opened,
    record,
    show,
    trial_file,
    words,
)
from tests.support.made_up import WELL

__all__ = ["show"]

OF_EFFICACY = ("remission", "PFS", "survival", "Deauville", "CR", "not reached")


def make_trial() -> None:
    """One in remission, one who progressed and died after the second infusion."""
    first = admit("CART-001", WELL, days_ago=120, sex="F")
    record("response_assessment", first, scanned_on=day(30).date(), response="CR", deauville=1)
    second = admit("CART-002", WELL, days_ago=120, sex="M")
    infuse(second, WELL, days_ago=80, number=2)
    record("response_assessment", second, scanned_on=day(60).date(), response="PD")
    record(
        "follow_up_event",
        second,
        kind="death",
        occurred_on=day(20).date(),
        cause="lymphoma",
    )


@pytest.fixture(scope="module")
def trial_url(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> str:
    return trial_file(tmp_path_factory.mktemp("efficacy"), sqlite_template, make_trial)


@pytest.fixture
def trial(trial_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    with opened(trial_url, tmp_path, monkeypatch) as run:
        yield run


@pytest.mark.parametrize("role", [Role.COMMITTEE, Role.INVESTIGATOR])
def test_rates_and_curves_stand_with_their_numbers(trial: Show, role: Role) -> None:
    app = trial("efficacy", role)
    assert len(charts(app)) == 2
    assert "1 of 2 (50 %; 1 to 99 %)" in drawn(app)
    assert "<b>PFS</b> from the first infusion, n=2" in drawn(app)
    assert "1 event, 1 censored; median" in drawn(app)
    assert "<b>OS</b> from the second infusion, n=1" in drawn(app)
    said = words(app)
    assert "Closed part: for the committee and the investigators only." in said
    assert "/patient?code=CART-002" in said


def test_it_obeys_the_filters(trial: Show) -> None:
    app = trial("efficacy", sex="F", infusion="1")
    assert "CART-002" not in words(app) + drawn(app)
    assert "second infusion, n=" not in drawn(app)
    assert "Toxicity" not in [group.label for group in app.button_group]
    before = trial("efficacy", cutoff=str(day(90).date()))
    assert "0 of 2" not in drawn(before)
    assert "0 counted, 2 pending" in drawn(before)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.COMMITTEE, Role.INVESTIGATOR)])
def test_nothing_of_it_is_sent_to_anybody_else(trial: Show, role: Role) -> None:
    app = trial("efficacy", role)
    said = words(app) + drawn(app)
    assert "does not have this page" in said
    assert not [word for word in (*OF_EFFICACY, "CART-001") if word in said]


def test_the_right_is_asked_beside_the_page(trial: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    without = {role: actions - {Action.SEE_EFFICACY} for role, actions in permissions.ACTIONS.items()}
    monkeypatch.setattr(permissions, "ACTIONS", without)
    app = trial("efficacy")
    said = words(app) + drawn(app)
    assert "may not see efficacy" in said
    assert not [word for word in ("remission", "PFS", "CART-001") if word in said]


def test_before_the_first_infusion_there_is_nothing(show: Show) -> None:
    assert "No infusion recorded before the cut-off" in words(show("efficacy"))


def test_everyone_censored_is_drawn(show: Show) -> None:
    admit("CART-001", WELL, days_ago=9)
    app = show("efficacy")
    assert "0 events, 1 censored; median NR" in drawn(app)
    assert "0 counted, 1 pending" in drawn(app)
    assert "From the second infusion: nobody yet." in words(app)

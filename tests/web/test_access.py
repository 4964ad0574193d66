"""The guard of every page, with the sign-in replaced by hand."""

from datetime import datetime

import pytest
from streamlit.testing.v1 import AppTest

from actions import accounts
from actions.permissions import Page, may_see
from db.roles import Actor, Role
from pages.parts import access


class SignedIn:
    """Stands in for `accounts`: who is signed in, and what was counted as use."""

    def __init__(self) -> None:
        self.actor: Actor | None = None
        self.touched: list[bool] = []

    def resume(self, token: str | None, *, now: datetime, touch: bool) -> Actor | None:
        self.touched.append(touch)
        return self.actor

    def why_signed_out(self, token: str | None, *, now: datetime) -> str:
        return "You were signed out after 15 minutes without use."


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> SignedIn:
    made = SignedIn()
    monkeypatch.setattr(accounts, "resume", made.resume)
    monkeypatch.setattr(accounts, "why_signed_out", made.why_signed_out)
    return made


def someone(role: Role, user_id: int = 1) -> Actor:
    return Actor(user_id=user_id, username=f"user{user_id}", display_name=f"User {user_id}", role=role)


def guarded(page_value: str) -> None:
    """A page script: its guard, a box, and what only the right role may read."""
    import streamlit as st

    from actions.permissions import Page
    from pages.parts.access import require_role

    actor = require_role(Page(page_value))
    st.text_input("Remark", key="remark")
    st.text(f"for {actor.display_name} only")


def run(page: Page) -> AppTest:
    return AppTest.from_function(guarded, args=(page.value,)).run()


def texts(app: AppTest) -> str:
    assert not app.exception
    return " ".join(element.value for element in app.text)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("page", [Page.BOARD, Page.ACCOUNTS])
def test_a_page_shows_itself_to_its_roles_and_a_sentence_to_the_others(
    signed_in: SignedIn, role: Role, page: Page
) -> None:
    signed_in.actor = someone(role)
    shown = texts(run(page))
    assert ("for User 1 only" in shown) is may_see(role, page)
    assert ("does not have this page" in shown) is not may_see(role, page)


def test_nobody_signed_in_reads_why_and_sees_nothing_of_the_page(signed_in: SignedIn) -> None:
    shown = texts(run(Page.BOARD))
    assert shown == "You were signed out after 15 minutes without use. Sign in again."


def test_on_the_assess_page_it_says_that_the_entry_is_kept(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "current_path", lambda: "/assess?code=CART-007")
    shown = texts(run(Page.ASSESS))
    assert "without use. Your entry is kept as a draft. Sign in again." in shown


def test_the_page_ends_when_the_sign_in_ends_in_between(signed_in: SignedIn) -> None:
    signed_in.actor = someone(Role.WARD)
    app = run(Page.BOARD)
    app.text_input(key="remark").set_value("typed")
    signed_in.actor = None
    app.run()
    assert "for User 1 only" not in texts(app)
    assert not app.text_input


def test_what_one_person_typed_is_never_shown_to_the_next(signed_in: SignedIn) -> None:
    signed_in.actor = someone(Role.WARD, 1)
    app = run(Page.BOARD)
    app.text_input(key="remark").set_value("typed by the first").run()
    app.session_state["kept_by_a_page"] = "of the first"
    signed_in.actor = someone(Role.WARD, 2)
    app.run()
    assert "for User 2 only" in texts(app)
    assert "kept_by_a_page" not in app.session_state
    assert app.text_input(key="remark").value in (None, "")


def test_a_page_run_counts_as_use(signed_in: SignedIn) -> None:
    signed_in.actor = someone(Role.WARD)
    run(Page.BOARD)
    assert signed_in.touched == [True]


def routed(page_value: str) -> None:
    """A router that has asked, and its page, whose guard and fragment ask again."""
    import streamlit as st

    from actions.permissions import Page
    from pages.parts.access import current_actor, known_in_this_run, require_role

    with known_in_this_run(current_actor()):
        st.text(f"for {require_role(Page(page_value)).display_name} only")
        current_actor(touch=False)
        st.text_input("Remark", key="remark")


def test_one_run_asks_once_and_the_next_run_asks_again(signed_in: SignedIn) -> None:
    signed_in.actor = someone(Role.WARD)
    app = AppTest.from_function(routed, args=(Page.BOARD.value,)).run()
    assert texts(app) == "for User 1 only"
    assert signed_in.touched == [True]
    signed_in.actor = None
    app.text_input(key="remark").set_value("typed").run()
    assert "for User 1 only" not in texts(app)
    assert signed_in.touched[1:] == [True]


def test_a_run_that_ends_early_leaves_nobody_known(signed_in: SignedIn) -> None:
    actor = someone(Role.WARD)
    with pytest.raises(RuntimeError), access.known_in_this_run(actor):
        raise RuntimeError("the page stopped")
    assert access._of_this_run.get() is None

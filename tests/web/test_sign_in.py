"""The forms before sign-in: cookies, deep links, change of user, codes, the first start."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from actions import accounts
from actions.errors import Refused
from clock import utc_now
from db.inputs import UserIn
from db.roles import SYSTEM, Role
from db.session import DatabaseBusy
from pages.parts.access import SESSION_COOKIE
from tests.web.asgi import Answer, get, post
from tests.web.conftest import configure
from web.sign_in import RECENT_COOKIE

PASSWORD = "four words are enough"


def account(username: str = "nurse.li", role: Role = Role.WARD) -> str:
    entry = UserIn(username=username, display_name="Nurse Li", role=role)
    code = accounts.create_user(entry, by=SYSTEM, now=utc_now())
    accounts.set_password_with_code(username, code, PASSWORD, now=utc_now())
    return username


def sign_in(app: ASGIApp, username: str = "nurse.li", target: str = "/", **headers: str) -> Answer:
    return post(app, "/sign-in", {"username": username, "password": PASSWORD, "next": target}, **headers)


def session_cookie(answer: Answer) -> str:
    return f"{SESSION_COOKIE}={answer.cookies()[SESSION_COOKIE].value}"


def test_signing_in_leads_to_the_page_that_was_asked_for(app: ASGIApp) -> None:
    account()
    form = get(app, "/sign-in?next=%2Falerts%3Fa%3D1")
    assert 'name="next" value="/alerts?a=1"' in form.body
    answer = sign_in(app, target="/alerts?a=1")
    assert (answer.status, answer.header("location")) == (303, "/alerts?a=1")
    assert get(app, "/alerts?a=1", cookie=session_cookie(answer)).body == "the page /alerts?a=1"


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.WARD, "/"),
        (Role.INVESTIGATOR, "/"),
        (Role.COORDINATOR, "/"),
        (Role.COMMITTEE, "/safety"),
        (Role.ADMIN, "/accounts"),
        (Role.DISPLAY, "/"),
    ],
)
def test_without_a_page_asked_for_it_leads_to_the_first_of_the_role(
    app: ASGIApp, role: Role, home: str
) -> None:
    account("somebody", role)
    assert sign_in(app, "somebody").header("location") == home
    assert sign_in(app, "somebody", "//evil.example").header("location") == home
    assert sign_in(app, "somebody", "/patient?code=CART-007").header("location") == "/patient?code=CART-007"


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: ASGIApp) -> None:
    account()
    cookie = sign_in(app).cookies()[SESSION_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "strict"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == str(12 * 3600)
    assert not cookie["secure"], "plain http on this machine"


def test_over_https_the_cookies_are_secure(app: ASGIApp, tmp_path: Path, sqlite_database: str) -> None:
    configure(tmp_path, sqlite_database, "https://vigil.hospital.org")
    account()
    jar = sign_in(app, host="vigil.hospital.org", origin="https://vigil.hospital.org").cookies()
    assert jar[SESSION_COOKIE]["secure"]
    assert jar[RECENT_COOKIE]["secure"]


def test_a_planted_cookie_is_not_taken_over(app: ASGIApp) -> None:
    account()
    planted = f"{SESSION_COOKIE}=planted-by-somebody"
    answer = sign_in(app, cookie=planted)
    assert session_cookie(answer) != planted
    assert get(app, "/", cookie=planted).status == 303


def test_signing_in_again_ends_the_sign_in_before(app: ASGIApp) -> None:
    account()
    account("dr.wu", Role.INVESTIGATOR)
    before = session_cookie(sign_in(app))
    after = session_cookie(sign_in(app, "dr.wu", cookie=before))
    assert get(app, "/", cookie=before).status == 303
    assert get(app, "/", cookie=after).status == 200


def test_a_wrong_password_keeps_the_username_and_the_way_and_not_the_password(app: ASGIApp) -> None:
    account()
    answer = post(
        app, "/sign-in", {"username": "nurse.li", "password": "hunter2 hunter2", "next": "/alerts?a=1"}
    )
    assert answer.status == 403
    assert "The username or the password is not right." in answer.body
    assert 'value="nurse.li"' in answer.body
    assert 'value="/alerts?a=1"' in answer.body
    assert "hunter2" not in answer.body
    assert SESSION_COOKIE not in answer.cookies()


def test_too_many_guesses_say_how_long_to_wait(app: ASGIApp) -> None:
    account()
    for _ in range(5):
        post(app, "/sign-in", {"username": "nurse.li", "password": "wrong"})
    assert re.search(r"Wait 1[45] seconds, then try again\.", sign_in(app).body)


def test_what_is_typed_is_shown_escaped(app: ASGIApp) -> None:
    account()
    typed = '"><script>alert(1)</script>'
    answer = post(app, "/sign-in", {"username": typed, "password": "x", "next": f"/{typed}"})
    assert "<script>" not in answer.body
    assert "<script>" not in get(app, "/sign-in", cookie=f"{RECENT_COOKIE}={typed}").body


def test_the_page_allows_no_script_and_only_its_own_style(app: ASGIApp) -> None:
    account()
    policy = get(app, "/sign-in").header("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy
    assert get(app, "/sign-in").header("cache-control") == "no-store"


def test_whose_sign_in_ended_over_an_assessment_reads_that_the_entry_is_kept(
    app: ASGIApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    account()
    cookie = session_cookie(sign_in(app))
    later = utc_now() + timedelta(minutes=15)
    monkeypatch.setattr("web.sign_in.utc_now", lambda: later)
    assess = get(app, "/sign-in?next=%2Fassess%3Fcode%3DCART-007", cookie=cookie).body
    assert "You were signed out after 15 minutes without use. Your entry is kept as a draft." in assess
    alerts = get(app, "/sign-in?next=%2Falerts", cookie=cookie).body
    assert "You were signed out after 15 minutes without use." in alerts
    assert "draft" not in alerts


class TestLinkInAMail:
    """A link in webmail is a cross-site request: the browser sends no SameSite=Strict cookie with it."""

    def test_the_browser_is_asked_to_come_again_by_itself(self, app: ASGIApp) -> None:
        account()
        cookie = session_cookie(sign_in(app))
        first = get(app, "/alerts?a=1", sec_fetch_site="cross-site")
        assert first.header("location") == "/sign-in?next=%2Falerts%3Fa%3D1"
        again = get(app, first.header("location") or "", sec_fetch_site="cross-site")
        assert again.status == 200
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', again.body)
        assert found is not None
        same_site = get(app, found[1].replace("&amp;", "&"), sec_fetch_site="same-origin", cookie=cookie)
        assert (same_site.status, same_site.header("location")) == (303, "/alerts?a=1")

    def test_nobody_signed_in_sees_the_form_after_one_round(self, app: ASGIApp) -> None:
        account()
        form = get(app, "/sign-in?next=%2Falerts%3Fa%3D1", sec_fetch_site="same-origin")
        assert 'name="password"' in form.body
        assert "refresh" not in form.body

    def test_an_old_browser_that_says_nothing_sees_the_form(self, app: ASGIApp) -> None:
        account()
        assert 'name="password"' in get(app, "/sign-in?next=%2Falerts").body


class TestChangeOfUser:
    def test_it_ends_the_sign_in_and_comes_back_to_the_page(self, app: ASGIApp) -> None:
        account()
        account("dr.wu", Role.INVESTIGATOR)
        cookie = session_cookie(sign_in(app))
        page = "http://127.0.0.1:8501/assess?code=CART-007"
        answer = post(app, "/change-user", cookie=cookie, referer=page)
        assert answer.header("location") == "/sign-in?next=%2Fassess%3Fcode%3DCART-007"
        assert get(app, "/", cookie=cookie).status == 303
        assert answer.cookies()[SESSION_COOKIE]["max-age"] == "0"
        back = sign_in(app, "dr.wu", "/assess?code=CART-007")
        assert back.header("location") == "/assess?code=CART-007"

    def test_the_people_of_this_device_are_one_touch_away_newest_first(self, app: ASGIApp) -> None:
        names = ["ann", "bo", "cy", "di", "ed"]
        recent = ""
        for name in [account(name) for name in names]:
            jar = sign_in(app, name, cookie=recent).cookies()
            assert jar[RECENT_COOKIE]["httponly"]
            recent = f"{RECENT_COOKIE}={jar[RECENT_COOKIE].value}"
        body = get(app, "/sign-in?next=%2Fassess", cookie=recent).body
        assert re.findall(r"username=(\w+)&amp;next=/assess", body) == ["ed", "di", "cy", "bo"]
        chosen = get(app, "/sign-in?username=di&next=%2Fassess", cookie=recent).body
        assert 'value="di"' in chosen

    def test_signing_out_forgets_the_cookie_and_works_twice(self, app: ASGIApp) -> None:
        account()
        cookie = session_cookie(sign_in(app))
        for _ in range(2):
            answer = post(app, "/sign-out", cookie=cookie)
            assert (answer.status, answer.header("location")) == (303, "/sign-in")
        assert "You are signed out." in get(app, "/sign-in", cookie=cookie).body

    def test_neither_works_by_a_link(self, app: ASGIApp) -> None:
        account()
        cookie = session_cookie(sign_in(app))
        assert get(app, "/sign-out", cookie=cookie).status == 405
        assert get(app, "/change-user", cookie=cookie).status == 405
        assert get(app, "/", cookie=cookie).status == 200


class TestOneTimeCode:
    def test_it_sets_the_password_and_leads_to_sign_in(self, app: ASGIApp) -> None:
        account()
        entry = UserIn(username="dr.wu", display_name="Dr Wu", role=Role.INVESTIGATOR)
        code = accounts.create_user(entry, by=SYSTEM, now=utc_now())
        assert 'name="code"' in get(app, "/set-password").body
        fields = {"username": "Dr.Wu", "code": code, "password": PASSWORD, "password_again": PASSWORD}
        answer = post(app, "/set-password", {**fields, "next": "/alerts?a=1"})
        assert "The password is set. Sign in with it." in answer.body
        assert 'value="/alerts?a=1"' in answer.body
        assert sign_in(app, "dr.wu").status == 303

    def test_problems_stand_at_their_boxes_and_nothing_secret_comes_back(self, app: ASGIApp) -> None:
        account()
        fields = {"username": "nurse.li", "code": "AAAA", "password": "short", "password_again": "short"}
        weak = post(app, "/set-password", fields)
        assert 'aria-describedby="password-problem"' in weak.body
        assert "short" not in weak.body
        differing = post(app, "/set-password", {**fields, "password": PASSWORD})
        assert 'aria-describedby="password_again-problem"' in differing.body
        wrong = post(app, "/set-password", {**fields, "password": PASSWORD, "password_again": PASSWORD})
        assert 'aria-describedby="code-problem"' in wrong.body
        assert PASSWORD not in wrong.body


class TestFirstStart:
    def test_every_way_leads_to_it_until_there_is_an_administrator(self, app: ASGIApp) -> None:
        code = accounts.start_setup(utc_now())
        assert code is not None
        assert get(app, "/sign-in").header("location") == "/first-start"
        fields = {"username": "Chief", "display_name": "Chief Wu", "code": code}
        passwords = {"password": PASSWORD, "password_again": PASSWORD}
        assert post(app, "/first-start", {**fields, **passwords}).header("location") == "/sign-in"
        assert sign_in(app, "chief").header("location") == "/accounts"
        assert get(app, "/first-start").header("location") == "/sign-in"
        again = post(app, "/first-start", {**fields, **passwords, "username": "second"})
        assert "exists already" in again.body

    def test_what_was_typed_stays_and_each_problem_stands_at_its_box(self, app: ASGIApp) -> None:
        accounts.start_setup(utc_now())
        passwords = {"password": PASSWORD, "password_again": PASSWORD}
        fields = {"username": "a b", "display_name": "Chief Wu", "code": "WRONG", **passwords}
        named = post(app, "/first-start", fields)
        assert 'id="username-problem"' in named.body
        assert 'value="Chief Wu"' in named.body
        coded = post(app, "/first-start", {**fields, "username": "chief"})
        assert 'id="code-problem"' in coded.body
        assert accounts.is_first_start()

    def test_without_the_code_there_is_no_way_in(self, app: ASGIApp) -> None:
        passwords = {"password": PASSWORD, "password_again": PASSWORD}
        fields = {"username": "chief", "display_name": "Chief", "code": "", **passwords}
        assert post(app, "/first-start", fields).status == 403
        assert accounts.is_first_start()


@pytest.mark.parametrize("error", [DatabaseBusy(), Refused("Something to put right.")])
def test_a_refused_save_is_said_on_the_form(
    app: ASGIApp, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    account()

    def refuse(*args: object, **named: object) -> None:
        raise error

    for name in ("sign_in", "set_password_with_code", "create_first_administrator"):
        monkeypatch.setattr(accounts, name, refuse)
    passwords = {"password": PASSWORD, "password_again": PASSWORD}
    for path in ("/sign-in", "/set-password", "/first-start"):
        assert str(error) in post(app, path, {"username": "nurse.li", **passwords}).body

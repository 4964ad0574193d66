"""Who may do what: typed a second time, and walked over every role, page and action."""

from itertools import product

import pytest

from actions.errors import NotPermitted
from actions.permissions import PAGES, ROLE_WORDS, Action, Page, first_page, may, may_see, require
from db.roles import SYSTEM, Actor, Role

TREATS = "record_treatment correct_treatment record_lab_result correct_lab_result"
BEDSIDE = (
    "record_assessment correct_own_assessment skip_assessment keep_draft confirm_test_mail answer_question "
    + TREATS
)
OFFICE = (
    f"{TREATS} record_screening record_response record_event correct_event report_sae record_visit "
    "record_follow_up"
)
EXPECTED_ACTIONS = {
    "ward": BEDSIDE,
    "investigator": f"{BEDSIDE} {OFFICE} correct_any_assessment judge_crs record_lasting_findings "
    "acknowledge_alert silence_alert judge_criterion sign_enrolment judge_gate release_bar see_efficacy",
    "coordinator": f"{OFFICE} enrol_patient record_infusion correct_infusion record_stay correct_stay "
    "manage_recipients confirm_test_mail",
    "committee": "confirm_test_mail decide_on_rule review ask_ward make_report sign_report see_efficacy",
    "admin": "manage_recipients manage_accounts confirm_test_mail",
    "display": "",
}
EXPECTED_PAGES = {
    "ward": "board assess patient alerts handover treatments laboratory",
    "investigator": "board assess patient alerts handover treatments laboratory safety efficacy stopping "
    "report oversight enrolment events response second-infusion visits",
    "coordinator": "board patient alerts treatments laboratory enrolment infusions events recipients "
    "response second-infusion visits",
    "committee": "safety efficacy stopping review report oversight events visits board patient alerts "
    "second-infusion",
    "admin": "accounts recipients alerts",
    "display": "board",
}


def someone(role: Role) -> Actor:
    return Actor(user_id=7, username="someone", display_name="Someone", role=role)


@pytest.mark.parametrize(("role", "action"), list(product(Role, Action)))
def test_each_role_may_do_exactly_what_its_line_says(role: Role, action: Action) -> None:
    expected = action.name.lower() in EXPECTED_ACTIONS[role.value].split()
    assert may(role, action) is expected
    if expected:
        require(someone(role), action)
    else:
        with pytest.raises(NotPermitted) as refusal:
            require(someone(role), action)
        assert action.value in refusal.value.sentence
        assert ROLE_WORDS[role] in refusal.value.sentence


@pytest.mark.parametrize(("role", "page"), list(product(Role, Page)))
def test_each_role_sees_exactly_its_pages(role: Role, page: Page) -> None:
    assert may_see(role, page) is (page.value in EXPECTED_PAGES[role.value].split())


@pytest.mark.parametrize("role", Role)
def test_sign_in_leads_each_role_to_a_page_it_may_see(role: Role) -> None:
    assert first_page(role).value == EXPECTED_PAGES[role.value].split()[0]
    assert len(set(PAGES[role])) == len(PAGES[role])


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.IMPORT_FILE])
def test_every_action_of_people_belongs_to_some_role(action: Action) -> None:
    assert any(may(role, action) for role in Role)


def test_nobody_both_enters_and_keeps_the_accounts() -> None:
    for role in Role:
        assert not (may(role, Action.MANAGE_ACCOUNTS) and may(role, Action.RECORD_ASSESSMENT))


@pytest.mark.parametrize("action", Action)
def test_the_program_itself_may_do_everything_and_an_impostor_nothing_more(action: Action) -> None:
    require(SYSTEM, action)
    impostor = Actor(user_id=3, username=SYSTEM.username, display_name="Vigil", role=Role.DISPLAY)
    with pytest.raises(NotPermitted):
        require(impostor, action)


def test_a_refusal_names_the_roles_that_may() -> None:
    with pytest.raises(NotPermitted, match="Ask someone with the role investigator"):
        require(someone(Role.WARD), Action.ACKNOWLEDGE_ALERT)

"""Who may do what: one table, asked by the pages and again by every action.

A role has no right that is not written here. `require` raises the sentence that the person reads.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from actions.errors import NotPermitted
from db.roles import SYSTEM, Actor, Role


class Page(StrEnum):
    """The screens; the value is the path of the address, but for the board, which stands at "/"."""

    BOARD = "board"
    ASSESS = "assess"
    PATIENT = "patient"
    ALERTS = "alerts"
    HANDOVER = "handover"
    TREATMENTS = "treatments"
    LABORATORY = "laboratory"
    SAFETY = "safety"
    EFFICACY = "efficacy"
    STOPPING = "stopping"
    REVIEW = "review"
    REPORT = "report"
    OVERSIGHT = "oversight"
    ENROLMENT = "enrolment"
    INFUSIONS = "infusions"
    EVENTS = "events"
    RESPONSE = "response"
    SECOND_INFUSION = "second-infusion"
    VISITS = "visits"
    RECIPIENTS = "recipients"
    ACCOUNTS = "accounts"


class Action(StrEnum):
    """What a person can cause to be written; the value completes "You may not ..."."""

    RECORD_ASSESSMENT = "record an assessment"
    CORRECT_OWN_ASSESSMENT = "correct an entry of your own"
    CORRECT_ANY_ASSESSMENT = "correct an entry made by somebody else or more than 12 hours ago"
    SKIP_ASSESSMENT = "record why an assessment was not done"
    KEEP_DRAFT = "keep a draft"
    JUDGE_CRS = "judge whether signs are CRS"
    RECORD_LASTING_FINDINGS = "record lasting findings"
    ACKNOWLEDGE_ALERT = "acknowledge an alert"
    SILENCE_ALERT = "silence an alert"
    CONFIRM_TEST_MAIL = "confirm a test mail"
    ENROL_PATIENT = "enrol a patient"
    RECORD_INFUSION = "record an infusion"
    CORRECT_INFUSION = "correct an infusion"
    RECORD_STAY = "record a stay"
    CORRECT_STAY = "correct a stay"
    MANAGE_RECIPIENTS = "change who is told of alerts"
    MANAGE_ACCOUNTS = "manage accounts"
    IMPORT_FILE = "import a file"
    RECORD_SCREENING = "record the facts of a screening"
    JUDGE_CRITERION = "judge a criterion"
    SIGN_ENROLMENT = "sign an enrolment"
    RECORD_RESPONSE = "record a PET/CT or a ctDNA result"
    JUDGE_GATE = "judge the gate for the second infusion"
    RELEASE_BAR = "release a bar"
    RECORD_TREATMENT = "record a treatment"
    CORRECT_TREATMENT = "correct a treatment"
    RECORD_LAB_RESULT = "record a laboratory result"
    CORRECT_LAB_RESULT = "correct a laboratory result"
    RECORD_EVENT = "record an adverse event"
    CORRECT_EVENT = "correct an adverse event"
    REPORT_SAE = "report a serious event"
    RECORD_VISIT = "record a visit"
    RECORD_FOLLOW_UP = "record progression, new therapy, death or withdrawal"
    DECIDE_ON_RULE = "decide on a stopping rule"
    REVIEW = "review or comment"
    ASK_WARD = "ask the ward a question"
    ANSWER_QUESTION = "answer a question"
    MAKE_REPORT = "make a committee report"
    SIGN_REPORT = "sign a committee report"
    SEE_EFFICACY = "see efficacy"


_BEDSIDE: Final = frozenset(
    {
        Action.RECORD_ASSESSMENT,
        Action.CORRECT_OWN_ASSESSMENT,
        Action.SKIP_ASSESSMENT,
        Action.KEEP_DRAFT,
        Action.CONFIRM_TEST_MAIL,
        Action.RECORD_TREATMENT,
        Action.CORRECT_TREATMENT,
        Action.RECORD_LAB_RESULT,
        Action.CORRECT_LAB_RESULT,
        Action.ANSWER_QUESTION,
    }
)

_OFFICE: Final = frozenset(
    {
        Action.RECORD_SCREENING,
        Action.RECORD_RESPONSE,
        Action.RECORD_TREATMENT,
        Action.CORRECT_TREATMENT,
        Action.RECORD_LAB_RESULT,
        Action.CORRECT_LAB_RESULT,
        Action.RECORD_EVENT,
        Action.CORRECT_EVENT,
        Action.REPORT_SAE,
        Action.RECORD_VISIT,
        Action.RECORD_FOLLOW_UP,
    }
)
"""What both an investigator and a coordinator write down of the trial."""

ACTIONS: Final[Mapping[Role, frozenset[Action]]] = {
    Role.WARD: _BEDSIDE,
    Role.INVESTIGATOR: _BEDSIDE
    | _OFFICE
    | {
        Action.JUDGE_CRITERION,
        Action.SIGN_ENROLMENT,
        Action.JUDGE_GATE,
        Action.RELEASE_BAR,
        Action.SEE_EFFICACY,
        Action.CORRECT_ANY_ASSESSMENT,
        Action.JUDGE_CRS,
        Action.RECORD_LASTING_FINDINGS,
        Action.ACKNOWLEDGE_ALERT,
        Action.SILENCE_ALERT,
    },
    Role.COORDINATOR: _OFFICE
    | frozenset(
        {
            Action.ENROL_PATIENT,
            Action.RECORD_INFUSION,
            Action.CORRECT_INFUSION,
            Action.RECORD_STAY,
            Action.CORRECT_STAY,
            Action.MANAGE_RECIPIENTS,
            Action.CONFIRM_TEST_MAIL,
        }
    ),
    Role.COMMITTEE: frozenset(
        {
            Action.CONFIRM_TEST_MAIL,
            Action.DECIDE_ON_RULE,
            Action.REVIEW,
            Action.ASK_WARD,
            Action.MAKE_REPORT,
            Action.SIGN_REPORT,
            Action.SEE_EFFICACY,
        }
    ),
    Role.ADMIN: frozenset({Action.MANAGE_RECIPIENTS, Action.MANAGE_ACCOUNTS, Action.CONFIRM_TEST_MAIL}),
    Role.DISPLAY: frozenset(),
}
"""What each role may write. Moving an entry to another patient and voiding it are corrections."""

PAGES: Final[Mapping[Role, tuple[Page, ...]]] = {
    Role.WARD: (
        Page.BOARD,
        Page.ASSESS,
        Page.PATIENT,
        Page.ALERTS,
        Page.HANDOVER,
        Page.TREATMENTS,
        Page.LABORATORY,
    ),
    Role.INVESTIGATOR: (
        Page.BOARD,
        Page.ASSESS,
        Page.PATIENT,
        Page.ALERTS,
        Page.HANDOVER,
        Page.TREATMENTS,
        Page.LABORATORY,
        Page.SAFETY,
        Page.EFFICACY,
        Page.STOPPING,
        Page.REPORT,
        Page.OVERSIGHT,
        Page.ENROLMENT,  # for the lasting findings
        Page.EVENTS,
        Page.RESPONSE,
        Page.SECOND_INFUSION,
        Page.VISITS,
    ),
    Role.COORDINATOR: (
        Page.BOARD,
        Page.PATIENT,
        Page.ALERTS,
        Page.TREATMENTS,
        Page.LABORATORY,
        Page.ENROLMENT,
        Page.INFUSIONS,
        Page.EVENTS,
        Page.RESPONSE,
        Page.SECOND_INFUSION,
        Page.VISITS,
        Page.RECIPIENTS,
    ),
    Role.COMMITTEE: (
        Page.SAFETY,
        Page.EFFICACY,
        Page.STOPPING,
        Page.REVIEW,
        Page.REPORT,
        Page.OVERSIGHT,
        Page.EVENTS,
        Page.VISITS,
        Page.BOARD,
        Page.PATIENT,
        Page.ALERTS,
        Page.SECOND_INFUSION,
    ),
    Role.ADMIN: (Page.ACCOUNTS, Page.RECIPIENTS, Page.ALERTS),
    Role.DISPLAY: (Page.BOARD,),
}
"""Which screens each role may open, in the order of its navigation; the first is where sign-in leads."""

ROLE_WORDS: Final[Mapping[Role, str]] = {
    Role.WARD: "ward",
    Role.INVESTIGATOR: "investigator",
    Role.COORDINATOR: "coordinator",
    Role.COMMITTEE: "safety committee",
    Role.ADMIN: "administrator",
    Role.DISPLAY: "wall display",
}
"""The role as people read it."""


def may(role: Role, action: Action) -> bool:
    """Whether the role has the right to cause this write."""
    return action in ACTIONS[role]


def may_see(role: Role, page: Page) -> bool:
    """Whether the role may open this screen."""
    return page in PAGES[role]


def first_page(role: Role) -> Page:
    """The screen that sign-in leads to."""
    return PAGES[role][0]


def require(by: Actor, action: Action) -> None:
    """Let the action go on, or raise NotPermitted with the sentence for the person.

    The program itself (`db.roles.SYSTEM`: import, demonstration, worker) may do everything.
    """
    if by == SYSTEM or may(by.role, action):
        return
    able = [ROLE_WORDS[role] for role in Role if may(role, action)]
    ask = f" Ask someone with the role {' or '.join(able)}." if able else ""
    raise NotPermitted(f"Your role ({ROLE_WORDS[by.role]}) may not {action.value}.{ask}")

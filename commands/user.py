"""`manage.py user`: accounts from the console of the server, for when no administrator can sign in."""

import argparse
import sys
from datetime import datetime

from pydantic import ValidationError

from actions import accounts, context
from actions.errors import Refused
from actions.permissions import ROLE_WORDS
from actions.start import StartError, start_process
from clock import utc_now
from db.inputs import UserIn, problems
from db.queries.accounts import Account, find_account, load_accounts
from db.roles import SYSTEM, Role
from db.session import SaveRefused, reading

ROLES = [role.value for role in Role]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list; add USERNAME NAME ROLE; role USERNAME ROLE; code, on or off USERNAME."""
    does = parser.add_subparsers(dest="does", metavar="WHAT", required=True)
    does.add_parser("list", help="list the accounts")
    add = does.add_parser("add", help="add an account and print its one-time code")
    add.add_argument("username")
    add.add_argument("display_name", metavar="NAME")
    add.add_argument("role", choices=ROLES)
    role = does.add_parser("role", help="give an account another role")
    role.add_argument("username")
    role.add_argument("role", choices=ROLES)
    for word, explanation in (
        ("code", "print a one-time code to set a new password"),
        ("off", "switch an account off"),
        ("on", "switch an account on"),
    ):
        does.add_parser(word, help=explanation).add_argument("username")


def main(args: argparse.Namespace) -> int:
    """Do it and return the exit status; one sentence on standard error when it cannot be done."""
    now = utc_now()
    try:
        start_process(now)
        print(_do(args, now))
    except ValidationError as error:
        return _refuse(" ".join(problem.sentence for problem in problems(error)))
    except (StartError, Refused, SaveRefused) as error:
        return _refuse(str(error))
    return 0


def _do(args: argparse.Namespace, now: datetime) -> str:
    if args.does == "list":
        with reading() as session:
            return "\n".join(_line(one) for one in load_accounts(session, now)) or "No account yet."
    if args.does == "add":
        entry = UserIn(username=args.username, display_name=args.display_name, role=Role(args.role))
        return _code(entry.username, accounts.create_user(entry, by=SYSTEM, now=now))
    account = _find(args.username, now)
    if args.does == "code":
        code = _code(account.username, accounts.issue_reset_code(account.user_id, by=SYSTEM, now=now))
        return code if account.is_active else f"{code}\n{_switched_off(account.username)}"
    if args.does == "role":
        accounts.change_role(account.user_id, Role(args.role), by=SYSTEM, now=now)
        return f"{account.username} is now {ROLE_WORDS[Role(args.role)]}."
    accounts.set_active(account.user_id, args.does == "on", by=SYSTEM, now=now)
    return f"{account.username} is switched {args.does}."


def _find(username: str, now: datetime) -> Account:
    with reading() as session:
        account = find_account(session, username, now)
    if account is None:
        raise Refused(f"There is no account {username!r}. List them with: python manage.py user list")
    return account


def _code(username: str, code: str) -> str:
    address = f"{context.settings().app_url}/set-password"
    return f"One-time code for {username}: {code} (24 hours; set the password at {address})"


def _switched_off(username: str) -> str:
    return f"{username} is switched off: the code works only after python manage.py user on {username}."


def _line(account: Account) -> str:
    state = "" if account.is_active else ", switched off"
    if account.is_active and not account.has_password:
        state = ", no password yet"
    return f"{account.username}: {account.display_name}, {ROLE_WORDS[account.role]}{state}"


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1

"""Passwords, one-time codes and the random tokens of sign-ins. Only hashes of them are ever stored."""

import hashlib
import secrets
from functools import cache
from typing import Final

from pwdlib import PasswordHash

from actions.errors import RefusedField

LEAST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 200
_CODE_SIGNS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without 0 O 1 I, which look alike
_CODE_GROUPS: Final = 4


def hash_password(password: str) -> str:
    """Argon2id with the library's recommended cost."""
    return _hasher().hash(password)


def is_password(password: str, stored_hash: str | None) -> bool:
    """Whether this is the password; takes as long for an account that has none or does not exist."""
    fits = _hasher().verify(password[:MOST_CHARACTERS], stored_hash or _hash_of_nobody())
    return fits and stored_hash is not None


def password_problems(password: str, username: str) -> list[RefusedField]:
    """What is wrong with a new password: length counts, made-up complexity rules do not."""
    sentence = ""
    if len(password) < LEAST_CHARACTERS:
        sentence = f"Choose a password of at least {LEAST_CHARACTERS} characters, such as four words."
    elif len(password) > MOST_CHARACTERS:
        sentence = f"Choose a password of at most {MOST_CHARACTERS} characters."
    elif len(set(password)) < 5:
        sentence = "Choose a password with at least 5 different characters."
    elif username and username.lower() in password.lower():
        sentence = "Choose a password that does not hold your username."
    return [RefusedField("password", None, sentence)] if sentence else []


def new_code() -> str:
    """A code to be read from a screen or paper and typed once: "K7QM-2XWD-94TR-HBNC" (80 bits)."""
    groups = ("".join(secrets.choice(_CODE_SIGNS) for _ in range(4)) for _ in range(_CODE_GROUPS))
    return "-".join(groups)


def hash_code(code: str) -> str:
    """The stored form of a code; case, spaces and dashes do not matter when it is typed."""
    signs = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(signs.encode("utf-8", "replace")).hexdigest()


def new_token() -> str:
    """The random value of a sign-in's cookie (256 bits)."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """The stored form of a token. It is random, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _hash_of_nobody() -> str:
    return hash_password(secrets.token_urlsafe(32))

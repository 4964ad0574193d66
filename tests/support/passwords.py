"""Passwords that are hashed at the least cost: the full one is 50 ms each time and proves nothing more."""

from functools import cache
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from actions import passwords

hasher_of_the_program: Final = passwords._hasher


def hash_cheaply() -> None:
    """Let this process hash as cheaply as Argon2 can; a hash says itself what it cost, also to a server."""
    passwords._hasher = _cheap_hasher
    passwords._hash_of_nobody.cache_clear()


@cache
def _cheap_hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))

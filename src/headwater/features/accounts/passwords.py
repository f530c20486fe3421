"""Password rules and argon2id hashing, in a limited number of threads so that sign-ins cannot starve other requests."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.resources import files

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from headwater.kit.errors import Invalid

MINIMUM, MAXIMUM = 10, 256
# argon2id takes 64 MiB for each hash: two at once limit the use of memory and CPU.
AT_ONCE = 2
_hasher = PasswordHash((Argon2Hasher(),))
_turns: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


@cache
def common_passwords() -> frozenset[str]:
    """Return the most common passwords."""
    text = files("headwater.features.accounts").joinpath("common_passwords.txt").read_text()
    return frozenset(text.split())


def check_rules(password: str, email: str) -> None:
    """Raise Invalid with the reason when a new password is too weak."""
    if len(password) < MINIMUM:
        raise Invalid({"password": f"Use at least {MINIMUM} characters."})
    if len(password) > MAXIMUM:
        raise Invalid({"password": f"Use at most {MAXIMUM} characters."})
    folded = password.casefold()
    if folded in {email.casefold(), email.casefold().split("@")[0]}:
        raise Invalid({"password": "The password must not be your email address."})
    if folded in common_passwords() or len(set(folded)) < 3:
        raise Invalid({"password": "This password is too common."})


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    async with _turn():
        return await asyncio.to_thread(_hasher.hash, password)


async def verify(password: str, known: str | None) -> tuple[bool, str | None]:
    """Return whether a password is right, and a new hash if the stored one used older parameters.

    An unknown user (`known` None) takes as much time as a known one, so that timing reveals nothing.
    """
    async with _turn():
        right, renewed = await asyncio.to_thread(_hasher.verify_and_update, password, known or _decoy())
    return (right, renewed) if known else (False, None)


@cache
def _decoy() -> str:
    return _hasher.hash("nobody has this password")


def _turn() -> asyncio.Semaphore:
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))

"""Limits of sign-ins and sign-ups, by account and by address: counted in the store, before a password is hashed.

The counts are shared by all server processes and survive a restart. A window begins with the first attempt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.tokens import digest
from headwater.kit.clock import now
from headwater.kit.errors import TooMany

WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Throttle:
    """How often something may happen within a window, for each key; `what` names it for people."""

    scope: str
    limit: int
    what: str


# Guesses from many addresses count together, but not with those from an address at which the user was signed in:
# so nobody can lock out the user of an account by guessing its password.
ACCOUNT = Throttle("account", 10, "sign-in attempts")
ADDRESS = Throttle("address", 60, "sign-in attempts")
SECOND_FACTOR = Throttle("second-factor", 10, "codes")
RESET = Throttle("reset", 3, "mails to this address")
RESET_ADDRESS = Throttle("reset-address", 20, "requests for mails")
FEDERATED = Throttle("federated", 120, "sign-ins with a provider")
DEVICE = Throttle("device", 30, "sign-ins of command lines")
DEVICE_CODE = Throttle("device-code", 10, "codes of command lines")
SIGN_UP = Throttle("sign-up", 30, "sign-ups")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An attempt over the limit; `is_first` of this window, which is worth a record."""

    error: TooMany
    is_first: bool


async def count(db: AsyncSession, throttle: Throttle, *key: str) -> Refusal | None:
    """Count an attempt; return a refusal if there were too many."""
    moment = now()
    number, since = await repository.count_attempt(db, throttle.scope, _key(key), moment, WINDOW)
    if number <= throttle.limit:
        return None
    seconds = max(1, math.ceil((since + WINDOW - moment).total_seconds()))
    error = TooMany(f"Too many {throttle.what}.", hint=f"Try again in {seconds} seconds.", retry_after=seconds)
    return Refusal(error, number == throttle.limit + 1)


async def reset(db: AsyncSession, throttle: Throttle, *key: str) -> None:
    """Forget the attempts of a key."""
    await repository.forget_attempts(db, throttle.scope, _key(key))


async def give_back(db: AsyncSession, throttle: Throttle, *key: str) -> None:
    """Take back an attempt that was counted: it was a right one."""
    await repository.uncount_attempt(db, throttle.scope, _key(key))


def account_key(email: str, ip: str, *, is_known: bool) -> tuple[str, ...]:
    """Return the key of an account, apart for an address at which its user was signed in."""
    return (email, ip) if is_known else (email,)


def _key(parts: tuple[str, ...]) -> bytes:
    return digest("\0".join(parts))

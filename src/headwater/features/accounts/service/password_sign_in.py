"""Sign-in with a password: attempts are counted before a password is hashed, outside of any transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headwater.features.accounts import passwords, repository
from headwater.features.accounts.models import User
from headwater.features.accounts.repository import second_factors
from headwater.features.accounts.service import audit, lifecycle, second_step, throttles
from headwater.features.accounts.service.identity import ClientInfo, SignedIn, open_session
from headwater.features.accounts.service.passkeys import PasskeyResult
from headwater.features.accounts.service.second_step import SecondStep
from headwater.features.accounts.service.throttles import ACCOUNT, ADDRESS
from headwater.features.accounts.tokens import Signer
from headwater.kit.errors import Unauthenticated
from headwater.store.context import Context


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody enters to sign in; `code` is of the second factor, or a recovery code; or a passkey replaces it."""

    email: str
    password: str
    code: str = ""
    passkey: PasskeyResult | None = None
    keep_account: bool = False
    """Whether to keep an account that is about to be deleted."""


async def sign_in(context: Context, signer: Signer, visitor: ClientInfo, entered: SignIn) -> SignedIn:
    """Sign a user in with a password, and a code if the account has a second factor.

    Raises:
        TooMany: there were too many attempts for this account or from this address.
        CodeNeeded: the password is right, and the code is missing or wrong.
        AccountDeactivated, AccountEnding: it is deactivated or about to be deleted, which only its user learns.
        Unauthenticated: the account or the password is wrong; it does not say which.
    """
    address = entered.email.strip().lower()
    attempt = await _admit(context, visitor, address)
    is_right, renewed = await passwords.verify(entered.password, attempt.user.password_hash if attempt.user else None)
    step = SecondStep(entered.code, entered.passkey)
    second_factor = ""
    if attempt.user and is_right:
        second_factor = await _take_second_step(context, signer, visitor, attempt, step)
    async with context.store.transaction() as db:
        user = await repository.user(db, attempt.user.id) if attempt.user and is_right else None
        if user is None or user.password_hash != (attempt.user and attempt.user.password_hash):
            second_step.record_failure(db, visitor, address)
            user = None
        else:
            user.password_hash = renewed or user.password_hash
            await throttles.reset(db, ACCOUNT, *attempt.key)
            await throttles.give_back(db, ADDRESS, visitor.ip)
            if entered.keep_account:
                await lifecycle.take_back(db, user.id, visitor.ip)
            signed_in = await open_session(db, context.settings, signer, visitor, user)
            details: dict[str, Any] = {"second_factor": second_factor} if second_factor else {}
            audit.record(db, signed_in.actor, "auth.login", "user", user.id, user.email, **details)
    if user is None:
        raise Unauthenticated("The email address or the password is wrong.")
    return signed_in


async def _take_second_step(
    context: Context, signer: Signer, visitor: ClientInfo, attempt: _Attempt, step: SecondStep
) -> str:
    """Take the second step that comes with a right password, if the account needs one; return its kind, or ""."""
    assert attempt.user
    async with context.store.transaction() as db:
        if not await second_factors.is_protected(db, attempt.user.id):
            return ""
        if not step:
            # The password was right, so this attempt was none at guessing it.
            await throttles.give_back(db, ACCOUNT, *attempt.key)
            await throttles.give_back(db, ADDRESS, visitor.ip)
    await second_step.take(context, signer, visitor, attempt.user, step)
    return step.kind


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A counted attempt: the account that it is for, if there is one, and the key under which it counts."""

    user: User | None
    key: tuple[str, ...]


async def _admit(context: Context, visitor: ClientInfo, address: str) -> _Attempt:
    """Count an attempt to sign in, and commit the count; raise TooMany if there were too many."""
    attempt = _Attempt(None, (address,))
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, ADDRESS, visitor.ip)
        if refusal is None:
            user = await repository.user_by_email(db, address)
            is_known = user is not None and await repository.was_signed_in_from(db, user.id, visitor.ip)
            attempt = _Attempt(user, throttles.account_key(address, visitor.ip, is_known=is_known))
            refusal = await throttles.count(db, ACCOUNT, *attempt.key)
        if refusal and refusal.is_first:
            second_step.record_failure(db, visitor, address)
    if refusal:
        raise refusal.error
    return attempt

"""Sign-in with a password: attempts are counted before a password is hashed, outside of any transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import passwords, repository
from headwater.features.accounts.models import User
from headwater.features.accounts.repository import second_factors
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, lifecycle, second_factor, throttles
from headwater.features.accounts.service.identity import ClientInfo, SignedIn, open_session
from headwater.features.accounts.service.throttles import ACCOUNT, ADDRESS, SECOND_FACTOR
from headwater.features.accounts.tokens import Signer
from headwater.kit.errors import Unauthenticated
from headwater.store.context import Context


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody enters to sign in; `code` is of the second factor, or a recovery code."""

    email: str
    password: str
    code: str = ""
    keep_account: bool = False
    """Whether to keep an account that is about to be deleted."""


class CodeNeeded(Unauthenticated):
    """Enter a code of your authenticator app."""

    code = "second_factor"


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
    if attempt.user and is_right:
        await _check_code(context, visitor, attempt.user, attempt.key, entered.code)
    async with context.store.transaction() as db:
        user = await repository.user(db, attempt.user.id) if attempt.user and is_right else None
        if user is None or user.password_hash != (attempt.user and attempt.user.password_hash):
            _record_failure(db, visitor, address)
            user = None
        else:
            user.password_hash = renewed or user.password_hash
            await throttles.reset(db, ACCOUNT, *attempt.key)
            await throttles.give_back(db, ADDRESS, visitor.ip)
            if entered.keep_account:
                await lifecycle.take_back(db, user.id, visitor.ip)
            signed_in = await open_session(db, context.settings, signer, visitor, user)
            audit.record(db, signed_in.actor, "auth.login", "user", user.id, user.email)
    if user is None:
        raise Unauthenticated("The email address or the password is wrong.")
    return signed_in


async def _check_code(context: Context, visitor: ClientInfo, user: User, key: tuple[str, ...], code: str) -> None:
    """Use the code that comes with a right password, if the account needs one; raise CodeNeeded if it is wrong."""
    async with context.store.transaction() as db:
        if not await second_factors.is_protected(db, user.id):
            return
        if not code:
            # The password was right, so this attempt was none at guessing it.
            await throttles.give_back(db, ACCOUNT, *key)
            await throttles.give_back(db, ADDRESS, visitor.ip)
        refusal = await throttles.count(db, SECOND_FACTOR, *key) if code else None
        if refusal and refusal.is_first:
            _record_failure(db, visitor, user.email, action="auth.code_failed")
    if not code:
        raise CodeNeeded
    if refusal:
        raise refusal.error
    async with context.store.transaction() as db:
        is_right = await second_factor.use_code(db, context.cipher, user, code, ip=visitor.ip)
        if is_right:
            await throttles.reset(db, SECOND_FACTOR, *key)
        else:
            _record_failure(db, visitor, user.email, action="auth.code_failed")
    if not is_right:
        raise CodeNeeded("The code is wrong, or was used already.", hint="Wait for the next code, and enter that.")


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
            _record_failure(db, visitor, address)
    if refusal:
        raise refusal.error
    return attempt


def _record_failure(db: AsyncSession, visitor: ClientInfo, email: str, *, action: str = "auth.login_failed") -> None:
    """Record a failed sign-in; the instance's administrator reads it, not the account."""
    stranger = Actor("user", None, email[:254], ip=visitor.ip)
    audit.record(db, stranger, action, "user", "", stranger.email)

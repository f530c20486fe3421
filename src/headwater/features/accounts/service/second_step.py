"""The second step of a sign-in, after a password or a provider: a code of the app, a recovery code, or a passkey."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import User
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, passkeys, second_factor, throttles
from headwater.features.accounts.service.identity import ClientInfo
from headwater.features.accounts.service.passkeys import PasskeyRefused, PasskeyResult
from headwater.features.accounts.service.throttles import SECOND_FACTOR
from headwater.features.accounts.tokens import Signer
from headwater.kit.errors import Unauthenticated
from headwater.store.context import Context


class CodeNeeded(Unauthenticated):
    """Enter a code of your authenticator app, or use a passkey."""

    code = "second_factor"


@dataclass(frozen=True, slots=True)
class SecondStep:
    """What a user enters as the second step; false if that is nothing."""

    code: str = ""
    passkey: PasskeyResult | None = None

    @property
    def kind(self) -> str:
        """What is used, as the audit log says it."""
        return "passkey" if self.passkey else "code" if self.code else ""

    def __bool__(self) -> bool:
        return bool(self.code or self.passkey)


async def take(context: Context, signer: Signer, visitor: ClientInfo, user: User, step: SecondStep) -> None:
    """Take the second step of a user whose account has a second factor.

    Raises:
        CodeNeeded: the code is missing or wrong.
        PasskeyRefused: the passkey is not valid, or of somebody else.
        TooMany: there were too many attempts.
    """
    if step.passkey:
        owner = await passkeys.use(context, signer, visitor, step.passkey)
        if owner.id != user.id:
            raise PasskeyRefused("This passkey is of another account.")
        return
    if not step.code:
        raise CodeNeeded
    async with context.store.transaction() as db:
        is_known = await repository.was_signed_in_from(db, user.id, visitor.ip)
        key = throttles.account_key(user.email, visitor.ip, is_known=is_known)
        refusal = await throttles.count(db, SECOND_FACTOR, *key)
        if refusal and refusal.is_first:
            record_failure(db, visitor, user.email, action="auth.code_failed")
    if refusal:
        raise refusal.error
    async with context.store.transaction() as db:
        is_right = await second_factor.use_code(db, context.cipher, user, step.code, ip=visitor.ip)
        if is_right:
            await throttles.reset(db, SECOND_FACTOR, *key)
        else:
            record_failure(db, visitor, user.email, action="auth.code_failed")
    if not is_right:
        raise CodeNeeded("The code is wrong, or was used already.", hint="Wait for the next code, and enter that.")


def record_failure(db: AsyncSession, visitor: ClientInfo, email: str, *, action: str = "auth.login_failed") -> None:
    """Record a failed sign-in; the instance's administrator reads it, not the account."""
    stranger = Actor("user", None, email[:254], ip=visitor.ip)
    audit.record(db, stranger, action, "user", "", stranger.email)

"""Entering a password or a code again in a session, for what destroys or reveals."""

from __future__ import annotations

from headwater.features.accounts.rights import Actor, allow_scope
from headwater.features.accounts.service import identity, proofs, second_factor, throttles
from headwater.features.accounts.service.throttles import SECOND_FACTOR
from headwater.kit.errors import Invalid
from headwater.store.context import Context


async def prove(context: Context, actor: Actor, *, password: str = "", code: str = "") -> None:
    """Record that the actor's session is used by its user, who enters the password or a code.

    Raises:
        Invalid: neither, both, or a wrong one was entered.
        TooMany: there were too many attempts.
        Forbidden: the actor has no session.
    """
    allow_scope(actor, "account:write")
    if bool(password) == bool(code):
        raise Invalid({"password": "Enter your password or a code, one of them."})
    if password:
        await proofs.check_password(context, actor, password)
    else:
        await _check_code(context, actor, code)
    await proofs.record(context, actor)


async def _check_code(context: Context, actor: Actor, code: str) -> None:
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, SECOND_FACTOR, actor.email, proofs.PURPOSE)
    if refusal:
        raise refusal.error
    async with context.store.transaction() as db:
        user = await identity.user_of(db, actor)
        is_right = await second_factor.use_code(db, context.cipher, user, code, ip=actor.ip)
        if is_right:
            await throttles.reset(db, SECOND_FACTOR, actor.email, proofs.PURPOSE)
    if not is_right:
        raise Invalid({"code": "The code is wrong, or was used already."})

"""Proofs that a session is used by its user: a password or a code, not long ago, for what destroys or reveals.

API keys are a credential of their own, with scopes and an expiry, and prove nothing further.
"""

from __future__ import annotations

from headwater.features.accounts import passwords, repository
from headwater.features.accounts.rights import Actor, allow_scope
from headwater.features.accounts.service import audit, identity, throttles
from headwater.features.accounts.service.throttles import ACCOUNT
from headwater.kit.errors import Forbidden, Invalid
from headwater.store.context import Context

PURPOSE = "proof"


async def check_password(context: Context, actor: Actor, password: str, field: str = "password") -> None:
    """Return if this is the actor's password.

    Raises:
        Invalid: it is not.
        TooMany: there were too many attempts.
    """
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, ACCOUNT, actor.email, PURPOSE)
        known = (await identity.user_of(db, actor)).password_hash
    if refusal:
        raise refusal.error
    if not (await passwords.verify(password, known))[0]:
        raise Invalid({field: "This is not your password."})
    async with context.store.transaction() as db:
        await throttles.reset(db, ACCOUNT, actor.email, PURPOSE)


async def record(context: Context, actor: Actor) -> None:
    """Record that the actor's session has just proven that it is used by its user."""
    allow_scope(actor, "account:write")
    if actor.session_id is None:
        raise Forbidden("Only sessions prove who uses them; an API key is a credential of its own.")
    async with context.store.transaction() as db:
        await repository.prove_session(db, actor.session_id)
        audit.record(db, actor, "auth.proof", "session", actor.session_id)

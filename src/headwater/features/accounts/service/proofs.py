"""Proofs that a session is used by its user: a password, a code or a fresh sign-in, for what destroys or reveals.

API keys are a credential of their own, with scopes and an expiry, and prove nothing further.
"""

from __future__ import annotations

from headwater.features.accounts import passwords, repository
from headwater.features.accounts.rights import Actor, allow_scope, require_proof
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
    if known is None:
        raise Invalid({field: "Your account has no password."}, hint="Confirm in another way, or set a password.")
    if not (await passwords.verify(password, known))[0]:
        raise Invalid({field: "This is not your password."})
    async with context.store.transaction() as db:
        await throttles.reset(db, ACCOUNT, actor.email, PURPOSE)


async def check_owner(context: Context, actor: Actor, password: str) -> None:
    """Return if the actor enters the password of the account; if it has none, if the session has proven its user.

    Raises:
        Invalid: this is not the actor's password.
        ProofNeeded: the account has no password, and nothing else has proven lately who uses the session.
        Forbidden: the account has no password, and the actor uses an API key, which cannot prove anything.
        TooMany: there were too many attempts.
    """
    async with context.store.transaction() as db:
        has_password = (await identity.user_of(db, actor)).password_hash is not None
    if has_password:
        await check_password(context, actor, password)
    elif actor.session_id is None:
        raise Forbidden("Your account has no password, so only a session can do this.", hint="Use the web app.")
    else:
        require_proof(actor)


async def record(context: Context, actor: Actor) -> None:
    """Record that the actor's session has just proven that it is used by its user."""
    allow_scope(actor, "account:write")
    if actor.session_id is None:
        raise Forbidden("Only sessions prove who uses them; an API key is a credential of its own.")
    async with context.store.transaction() as db:
        await repository.prove_session(db, actor.session_id)
        audit.record(db, actor, "auth.proof", "session", actor.session_id)

"""What users change about themselves: name and password."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import passwords, repository
from headwater.features.accounts.models import User
from headwater.features.accounts.repository import account_links
from headwater.features.accounts.rights import Actor, allow_scope
from headwater.features.accounts.service import audit, identity, proofs, throttles
from headwater.features.accounts.service.throttles import ACCOUNT
from headwater.kit.errors import Conflict, Invalid
from headwater.store.context import Context

PURPOSE = "change of password"


async def rename(db: AsyncSession, actor: Actor, name: str) -> User:
    """Change the actor's name."""
    allow_scope(actor, "account:write")
    if not name.strip():
        raise Invalid({"name": "Enter a name."})
    user = await identity.user_of(db, actor)
    user.name = name.strip()
    audit.record(db, actor, "account.rename", "user", user.id, user.email)
    await db.flush()
    return user


async def change_password(context: Context, actor: Actor, *, current: str, new: str) -> None:
    """Change the actor's password, which takes the current one, and end all other sessions.

    An account without a password gets one if the session has proven lately who uses it.

    Raises:
        Invalid: the current password is wrong, or the new one is too weak.
        ProofNeeded: there is no current password, and nothing else has proven lately who uses the session.
        TooMany: there were too many attempts.
        Conflict: the password was changed in the meantime.
    """
    allow_scope(actor, "account:admin")
    passwords.check_rules(new, actor.email, "new")
    if new == current:
        raise Invalid({"new": "Choose a password that is not the current one."})
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, ACCOUNT, actor.email, PURPOSE)
        known = (await identity.user_of(db, actor)).password_hash
    if refusal:
        raise refusal.error
    if known is None:
        await proofs.check_owner(context, actor, "")
    elif not (await passwords.verify(current, known))[0]:
        raise Invalid({"current": "This is not your current password."})
    hashed = await passwords.hash_password(new)
    async with context.store.transaction() as db:
        user = await identity.user_of(db, actor)
        if user.password_hash != known:
            raise Conflict("The password was changed in the meantime.")
        user.password_hash = hashed
        ended = await repository.revoke_other_sessions(db, user.id, actor.session_id)
        await account_links.forget_links(db, user.id)
        await throttles.reset(db, ACCOUNT, actor.email, PURPOSE)
        audit.record(db, actor, "auth.password_changed", "user", user.id, user.email, sessions_ended=ended)

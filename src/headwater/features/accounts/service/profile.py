"""What users see and change of themselves: name, organizations, password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import password_rules, passwords, repository
from headwater.features.accounts.models import User
from headwater.features.accounts.repository import account_links, actors
from headwater.features.accounts.rights import Actor, allow_scope
from headwater.features.accounts.service import audit, identity, organizations, proofs, throttles
from headwater.features.accounts.service.organizations import OrganizationRole
from headwater.features.accounts.service.throttles import ACCOUNT
from headwater.kit.errors import Conflict, Invalid, Unauthenticated
from headwater.store.context import Context

PURPOSE = "change of password"


@dataclass(frozen=True, slots=True)
class Profile:
    """The current user, with the columns of `users` but the password, and their organizations, oldest first."""

    user: Any
    organizations: Sequence[OrganizationRole]


async def current(context: Context, actor: Actor) -> Profile:
    """Return the actor's profile."""
    allow_scope(actor, "organization:read")
    rows = await context.store.rows(actors.PROFILE, user_id=actor.user_id)
    if not rows:
        raise Unauthenticated
    organizations = [
        OrganizationRole(
            row.organization_id,
            row.organization_name,
            row.role,
            row.requires_second_factor,
            row.organization_id in actor.locked,
        )
        for row in rows
        if row.organization_id
    ]
    return Profile(rows[0], organizations)


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
    async with context.store.transaction() as db:
        names = await organizations.names_of(db, await identity.user_of(db, actor))
    password_rules.check_rules(new, actor.email, "new", names)
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

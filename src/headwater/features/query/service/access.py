"""Checks what an actor may run on a database, and opens the session for it; every query goes through here."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from headwater.engines import Session
from headwater.features.accounts.rights import Actor, may
from headwater.features.databases.service import databases, reachability
from headwater.features.databases.service.pool import SessionPool
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.kit.errors import Conflict, Forbidden
from headwater.store.context import Context


class ConfirmationNeeded(Conflict):
    """The database is protected; confirm the write."""

    code = "confirmation_needed"


@dataclass(frozen=True, slots=True)
class Access:
    """A database that an actor may query; with `needs_confirmation`, it is `read_only` until the actor confirms."""

    reached: ReachableDatabase
    user_id: uuid.UUID
    read_only: bool
    needs_confirmation: bool = False


async def authorize_query(
    context: Context, actor: Actor, database_id: uuid.UUID, *, write: bool = False, confirmed: bool = False
) -> Access:
    """Check what the actor may do on a database.

    Args:
        context: settings, store and the sessions that the process keeps.
        actor: the user.
        database_id: the database.
        write: whether the request certainly writes (an edit, a schema change).
        confirmed: whether the actor confirmed a write to a protected database.

    Raises:
        NotFound, Forbidden: the actor may not see or not change the database.
        ConfirmationNeeded: a write to a protected database that was not confirmed.
    """
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:write" if write else "database:read")
        writes = may(actor, "database:write", database) and not database.read_only
        reached = await reachability.load(db, context.cipher, database)
    if write and database.read_only:
        raise Forbidden(f"{database.name} is read-only.", hint="An admin can change that.")
    if write and database.protected and not confirmed:
        raise ConfirmationNeeded(f"{database.name} is protected.", hint="Confirm the write.")
    assert actor.user_id
    needs_confirmation = writes and database.protected and not confirmed
    return Access(reached, actor.user_id, not writes or needs_confirmation, needs_confirmation)


@asynccontextmanager
async def open_session(
    context: Context, access: Access, name: str = "", *, fixed_text: bool = False
) -> AsyncIterator[Session]:
    """Yield a session of the actor on the database; with `fixed_text`, no text of the user runs in it."""
    pool = context.service(SessionPool)
    async with pool.session(access.reached, access.user_id, name, fixed_text=fixed_text) as session:
        yield session

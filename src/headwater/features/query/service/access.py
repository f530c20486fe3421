"""Who may run what on which database, and the session for it: the one door of this room to a database."""

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
    """The database is protected: say that the write is meant."""

    code = "confirmation_needed"


@dataclass(frozen=True, slots=True)
class Access:
    """A database that an actor may query; `read_only` when nothing may be written, `asks` when a yes lifts it."""

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
        actor: who asks.
        database_id: the database.
        write: whether a write is wanted for sure (an edit, a change of the schema).
        confirmed: whether the actor said that a write to a protected database is meant.

    Raises:
        NotFound, Forbidden: as ever.
        ConfirmationNeeded: a write to a protected database that was not confirmed.
    """
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:write" if write else "database:read")
        writes = may(actor, "database:write", database) and not database.read_only
        reached = await reachability.load(db, context.cipher, database)
    if write and database.read_only:
        raise Forbidden(f"{database.name} is connected for reading only.", hint="An admin can change that.")
    if write and database.protected and not confirmed:
        raise ConfirmationNeeded(f"{database.name} is protected.", hint="Confirm the write.")
    assert actor.user_id
    asks = writes and database.protected and not confirmed
    return Access(reached, actor.user_id, not writes or asks, asks)


@asynccontextmanager
async def open_session(context: Context, access: Access, name: str = "") -> AsyncIterator[Session]:
    """Give a session on the database for the actor's use."""
    async with context.service(SessionPool).session(access.reached, access.user_id, name) as opened:
        yield opened

"""Checks what an actor may run on a database, and opens the session for it; every query goes through here."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from headwater.engines import Session
from headwater.features.accounts.rights import Action, Actor, may
from headwater.features.databases.service import reachability
from headwater.features.databases.service.pool import SessionPool
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.kit.errors import Conflict, Forbidden
from headwater.store.context import Context


class ConfirmationNeeded(Conflict):
    """The database is protected; confirm the write."""

    code = "confirmation_needed"


@dataclass(frozen=True, slots=True)
class Access:
    """A database that an actor may query; with `needs_confirmation`, it is `read_only` until the actor confirms.

    Who may only read has a role of its own in a managed database, which cannot write, and neither sees nor ends what
    others do there. Who may write has the owner's, also before the confirmation.
    """

    reached: ReachableDatabase
    user_id: uuid.UUID
    read_only: bool
    actor: Actor
    needs_confirmation: bool = False

    def as_reader(self) -> ReachableDatabase:
        """Return the database as one who may only read reaches it."""
        return replace(self.reached, reader=self.user_id.hex)


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
    action: Action = "database:write" if write else "database:read"
    reached, database = await reachability.find(context, actor, database_id, action)
    writes = may(actor, "database:write", database) and not reached.read_only
    if write and reached.read_only:
        raise Forbidden(f"{reached.name} is read-only.", hint="An admin can change that.")
    if write and reached.protected and not confirmed:
        raise ConfirmationNeeded(f"{reached.name} is protected.", hint="Confirm the write.")
    assert actor.user_id
    needs_confirmation = writes and reached.protected and not confirmed
    return Access(reached, actor.user_id, not writes or needs_confirmation, actor, needs_confirmation)


@asynccontextmanager
async def open_session(
    context: Context, access: Access, name: str = "", *, fixed_text: bool = False, read_only: bool = False
) -> AsyncIterator[Session]:
    """Yield a session of the actor on the database.

    Args:
        context: settings, store and the sessions that the process keeps.
        access: what `authorize_query` has returned.
        name: the name of the editor's session, which keeps its role, because a transaction may be open in it.
        fixed_text: whether no text of the user runs in it.
        read_only: whether only a read-only run uses it.
    """
    reads = (access.read_only and not access.needs_confirmation) or (read_only and not name)
    pool = context.service(SessionPool)
    reached = access.as_reader() if reads else access.reached
    async with pool.session(reached, access.user_id, name, fixed_text=fixed_text) as session:
        yield session

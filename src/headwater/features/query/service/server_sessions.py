"""Who is at work on a database, and the end of it."""

from __future__ import annotations

import uuid

from headwater.catalog.plans import ServerSession
from headwater.engines import ActivitySupport
from headwater.features.accounts.rights import Actor
from headwater.features.query.service import access as doors
from headwater.kit.errors import BadInput, NotFound
from headwater.store.context import Context


async def sessions(context: Context, actor: Actor, database_id: uuid.UUID) -> tuple[ServerSession, ...]:
    """Return the sessions on a database, those at work first."""
    access = await doors.authorize_query(context, actor, database_id)
    async with doors.open_session(context, access) as session:
        return await _watches(access).sessions(session)


async def end(context: Context, actor: Actor, database_id: uuid.UUID, target: str, *, terminate: bool) -> None:
    """Cancel the query of a session, or end the session."""
    access = await doors.authorize_query(context, actor, database_id, write=True, confirmed=True)
    async with doors.open_session(context, access) as session:
        if not await _watches(access).end_session(session, target, terminate=terminate):
            raise NotFound(f"There is no session {target}.", hint="It may have ended by itself.")


def _watches(access: doors.Access) -> ActivitySupport:
    engine = access.reached.engine
    if engine.activity is None:
        raise BadInput(f"{engine.display_name} shows no sessions here.")
    return engine.activity

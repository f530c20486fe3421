"""Lists and ends the sessions of a database server."""

from __future__ import annotations

import uuid
from dataclasses import replace

from headwater.catalog.plans import ServerSession
from headwater.engines import ActivitySupport
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.query.service import access as doors
from headwater.kit.errors import BadInput, NotFound
from headwater.store.context import Context


async def sessions(context: Context, actor: Actor, database_id: uuid.UUID) -> tuple[ServerSession, ...]:
    """Return the sessions on a database, active ones first; secrets in their statements are masked."""
    access = await doors.authorize_query(context, actor, database_id)
    async with doors.open_session(context, access, fixed_text=True) as session:
        listed = await _activity(access).sessions(session)
    mask = access.reached.engine.mask_secrets
    return tuple(replace(each, query=mask(each.query).text) for each in listed)


async def end(context: Context, actor: Actor, database_id: uuid.UUID, target: str, *, terminate: bool) -> None:
    """Cancel the query of a session, or end the session."""
    access = await doors.authorize_query(context, actor, database_id, write=True, confirmed=True)
    async with doors.open_session(context, access, fixed_text=True) as session:
        if not await _activity(access).end_session(session, target, terminate=terminate):
            raise NotFound(f"There is no session {target}.", hint="It may have ended already.")
    async with context.store.transaction() as db:
        audit.record(
            db,
            actor,
            "server_session.terminate" if terminate else "server_session.cancel",
            "database",
            access.reached.id,
            access.reached.name,
            organization_id=access.reached.organization_id,
            session=target,
        )


def _activity(access: doors.Access) -> ActivitySupport:
    engine = access.reached.engine
    if engine.activity is None:
        raise BadInput(f"Headwater cannot list the sessions of {engine.display_name}.")
    return engine.activity

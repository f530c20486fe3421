"""Query plans of statements, with advice."""

from __future__ import annotations

import uuid

from headwater.catalog.plans import QueryPlan
from headwater.engines import Parameters
from headwater.features.accounts.rights import Actor
from headwater.features.query.service import access as doors
from headwater.kit.errors import BadInput
from headwater.store.context import Context


async def explain(
    context: Context, actor: Actor, database_id: uuid.UUID, text: str, parameters: Parameters, *, run: bool
) -> QueryPlan:
    """Return the plan of one statement; with `run`, it is executed and rolled back."""
    access = await doors.authorize_query(context, actor, database_id)
    engine = access.reached.engine
    if engine.explain is None:
        raise BadInput(f"{engine.display_name} does not support query plans.")
    async with doors.open_session(context, access) as session:
        return await engine.explain.plan(session, text, parameters, run=run and not access.read_only)

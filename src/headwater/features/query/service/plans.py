"""How a database would run a statement, with advice."""

from __future__ import annotations

import uuid

from headwater.catalog.plans import QueryPlan
from headwater.engines import Parameters
from headwater.features.accounts.rights import Actor
from headwater.features.query.service import access as doors
from headwater.features.query.service.access import Workplace
from headwater.kit.errors import BadInput


async def explain(
    place: Workplace, actor: Actor, database_id: uuid.UUID, text: str, parameters: Parameters, *, run: bool
) -> QueryPlan:
    """Return the plan of one statement; with `run`, it is executed and rolled back."""
    access = await doors.enter(place, actor, database_id)
    engine = access.reached.engine
    if engine.explain is None:
        raise BadInput(f"{engine.display_name} shows no plans here.")
    async with doors.session(place, access) as session:
        return await engine.explain.plan(session, text, parameters, run=run and not access.read_only)

"""What the tests of policies share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from features.policies.rota import TABLES, Rota
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import House


@pytest.fixture
async def rota(house: House, keeper: Supervisor) -> AsyncIterator[Rota]:
    """Somebody with a small database; at the end no policy is left that another test would follow."""
    person = await house.person("tomas")
    rota = Rota(house, person, await person.database("sqlite"))
    await rota.sql(TABLES)
    yield rota
    async with house.server.database.transaction() as db:
        await db.execute(text("DELETE FROM snapshot_policies"))
        await db.execute(text("DELETE FROM policy_runs"))

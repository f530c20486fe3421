"""Fixtures of the tests of policies."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from features.policies.policy_fixture import TABLES, PolicyFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture


@pytest.fixture
async def policy_fixture(app: AppFixture, supervisor: Supervisor) -> AsyncIterator[PolicyFixture]:
    """A user with a small database, whose policy is deleted at the end."""
    person = await app.person("tomas")
    policy_fixture = PolicyFixture(app, person, await person.database("sqlite"))
    await policy_fixture.sql(TABLES)
    yield policy_fixture
    async with app.server.database.transaction() as db:
        await db.execute(text("DELETE FROM snapshot_policies"))
        await db.execute(text("DELETE FROM policy_runs"))

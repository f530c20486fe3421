"""What the tests of extracts share: one database with a snapshot, which nobody changes, for a whole module."""

from __future__ import annotations

from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SHOP, SnapshotFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture


@pytest.fixture(scope="module")
async def snapshot_fixture(module_app: AppFixture, keeper: Supervisor) -> SnapshotFixture:
    """Somebody with a database that has something of everything."""
    person = await module_app.person("sonja")
    snapshot_fixture = SnapshotFixture(module_app, person, await person.database("postgresql"))
    await snapshot_fixture.sql(SHOP)
    return snapshot_fixture


@pytest.fixture(scope="module")
async def taken(snapshot_fixture: SnapshotFixture) -> Any:
    """A snapshot of it."""
    return await snapshot_fixture.take()

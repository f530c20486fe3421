"""Fixtures of the tests of extracts: a database with a snapshot, which no test changes, one for each module."""

from __future__ import annotations

from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SHOP, SnapshotFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture


@pytest.fixture(scope="module")
async def snapshot_fixture(module_app: AppFixture, supervisor: Supervisor) -> SnapshotFixture:
    """A user with a database that has objects of every kind."""
    person = await module_app.person("sonja")
    snapshot_fixture = SnapshotFixture(module_app, person, await person.database("postgresql"))
    await snapshot_fixture.sql(SHOP)
    return snapshot_fixture


@pytest.fixture(scope="module")
async def taken(snapshot_fixture: SnapshotFixture) -> Any:
    """A snapshot of that database."""
    return await snapshot_fixture.take()

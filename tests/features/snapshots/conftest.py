"""Fixtures of the tests of snapshots."""

from __future__ import annotations

import pytest

from clusters import Cluster
from features.snapshots.snapshot_fixture import SHOP, SnapshotFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture


@pytest.fixture
async def snapshot_fixture(app: AppFixture, cluster: Cluster, supervisor: Supervisor) -> SnapshotFixture:
    """A user with a connected database that has objects of every kind; the supervisor runs the restored databases."""
    person = await app.person("sonja")
    return SnapshotFixture(app, person, await person.connected(cluster.clone(SHOP)))

"""What the tests of snapshots share."""

from __future__ import annotations

import pytest

from clusters import Cluster
from features.snapshots.shelf import SHOP, Shelf
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import House


@pytest.fixture
async def shelf(house: House, cluster: Cluster, keeper: Supervisor) -> Shelf:
    """Somebody with a connected database that has something of everything; the keeper runs what is restored."""
    person = await house.person("sonja")
    return Shelf(house, person, await person.connected(cluster.clone(SHOP)))

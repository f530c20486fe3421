"""What the tests of snapshots share."""

from __future__ import annotations

import pytest

from features.snapshots.shelf import SHOP, Shelf
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import House


@pytest.fixture
async def shelf(house: House, keeper: Supervisor) -> Shelf:
    """Somebody with a database that has something of everything."""
    person = await house.person("sonja")
    shelf = Shelf(house, person, await person.database("postgresql"))
    await shelf.sql(SHOP)
    return shelf

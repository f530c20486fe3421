"""What the tests of extracts share: one database with a snapshot, which nobody changes, for a whole module."""

from __future__ import annotations

from typing import Any

import pytest

from features.snapshots.shelf import SHOP, Shelf
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import House


@pytest.fixture(scope="module")
async def shelf(lasting_house: House, keeper: Supervisor) -> Shelf:
    """Somebody with a database that has something of everything."""
    person = await lasting_house.person("sonja")
    shelf = Shelf(lasting_house, person, await person.database("postgresql"))
    await shelf.sql(SHOP)
    return shelf


@pytest.fixture(scope="module")
async def taken(shelf: Shelf) -> Any:
    """A snapshot of it."""
    return await shelf.take()

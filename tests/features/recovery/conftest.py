"""What the tests of recovery share: a database that keeps its log, one for each file."""

from __future__ import annotations

import pytest

from features.recovery.timeline import Timeline
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import House


@pytest.fixture(scope="module")
async def line(lasting_house: House, keeper: Supervisor) -> Timeline:
    """Somebody with a database that keeps its log from now on."""
    person = await lasting_house.person("rita")
    line = Timeline(lasting_house, person, await person.database("postgresql"))
    await line.sql("CREATE TABLE step (n int PRIMARY KEY, body text)")
    await line.enable()
    return line

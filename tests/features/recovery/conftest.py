"""Fixtures of the tests of recovery: a database with point-in-time recovery, one for each file."""

from __future__ import annotations

import pytest

from features.recovery.recovery_fixture import RecoveryFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture


@pytest.fixture(scope="module")
async def recovery_fixture(module_app: AppFixture, supervisor: Supervisor) -> RecoveryFixture:
    """A user with a database that has point-in-time recovery enabled."""
    person = await module_app.person("rita")
    recovery_fixture = RecoveryFixture(module_app, person, await person.database("postgresql"))
    await recovery_fixture.sql("CREATE TABLE step (n int PRIMARY KEY, body text)")
    await recovery_fixture.enable()
    return recovery_fixture

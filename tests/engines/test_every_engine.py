"""Every engine passes the complete conformance suite on a real server."""

from __future__ import annotations

import importlib

import pytest

from headwater.engines import all_engines
from headwater.kit import plugins
from headwater.testing.engines import CHECKS, IN_PLACE_RESTORE_CHECKS, SNAPSHOT_CHECKS, SQL_CHECKS, Subject


def subject(name: str) -> Subject:
    """What the engine's own folder of tests says of it; an engine without that has no tests and fails here."""
    location = importlib.import_module(f"engines.{name}.place")
    engine = all_engines()[name]
    if reason := location.missing():
        pytest.skip(reason)
    return Subject(engine, location.fresh, **location.texts())


REFILLING = [
    name
    for name in plugins.names("engines")
    if (engine := all_engines()[name]).in_place_restore and engine.language == "sql"
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", plugins.names("engines"))
async def test_engine_conforms(name, check):
    await check(subject(name))


@pytest.mark.parametrize("check", SQL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", [name for name in plugins.names("engines") if all_engines()[name].language == "sql"])
async def test_sql_engine_conforms(name, check):
    await check(subject(name))


@pytest.mark.parametrize("check", SNAPSHOT_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", [name for name in plugins.names("engines") if all_engines()[name].snapshots])
async def test_snapshot_engine_conforms(name, check):
    await check(subject(name))


@pytest.mark.parametrize("check", IN_PLACE_RESTORE_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", REFILLING)
async def test_in_place_restore_engine_conforms(name, check):
    await check(subject(name))

"""The law of schema diff, on real servers: what differs, applied to a database of A, makes it equal to one of B."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.diff.worlds import WORLDS, schemas
from engines.test_every_engine import subject
from headwater.catalog.apply import apply_all
from headwater.catalog.model import Schema
from headwater.core.diff import Side, compare, differences
from headwater.engines import Session
from headwater.testing.engines.subject import connected, run_all
from suite.profiles import examples

ENGINES = sorted(WORLDS)


async def inspected(engine: Any, session: Session) -> Schema:
    return await engine.inspect(session)


async def created(name: str, schema: Schema, then: Callable[[Any, Session], Awaitable[Any]]) -> Any:
    """Create a Schema in a new database, and return what a function makes of it."""
    engine = subject(name).engine
    async with connected(subject(name)) as session:
        for statement in engine.ddl(schema):
            await run_all(session, statement)
        return await then(engine, session)


@pytest.mark.parametrize("name", ENGINES)
def test_changes_between_two_databases_lead_from_one_to_the_other(name: str) -> None:
    engine = subject(name).engine

    @settings(max_examples=examples(80), suppress_health_check=list(HealthCheck))
    @given(a=schemas(name), b=schemas(name))
    def law(a: Schema, b: Schema) -> None:
        wanted = asyncio.run(created(name, b, inspected))

        async def migrated(engine: Any, session: Session) -> Schema:
            before = await engine.inspect(session)
            steps = differences(before, wanted, engine.dialect, "database")
            for step in engine.alter(steps, before):
                for statement in step.statements:
                    await run_all(session, statement)
            return await engine.inspect(session)

        after = asyncio.run(created(name, a, migrated))
        assert differences(after, wanted, engine.dialect, "database") == ()

    law()


@pytest.mark.parametrize("name", ENGINES)
def test_a_database_does_not_differ_from_what_it_was_created_from(name: str) -> None:
    """A server spells types, defaults and checks in its own way: none of that is a difference."""
    engine = subject(name).engine

    @settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
    @given(schemas(name))
    def law(schema: Schema) -> None:
        server = asyncio.run(created(name, schema, inspected))
        text, database = Side(schema, engine.dialect), Side(server, engine.dialect, "database")
        assert compare(text, database).changes == ()
        assert compare(database, text).changes == ()

    law()


@given(st.data())
def test_changes_applied_to_a_schema_leave_no_difference(data: st.DataObject) -> None:
    """The same without a server, for more examples."""
    name = data.draw(st.sampled_from(ENGINES))
    a, b = data.draw(schemas(name)), data.draw(schemas(name))
    dialect = subject(name).engine.dialect
    steps = differences(a, b, dialect)
    assert differences(apply_all(a, steps), b, dialect) == ()
    assert differences(a, a, dialect) == ()

"""Complete sample databases: inspected, created again from the Schema, and inspected again.

Ours has every kind of object; `HEADWATER_TEST_SAMPLES` is a folder with other people's, as `<engine>/*.sql`.
"""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path

import pytest

from engines.test_every_engine import subject
from headwater.catalog.statements import split
from headwater.kit.errors import HeadwaterError
from headwater.testing.engines.schemas import assert_equal
from headwater.testing.engines.subject import connected, rows, run_all

FOLDER = os.environ.get("HEADWATER_TEST_SAMPLES")
HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/everything.sql")) + (sorted(Path(FOLDER).glob("*/*.sql")) if FOLDER else [])
# What belongs to the server, its roles and its rows rather than to the schema.
ELSEWHERE = re.compile(
    r"(?:CREATE|DROP|ALTER|USE)\s+(?:DATABASE|SCHEMA\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?`?(?:sakila|public))\b|USE\b|INSERT\b|COPY\b"
    r"|GRANT\b|REVOKE\b|ALTER\s.*\bOWNER\s+TO\b|SELECT\s+pg_catalog\.set_config|DROP\b|COMMENT ON EXTENSION",
    re.IGNORECASE | re.DOTALL,
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_sample_round_trip(path: Path) -> None:
    text = re.sub(r"^\\.*$", "", path.read_text("utf-8-sig"), flags=re.MULTILINE)
    tested = subject(path.parent.name)
    failed = []
    async with connected(tested) as session:
        for statement in split(text, tested.engine.dialect.grammar):
            if ELSEWHERE.match(statement.text):
                continue
            try:
                await run_all(session, statement.text)
            except HeadwaterError as error:
                failed.append(f"{error.message} | {statement.text[:120]!r}")
        first = await tested.engine.inspect(session)
        message = await rows(session, importlib.import_module(f"engines.{path.parent.name}.place").COLUMNS)
    read = sorted(
        (table.name, column.name, column.nullable)
        for table in first
        if table.kind == "table"
        for column in table.columns
    )
    assert read == sorted((str(table), str(column), bool(nullable)) for table, column, nullable in message)
    async with connected(tested) as session:
        for created in tested.engine.ddl(first):
            try:
                await run_all(session, created)
            except HeadwaterError as error:
                raise AssertionError(f"{error.message}\n{created}") from error
        second = await tested.engine.inspect(session)
    print(
        f"\n{path.parent.name}/{path.name}: {len(first.relations)} relations; {len(failed)} statements could not be loaded",
        *failed[:5],
        sep="\n  ",
    )
    assert first.relations
    assert_equal(second, first)

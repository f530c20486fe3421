"""A third-party engine, found by its entry point, passes the conformance suite and works everywhere."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from headwater.catalog.model import Column, Relation, Schema
from headwater.engines import Address, all_engines, engine, parse_url
from headwater.features.databases import serializers
from headwater.features.databases.service import engine_options
from headwater.kit import plugins
from headwater.testing.engines import CHECKS, Subject
from headwater.testing.engines.subject import connected, rows, run_all

CACHES = (plugins._entry_points, plugins.load, all_engines)


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install the engine as a package of its own would: by metadata on the path, and nothing else."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "headwater_toy-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: headwater-toy\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[headwater.engines]\ntoy = engines.toy.engine\n")
    sys.path.insert(0, str(site))
    for cached in CACHES:
        cached.cache_clear()
    yield
    sys.path.remove(str(site))
    for cached in CACHES:
        cached.cache_clear()


@asynccontextmanager
async def fresh() -> AsyncIterator[Address]:
    with tempfile.TemporaryDirectory(prefix="hw-toy-") as folder:
        path = Path(folder) / "database.json"
        path.touch()
        yield Address(path=path)


def test_names_are_listed_without_import() -> None:
    sys.modules.pop("engines.toy.engine", None)
    assert "toy" in plugins.names("engines")
    assert "engines.toy.engine" not in sys.modules


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_toy_engine_conforms(check) -> None:
    await check(Subject(engine("toy"), fresh))


async def test_connect_ddl_query_inspect() -> None:
    toy = engine("toy")
    schema = Schema((Relation("song", (Column("title", "text"), Column("year", "text"))),))
    async with connected(Subject(toy, fresh)) as session:
        for statement in toy.ddl(schema):
            await run_all(session, statement)
        await run_all(session, "insert song Hey 1968\ninsert song Help 1965")
        assert await rows(session, "select song") == [("Hey", "1968"), ("Help", "1965")]
        relation = (await toy.inspect(session)).relations[0]
    assert (relation.name, [column.name for column in relation.columns], relation.rows) == (
        "song",
        ["title", "year"],
        2,
    )


def test_url_and_api_accept_toy_engine() -> None:
    name, address = parse_url("toy:///tmp/a.json")
    assert (name, str(address.path)) == ("toy", "tmp/a.json")
    (displayed,) = [serializers.engine(view) for view in engine_options.engines() if view.name == "toy"]
    assert (displayed.label, displayed.data_model, displayed.statement_unit) == ("Toy", "relational", "line")
    assert not displayed.copy_target and not displayed.snapshots and displayed.unavailable

"""Tables copied to collections of a real server, with equal checksums."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import uuid
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.transfers.row_copies import ENGINES, SHOP, Quiet, copied, planned, sides
from features.transfers.test_row_copies import ROW, TABLE
from features.transfers.test_row_copies import _spelt as spelt
from headwater.catalog.model import Relation, Schema
from headwater.catalog.results import QueryError
from headwater.engines import drop_all
from headwater.engines.mongodb.transfer import MongoTransfer
from headwater.features.transfers.service import copy_rows
from headwater.kit.errors import BadInput, Cancelled
from headwater.testing.engines.subject import run_all
from suite.profiles import examples


async def documents(side: copy_rows.CopyEndpoint, name: str, **filter_: Any) -> list[dict[str, Any]]:
    command = {"find": name, "filter": filter_, "sort": {"_id": 1}, "batchSize": 10_000}
    return await side.session.all(command)  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("source", ENGINES)
async def test_tables_are_copied_to_documents(source: str) -> None:
    async with sides(source, "mongodb") as (left, right):
        await run_all(left.session, SHOP[source])
        plan, compared, watch = await copied(left, right)
        assert [(item.target, item.source_rows, item.same) for item in compared] == [
            ("album", 2500, True),
            ("artist", 1500, True),
        ]
        (album,) = await documents(right, "album", _id=7)
        assert (album["title"], album["artist_id"]) == ("t7", 8)
        schema = await right.engine.inspect(right.session)
        assert [item.columns for item in schema.relation("artist").indexes] == [("name",)]  # type: ignore[union-attr]
        await drop_all(right.loads, watch.made)
        assert (await right.engine.inspect(right.session)).relations == ()
        assert plan.losses


async def test_random_rows_have_equal_checksums() -> None:
    """Law: rows of PostgreSQL and the documents that they become have the same checksum, and the plan said what is lost."""
    async with sides("postgresql", "mongodb") as (left, right):
        runs: list[list[tuple[Any, ...]]] = []

        @settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(ROW, max_size=40))
        def generate(generated: list[tuple[Any, ...]]) -> None:
            runs.append(generated)

        generate()
        types = {column.name: column.type for column in TABLE.columns}
        for generated in runs:
            name = f"t{uuid.uuid4().hex[:8]}"
            for statement in left.engine.ddl(Schema((Relation(name, TABLE.columns, "public"),))):
                await run_all(left.session, statement)
            await left.loads.load(name, list(types.items()), [[spelt(value) for value in row] for row in generated])
            plan = await planned(left, right, [name])
            (compared,) = (await copy_rows.copy(left, right, plan, Quiet())).compared
            assert compared.same and compared.source_rows == len(generated)
            await run_all(left.session, "ROLLBACK")
            # What the server has is what was generated, but for what the plan calls lost.
            stored = {repr(read_back(item)) for item in await documents(right, name)}
            assert stored == {repr(expected(row)) for row in generated}
        losses = {loss.sentence for loss in plan.losses}
        assert {"times are truncated to milliseconds", "numbers of more than 34 digits become text"} <= losses


def expected(row: tuple[Any, ...]) -> list[Any]:
    """Return what a generated row must be as a document."""
    return [_expected(value) for value in row]


def _expected(value: Any) -> Any:
    match value:
        case datetime.datetime():
            return value.replace(microsecond=value.microsecond // 1000 * 1000, fold=0)
        case datetime.date():
            return datetime.datetime(value.year, value.month, value.day)
        case datetime.time():
            text = value.isoformat()
            return text.rstrip("0").rstrip(".") if "." in text else text
        case decimal.Decimal():
            text = f"{value:f}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
            return text if len(text.lstrip("-0.").replace(".", "")) > 34 else value + 0
        case float():
            return value + 0.0
    return value


def read_back(document: dict[str, Any]) -> list[Any]:
    """Return a document's fields as `_expected` has them."""
    return [_plain(value) for key, value in document.items() if key != "_id"]


def _plain(value: Any) -> Any:
    match value:
        case Decimal128():
            return value.to_decimal() + 0
        case float():
            return value + 0.0
        case Binary() if value.subtype == 4:
            return value.as_uuid()
        case Int64():
            return int(value)
    return value


TRICKY = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE pairs (a int, b text, "$odd.name" int, _id text, from_ varchar(3), mood mood NOT NULL, PRIMARY KEY (b, a), UNIQUE (_id));
CREATE INDEX by_a ON pairs (from_, a DESC);
INSERT INTO pairs VALUES (1, 'x', 7, NULL, 'äöü', 'sad'), (2, 'x', NULL, NULL, NULL, 'glad'), (1, 'y', 1, 'z', 'a', 'sad');
CREATE TABLE loose (j jsonb, k json, arr bigint[], nested text[][], stamps timestamptz[], docs jsonb[], u uuid, big numeric, n numeric(38,2),
  gap interval, addr inet, bits bit(3), r real);
INSERT INTO loose VALUES
  ('{"a": [1, 2.5, {"b": null}], "$x": 18446744073709551615, "c.d": -9223372036854775808}', ' {"z": 1, "a": [] }', '{1,NULL,9007199254740993}',
   '{{a,b},{c,NULL}}', '{2026-01-01 00:00:00.123456+02}', array['{"x": 1}', 'null', NULL]::jsonb[], gen_random_uuid(),
   12345678901234567890123456789012345.678, 123456789012345678901234567890123456.78, '1 year 2 days 00:00:01.5', '10.0.0.1/8', B'101', 'NaN'),
  ('null', '[]', '{}', '{}', NULL, NULL, NULL, 'NaN', 1.5, NULL, NULL, NULL, 'Infinity'),
  (NULL, '"text"', NULL, NULL, NULL, NULL, NULL, 0.1, 0, NULL, NULL, NULL, 0.1);
"""


async def test_special_keys_names_and_values_are_copied() -> None:
    async with sides("postgresql", "mongodb") as (left, right):
        await run_all(left.session, TRICKY)
        plan, compared, _ = await copied(left, right)
        assert [(item.target, item.target_rows, item.same) for item in compared] == [
            ("loose", 3, True),
            ("pairs", 3, True),
        ]
        pairs = await documents(right, "pairs")
        assert pairs[0] == {"_id": {"b": "x", "a": 1}, "_odd_name": 7, "_id_": None, "from_": "äöü", "mood": "sad"}
        losses = {(loss.table, loss.object): loss.sentence for loss in plan.losses if loss.table == "public.pairs"}
        assert "document with the key columns" in losses["public.pairs", "b, a"]
        index_by_name = {item.name: item for item in await indexes(right, "pairs")}
        assert index_by_name["by_a"].attrs == (("keys", '{"from_": 1, "_id.a": -1}'),)
        # Two NULLs are two, as they were; two values are refused.
        with pytest.raises(QueryError, match="uplicate"):
            await run_all(right.session, 'db.pairs.insertOne({"_id": {"b": "q", "a": 9}, "mood": "sad", "_id_": "z"})')
        for wrong in (
            '"mood": "angry"',
            '"mood": null',
            '"mood": "sad", "from_": "long"',
            '"mood": "sad", "_odd_name": "1"',
        ):
            with pytest.raises(QueryError, match=r"[Vv]alidat"):
                await run_all(right.session, f'db.pairs.insertOne({{"_id": {{"b": "v", "a": 9}}, {wrong}}})')
        loose = {item["r"]: item for item in await documents(right, "loose") if item["r"] == item["r"]}
        first = next(item for item in await documents(right, "loose") if item["r"] != item["r"])
        assert loose[float("inf")]["j"] is None and str(loose[float("inf")]["big"]) == "NaN"
        assert (first["big"], first["n"]) == (
            "12345678901234567890123456789012345.678",
            "123456789012345678901234567890123456.78",
        )
        assert str(loose[float("inf")]["n"]) == "1.50"
        assert first["j"]["$x"] == Decimal128("18446744073709551615") and isinstance(first["arr"][0], Int64)
        assert (first["gap"], first["addr"], first["bits"]) == ("P1Y2DT1.5S", "10.0.0.1/8", "101")
        assert first["docs"] == [{"x": 1}, None, None] and first["nested"] == [["a", "b"], ["c", None]]


async def indexes(side: copy_rows.CopyEndpoint, name: str) -> tuple[Any, ...]:
    relation = (await side.engine.inspect(side.session)).relation(name)
    assert relation
    return relation.indexes


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        (
            "CREATE TABLE t (id int PRIMARY KEY, at timestamp); INSERT INTO t VALUES (1, now()), (2, 'infinity')",
            "t: row 2, column at: 'infinity' cannot be stored as timestamp",
        ),
        (
            "CREATE TABLE t (at timestamp PRIMARY KEY); INSERT INTO t VALUES ('2026-01-01 00:00:00.0001'), ('2026-01-01 00:00:00.0002')",
            "t: .*uplicate",
        ),
        (
            "CREATE TABLE t (a text); INSERT INTO t VALUES (repeat('x', 17000000))",
            "t: A row has .* bytes, but a document can have at most",
        ),
        (
            "CREATE TABLE t (j jsonb); INSERT INTO t VALUES ((repeat('[', 300) || repeat(']', 300))::jsonb)",
            r"t: row 1, column j: '\[+' cannot be stored as json",
        ),
    ],
)
async def test_values_that_documents_cannot_store_are_reported(setup: str, said: str) -> None:
    async with sides("postgresql", "mongodb") as (left, right):
        await run_all(left.session, setup)
        with pytest.raises(BadInput, match=said):
            await copied(left, right)


async def test_wide_rows_are_copied_to_documents() -> None:
    async with sides("postgresql", "mongodb") as (left, right):
        await run_all(
            left.session,
            "CREATE TABLE wide (id int, t text); INSERT INTO wide SELECT g, repeat('x', 2000000) FROM generate_series(1, 12) g",
        )
        _, compared, _ = await copied(left, right)
        assert compared[0].same
        counts = [len(rows) async for rows in right.loads.scan("wide", [("id", "int"), ("t", "string")])]
        assert sum(counts) == 12 and max(counts) <= 5


async def test_cancelled_load_finishes_its_batch_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopping(Quiet):
        loading = False

        def report(self, phase: str, done: int, total: int, message: str) -> None:
            self.loading = phase == "rows"

        def stopped(self) -> bool:
            return self.loading

    async with sides("postgresql", "mongodb") as (left, right):
        await run_all(left.session, "CREATE TABLE t AS SELECT g a FROM generate_series(1, 5000) g")
        plan, watch = await planned(left, right), Stopping()
        real = MongoTransfer.load

        async def slow(*given: Any) -> None:
            await asyncio.sleep(2 * copy_rows.LOOK_SECONDS)
            await real(*given)

        monkeypatch.setattr(MongoTransfer, "load", slow)
        with pytest.raises(Cancelled):
            await copy_rows.copy(left, right, plan, watch)
        await run_all(right.session, "db.theirs.insertOne({})")
        # The batch that was being loaded has arrived: nothing comes after the collection is dropped.
        assert len(await documents(right, "t")) == 1000
        await drop_all(right.loads, watch.made)
        assert [item.name for item in (await right.engine.inspect(right.session)).relations] == ["theirs"]

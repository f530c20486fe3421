"""MongoDB as an engine: texts, documents, limits, cancelling, refused commands, inferred fields, TLS."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from engines.mongodb.place import fresh, started
from engines.test_every_engine import subject
from engines.texts import lines
from headwater.catalog import changes as c
from headwater.catalog.model import Index, Schema
from headwater.catalog.results import Finished, Limits, QueryCancelled, QueryError, QueryTimeout, Rows, Started
from headwater.engines import Address, engine, parse_url
from headwater.engines.mongodb.statements import statements
from headwater.engines.mongodb.values import display_text
from headwater.kit.errors import BadInput, HeadwaterError, Unavailable
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import Tls
from headwater.testing.engines.subject import READ_ONLY, connected, rows, run_all, run_refused
from suite.ports import free_port

FOLDER = Path(__file__).parent
MANY = "db.many.insertMany([" + ", ".join(f"{{_id: {i}, i: {i}}}" for i in range(1500)) + "])"
SLOW = "db.many.aggregate([{$lookup: {from: 'many', as: 'x', pipeline: [{$lookup: {from: 'many', as: 'y', pipeline: []}}]}}, {$count: 'n'}], {maxTimeMS: 3000})"


def pairs(name: str) -> list[tuple[str, str]]:
    return [(text, said) for text, _, said in (line.rpartition(" => ") for line in lines(FOLDER / name))]


@pytest.mark.parametrize(("text", "command"), pairs("parses.txt"))
def test_texts_are_parsed_to_commands(text: str, command: str) -> None:
    (statement,) = statements(text)
    assert json.loads(display_text(statement.command)) == json.loads(command)


@pytest.mark.parametrize(("text", "place"), pairs("wrong.txt"))
def test_syntax_errors_have_positions(text: str, place: str) -> None:
    with pytest.raises(QueryError) as raised:
        statements(text)
    assert raised.value.position == int(place), raised.value.message
    assert raised.value.message.endswith(".")


@pytest.mark.parametrize(("text", "why"), pairs("refused.txt"))
async def test_forbidden_commands_are_rejected(text: str, why: str) -> None:
    async with connected(subject("mongodb"), "db.kept.insertOne({_id: 1, a: 1})") as session:
        error = await run_refused(session, text)
        assert why in f"{error.message} {error.hint}"
        assert await rows(session, "db.kept.find({})") == [('{"_id": 1, "a": 1}',)]


async def test_commands_yield_frames() -> None:
    text = 'db.t.insertMany([{_id: 1, a: \'ü\'}, {_id: 2}]);\n// two\ndb.t.find({}).sort({_id: 1})\ndb.t.countDocuments({})\n{"count": "t"}'
    text += "\ndb.t.distinct('_id'); db.t.updateMany({}, {$set: {b: 1}}); db.t.deleteOne({_id: 2}); db.none.countDocuments({})"
    async with connected(subject("mongodb")) as session:
        frames = await run_all(session, text)
    started = [frame for frame in frames if isinstance(frame, Started)]
    finished = [frame for frame in frames if isinstance(frame, Finished)]
    assert [text[item.start : item.end] for item in started][:2] == [
        "db.t.insertMany([{_id: 1, a: 'ü'}, {_id: 2}])",
        "db.t.find({}).sort({_id: 1})",
    ]
    assert [item.command for item in finished] == [
        "INSERT",
        "FIND",
        "AGGREGATE",
        "COUNT",
        "DISTINCT",
        "UPDATE",
        "DELETE",
        "AGGREGATE",
    ]
    assert [item.affected for item in finished] == [2, None, None, None, None, 2, 1, None]
    assert [row for frame in frames if isinstance(frame, Rows) for row in frame.rows] == [
        ('{"_id": 1, "a": "ü"}',),
        ('{"_id": 2}',),
        (2,),
        (2,),
        ("1",),
        ("2",),
        (0,),
    ]


async def test_values_keep_their_types() -> None:
    document = (
        '{"_id": {"$oid": "0123456789abcdef01234567"}, "long": {"$numberLong": "5"}, "big": {"$numberLong": "9007199254740993"}, '
        '"double": 1.0, "date": {"$date": "2026-11-21T10:00:00Z"}, "decimal": {"$numberDecimal": "1.10"}, '
        '"bytes": {"$binary": {"base64": "AAE=", "subType": "00"}}, "nan": {"$numberDouble": "NaN"}, "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}}, '
        '"nested": {"list": [1, "x", null, true, {"$timestamp": {"t": 1, "i": 2}}]}, "min": {"$minKey": 1}}'
    )
    async with connected(subject("mongodb")) as session:
        await run_all(session, f'{{"insert": "t", "documents": [{document}]}}')
        ((result,),) = await rows(session, "db.t.find({})")
        assert result == document
        await run_all(session, f"db.t.replaceOne({{}}, {result})")
        assert await rows(session, "db.t.find({})") == [(document,)]
        assert await rows(session, "db.t.find({})", None, Limits(cell=5)) == [('{"_id',)]


async def test_parameters_are_values() -> None:
    async with connected(subject("mongodb")) as session:
        await run_all(session, "db.t.insertOne({_id: $1, b: $2})", ["{$gt: ''}", 'x"}'])
        assert await rows(session, "db.t.countDocuments({b: :b})", {"b": 'x"}'}) == [(1,)]
        for given in ({"c": 1}, ["x"], None):
            with pytest.raises(BadInput):
                await run_all(session, "db.t.find({b: :b})", given)


async def test_error_stops_run_and_keeps_session_usable() -> None:
    async with connected(subject("mongodb"), "db.t.insertOne({_id: 1})") as session:
        text = "db.t.insertOne({_id: 2})\ndb.t.insertMany([{_id: 3}, {_id: 1}])\ndb.t.drop()"
        error = await run_refused(session, text)
        assert isinstance(error, QueryError) and error.statement == 1 and error.position == 25
        assert error.sqlstate == "11000" and "document 2; 1 written" in error.message and error.hint
        assert await rows(session, "db.t.countDocuments({})") == [(3,)]
        error = await run_refused(session, "db.t.find({a: {$nonsense: 1}})")
        assert isinstance(error, QueryError) and "nonsense" in error.message
        for text in (
            "",
            ";;",
            "// nothing",
            "\0",
            "{" * 1000,
            "db.t.find({a: 1e999999})",
            '{"find": 7}',
            '{"insert": "t"}',
        ):
            try:
                await run_all(session, text)
            except HeadwaterError as told:
                assert told.message
            assert await rows(session, "db.t.countDocuments({})") == [(3,)]


async def test_read_only_holds() -> None:
    tested = subject("mongodb")
    async with tested.fresh() as address:
        session, witness = await tested.engine.connect(address), await tested.engine.connect(address)
        await run_all(session, "db.kept.insertOne({_id: 1, a: 1})")
        before = await tested.engine.inspect(witness)
        for text in tested.tricks:
            try:
                await run_all(session, text, None, READ_ONLY)
            except HeadwaterError as error:
                assert error.message, text
            assert await rows(witness, "db.kept.find({})") == [('{"_id": 1, "a": 1}',)], text
            assert await tested.engine.inspect(witness) == before, text
        assert (await run_refused(session, "db.kept.drop()", READ_ONLY)).sqlstate == "25006"  # type: ignore[attr-defined]
        assert await rows(session, "db.kept.find({})", None, READ_ONLY) == [('{"_id": 1, "a": 1}',)]
        await session.close()
        await witness.close()


async def test_limits_time_and_cancel() -> None:
    async with connected(subject("mongodb"), MANY) as session:
        for limits, expected in (
            (Limits(rows=10), 10),
            (Limits(rows=1200), 1200),
            (Limits(rows=0), 0),
            (Limits(rows=None, bytes=2000), None),
        ):
            frames = await run_all(session, "db.many.find({})", None, limits)
            given = sum(len(frame.rows) for frame in frames if isinstance(frame, Rows))
            assert given == expected or (expected is None and 0 < given < 1500), limits
            assert isinstance(frames[-1], Finished) and frames[-1].truncated and frames[-1].rows == given
        assert len(await rows(session, "db.many.find({})")) == 1500
        error = await run_refused(session, SLOW, Limits(seconds=0.3))
        assert isinstance(error, QueryTimeout), error
        running = asyncio.create_task(run_all(session, SLOW))
        await asyncio.sleep(0.3)
        await session.cancel()
        with pytest.raises(QueryCancelled):
            await running
        async with aclosing(session.run("db.many.find({})")) as given_frames:
            async for frame in given_frames:
                if isinstance(frame, Rows):
                    break
        assert await rows(session, "db.many.countDocuments({i: {$lt: 7}})") == [(7,)]


async def test_fields_are_inferred() -> None:
    text = """
    db.createCollection("orders", {validator: {$jsonSchema: {required: ["total"]}}})
    db.orders.insertMany([
      {_id: 1, total: 1.5, to: {city: "Bern", zip: "3000"}, items: [{sku: "a"}, {sku: "b", n: 2}]},
      {_id: 2, total: NumberDecimal("2"), to: {city: null}, items: []}
    ])
    db.orders.createIndex({"to.city": 1, total: -1}, {unique: true, partialFilterExpression: {total: {$gt: 0}}})
    {"create": "cheap", "viewOn": "orders", "pipeline": [{"$match": {"total": {"$lt": 2}}}]}
    """
    async with connected(subject("mongodb"), text) as session:
        schema = await engine("mongodb").inspect(session)
        orders, cheap = schema.relation("orders"), schema.relation("cheap")
        assert orders and cheap and orders.kind == "collection" and orders.inferred_from == orders.rows == 2
        assert sorted((column.name, column.type, column.nullable) for column in orders.columns) == [
            ("_id", "int", False),
            ("items", "array | array<object>", False),
            ("items.n", "int", True),
            ("items.sku", "string", True),
            ("to", "object", False),
            ("to.city", "string", True),
            ("to.zip", "string", True),
            ("total", "decimal | double", False),
        ]
        (index,) = orders.indexes
        assert index.columns == ("to.city", "total") and index.unique and index.where == '{"total": {"$gt": 0}}'
        assert orders.checks[0].expression == '{"$jsonSchema": {"required": ["total"]}}'
        assert cheap.kind == "view" and cheap.definition
        statements = engine("mongodb").ddl(schema)
    async with connected(subject("mongodb"), "\n".join(statements)) as session:
        again = await engine("mongodb").inspect(session)
        twin = again.relation("orders")
        assert twin and twin.indexes == orders.indexes and twin.checks == orders.checks


async def test_changes_are_commands() -> None:
    async with connected(subject("mongodb"), "db.t.insertMany([{_id: 1, a: 1, b: 2}, {_id: 2}])") as session:
        changes = [
            c.RenameColumn("t", column="a", new_name="x"),
            c.DropColumn("t", column="b"),
            c.AddIndex("t", index=Index("by_x", ("x",))),
        ]
        for step in engine("mongodb").alter(changes, await engine("mongodb").inspect(session)):
            for statement in step.statements:
                await run_all(session, statement)
        assert await rows(session, "db.t.find({})") == [('{"_id": 1, "x": 1}',), ('{"_id": 2}',)]
        table = (await engine("mongodb").inspect(session)).relation("t")
        assert table and [index.name for index in table.indexes] == ["by_x"]
        with pytest.raises(BadInput):
            engine("mongodb").alter([c.SetNullable("t", column="x", nullable=False)], Schema((table,)))


@pytest.mark.parametrize("database", ["admin", "local", "config", ""])
async def test_system_databases_are_rejected(database: str) -> None:
    async with fresh() as address:
        with pytest.raises(HeadwaterError) as raised:
            await engine("mongodb").connect(replace(address, database=database))
        assert raised.value.hint


@pytest.fixture(scope="module")
def encrypted() -> Iterator[tuple[Address, trustme.CA]]:
    ca = trustme.CA()
    leaf = ca.issue_cert("db.example")
    with tempfile.TemporaryDirectory(prefix="hw-mongodb-tls-") as folder:
        port, options = free_port(), ["--tls-require-client-cert"]
        for name, blob in (("ca", ca.cert_pem), ("cert", leaf.cert_chain_pems[0]), ("key", leaf.private_key_pem)):
            blob.write_to_path(f"{folder}/{name}.pem")
            options += [f"--tls-{name}-file", f"{folder}/{name}.pem"]
        running = started(folder, port, *options)
        yield Address("db.example", port, "shop", endpoint=Endpoint("127.0.0.1", port)), ca
        running.kill()
        running.wait(120)


async def test_tls_certificate_is_verified(encrypted: tuple[Address, trustme.CA]) -> None:
    address, ca = encrypted
    leaf = ca.issue_cert("visitor@example")
    whole = Tls(
        "verify-full", *(item.bytes().decode() for item in (ca.cert_pem, leaf.cert_chain_pems[0], leaf.private_key_pem))
    )
    for mode in ("verify-full", "verify-ca", "require", "prefer"):
        session = await engine("mongodb").connect(replace(address, tls=replace(whole, mode=mode)))
        assert (await session.ping()).tls
        assert await rows(session, "db.t.countDocuments({})") == [(0,)]
        await session.close()
    # What the server does not answer at all is tried until the time is over.
    for tls, message, seconds in (
        (replace(whole, ca=trustme.CA().cert_pem.bytes().decode()), "not signed by a trusted CA", 60),
        (replace(whole, server_name="other.example"), "another host name", 60),
        (replace(whole, certificate=None, key=None), "", 1),
        (Tls("off"), "", 1),
    ):
        with pytest.raises(HeadwaterError) as raised:
            await engine("mongodb").connect(replace(address, tls=tls), seconds=seconds)
        assert message in raised.value.message and raised.value.hint


async def test_refused_connection_is_reported_at_once() -> None:
    nowhere = Address("127.0.0.1", 1, "shop", tls=Tls("off"), endpoint=Endpoint("127.0.0.1", 1))
    async with asyncio.timeout(300):
        with pytest.raises(HeadwaterError, match="Nothing is listening"):
            await engine("mongodb").connect(nowhere, seconds=3600)


async def test_only_resolved_address_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are not resolved again, and members of a replica set that the server tells of are not dialled."""
    asked, dialled = asyncio.BaseEventLoop.getaddrinfo, set()

    async def resolve(self: asyncio.BaseEventLoop, host: str, port: int, **given: object) -> object:
        dialled.add((host, port))
        return await asked(self, host, port, **given)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    async with fresh() as address:
        session = await engine("mongodb").connect(replace(address, host="no-such-host.invalid", port=1))
        assert (await session.ask({"hello": 1})).get("setName"), "the server tells of a replica set"
        await run_all(session, "db.t.insertOne({_id: 1}); db.t.find({})")
        await session.close()
        assert dialled == {("127.0.0.1", address.port)}


def test_urls_are_parsed() -> None:
    name, address = parse_url("mongodb://me:p%40ss@db.example/shop?authSource=admin&tls=true")
    assert (name, address.port, address.database, address.password) == ("mongodb", 27017, "shop", "p@ss")
    assert address.option("authSource") == "admin" and address.tls.mode == "verify-full"
    with pytest.raises(BadInput, match="list of hosts"):
        parse_url("mongodb+srv://cluster.example/shop")


async def test_lost_server_is_reported() -> None:
    with tempfile.TemporaryDirectory(prefix="hw-mongodb-gone-") as folder:
        port = free_port()
        running = started(folder, port)
        address = Address("127.0.0.1", port, "shop", tls=Tls("off"), endpoint=Endpoint("127.0.0.1", port))
        session = await engine("mongodb").connect(address, seconds=3)
        assert await rows(session, "db.t.countDocuments({})") == [(0,)] and not session.broken()
        running.kill()
        running.wait(120)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await run_all(session, "db.t.find({})")
        assert session.broken()
        await session.close()


async def test_prefer_mode_allows_plain_connection() -> None:
    async with fresh() as address:
        session = await engine("mongodb").connect(replace(address, tls=Tls("prefer")))
        assert (await session.ping()).tls is None
        await session.close()

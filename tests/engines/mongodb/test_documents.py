"""Browsing and changing documents."""

from __future__ import annotations

import json

import pytest

from engines.test_every_engine import subject
from headwater.catalog.entries import EntryChange as Change
from headwater.catalog.entries import Search
from headwater.catalog.results import QueryError
from headwater.engines import engine
from headwater.kit.errors import BadInput, HeadwaterError
from headwater.testing.engines.subject import connected, rows, run_all

mongodb = engine("mongodb").browsing
TEXT = """
db.t.insertMany([{_id: 1, a: 1.0, b: {c: "x"}}, {_id: "two", a: NumberLong(5)}, {_id: ObjectId("0123456789abcdef01234567"), a: 3}])
{"create": "v", "viewOn": "t", "pipeline": []}
"""


async def test_collections_and_pages() -> None:
    async with connected(subject("mongodb"), TEXT) as session:
        assert [
            (collection.name, collection.kind, collection.count) for collection in await mongodb.collections(session)
        ] == [
            ("t", "collection", 3),
            ("v", "view", None),
        ]
        page = await mongodb.entries(session, "t", Search(limit=2))
        assert [item.id for item in page.items] == ["1", '"two"'] and (page.next, page.total) == ("2", 3)
        page = await mongodb.entries(session, "t", Search(limit=2, cursor=page.next))
        assert [item.id for item in page.items] == ['{"$oid": "0123456789abcdef01234567"}'] and page.next is None
        page = await mongodb.entries(session, "v", Search("{a: {$gte: 3}}", "{a: -1}"))
        assert [item.id for item in page.items] == ['"two"', '{"$oid": "0123456789abcdef01234567"}'] and page.total == 2
        for wrong in (
            Search("{a: "),
            Search("[1]"),
            Search("{$where: '1'}"),
            Search(sort="{a: 'x'}"),
            Search(cursor="x"),
            Search("{} {}"),
        ):
            with pytest.raises(BadInput):
                await mongodb.entries(session, "t", wrong)
        with pytest.raises(QueryError):
            await mongodb.entries(session, "system.users", Search())


async def test_document_change_requires_unchanged_document() -> None:
    async with connected(subject("mongodb"), TEXT) as session:
        for entry_id in ("1", '"two"', '{"$oid": "0123456789abcdef01234567"}'):
            displayed = await mongodb.entry(session, "t", entry_id)
            body = displayed.body.replace("\n}", ',\n  "new": 1\n}')
            assert (
                await mongodb.change_entry(session, "t", Change("replace", entry_id, body=body, was=displayed.body))
            ).applied
            again = await mongodb.change_entry(session, "t", Change("replace", entry_id, body="{}", was=displayed.body))
            assert not again.applied and again.now == body
            assert not (
                await mongodb.change_entry(session, "t", Change("delete", entry_id, was=displayed.body))
            ).applied
        assert await rows(session, "db.t.find({_id: 'two'})") == [
            ('{"_id": "two", "a": {"$numberLong": "5"}, "new": 1}',)
        ]
        assert (await mongodb.change_entry(session, "t", Change("delete", "1"))).applied
        gone = await mongodb.change_entry(session, "t", Change("delete", "1"))
        assert (gone.applied, gone.now) == (False, None)
        assert await mongodb.entry(session, "t", "1") is None
        outcome = await mongodb.change_entry(session, "t", Change("insert", body="{a: 7}"))
        entry = await mongodb.entry(session, "t", outcome.id)
        assert entry and json.loads(entry.body)["a"] == 7


@pytest.mark.parametrize(
    "given",
    [
        Change("insert", body="{_id: 1}"),
        Change("insert", body="[]"),
        Change("insert", body="{"),
        Change("replace", "1", body="{_id: 2}"),
        Change("replace", "1", body='{"$set": {"a": 2}}'),
        Change("expire", "1", seconds=5),
        Change("put", "1", part="a", body="2"),
        Change("delete", "{"),
        Change("insert", body='{"a": {"$code": "x"}}'),
    ],
)
async def test_impossible_change_has_clear_error(given: Change) -> None:
    async with connected(subject("mongodb"), TEXT) as session:
        with pytest.raises(HeadwaterError) as raised:
            await mongodb.change_entry(session, "t", given)
        assert raised.value.status < 500
        assert await rows(session, "db.t.countDocuments({})") == [(3,)]
        await run_all(session, "db.t.find({})")

"""Browsing and changing keys and their elements."""

from __future__ import annotations

import pytest

from engines.test_every_engine import subject
from headwater.catalog.entries import Element, Search
from headwater.catalog.entries import EntryChange as Change
from headwater.engines import engine
from headwater.kit.errors import BadInput, Conflict, HeadwaterError, NotFound
from headwater.testing.engines.subject import connected, rows, run_all

redis = engine("redis").browsing
TEXT = """
SET user:1 "Zoë"
SET bytes "\\xff\\x00"
SET "\\xfe" "odd name"
SET "\\"quoted\\"" 1 EX 100
HSET h f 1 g 2
RPUSH l a b c
SADD s x y
ZADD z 1 one 2.5 two
XADD st 1-1 k v
XADD st 2-1 k w
"""


async def test_keys_are_listed_with_types() -> None:
    async with connected(subject("redis"), TEXT) as session:
        (holder,) = await redis.collections(session)
        assert (holder.kind, holder.count) == ("keys", 9)
        page = await redis.entries(session, "", Search(limit=100))
        kinds = {item.id: item.type for item in page.items}
        assert kinds == {
            "user:1": "string",
            "bytes": "string",
            '"\\xfe"': "string",
            '"\\"quoted\\""': "string",
            "h": "hash",
            "l": "list",
            "s": "set",
            "z": "zset",
            "st": "stream",
        }
        (quoted,) = [item for item in page.items if item.id.startswith('"\\"')]
        assert quoted.seconds_left and 90 < quoted.seconds_left <= 100 and quoted.size_bytes and page.total == 9
        for wanted, ids in (("user:*", ["user:1"]), ("ser", ["user:1"]), ("nothing", [])):
            assert [item.id for item in (await redis.entries(session, "", Search(wanted))).items] == ids
        seen, cursor = set(), None
        while True:
            page = await redis.entries(session, "", Search(limit=1, cursor=cursor))
            seen |= {item.id for item in page.items}
            if (cursor := page.next) is None:
                break
        assert len(seen) == 9
        with pytest.raises(BadInput):
            await redis.entries(session, "", Search(cursor="x"))


async def test_values_are_read_by_type() -> None:
    async with connected(subject("redis"), TEXT) as session:
        user, odd = await redis.entry(session, "", "user:1"), await redis.entry(session, "", "bytes")
        assert (user.body, user.binary, user.length, user.whole) == ("Zoë", False, 4, True)
        assert (odd.body, odd.binary) == ('"\\xff\\x00"', True)
        assert (await redis.entry(session, "", '"\\xfe"')).body == "odd name"
        assert await redis.entry(session, "", "gone") is None
        for key, expected in (
            ("h", [Element("f", "1"), Element("g", "2")]),
            ("l", [Element("0", "a"), Element("1", "b"), Element("2", "c")]),
            ("s", [Element("x"), Element("y")]),
            ("z", [Element("one", "1"), Element("two", "2.5")]),
            ("st", [Element("2-1", '{"k": "w"}'), Element("1-1", '{"k": "v"}')]),
        ):
            page = await redis.elements(session, "", key, Search())
            assert sorted(page.items, key=str) == sorted(expected, key=str) and page.next is None, key
        page = await redis.elements(session, "", "l", Search(limit=2))
        assert [item.value for item in page.items] == ["a", "b"]
        assert [
            item.value for item in (await redis.elements(session, "", "l", Search(limit=2, cursor=page.next))).items
        ] == ["c"]
        page = await redis.elements(session, "", "st", Search(limit=1))
        assert [item.name for item in (await redis.elements(session, "", "st", Search(cursor=page.next))).items] == [
            "1-1"
        ]
        assert [item.name for item in (await redis.elements(session, "", "h", Search("f"))).items] == ["f"]
        await run_all(session, f"HSET long f {'ü' * 40_000}")
        (part,) = (await redis.elements(session, "", "long", Search())).items
        assert part.value == "ü" * 32_768 and not part.whole and not part.binary
        with pytest.raises(NotFound):
            await redis.elements(session, "", "gone", Search())
        with pytest.raises(BadInput):
            await redis.elements(session, "", "user:1", Search())


@pytest.mark.parametrize(
    ("given", "find", "found"),
    [
        (Change("replace", "user:1", body="Zed", was="Zoë"), "GET user:1", [("Zed",)]),
        (Change("delete", "user:1", was="Zoë"), "EXISTS user:1", [(0,)]),
        (Change("expire", "h", seconds=100), "EXPIRETIME h", None),
        (Change("put", "h", part="f", body="9", was="1"), "HGET h f", [("9",)]),
        (Change("put", "h", part="new", body="x"), "HGET h new", [("x",)]),
        (Change("remove", "h", part="f", was="1"), "HKEYS h", [("g",)]),
        (Change("put", "l", part="1", body="B", was="b"), "LRANGE l 0 -1", [("a",), ("B",), ("c",)]),
        (Change("put", "l", body="d"), "LINDEX l -1", [("d",)]),
        (Change("remove", "l", part="1", was="b"), "LRANGE l 0 -1", [("a",), ("c",)]),
        (Change("put", "s", part="z"), "SISMEMBER s z", [(1,)]),
        (Change("remove", "s", part="x"), "SMEMBERS s", [("y",)]),
        (Change("put", "z", part="one", body="7", was="1"), "ZSCORE z one", [(7.0,)]),
        (Change("remove", "z", part="one", was="1"), "ZCARD z", [(1,)]),
        (Change("put", "st", body='{"k": "n", "m": 1}'), "XLEN st", [(3,)]),
        (Change("remove", "st", part="1-1"), "XLEN st", [(1,)]),
        (Change("insert", "new:1", type="string", body="x", seconds=50), "GET new:1", [("x",)]),
        (Change("insert", "new:2", type="hash", part="f", body="x"), "HGETALL new:2", [("f", "x")]),
        (Change("insert", "new:3", type="zset", part="m", body="1.5"), "ZSCORE new:3 m", [(1.5,)]),
        (Change("insert", "new:4", type="stream", body='{"a": 1}'), "XLEN new:4", [(1,)]),
        (Change("insert", "new:5", type="list", body="x"), "LLEN new:5", [(1,)]),
    ],
)
async def test_changes_apply(given: Change, find: str, found) -> None:
    async with connected(subject("redis"), TEXT) as session:
        outcome = await redis.change_entry(session, "", given)
        assert outcome.applied and outcome.id == given.id
        message = await rows(session, find)
        assert message == found if found is not None else int(message[0][0]) > 0


@pytest.mark.parametrize(
    ("given", "now"),
    [
        (Change("replace", "user:1", body="x", was="Old"), "Zoë"),
        (Change("put", "h", part="f", body="9", was="0"), "1"),
        (Change("remove", "l", part="0", was="z"), "a"),
        (Change("put", "z", part="one", body="7", was="3"), "1"),
        (Change("delete", "gone", was="x"), None),
    ],
)
async def test_concurrent_edit_is_not_overwritten(given: Change, now: str | None) -> None:
    async with connected(subject("redis"), TEXT) as session:
        outcome = await redis.change_entry(session, "", given)
        assert not outcome.applied and outcome.now == now
        assert await rows(session, "GET user:1") == [("Zoë",)]


async def test_concurrent_change_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    tested = subject("redis")
    async with tested.fresh() as address:
        session, other = await tested.engine.connect(address), await tested.engine.connect(address)
        await run_all(session, "SET k old\nSET ttl 1 EX 100")
        ask = session.ask

        async def slowly(*words):  # somebody else is quicker
            message = await ask(*words)
            if words[0] == "TYPE":
                await run_all(other, "SET k new")
            return message

        monkeypatch.setattr(session, "ask", slowly)
        outcome = await redis.change_entry(session, "", Change("replace", "k", body="mine"))
        assert not outcome.applied and outcome.now == "new"
        assert (await redis.change_entry(session, "", Change("replace", "ttl", body="2"))).applied
        assert (await rows(other, "TTL ttl"))[0][0] > 0
        await session.close()
        await other.close()


@pytest.mark.parametrize(
    "given",
    [
        Change("insert", "user:1", type="string", body="x"),
        Change("insert", "", body="x"),
        Change("insert", "n", type="tree", body="x"),
        Change("expire", "h", seconds=-1),
        Change("replace", "h", body="x"),
        Change("put", "z", part="m", body="much"),
        Change("put", "st", body="[]"),
        Change("put", "l", part="x", body="y"),
        Change("put", "l", part="99", body="y"),
        Change("remove", "user:1", part="x"),
        Change("put", "user:1", part="x"),
        Change("delete", '"broken'),
    ],
)
async def test_impossible_change_has_clear_error(given: Change) -> None:
    async with connected(subject("redis"), TEXT) as session:
        with pytest.raises((BadInput, Conflict)) as raised:
            await redis.change_entry(session, "", given)
        assert isinstance(raised.value, HeadwaterError) and raised.value.message
        assert await rows(session, "GET user:1\nLLEN l") == [("Zoë",), (3,)]

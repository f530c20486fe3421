"""Inspects a Redis database: patterns of keys, with the types and fields of a sample."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.catalog.model import Column, Relation, Schema
from headwater.engines import Session
from headwater.engines.redis import patterns, rows
from headwater.engines.redis.resp import Value
from headwater.engines.redis.session import RedisSession

SAMPLED_KEYS = 10_000
SCANNED_SECONDS = 5.0
PAGE = 1000
# The number of keys of a pattern whose sizes and fields are read.
LOOKED_INTO = 20
FIELDS = 200
MOST_PATTERNS = 300
_MEMBERS = {"string": ("value",), "list": ("item",), "set": ("member",), "zset": ("member", "score")}


@dataclass(slots=True)
class _Key:
    """A sampled key."""

    name: bytes
    pattern: str
    type: str = ""
    expires: bool = False


async def inspect(session: Session) -> Schema:
    """Return the patterns of keys as relations."""
    assert isinstance(session, RedisSession)
    keys = await _sampled(session)
    size = await session.ask("DBSIZE")
    total = size if isinstance(size, int) else len(keys)
    await _learn(session, keys)
    by_name = {key.pattern: key for key in keys}
    groups = list(patterns.grouped(by_name).items())
    largest = sorted(groups, key=lambda item: -len(item[1]))[:MOST_PATTERNS]
    share = total / len(keys) if keys else 0.0
    relations = [await _relation(session, name, [by_name[key] for key in those], share) for name, those in largest]
    return Schema(tuple(sorted(relations, key=lambda relation: relation.name)))


async def _sampled(session: RedisSession) -> list[_Key]:
    began, cursor = time.monotonic(), b"0"
    names: dict[bytes, None] = {}
    while len(names) < SAMPLED_KEYS and time.monotonic() - began < SCANNED_SECONDS:
        page = await session.ask("SCAN", cursor, "COUNT", PAGE)
        if not isinstance(page, list) or not isinstance(page[1], list) or not isinstance(page[0], bytes):
            break
        names.update((name, None) for name in page[1] if isinstance(name, bytes))
        cursor = page[0]
        if cursor == b"0":
            break
    return [_Key(name, rows.text(name)) for name in list(names)[:SAMPLED_KEYS]]


async def _learn(session: RedisSession, keys: Sequence[_Key]) -> None:
    """Query types and times to live; a key that no longer exists has the type none."""
    for begin in range(0, len(keys), PAGE):
        some = keys[begin : begin + PAGE]
        replies = await session.asked([command for key in some for command in (("TYPE", key.name), ("PTTL", key.name))])
        for key, type_, left in zip(some, replies[::2], replies[1::2], strict=True):
            key.type = str(type_)
            key.expires = isinstance(left, int) and left >= 0


async def _relation(session: RedisSession, pattern: str, keys: Sequence[_Key], share: float) -> Relation:
    counts = Counter(key.type for key in keys)
    type_ = counts.most_common(1)[0][0]
    some = [key for key in keys if key.type == type_][:LOOKED_INTO]
    sizes = [size for size in await session.asked([("MEMORY", "USAGE", key.name) for key in some]) if _is_size(size)]
    expiring = round(100 * sum(key.expires for key in keys) / len(keys))
    attrs = {"type": ", ".join(sorted(counts)), "expiring": f"{expiring} %"}
    average = sum(int(str(size)) for size in sizes) / len(sizes) if sizes else None
    rows_expected = round(len(keys) * share)
    return Relation(
        pattern,
        (Column("key", "string", nullable=False), *await _columns(session, type_, some)),
        kind="keyspace",
        primary_key=("key",),
        inferred_from=len(keys),
        rows=rows_expected,
        size_bytes=None if average is None else round(average * rows_expected),
        attrs=tuple(sorted(attrs.items())),
    )


def _is_size(value: Value) -> bool:
    return isinstance(value, int)


async def _columns(session: RedisSession, type_: str, keys: Sequence[_Key]) -> tuple[Column, ...]:
    if type_ not in {"hash", "stream"}:
        types = {"score": "number"}
        return tuple(
            Column(name, types.get(name, "string"), nullable=False) for name in _MEMBERS.get(type_, ("value",))
        )
    asked: list[tuple[bytes | str | int, ...]] = (
        [("HSCAN", key.name, 0, "COUNT", FIELDS) for key in keys]
        if type_ == "hash"
        else [("XREVRANGE", key.name, "+", "-", "COUNT", 1) for key in keys]
    )
    seen = [_fields(type_, reply) for reply in await session.asked(asked)]
    counts = Counter(name for names in seen for name in names)
    lead = (Column("id", "string", nullable=False),) if type_ == "stream" else ()
    columns = [Column(name, "string", nullable=count < len(seen)) for name, count in counts.most_common(FIELDS)]
    return lead + tuple(sorted(columns, key=lambda item: item.name))


def _fields(type_: str, value: Value) -> list[str]:
    """Return the names of the fields of a hash, or of a stream's last entry."""
    flat: Value = value
    if isinstance(value, list) and type_ == "hash" and len(value) == 2:
        flat = value[1]
    elif isinstance(value, list) and value and isinstance(value[0], list):
        flat = value[0][1]
    return [str(rows.cell(name)) for name in flat[::2]] if isinstance(flat, list) else []

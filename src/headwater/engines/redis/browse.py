"""Pages of keys with their types, times to live and elements.

Names of keys and elements are texts that can be parsed back: a name that is not UTF-8, or begins with a quote, is
quoted and escaped as in redis-cli.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from headwater.catalog.entries import Collection, CollectionEntry, Element, ElementPage, EntryPage, Search
from headwater.engines import Session
from headwater.engines.redis import rows
from headwater.engines.redis.command_text import commands
from headwater.engines.redis.resp import Cut, ErrorReply, Value
from headwater.engines.redis.session import RedisSession
from headwater.kit.errors import BadInput, NotFound

SCANNED_AT_ONCE = 1000
PAGE_SECONDS = 2.0
LONGEST_BODY = 2**20
LONGEST_PART = 2**16
_LENGTHS: Mapping[str, str] = {
    "string": "STRLEN",
    "hash": "HLEN",
    "list": "LLEN",
    "set": "SCARD",
    "zset": "ZCARD",
    "stream": "XLEN",
}


def named(value: bytes) -> str:
    """Return the readable name of a key or element."""
    return rows.quoted(value) if value.startswith(b'"') else rows.text(value)


def bytes_of(name: str) -> bytes:
    """Return the bytes of a name that `named` returned."""
    if not name.startswith('"'):
        return name.encode()
    (command,) = commands(name)
    return command.words[0]


async def collections(session: Session) -> tuple[Collection, ...]:
    """Return the one collection, which contains all keys."""
    assert isinstance(session, RedisSession)
    count = await session.ask("DBSIZE")
    return (Collection("", "keys", count if isinstance(count, int) else None),)


async def entries(session: Session, collection: str, search: Search) -> EntryPage:
    """Return keys in the order of SCAN; a filter without wildcards matches anywhere in a name."""
    assert isinstance(session, RedisSession)
    cursor, keys = _cursor(search.cursor), dict[bytes, None]()
    match = () if not search.filter else ("MATCH", _pattern(search.filter))
    began = time.monotonic()
    while True:
        page = await session.ask("SCAN", cursor, *match, "COUNT", min(SCANNED_AT_ONCE, max(search.limit, 10)))
        cursor, names = _page(page)
        keys.update((name, None) for name in names if isinstance(name, bytes))
        if cursor == b"0" or len(keys) >= search.limit or time.monotonic() - began > PAGE_SECONDS:
            break
    total = await session.ask("DBSIZE")
    items = await _described(session, list(keys))
    return EntryPage(items, None if cursor == b"0" else cursor.decode(), total if isinstance(total, int) else None)


def _pattern(text: str) -> str:
    return text if any(mark in text for mark in "*?[") else f"*{text}*"


def _cursor(text: str | None) -> bytes:
    if text is not None and not text.isdigit():
        raise BadInput("The cursor does not belong to this list.", hint="Leave it out to start from the beginning.")
    return (text or "0").encode()


def _page(value: Value) -> tuple[bytes, list[Value]]:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], bytes):
        return b"0", []
    return value[0], value[1] if isinstance(value[1], list) else []


async def _described(session: RedisSession, keys: list[bytes]) -> tuple[CollectionEntry, ...]:
    asked = [command for key in keys for command in (("TYPE", key), ("PTTL", key), ("MEMORY", "USAGE", key))]
    replies = await session.asked(list(asked))
    given = zip(keys, replies[::3], replies[1::3], replies[2::3], strict=True)
    return tuple(_entry(key, str(kind), left, size) for key, kind, left, size in given if kind != "none")


def _entry(key: bytes, kind: str, left: Value, size: Value) -> CollectionEntry:
    return CollectionEntry(
        named(key),
        kind,
        size_bytes=size if isinstance(size, int) else None,
        seconds_left=left / 1000 if isinstance(left, int) and left >= 0 else None,
    )


async def entry(session: Session, collection: str, entry_id: str) -> CollectionEntry | None:
    """Return one key; a string has a body, other types have elements."""
    assert isinstance(session, RedisSession)
    key = bytes_of(entry_id)
    entries_ = await _described(session, [key])
    if not entries_:
        return None
    described = entries_[0]
    length = await session.ask(_LENGTHS[described.type], key) if described.type in _LENGTHS else None
    body = await session.ask("GETRANGE", key, 0, LONGEST_BODY - 1) if described.type == "string" else b""
    text, binary = display_value(body)
    count = length if isinstance(length, int) else None
    return CollectionEntry(
        described.id,
        described.type,
        text,
        described.type != "string" or (count or 0) <= LONGEST_BODY,
        binary,
        count,
        described.size_bytes,
        described.seconds_left,
    )


def display_value(value: Value) -> tuple[str, bool]:
    """Return a value as text, and whether the text is escaped bytes."""
    if not isinstance(value, bytes):
        return str(rows.cell(value) if value is not None else ""), False
    try:
        return value.decode(), False
    except UnicodeDecodeError as error:
        if isinstance(value, Cut) and error.start >= len(value) - 3:  # truncated within a character
            return value[: error.start].decode(), False
        return rows.quoted(value), True


async def type_of(session: RedisSession, key: bytes) -> str:
    """Return the type of a key, or raise NotFound."""
    kind = str(await session.ask("TYPE", key))
    if kind == "none":
        raise NotFound(f"The key {named(key)} does not exist any more.", hint="It may have expired.")
    return kind


async def elements(session: Session, collection: str, entry_id: str, search: Search) -> ElementPage:
    """Return fields, items, members or entries; lists and sorted sets in order, streams newest first."""
    assert isinstance(session, RedisSession)
    key = bytes_of(entry_id)
    kind = await type_of(session, key)
    if kind in {"list", "zset"} and not (kind == "zset" and search.filter):
        return await _ordered(session, key, kind, search)
    if kind == "stream":
        return await _stream(session, key, search)
    if kind not in {"hash", "set", "zset"}:
        raise BadInput(f"A {kind} has no elements.", hint="Read the entry.")
    match = () if not search.filter else ("MATCH", _pattern(search.filter))
    verb, result = {"hash": "HSCAN", "set": "SSCAN", "zset": "ZSCAN"}[kind], list[Element]()
    cursor, began = _cursor(search.cursor), time.monotonic()
    while True:
        cursor, values = _page(await session.ask(verb, key, cursor, *match, "COUNT", search.limit, most=LONGEST_PART))
        pairs = (
            [(member, b"") for member in values]
            if kind == "set"
            else list(zip(values[::2], values[1::2], strict=False))
        )
        result += [_part(name, value) for name, value in pairs]
        if cursor == b"0" or len(result) >= search.limit or time.monotonic() - began > PAGE_SECONDS:
            break
    return ElementPage(tuple(result), None if cursor == b"0" else cursor.decode())


def _part(name: Value, value: Value) -> Element:
    text, binary = display_value(value)
    whole = not isinstance(value, Cut) and not isinstance(name, Cut)
    return Element(named(name) if isinstance(name, bytes) else str(name), text, binary, whole)


async def _ordered(session: RedisSession, key: bytes, kind: str, search: Search) -> ElementPage:
    begin = int(_cursor(search.cursor))
    scores = ("WITHSCORES",) if kind == "zset" else ()
    verb = "LRANGE" if kind == "list" else "ZRANGE"
    rows = await session.ask(verb, key, begin, begin + search.limit, *scores, most=LONGEST_PART)
    values = rows if isinstance(rows, list) else []
    result = []
    for index, value in enumerate(values[: search.limit]):
        if kind == "list":
            result.append(_part(str(begin + index).encode(), value))
        elif isinstance(value, list) and len(value) == 2:
            result.append(Element(*_scored(value)))
    return ElementPage(tuple(result), str(begin + search.limit) if len(values) > search.limit else None)


def _scored(pair: list[Value]) -> tuple[str, str]:
    score = pair[1]
    plain = str(int(score)) if isinstance(score, float) and score.is_integer() else str(score)
    return named(pair[0]) if isinstance(pair[0], bytes) else str(pair[0]), plain


async def _stream(session: RedisSession, key: bytes, search: Search) -> ElementPage:
    replies = await session.asked(
        [("XREVRANGE", key, search.cursor or "+", "-", "COUNT", search.limit + 1)], LONGEST_PART
    )
    values = replies[0]
    if isinstance(values, ErrorReply):
        raise BadInput("The cursor does not belong to this list.", hint="Leave it out to start from the beginning.")
    result = [_stream_entry(value) for value in values if isinstance(value, list)] if isinstance(values, list) else []
    return ElementPage(tuple(result[: search.limit]), result[search.limit].name if len(result) > search.limit else None)


def _stream_entry(entry: list[Value]) -> Element:
    return Element(str(rows.cell(entry[0])), rows.fields_text(entry[1]))

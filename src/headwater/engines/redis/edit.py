"""Changes of keys, each under WATCH, so that it fails if the key has changed since the user saw it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from headwater.catalog.entries import ChangeOutcome, EntryChange
from headwater.engines import Session
from headwater.engines.redis import errors
from headwater.engines.redis.browse import bytes_of, display_value, entry, named
from headwater.engines.redis.resp import ErrorReply
from headwater.engines.redis.session import RedisSession
from headwater.kit.errors import BadInput, Conflict

Words = tuple[bytes | str | int, ...]
# Marks a list item that will be removed: LREM only removes by value.
_GONE = b"\0headwater: this item is being removed\0"


async def change_entry(session: Session, collection: str, change: EntryChange) -> ChangeOutcome:
    """Change one key."""
    assert isinstance(session, RedisSession)
    if not change.id:
        raise BadInput("Name the key.")
    key = bytes_of(change.id)
    await session.ask("WATCH", key)
    try:
        kind = str(await session.ask("TYPE", key))
        if change.kind == "insert":
            return await _insert(session, key, kind, change)
        if kind == "none":
            return ChangeOutcome(False, change.id)
        now = await _now(session, key, kind, change)
        if change.was is not None and now != change.was:
            return ChangeOutcome(False, change.id, now)
        if await _done(session, _commands(key, kind, change)):
            return ChangeOutcome(True, change.id)
        return ChangeOutcome(False, change.id, await _now(session, key, kind, change))
    finally:
        await session.ask("UNWATCH")


async def _done(session: RedisSession, given: Sequence[Words]) -> bool:
    """Run commands in one transaction; return False if the key has changed since it was watched."""
    replies = await session.asked([("MULTI",), *given, ("EXEC",)])
    for reply in replies:
        if isinstance(reply, ErrorReply):
            raise errors.refusal(reply, 0, 0)
    result = replies[-1]
    for reply in result if isinstance(result, list) else []:
        if isinstance(reply, ErrorReply):
            raise errors.refusal(reply, 0, 0)
    return result is not None


async def _insert(session: RedisSession, key: bytes, kind: str, change: EntryChange) -> ChangeOutcome:
    if kind != "none":
        raise Conflict(f"The key {change.id} already exists; it is a {kind}.", hint="Choose another name.")
    wanted = change.type or "string"
    insert = replace(change, kind="replace" if wanted == "string" else "put")
    given = [*_commands(key, wanted, insert)]
    if change.seconds is not None:
        given.append(_expiry(key, change))
    if not await _done(session, given):
        raise Conflict(f"The key {change.id} already exists.", hint="Somebody was quicker.")
    return ChangeOutcome(True, named(key))


async def _now(session: RedisSession, key: bytes, kind: str, change: EntryChange) -> str | None:
    """Return the current value of the key or element that is changed."""
    if change.kind in {"replace", "delete", "expire"}:
        if kind != "string":
            return None
        current = await entry(session, "", change.id)
        return current.body if current else None
    match kind:
        case "hash":
            rows = await session.ask("HGET", key, bytes_of(change.part))
        case "zset":
            rows = await session.ask("ZSCORE", key, bytes_of(change.part))
            rows = int(rows) if isinstance(rows, float) and rows.is_integer() else rows
        case "list" if change.part:
            rows = await session.ask("LINDEX", key, _place(change.part))
        case _:
            return change.was  # members of sets and entries of streams have no value
    return None if rows is None else display_value(rows)[0]


def _commands(key: bytes, kind: str, change: EntryChange) -> list[Words]:
    match change.kind:
        case "delete":
            return [("UNLINK", key)]
        case "expire":
            return [_expiry(key, change)]
        case "replace":
            if kind != "string":
                raise BadInput(f"A {kind} cannot be replaced as a whole.", hint="Change or remove one of its elements.")
            return [("SET", key, change.body.encode(), *(() if change.type else ("KEEPTTL",)))]
        case "put":
            return _put(key, kind, change)
    return _removed(key, kind, change)


def _expiry(key: bytes, change: EntryChange) -> Words:
    if change.seconds is None:
        return ("PERSIST", key)
    if change.seconds <= 0:
        raise BadInput("The time to live must be positive.", hint="Give a number of seconds, or delete the key.")
    return ("PEXPIRE", key, int(change.seconds * 1000))


def _put(key: bytes, kind: str, change: EntryChange) -> list[Words]:
    part, body = bytes_of(change.part), change.body.encode()
    match kind:
        case "hash":
            return [("HSET", key, part, body)]
        case "set":
            if change.part and change.was is not None and change.body and change.body != change.was:
                return [("SREM", key, part), ("SADD", key, body)]
            return [("SADD", key, body or part)]
        case "zset":
            return [("ZADD", key, _score(change.body), part)]
        case "list":
            return [("LSET", key, _place(change.part), body)] if change.part else [("RPUSH", key, body)]
        case "stream":
            return [("XADD", key, part or "*", *_fields(change.body))]
    raise BadInput(f"A {kind} has no elements.", hint="Types are string, hash, list, set, zset and stream.")


def _removed(key: bytes, kind: str, change: EntryChange) -> list[Words]:
    part = bytes_of(change.part)
    if kind == "list":
        return [("LSET", key, _place(change.part), _GONE), ("LREM", key, 1, _GONE)]
    verbs = {"hash": "HDEL", "set": "SREM", "zset": "ZREM", "stream": "XDEL"}
    if kind not in verbs:
        raise BadInput(f"A {kind} has no elements.", hint="Delete the key.")
    return [(verbs[kind], key, part)]


def _place(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadInput(f"{text!r} is not an index of a list.", hint="Indexes are numbers, starting with 0.") from None


def _score(text: str) -> str:
    try:
        return repr(float(text))
    except ValueError:
        raise BadInput(f"{text!r} is not a score.", hint="Scores are numbers.") from None


def _fields(text: str) -> list[str]:
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if (
        not isinstance(fields, dict)
        or not fields
        or not all(isinstance(value, str | int | float) for value in fields.values())
    ):
        raise BadInput("An entry of a stream has fields.", hint='Write them as {"field": "value"}.')
    return [str(word) for pair in fields.items() for word in pair]

"""Redis 6 and later, and servers that speak as it does (Valkey)."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.catalog.changes import Change
from headwater.catalog.model import Schema
from headwater.engines import Address, Language, Option, Session, Step
from headwater.engines.redis.browse import entries, entry, holders, parts
from headwater.engines.redis.connecting import opened
from headwater.engines.redis.editing import change
from headwater.engines.redis.inspect import inspect
from headwater.engines.redis.provision import (
    PROVISION_OPTIONS,
    activity,
    address,
    available,
    enforce,
    leave,
    make,
    metrics,
    prepare,
    program,
    ready,
    setup,
)
from headwater.engines.redis.session import RedisSession
from headwater.engines.redis.watch import end, sessions
from headwater.engines.redis.wire import SPEAKS_FIRST, client_url, front, speaks
from headwater.kit.errors import BadInput

__all__ = [
    "DIALECT", "LANGUAGE", "NAME", "OPTIONS", "PORT", "PROVISION_OPTIONS", "SCHEMES", "SPEAKS_FIRST", "activity",
    "address", "alter", "available", "change", "client_url", "connect", "ddl", "end", "enforce", "entries", "entry",
    "front", "holders", "inspect", "leave", "make", "metrics", "parts", "prepare", "program", "quote", "ready",
    "sessions", "setup", "speaks",
]  # fmt: skip

NAME = "Redis"
SCHEMES = ("redis", "rediss", "valkey")
PORT = 6379
LANGUAGE: Language = "redis"
DIALECT = ""
OPTIONS: tuple[Option, ...] = ()


async def connect(to: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection; see `headwater.engines.Engine`."""
    return RedisSession(to, await opened(to, seconds))


def ddl(schema: Schema) -> tuple[str, ...]:
    """Return nothing: a key is there as soon as somebody writes it."""
    return ()


def alter(changes: Sequence[Change], schema: Schema) -> tuple[Step, ...]:
    """Refuse: Redis has no schema that could be changed."""
    if changes:
        raise BadInput("Redis has no schema: keys are made and dropped by writing them.", hint="Use DEL or UNLINK.")
    return ()


def quote(*names: str | None) -> str:
    """Return a key as a word of a command."""
    joined = ":".join(name for name in names if name)
    plain = joined and not any(letter.isspace() or letter in "\"'\\" for letter in joined)
    return joined if plain else '"' + joined.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

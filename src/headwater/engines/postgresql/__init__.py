"""PostgreSQL 13 and later."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncConnection

from headwater.catalog.grammar import Grammar
from headwater.engines import Address, Dump, Fill, Language, Option, Refill, Session
from headwater.engines.postgresql import columns, dumping, filling, refilling
from headwater.engines.postgresql.alter import alter
from headwater.engines.postgresql.basing import archives, flush, mark, name_point, open_base
from headwater.engines.postgresql.connecting import PORT, parameters
from headwater.engines.postgresql.ddl import ddl, phases, quote
from headwater.engines.postgresql.decoding import decoder
from headwater.engines.postgresql.errors import connecting
from headwater.engines.postgresql.explain import explain
from headwater.engines.postgresql.inspect import inspect
from headwater.engines.postgresql.provision import (
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
from headwater.engines.postgresql.recovering import adopt, arrived, lay, missed, recovery
from headwater.engines.postgresql.scripting import script
from headwater.engines.postgresql.session import PostgresSession
from headwater.engines.postgresql.spool import position, shown, spooled
from headwater.engines.postgresql.watch import end, sessions
from headwater.engines.postgresql.wire import SPEAKS_FIRST, client_url, front, speaks

__all__ = [
    "DIALECT", "GRAMMAR", "LANGUAGE", "NAME", "OPTIONS", "PORT", "PROVISION_OPTIONS", "SCHEMES", "SPEAKS_FIRST",
    "activity", "address", "adopt", "alter", "archives", "arrived", "available", "client_url", "connect", "ddl",
    "decoder", "end", "enforce", "explain", "flush", "front", "inspect", "lay", "leave", "make", "mark", "metrics",
    "missed", "name_point", "open_base", "open_dump", "open_fill", "open_refill", "phases", "position", "prepare",
    "program", "quote", "ready", "recovery", "script", "sessions", "setup", "shown", "speaks", "spooled",
]  # fmt: skip

NAME = "PostgreSQL"
SCHEMES = ("postgresql", "postgres")
LANGUAGE: Language = "sql"
DIALECT = "postgres"
GRAMMAR = Grammar(lock=" FOR UPDATE")
OPTIONS = (
    Option("search_path", "Search path", help="Schemas in which names without one are looked up."),
    Option("role", "Role", help="A role to take on after connecting."),
)


async def connect(to: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection; see `headwater.engines.Engine`."""
    with parameters(to, seconds) as given:
        try:
            connection: AsyncConnection[Any] = await AsyncConnection.connect(
                autocommit=True, context=columns.CONTEXT, prepare_threshold=None, **given
            )
        except (psycopg.Error, OSError) as error:
            raise connecting(str(error)) from None  # the cause may echo the address
    return PostgresSession(connection)


async def open_dump(address: Address, *, seconds: float = 15.0) -> Dump:
    """Fix a moment of a database; see `headwater.engines.Dumps`."""
    return await dumping.opened(address, seconds, await connect(address, seconds=seconds))


async def open_fill(address: Address, *, seconds: float = 15.0) -> Fill:
    """Return a database that is filled; see `headwater.engines.Dumps`."""
    return await filling.opened(address, seconds, await connect(address, seconds=seconds))


async def open_refill(address: Address, *, seconds: float = 15.0) -> Refill:
    """Return a database whose tables are refilled; see `headwater.engines.Refills`."""
    return await refilling.opened(address, seconds)

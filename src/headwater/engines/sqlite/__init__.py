"""SQLite 3.37 and later: a database is a file, and the library that reads it comes with Python."""

from __future__ import annotations

import asyncio
import os

from headwater.catalog.grammar import Grammar
from headwater.engines import Address, Dump, Fill, Language, Option, Refill, Session
from headwater.engines.sqlite import dumping, filling, refilling
from headwater.engines.sqlite.alter import alter
from headwater.engines.sqlite.ddl import ddl, phases, quote
from headwater.engines.sqlite.decoding import decoder
from headwater.engines.sqlite.errors import ConnectionRefused
from headwater.engines.sqlite.explain import explain
from headwater.engines.sqlite.inspect import inspect
from headwater.engines.sqlite.provision import (
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
from headwater.engines.sqlite.scripting import script
from headwater.engines.sqlite.session import SqliteSession

__all__ = [
    "DIALECT", "GRAMMAR", "LANGUAGE", "NAME", "OPTIONS", "PORT", "PROVISION_OPTIONS", "SCHEMES", "activity", "address",
    "alter", "available", "connect", "ddl", "decoder", "enforce", "explain", "inspect", "leave", "make", "metrics",
    "open_dump", "open_fill", "open_refill", "phases", "prepare", "program", "quote", "ready", "script", "setup",
]  # fmt: skip

NAME = "SQLite"
SCHEMES = ("sqlite",)
PORT = 0
LANGUAGE: Language = "sql"
DIALECT = "sqlite"
GRAMMAR = Grammar(nulls_first=True, hex_bytes=True, begin="BEGIN IMMEDIATE")
OPTIONS: tuple[Option, ...] = ()


async def connect(to: Address, *, seconds: float = 10.0) -> Session:
    """Open the file; see `headwater.engines.Engine`."""
    await asyncio.to_thread(_check, to)
    session = SqliteSession(to)
    await session.open(seconds)
    return session


def _check(to: Address) -> None:
    """Look at the path alone: to open and close the file ourselves would take all its locks from our other sessions."""
    if to.path is None or not to.path.exists():
        raise ConnectionRefused("There is no such file.", hint="Check the path: sqlite:///folder/file.db")
    if not to.path.is_file():
        raise ConnectionRefused("This is a folder, not a file.", hint="Name the database's file.")
    if not os.access(to.path, os.R_OK):
        raise ConnectionRefused("The file cannot be read.", hint="Check who may read it.")


async def open_dump(address: Address, *, seconds: float = 15.0) -> Dump:
    """Fix a moment of a file; see `headwater.engines.Dumps`."""
    return await dumping.opened(await connect(address, seconds=seconds), connect)


async def open_fill(address: Address, *, seconds: float = 15.0) -> Fill:
    """Return a file that is filled; see `headwater.engines.Dumps`."""
    return await filling.opened(await connect(address, seconds=seconds))


async def open_refill(address: Address, *, seconds: float = 15.0) -> Refill:
    """Return a file whose tables are refilled; see `headwater.engines.Refills`."""
    return await refilling.opened(await connect(address, seconds=seconds))

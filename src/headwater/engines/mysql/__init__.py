"""MySQL 8 and MariaDB 10.5, and later."""

from __future__ import annotations

from headwater.catalog.grammar import Grammar
from headwater.engines import Address, Dump, Fill, Language, Option, Refill, Session
from headwater.engines.mysql import dumping, filling, refilling
from headwater.engines.mysql.alter import alter
from headwater.engines.mysql.connecting import connected
from headwater.engines.mysql.ddl import ddl, phases, quote
from headwater.engines.mysql.decoding import decoder
from headwater.engines.mysql.explain import explain
from headwater.engines.mysql.inspect import inspect
from headwater.engines.mysql.provision import (
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
from headwater.engines.mysql.scripting import script
from headwater.engines.mysql.session import MysqlSession
from headwater.engines.mysql.watch import end, sessions
from headwater.engines.mysql.wire import SPEAKS_FIRST, client_url, front, speaks

__all__ = [
    "DIALECT", "GRAMMAR", "LANGUAGE", "NAME", "OPTIONS", "PORT", "PROVISION_OPTIONS", "SCHEMES", "SPEAKS_FIRST",
    "activity", "address", "alter", "available", "client_url", "connect", "ddl", "decoder", "end", "enforce", "explain",
    "front", "inspect", "leave", "make", "metrics", "open_dump", "open_fill", "open_refill", "phases", "prepare",
    "program", "quote", "ready", "script", "sessions", "setup", "speaks",
]  # fmt: skip

NAME = "MySQL, MariaDB"
SCHEMES = ("mysql", "mariadb")
PORT = 3306
LANGUAGE: Language = "sql"
DIALECT = "mysql"
GRAMMAR = Grammar(
    text="char", nulls_first=True, compares_rows=False, hex_bytes=True, backslashes=True, lock=" FOR UPDATE",
    no_values="() VALUES ()", transactional_ddl=False,
)  # fmt: skip
OPTIONS: tuple[Option, ...] = ()


async def connect(to: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection; see `headwater.engines.Engine`."""
    session = MysqlSession(to)
    try:
        session.adopt(await session.worker.call(lambda: connected(to, seconds)))
    except BaseException:
        session.worker.close()
        raise
    return session


async def open_dump(address: Address, *, seconds: float = 15.0) -> Dump:
    """Fix a moment of a database; see `headwater.engines.Dumps`."""
    return await dumping.opened(await connect(address, seconds=seconds))


async def open_fill(address: Address, *, seconds: float = 15.0) -> Fill:
    """Return a database that is filled; see `headwater.engines.Dumps`."""
    return await filling.opened(await connect(address, seconds=seconds))


async def open_refill(address: Address, *, seconds: float = 15.0) -> Refill:
    """Return a database whose tables are refilled; see `headwater.engines.Refills`."""
    return await refilling.opened(address, await connect(address, seconds=seconds))

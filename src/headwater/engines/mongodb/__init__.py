"""MongoDB 4.4 and later, and servers that speak as it does."""

from __future__ import annotations

from headwater.engines import Address, Dump, Fill, Language, Option, Refill, Session
from headwater.engines.mongodb import dumping, filling, refilling
from headwater.engines.mongodb.browse import change, entries, entry, holders, parts
from headwater.engines.mongodb.changing import alter, ddl, phases, quote
from headwater.engines.mongodb.connecting import opened
from headwater.engines.mongodb.decoding import decoder, readable, reshaped
from headwater.engines.mongodb.inspect import inspect
from headwater.engines.mongodb.session import MongoSession

__all__ = [
    "DIALECT", "LANGUAGE", "NAME", "OPTIONS", "PORT", "SCHEMES", "alter", "change", "connect", "ddl", "decoder",
    "entries", "entry", "holders", "inspect", "open_dump", "open_fill", "open_refill", "parts", "phases", "quote",
    "readable", "reshaped",
]  # fmt: skip

NAME = "MongoDB"
SCHEMES = ("mongodb",)
PORT = 27017
LANGUAGE: Language = "mongodb"
DIALECT = ""
OPTIONS: tuple[Option, ...] = (
    Option("authSource", "Users are kept in", help="The database in which the user was made; empty: the same one."),
)


async def connect(to: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection; see `headwater.engines.Engine`."""
    return MongoSession(to, await opened(to, seconds))


async def open_dump(address: Address, *, seconds: float = 15.0) -> Dump:
    """Fix a moment of a database; see `headwater.engines.Dumps`."""
    return await dumping.opened(await connect(address, seconds=seconds))


async def open_fill(address: Address, *, seconds: float = 15.0) -> Fill:
    """Return a database that is filled; see `headwater.engines.Dumps`."""
    return await filling.opened(await connect(address, seconds=seconds))


async def open_refill(address: Address, *, seconds: float = 15.0) -> Refill:
    """Return a database whose collections are refilled; see `headwater.engines.Refills`."""
    return await refilling.opened(await connect(address, seconds=seconds))

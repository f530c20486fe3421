"""MongoDB 4.4 and later, and servers that speak as it does."""

from __future__ import annotations

from headwater.engines import Address, Language, Option, Session
from headwater.engines.mongodb.browse import change, entries, entry, holders, parts
from headwater.engines.mongodb.changing import alter, ddl, quote
from headwater.engines.mongodb.connecting import opened
from headwater.engines.mongodb.inspect import inspect
from headwater.engines.mongodb.session import MongoSession

__all__ = [
    "DIALECT",
    "LANGUAGE",
    "NAME",
    "OPTIONS",
    "PORT",
    "SCHEMES",
    "alter",
    "change",
    "connect",
    "ddl",
    "entries",
    "entry",
    "holders",
    "inspect",
    "parts",
    "quote",
]

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

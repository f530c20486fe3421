"""What an engine package offers, and what only some do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from headwater.catalog.changes import Change, Hazard
from headwater.catalog.grammar import Grammar
from headwater.catalog.model import Schema
from headwater.catalog.plans import Plan, ServerSession
from headwater.engines._address import Address
from headwater.engines._session import Parameters, Session

Language = Literal["sql", "mongodb", "redis"]


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be set on a connection or a new database: a CLI flag, a form field, declared once."""

    name: str
    label: str
    kind: Literal["text", "number", "switch", "choice"] = "text"
    default: str = ""
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Statements that carry out one change, and what can go wrong; `transactional` when they can be undone together."""

    change: Change
    statements: tuple[str, ...]
    hazards: tuple[Hazard, ...] = ()
    transactional: bool = True


class Engine(Protocol):
    """What an engine package offers.

    NAME is shown to users, SCHEMES are those of its URLs (the first is the usual one), PORT the usual port (0: no
    network), LANGUAGE what its users write, DIALECT its name in sqlglot ("" when it speaks no SQL), OPTIONS what can
    be set on a connection.
    """

    NAME: str
    SCHEMES: tuple[str, ...]
    PORT: int
    LANGUAGE: Language
    DIALECT: str
    OPTIONS: tuple[Option, ...]

    async def connect(self, address: Address, *, seconds: float = 10.0) -> Session:
        """Connect, or raise Unavailable or Unauthenticated-like sentences that tell a user what to mend."""

    async def inspect(self, session: Session) -> Schema:
        """Read the whole Schema by the engine's own catalog, with row estimates and sizes."""

    def ddl(self, schema: Schema) -> tuple[str, ...]:
        """Return the statements that make the Schema in an empty database, in an order that works."""

    def alter(self, changes: Sequence[Change], schema: Schema) -> tuple[Step, ...]:
        """Return the statements for changes to a database that has this Schema, with their hazards."""

    def quote(self, *names: str | None) -> str:
        """Return a qualified identifier in the engine's quotes; empty parts are left out."""


@runtime_checkable
class Explains(Protocol):
    """An engine that shows how it would run a statement."""

    async def explain(self, session: Session, text: str, parameters: Parameters = None, *, run: bool = False) -> Plan:
        """Return the plan; with `run` the statement is executed in a transaction that is rolled back."""


@runtime_checkable
class Tabular(Protocol):
    """An engine whose tables are read page by page and edited row by row with SQL of our making."""

    GRAMMAR: Grammar


@runtime_checkable
class Watches(Protocol):
    """An engine that lists the sessions of a server and can end them."""

    async def sessions(self, session: Session) -> tuple[ServerSession, ...]:
        """Return the sessions of this database that the connection may see, the longest-running first."""

    async def end(self, session: Session, target: str, *, terminate: bool) -> bool:
        """Cancel the query of a session, or end the session; False when it is gone."""

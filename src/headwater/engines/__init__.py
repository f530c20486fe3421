"""Database engines, one folder each, found by listing; each answers only what it alone knows.

An engine package offers what `Engine` lists, as names of the module. What only some can do stands in small
protocols (`Explains`, `Exports`, `Reads`, `Loads`, `Watches`), asked for by `isinstance`, never by an engine's name.
"""

from __future__ import annotations

import signal
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, cast, runtime_checkable
from urllib.parse import parse_qsl, unquote, urlsplit

from headwater.catalog.changes import Change, Hazard
from headwater.catalog.grammar import Grammar
from headwater.catalog.model import Schema
from headwater.catalog.plans import Plan, ServerSession
from headwater.catalog.results import STANDARD, Cell, Frame, Limits, QueryError
from headwater.engines._browsing import Browses as Browses
from headwater.engines._loads import ByStatements as ByStatements
from headwater.engines._loads import Columns as Columns
from headwater.engines._loads import Loads as Loads
from headwater.engines._loads import Reads as Reads
from headwater.kit import plugins
from headwater.kit.errors import BadInput, NotFound, did_you_mean
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.splice import End
from headwater.kit.network.tls import Tls, TlsMode
from headwater.kit.process import Identity

Language = Literal["sql", "mongodb", "redis"]
Parameters: TypeAlias = Sequence[Cell] | Mapping[str, Cell] | None


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
class Address:
    """Where a database is and who asks. `endpoint` is the checked address that `host` stands for.

    `host` is only a name to check certificates by when `endpoint` is set. `path` is the file of engines that
    live in files; `socket` a folder or file of a Unix socket, never taken from a user.
    """

    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls()
    options: tuple[tuple[str, str], ...] = ()
    endpoint: Endpoint | None = None
    path: Path | None = None
    socket: Path | None = None

    def option(self, name: str, default: str = "") -> str:
        """Return the value of an option."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a ping tells, safe to show: no host names of others, no paths, no secrets."""

    product: str
    version: str
    latency_ms: float
    size_bytes: int | None = None
    tls: str | None = None
    privileges: tuple[str, ...] = ()
    read_only: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """Statements that carry out one change, and what can go wrong; `transactional` when they can be undone together."""

    change: Change
    statements: tuple[str, ...]
    hazards: tuple[Hazard, ...] = ()
    transactional: bool = True


class Session(Protocol):
    """One connection. Not for two tasks at once, but for `cancel`, which any task may call."""

    async def ping(self) -> Facts:
        """Return facts about the server and the rights of this connection."""

    def run(self, text: str, parameters: Parameters = None, limits: Limits = STANDARD) -> AsyncGenerator[Frame, None]:
        """Run the statements of a text in order and give their frames as they come.

        Rows come by a server-side cursor or the like: memory does not grow with the result. With
        `limits.read_only` the engine itself refuses writes. Who stops early closes the generator (`aclosing`): what
        runs is ended then, and not before.

        Args:
            text: one or more statements in the engine's language.
            parameters: values for the placeholders of a single statement: `$1 …` by position, `:name` by name.
            limits: what the run may take.

        Raises:
            QueryError: the database refused a statement, with the position in `text` where it knows one.
            QueryTimeout: `limits.seconds` passed.
            QueryCancelled: `cancel` was called.
            Unavailable: the connection broke.
        """

    async def cancel(self) -> None:
        """End what runs, from another task."""

    def broken(self) -> bool:
        """Say whether an idle connection has gone meanwhile; cheap, asks no server."""

    async def close(self) -> None:
        """Close the connection; safe to call twice."""


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
class Checks(Protocol):
    """A session that can say what is wrong with a text without running it."""

    async def check(self, text: str) -> QueryError | None:
        """Return the first thing that the server finds wrong, or None."""


@runtime_checkable
class Exports(Protocol):
    """A session that can write a result as text faster than by rows."""

    def export(self, text: str, form: Literal["csv", "ndjson"], limits: Limits) -> AsyncIterator[bytes]:
        """Give the result of one SELECT as chunks of CSV (with a header) or NDJSON."""


@runtime_checkable
class Watches(Protocol):
    """An engine that lists the sessions of a server and can end them."""

    async def sessions(self, session: Session) -> tuple[ServerSession, ...]:
        """Return the sessions of this database that the connection may see, the longest-running first."""

    async def end(self, session: Session, target: str, *, terminate: bool) -> bool:
        """Cancel the query of a session, or end the session; False when it is gone."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A database that Headwater runs: its folder, which its server owns, and what was asked for.

    `quotas` has the numbers `connections disk_mb temp_mb statement_seconds memory_mb`. `owner` is the
    operating-system user of the server, None for our own.
    """

    folder: Path
    name: str
    password: str = field(repr=False)
    owner: Identity | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Program:
    """How a server is started, and the signal on which it ends cleanly; `memory_mb` limits each of its processes."""

    command: tuple[str, ...]
    stop_signal: signal.Signals
    environment: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What goes on in a running instance: sessions that are open, and those that are at work or in a transaction."""

    sessions: int
    busy: int


@runtime_checkable
class Provisions(Protocol):
    """An engine of which Headwater can run a server of its own; it says what, the driver says where and when.

    All methods can be called again after they were interrupted at any point.
    """

    PROVISION_OPTIONS: tuple[Option, ...]

    def available(self) -> str | None:
        """Return why no server can be run on this machine, or None."""

    def prepare(self, cache: Path) -> None:
        """Make ahead what the first `make` would have to. Blocks."""

    def make(self, instance: Instance, cache: Path) -> None:
        """Fill the instance's empty folder with what its server needs; `cache` keeps templates. Blocks."""

    def program(self, instance: Instance) -> Program | None:
        """Return how to start the server; None when the engine needs none."""

    def ready(self, instance: Instance) -> bool:
        """Say whether a server that was started takes connections now. Cheap: asked every few milliseconds."""

    async def setup(self, instance: Instance) -> None:
        """Make role, database and quotas as wanted, in a server that is ready."""

    def address(self, instance: Instance) -> Address:
        """Return where the owner of the database connects on this machine."""

    async def activity(self, instance: Instance) -> Activity:
        """Return what goes on, our own look excepted."""

    async def metrics(self, instance: Instance) -> Mapping[str, float]:
        """Return figures of a running instance: size_bytes, connections, and what the engine counts."""

    async def enforce(self, instance: Instance, *, full: bool) -> None:
        """End what breaks the quotas of a running instance; when it is `full`, writing needs an effort."""

    def leave(self, instance: Instance) -> None:
        """Remove what the instance has outside of its folder."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A way that the proxy opened for a client: the socket behind it, and who is told of the client and its bytes."""

    address: Address
    meter: Meter


class Meter(Protocol):
    """Told by the proxy what its clients do, so that an idle database can sleep and a crowded one refuse."""

    def begin(self) -> None:
        """Somebody connects; raises TooMany when no connection is left."""

    def seen(self) -> None:
        """Bytes came from a client."""

    def end(self) -> None:
        """Somebody is gone."""


Opener: TypeAlias = Callable[[str], Awaitable[Opening]]


@runtime_checkable
class Proxies(Protocol):
    """An engine whose wire protocol the proxy speaks as far as it must: to learn the database, and to say no.

    SPEAKS_FIRST says that clients wait for the server's first word: then they need a port of their own.
    """

    SPEAKS_FIRST: bool

    def speaks(self, first: bytes) -> bool:
        """Say whether a client that begins with these bytes, at least one, speaks this protocol."""

    def front(self, opener: Opener, tls: ssl.SSLContext | None) -> End:
        """Return the protocol of one client: it asks `opener` by the database's name, then carries bytes."""

    def client_url(self, place: str, database: str, password: str) -> str:
        """Return the URL by which a client asks the proxy at `place`, `host:port`, for the database of that name."""


@cache
def all_engines() -> dict[str, Engine]:
    """Return every engine by its folder name."""
    return {name: engine(name) for name in plugins.names("engines")}


def engine(name: str) -> Engine:
    """Return one engine, or raise NotFound with the right names."""
    module: Any = plugins.load("engines", name)
    return cast(Engine, module)


def engine_of_scheme(scheme: str) -> str:
    """Return the name of the engine that opens URLs of a scheme, or raise NotFound."""
    wanted = scheme.lower().partition("+")[0]
    known = {known: name for name, one in all_engines().items() for known in one.SCHEMES}
    if wanted not in known:
        raise NotFound(f"No engine is installed that opens {scheme}:// addresses.", hint=did_you_mean(wanted, known))
    return known[wanted]


def parse_url(text: str) -> tuple[str, Address]:
    """Return the engine and the address that a database URL names; what the engine does not know is an error.

    Raises:
        NotFound: no engine opens such URLs.
        BadInput: not a URL, or a port that is none.
    """
    scheme, colon, rest = text.strip().partition("://")
    if not colon or not scheme:
        raise BadInput("This is not a database URL.", hint="It looks like postgresql://user:password@host:5432/name.")
    if scheme.lower().endswith("+srv"):
        raise BadInput(
            f"{scheme}:// names a list of hosts, and Headwater connects to one.",
            hint=f"Name the host of one member: {scheme.partition('+')[0]}://user@host/database?tls=true",
        )
    name = engine_of_scheme(scheme)
    if not all_engines()[name].PORT:
        path = rest.partition("?")[0]
        return name, Address(path=Path(unquote(path.removeprefix("/"))))
    parts = urlsplit(f"//{rest}")
    try:
        port = parts.port or all_engines()[name].PORT
    except ValueError as error:
        raise BadInput("The port of the URL is not a number from 1 to 65535.") from error
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return name, Address(
        host=parts.hostname or "", port=port, database=unquote(parts.path[1:]), user=unquote(parts.username or ""),
        password=unquote(parts.password or ""), tls=_tls_of(scheme, parts.hostname or "", dict(query)),
        options=tuple((key, value) for key, value in query if key not in TLS_KEYS),
    )  # fmt: skip


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TLS_KEYS = ("sslmode", "ssl-mode", "ssl_mode", "tls", "ssl")
_MODES: Mapping[str, TlsMode] = {
    "disable": "off", "disabled": "off", "false": "off", "0": "off", "allow": "prefer", "prefer": "prefer",
    "preferred": "prefer", "require": "require", "required": "require", "true": "verify-full", "1": "verify-full",
    "verify-ca": "verify-ca", "verify_ca": "verify-ca", "verify-full": "verify-full",
    "verify_identity": "verify-full",
}  # fmt: skip


def _tls_of(scheme: str, host: str, query: Mapping[str, str]) -> Tls:
    """Return what the URL says of TLS in any engine's words; without a word, all but loopback is verified."""
    said = next((query[key].lower() for key in TLS_KEYS if key in query), "")
    if said and said not in _MODES:
        raise BadInput(f"{said!r} is no TLS mode.", hint="Use disable, prefer, require, verify-ca or verify-full.")
    encrypted = scheme.lower() == "rediss"
    return Tls(_MODES[said] if said else "prefer" if host in LOOPBACK and not encrypted else "verify-full")

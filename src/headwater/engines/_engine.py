"""The interface of an engine package: one frozen `ENGINE` with core functions and optional capability objects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from headwater.catalog.changes import Change, Hazard
from headwater.catalog.dialect import Dialect
from headwater.catalog.masked_values import MaskedStatement, mask_values
from headwater.catalog.model import Schema
from headwater.catalog.plans import QueryPlan, ServerSession
from headwater.catalog.results import Limits
from headwater.catalog.secret_text import MaskedText, mask_statements
from headwater.engines._address import Address
from headwater.engines._browse import BrowsingSupport
from headwater.engines._decode import DecodingSupport
from headwater.engines._extensions import ExtensionSupport
from headwater.engines._option import Option
from headwater.engines._patches import PatchSupport
from headwater.engines._provision import ProvisioningSupport
from headwater.engines._proxy import ProxySupport
from headwater.engines._recovery import RecoverySupport
from headwater.engines._scripts import ScriptSupport
from headwater.engines._session import Parameters, Session
from headwater.engines._snapshots import InPlaceRestoreSupport, SnapshotSupport
from headwater.engines._transfer import TransferSupport

ExportForm: TypeAlias = Literal["csv", "ndjson"]


@dataclass(frozen=True, slots=True)
class AlterStep:
    """The statements for one change, and its hazards; `transactional` if they can be rolled back."""

    change: Change
    statements: tuple[str, ...]
    hazards: tuple[Hazard, ...] = ()
    transactional: bool = True


class ExplainSupport(Protocol):
    """Returns query plans."""

    async def plan(self, session: Session, text: str, parameters: Parameters = None, *, run: bool = False) -> QueryPlan:
        """Return the plan; with `run`, execute the statement in a transaction that is rolled back."""


class ActivitySupport(Protocol):
    """Lists the sessions of a server and ends them."""

    async def sessions(self, session: Session) -> tuple[ServerSession, ...]:
        """Return the sessions of this database that the connection may see, the longest-running first."""

    async def end_session(self, session: Session, target: str, *, terminate: bool) -> bool:
        """Cancel the query of a session, or end the session; return False if it does not exist any more."""


class ExportSupport(Protocol):
    """Exports results as text that the server writes itself."""

    def chunks(
        self,
        session: Session,
        text: str,
        form: ExportForm,
        limits: Limits,
        counted: Callable[[int], None] = lambda rows: None,
    ) -> AsyncIterator[bytes]:
        """Yield the result of one SELECT as chunks of CSV (with a header) or NDJSON, and tell its number of rows.

        Values are spelled as in `core/transfer/value_texts`.
        """


class Connect(Protocol):
    """Opens a session."""

    async def __call__(self, address: Address, *, seconds: float = 10.0) -> Session:
        """Connect, or raise an error whose hint says what to fix."""


class Quote(Protocol):
    """Quotes names."""

    def __call__(self, *names: str | None) -> str:
        """Return a quoted, qualified identifier; empty parts are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A database engine: its identity, core functions, and a capability object (or None) for each optional feature.

    Args:
        name: the name of its folder or entry point.
        display_name: as users read it.
        schemes: of its URLs; the first is the usual one.
        port: the usual port; 0 when the engine opens files and has no network.
        language: what its users write: `sql`, or a name of its own.
        dialect: how its SQL is spelt, and what its schemas can hold.
        connect: opens a session.
        inspect: reads the whole Schema from the engine's own catalog, with row estimates and sizes.
        ddl: returns the statements that create the Schema in an empty database, in an order that works.
        alter: returns the statements for changes to a database that has this Schema, with their hazards.
        quote: returns a quoted identifier.
        options: what can be set on a connection.
        mask_secrets: masks the passwords in a text that was run, valid or not.
        mask_values: returns a statement without its values, for the audit log.
    """

    name: str
    display_name: str
    schemes: tuple[str, ...]
    port: int
    language: str
    dialect: Dialect
    connect: Connect
    inspect: Callable[[Session], Awaitable[Schema]]
    ddl: Callable[[Schema], tuple[str, ...]]
    alter: Callable[[Sequence[Change], Schema], tuple[AlterStep, ...]]
    quote: Quote
    options: tuple[Option, ...] = ()
    mask_secrets: Callable[[str], MaskedText] = mask_statements
    mask_values: Callable[[str], MaskedStatement] = mask_values
    activity: ActivitySupport | None = None
    browsing: BrowsingSupport | None = None
    decoding: DecodingSupport | None = None
    explain: ExplainSupport | None = None
    export: ExportSupport | None = None
    extensions: ExtensionSupport | None = None
    in_place_restore: InPlaceRestoreSupport | None = None
    patches: PatchSupport | None = None
    provisioning: ProvisioningSupport | None = None
    proxy: ProxySupport | None = None
    recovery: RecoverySupport | None = None
    script: ScriptSupport | None = None
    snapshots: SnapshotSupport | None = None
    transfer: TransferSupport = TransferSupport()

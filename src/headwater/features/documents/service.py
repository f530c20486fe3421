"""Reads and changes entries through their engine, within the rights of the actor."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headwater.catalog.entries import (
    ChangeOutcome,
    Collection,
    CollectionEntry,
    ElementPage,
    EntryChange,
    EntryPage,
    Search,
)
from headwater.catalog.masked_values import MaskedStatement
from headwater.catalog.results import QueryTimeout
from headwater.engines import BrowsingSupport, Session
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service.audit import Outcome
from headwater.features.query.service import access, statement_audit
from headwater.features.query.service.access import Access
from headwater.features.query.service.statement_audit import AuditedStatement
from headwater.kit.errors import BadInput, NotFound
from headwater.store.context import Context

SECONDS = 30.0


async def holders(context: Context, actor: Actor, database_id: uuid.UUID) -> tuple[Collection, ...]:
    """Return the collections of a database, or the holder of its keys."""
    entered = await access.authorize_query(context, actor, database_id)
    async with _engine(context, entered) as (engine, session):
        return await engine.collections(session)


async def page(context: Context, actor: Actor, database_id: uuid.UUID, holder: str, search: Search) -> EntryPage:
    """Return a page of entries."""
    entered = await access.authorize_query(context, actor, database_id)
    async with _engine(context, entered) as (engine, session):
        return await engine.entries(session, holder, search)


async def read(context: Context, actor: Actor, database_id: uuid.UUID, holder: str, entry_id: str) -> CollectionEntry:
    """Return a whole entry, or raise NotFound."""
    entered = await access.authorize_query(context, actor, database_id)
    async with _engine(context, entered) as (engine, session):
        entry = await engine.entry(session, holder, entry_id)
    if entry is None:
        raise NotFound(f"There is no entry {entry_id[:100]}.", hint="It may have been deleted, or it may have expired.")
    return entry


async def parts(
    context: Context, actor: Actor, database_id: uuid.UUID, holder: str, entry_id: str, search: Search
) -> ElementPage:
    """Return a page of the parts of an entry."""
    entered = await access.authorize_query(context, actor, database_id)
    async with _engine(context, entered) as (engine, session):
        return await engine.elements(session, holder, entry_id, search)


async def change(
    context: Context, actor: Actor, database_id: uuid.UUID, holder: str, change: EntryChange, *, confirmed: bool
) -> ChangeOutcome:
    """Change an entry, if it still has the value that the actor saw.

    Raises:
        ConfirmationNeeded: the database is protected, and the write was not confirmed.
        QueryError, BadInput: the engine refused it.
    """
    entered = await access.authorize_query(context, actor, database_id, write=True, confirmed=confirmed)
    began, outcome = time.perf_counter(), None
    try:
        async with _engine(context, entered) as (engine, session):
            outcome = await engine.change_entry(session, holder, change)
            return outcome
    finally:
        await statement_audit.record(context, entered, "document", [_audited(holder, change, outcome, began)])


def _audited(holder: str, change: EntryChange, outcome: ChangeOutcome | None, began: float) -> AuditedStatement:
    """Return a change of an entry as a statement: what was done where, without the id and the values."""
    part = f" of type {change.type}" if change.type else ""
    masked = MaskedStatement(f"{change.kind} an entry{part} in {holder}", change.kind, changes=True)
    how: Outcome = "failed" if outcome is None else "ok" if outcome.applied else "rolled_back"
    return AuditedStatement(masked, how, int(how == "ok"), (time.perf_counter() - began) * 1000)


@asynccontextmanager
async def _engine(context: Context, entered: Access) -> AsyncIterator[tuple[BrowsingSupport, Session]]:
    """Yield the engine's browsing support and a session, for a limited time."""
    engine = entered.reached.engine
    if engine.browsing is None:
        raise BadInput(f"{engine.display_name} has tables, not entries.", hint="Read its tables instead.")
    try:
        async with asyncio.timeout(SECONDS), access.open_session(context, entered, fixed_text=True) as session:
            yield engine.browsing, session
    except TimeoutError as error:
        raise QueryTimeout(f"The database took longer than {SECONDS:g} s.", hint="Narrow the filter.") from error

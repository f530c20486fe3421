"""Lists and changes the extensions of a database, within the rights of the actor."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headwater.catalog.extensions import Extension
from headwater.engines import ExtensionSupport, Session
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.databases.service import schema_cache
from headwater.features.query.service import access
from headwater.features.query.service.access import Access
from headwater.kit.errors import BadInput, NotFound
from headwater.store.context import Context


async def available(context: Context, actor: Actor, database_id: uuid.UUID) -> tuple[Extension, ...]:
    """Return the extensions that the server of a database offers, by name."""
    entered = await access.authorize_query(context, actor, database_id)
    async with _opened(context, entered) as (extensions, session):
        return await extensions.available(session)


async def install(
    context: Context, actor: Actor, database_id: uuid.UUID, name: str, *, schema: str | None = None, confirmed: bool
) -> Extension:
    """Install an extension with those it requires, and return it.

    Raises:
        BadInput: the server does not offer it.
        QueryError: the server refused it.
    """
    async with _changed(context, actor, database_id, "install", name, confirmed=confirmed) as (extensions, session):
        await extensions.install(session, name, schema)
        return await _find(extensions, session, name)


async def update(context: Context, actor: Actor, database_id: uuid.UUID, name: str, *, confirmed: bool) -> Extension:
    """Update an installed extension to the version that the server offers; raises like `install`."""
    async with _changed(context, actor, database_id, "update", name, confirmed=confirmed) as (extensions, session):
        await _check_installed(extensions, session, name)
        await extensions.update(session, name)
        return await _find(extensions, session, name)


async def remove(context: Context, actor: Actor, database_id: uuid.UUID, name: str, *, confirmed: bool) -> None:
    """Remove an extension that nothing in the database depends on; raises like `install`."""
    async with _changed(context, actor, database_id, "remove", name, confirmed=confirmed) as (extensions, session):
        await _check_installed(extensions, session, name)
        await extensions.remove(session, name)


@asynccontextmanager
async def _changed(
    context: Context, actor: Actor, database_id: uuid.UUID, change: str, name: str, *, confirmed: bool
) -> AsyncIterator[tuple[ExtensionSupport, Session]]:
    """Yield what a change of an extension needs; if it succeeds, it is recorded, and the Schema is read again."""
    entered = await access.authorize_query(context, actor, database_id, write=True, confirmed=confirmed)
    async with _opened(context, entered) as opened:
        yield opened
    database = entered.reached
    async with context.store.transaction() as db:
        action, organization_id = f"extension.{change}", database.organization_id
        audit.record(db, actor, action, "database", database.id, name, organization_id=organization_id)
    await schema_cache.read(context, database)


@asynccontextmanager
async def _opened(context: Context, entered: Access) -> AsyncIterator[tuple[ExtensionSupport, Session]]:
    engine = entered.reached.engine
    if engine.extensions is None:
        raise BadInput(f"{engine.display_name} has no extensions.")
    async with access.open_session(context, entered, fixed_text=True) as session:
        yield engine.extensions, session


async def _find(extensions: ExtensionSupport, session: Session, name: str) -> Extension:
    return next(item for item in await extensions.available(session) if item.name == name)


async def _check_installed(extensions: ExtensionSupport, session: Session, name: str) -> None:
    names = [item.name for item in await extensions.available(session) if item.installed]
    if name not in names:
        hint = f"Installed: {', '.join(names)}." if names else "None are."
        raise NotFound(f"The extension {name} is not installed.", hint=hint)

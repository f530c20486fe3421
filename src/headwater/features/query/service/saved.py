"""Saved queries: private or shared with the project, each with the chart of its result."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Action, Actor, authorize, missing
from headwater.features.accounts.service import audit, projects
from headwater.features.databases.service import databases
from headwater.features.query import repository
from headwater.features.query.models import SavedQuery
from headwater.kit.errors import Forbidden, Invalid, NotFound
from headwater.kit.paging import Page, cut


async def list_of_project(
    db: AsyncSession, actor: Actor, project_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[SavedQuery]:
    """Return the actor's own and the shared queries of a project, newest first."""
    project = await projects.get(db, actor, project_id, "database:read")
    rows = await repository.saved_of_project(db, project.id, actor, before=audit.before_id(cursor), limit=limit)
    return cut(rows, limit, lambda row: (str(row.id),))


async def find(
    db: AsyncSession, actor: Actor, query_id: uuid.UUID, action: Action = "database:read", *, lock: bool = False
) -> SavedQuery:
    """Return a saved query that is shared or the actor's own."""
    query = await repository.saved(db, query_id, lock=lock)
    if query is None or query.organization_id not in actor.roles:
        raise missing(query, "There is no such saved query.")
    if not query.shared and query.owner_id != actor.user_id:
        raise NotFound("There is no such saved query.")
    authorize(actor, action, query)
    return query


async def save(db: AsyncSession, actor: Actor, project_id: uuid.UUID, given: Mapping[str, Any]) -> SavedQuery:
    """Save a query; this requires the right to write."""
    project = await projects.get(db, actor, project_id, "database:write")
    await _check_database(db, actor, given.get("database_id"), project_id)
    query = SavedQuery(project_id=project.id, organization_id=project.organization_id, owner_id=actor.user_id, **given)
    db.add(query)
    await db.flush()
    await db.refresh(query)
    _note(db, actor, "query.save", query)
    return query


async def change(db: AsyncSession, actor: Actor, query_id: uuid.UUID, given: Mapping[str, Any]) -> SavedQuery:
    """Set the given fields of a saved query; only its owner may share it or stop sharing it."""
    query = await find(db, actor, query_id, "database:write", lock=True)
    if "shared" in given and query.owner_id != actor.user_id:
        raise Forbidden("Only the owner can share a query or stop sharing it.")
    if "database_id" in given:
        await _check_database(db, actor, given["database_id"], query.project_id)
    for name, value in given.items():
        setattr(query, name, value)
    await repository.touch(db, query)
    _note(db, actor, "query.update", query)
    await db.flush()
    return query


async def remove(db: AsyncSession, actor: Actor, query_id: uuid.UUID) -> None:
    """Delete a saved query."""
    query = await find(db, actor, query_id, "database:write", lock=True)
    _note(db, actor, "query.delete", query)
    await db.delete(query)


async def _check_database(db: AsyncSession, actor: Actor, database_id: uuid.UUID | None, project_id: uuid.UUID) -> None:
    if database_id is None:
        return
    database = await databases.find(db, actor, database_id)
    if database.project_id != project_id:
        raise Invalid({"database_id": "The database belongs to another project."})


def _note(db: AsyncSession, actor: Actor, action: str, query: SavedQuery) -> None:
    audit.record(db, actor, action, "query", query.id, query.name, organization_id=query.organization_id)

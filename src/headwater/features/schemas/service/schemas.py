"""Schemas of scanned codebases, by project; the feature `codebases` owns their rows."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.catalog.model import Schema
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.api_models import SchemaSummaryOut
from headwater.features.codebases.service import codebases
from headwater.kit.paging import Page


async def list_of_project(
    db: AsyncSession, actor: Actor, project_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[SchemaSummaryOut]:
    """Return the schema of each scanned codebase of a project, newest codebase first."""
    page = await codebases.list_of_project(db, actor, project_id, cursor=cursor, limit=limit)
    return Page(tuple(_summary(view) for view in page.items if view.scan), page.next)


async def get(db: AsyncSession, actor: Actor, schema_id: uuid.UUID) -> tuple[Schema, uuid.UUID]:
    """Return a schema and the id of its codebase."""
    codebase, scan = await codebases.scan_by_id(db, actor, schema_id)
    return from_json(scan.schema_json), codebase.id


def _summary(view: codebases.CodebaseView) -> SchemaSummaryOut:
    assert view.scan
    created_at: datetime = view.scan.finished_at
    return SchemaSummaryOut(
        id=view.scan.id,
        codebase_id=view.codebase.id,
        name=view.codebase.name,
        source=view.codebase.filename,
        tables=view.scan.tables,
        columns=view.scan.columns,
        created_at=created_at,
    )

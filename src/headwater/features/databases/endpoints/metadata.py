"""HTTP endpoints of the Schema and the metrics of a database."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from headwater.catalog.model import Schema
from headwater.features.accounts.guard import Db, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.databases import api_models
from headwater.features.databases.service import databases, metadata

router = APIRouter(tags=["databases"])


@router.get("/databases/{database_id}/schema", response_model=Schema)
async def get_database_schema(
    database_id: uuid.UUID,
    server: Shared,
    actor: Annotated[Actor, Depends(allow("database:read"))],
    fresh: Annotated[bool, Query(description="Read the schema from the database now.")] = False,
) -> Any:
    """Return the Schema of a database: as it was last read, or read now."""
    schema = await metadata.schema_of(server.context, actor, database_id, fresh=fresh)
    return Response(msgspec.json.encode(schema), media_type="application/json")


@router.get("/databases/{database_id}/metrics")
async def get_database_metrics(
    database_id: uuid.UUID,
    db: Db,
    actor: Annotated[Actor, Depends(allow("database:read"))],
    hours: Annotated[int, Query(ge=1, le=24 * 14)] = 1,
) -> list[api_models.MetricPoint]:
    """Return the metrics of a database, oldest first."""
    rows = await databases.metrics(db, actor, database_id, hours)
    return [api_models.MetricPoint.model_validate(row) for row in rows]

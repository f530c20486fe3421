"""HTTP endpoints of schemas."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse

from headwater.core import notation
from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.codebases import serializers
from headwater.features.codebases.api_models import SchemaOut, SchemaSummaryOut
from headwater.features.schemas import serializers as drift_serializers
from headwater.features.schemas.api_models import DriftOut
from headwater.features.schemas.service import drift, schemas

router = APIRouter(tags=["schemas"])
Reader = Annotated[Actor, Depends(allow("codebase:read"))]


@router.get("/projects/{project_id}/schemas")
async def list_schemas(
    project_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[SchemaSummaryOut]:
    """List the schemas of the scanned codebases of a project."""
    page = await schemas.list_of_project(db, actor, project_id, cursor=cursor, limit=limit)
    return ListOf(items=list(page.items), next=page.next)


@router.get(
    "/schemas/{schema_id}",
    response_model=SchemaOut,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_schema(
    schema_id: uuid.UUID,
    db: Db,
    actor: Reader,
    format_: Annotated[Literal["json", "sql", "dbml", "mermaid"], Query(alias="format")] = "json",
) -> Any:
    """Return a schema as JSON, or as text in another format."""
    schema, codebase_id = await schemas.get(db, actor, schema_id)
    if format_ == "json":
        return serializers.schema(schema, codebase_id)
    return PlainTextResponse(notation.write(schema, format_))


@router.get("/codebases/{codebase_id}/drift")
async def get_drift(
    codebase_id: uuid.UUID,
    server: Shared,
    actor: Reader,
    against: Annotated[
        str,
        Query(
            max_length=60,
            pattern=r"^(migrations|(codebase|database):[0-9a-fA-F-]{32,36})$",
            description="migrations, codebase:ID or database:ID.",
        ),
    ] = "migrations",
) -> DriftOut:
    """List what differs between the target (A) and what the newest scan of the codebase declares (B)."""
    return drift_serializers.drift(await drift.of_codebase(server.context, actor, codebase_id, against))

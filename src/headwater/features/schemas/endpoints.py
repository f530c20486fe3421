"""HTTP of schemas."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse

from headwater.core import notation
from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, allow
from headwater.features.accounts.rights import Actor
from headwater.features.codebases import serializers
from headwater.features.codebases.api_models import SchemaOut, SchemaSummaryOut
from headwater.features.schemas import service

router = APIRouter(tags=["schemas"])
Reader = Annotated[Actor, Depends(allow("codebase:read"))]


@router.get("/projects/{project_id}/schemas")
async def list_schemas(
    project_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[SchemaSummaryOut]:
    """List the schemas that were read from the code bases of a project."""
    page = await service.list_of_project(db, actor, project_id, cursor=cursor, limit=limit)
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
    """Show a schema, as JSON or as text in another notation."""
    found, codebase_id = await service.get(db, actor, schema_id)
    if format_ == "json":
        return serializers.schema(found, codebase_id)
    return PlainTextResponse(notation.write(found, format_))

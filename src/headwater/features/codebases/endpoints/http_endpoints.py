"""HTTP endpoints that list the HTTP endpoints of the scanned code, and the columns that each one uses."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, allow
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.api_models import fields_of
from headwater.features.codebases.endpoint_models import (
    EndpointColumnOut,
    EndpointDetailOut,
    EndpointOut,
    ReachingEndpointOut,
)
from headwater.features.codebases.filters import EndpointFilter
from headwater.features.codebases.service import http_endpoints

router = APIRouter(prefix="/codebases/{codebase_id}", tags=["lineage"])
Reader = Annotated[Actor, Depends(allow("codebase:read"))]
Text = Annotated[str | None, Query(max_length=1000)]


@router.get("/endpoints")
async def list_endpoints(
    codebase_id: uuid.UUID,
    db: Db,
    actor: Reader,
    table: Text = None,
    column: Text = None,
    q: Text = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[EndpointOut]:
    """List the HTTP endpoints of the code, by path; with a table or column, those that use it."""
    wanted = EndpointFilter(table, column, q)
    page = await http_endpoints.list_endpoints(db, actor, codebase_id, wanted, cursor=cursor, limit=limit)
    return ListOf(items=[EndpointOut.model_validate(row) for row in page.items], next=page.next)


@router.get("/endpoints/{endpoint_id}")
async def get_endpoint(codebase_id: uuid.UUID, endpoint_id: uuid.UUID, db: Db, actor: Reader) -> EndpointDetailOut:
    """Show an endpoint with the columns that it uses, each with the functions that lead to the nearest usage."""
    row, columns = await http_endpoints.get_endpoint(db, actor, codebase_id, endpoint_id)
    listed = [EndpointColumnOut.model_validate(column) for column in columns]
    return EndpointDetailOut(**fields_of(row, EndpointDetailOut, columns=listed))


@router.get("/usages/{usage_id}/endpoints")
async def list_endpoints_of_usage(
    codebase_id: uuid.UUID, usage_id: str, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[ReachingEndpointOut]:
    """List the HTTP endpoints that reach a usage, each with the functions that lead there."""
    page = await http_endpoints.of_usage(db, actor, codebase_id, usage_id, cursor=cursor, limit=limit)
    items = [ReachingEndpointOut(**fields_of(row, ReachingEndpointOut, chain=chain)) for row, chain in page.items]
    return ListOf(items=items, next=page.next)

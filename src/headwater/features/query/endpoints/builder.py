"""HTTP endpoints of the visual query builder."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.core.query_builder import BuilderRefusal
from headwater.features.accounts.guard import Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.query import api_models
from headwater.features.query.builder_input import DrawnIn
from headwater.features.query.service import builder

router = APIRouter(tags=["query"])
Reader = Annotated[Actor, Depends(allow("database:read"))]


@router.post("/databases/{database_id}/builder/parse")
async def draw_query(
    database_id: uuid.UUID, body: api_models.CheckIn, server: Shared, actor: Reader
) -> api_models.DrawnOut:
    """Parse a SELECT for the visual builder, or return the clause that the builder does not support."""
    drawing = await builder.draw(server.context, actor, database_id, body.text)
    if isinstance(drawing, BuilderRefusal):
        return api_models.DrawnOut(query=None, clause=drawing.clause, message=drawing.message)
    return api_models.DrawnOut(query=drawing, clause="", message="")


@router.post("/databases/{database_id}/builder/render")
async def write_query(database_id: uuid.UUID, body: DrawnIn, server: Shared, actor: Reader) -> api_models.WrittenOut:
    """Convert a query of the visual builder to SQL in the dialect of the database."""
    return api_models.WrittenOut(text=await builder.write(server.context, actor, database_id, body.query))

"""HTTP endpoints of tables: rows, edits, schema changes, sessions."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends

from headwater.features.accounts.guard import Shared, allow, body_limit
from headwater.features.accounts.rights import Actor
from headwater.features.query import api_models, serializers
from headwater.features.query.service import access, edits, rows, server_sessions, structure

router = APIRouter(tags=["query"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
# Edits of rows contain old and new values; bytes take two characters each.
MAX_EDITS = 20 * 1_048_576


@router.post("/databases/{database_id}/rows")
async def read_rows(
    database_id: uuid.UUID, body: api_models.RowsIn, server: Shared, actor: Reader
) -> api_models.RowsOut:
    """Read a page of a table, filtered and sorted."""
    context = server.context
    entered = await access.authorize_query(context, actor, database_id)
    request = rows.RowsRequest(
        body.table,
        body.schema_,
        tuple(rows.RowFilter(item.column, item.operator, item.value, tuple(item.values)) for item in body.filters),
        tuple(rows.RowSort(item.column, item.descending) for item in body.sort),
        body.cursor,
        body.skip,
        body.limit,
        body.counts,
    )
    return serializers.page(await rows.page(context, entered, request))


@router.post("/databases/{database_id}/cell")
async def read_cell(
    database_id: uuid.UUID, body: api_models.CellIn, server: Shared, actor: Reader
) -> api_models.CellOut:
    """Read a complete value of a row."""
    context = server.context
    entered = await access.authorize_query(context, actor, database_id)
    return api_models.CellOut(value=await rows.cell(context, entered, body.table, body.schema_, body.key, body.column))


@router.post("/databases/{database_id}/edits")
@body_limit(MAX_EDITS)
async def edit_rows(
    database_id: uuid.UUID, body: api_models.EditsIn, server: Shared, actor: Writer
) -> api_models.EditsOut:
    """Return the SQL of staged edits; with `apply`, run it in one transaction if their rows have not changed."""
    context = server.context
    entered = await access.authorize_query(
        context, actor, database_id, write=True, confirmed=body.confirmed or not body.apply
    )
    staged = [edits.Edit(edit.kind, edit.key, edit.was, edit.values) for edit in body.edits]
    edit_result = await edits.edit(context, entered, body.table, body.schema_, staged, apply=body.apply)
    return api_models.EditsOut.model_validate(edit_result)


@router.post("/databases/{database_id}/schema/changes")
async def change_schema(
    database_id: uuid.UUID, body: api_models.SchemaChangesIn, server: Shared, actor: Writer
) -> api_models.SchemaChangesOut:
    """Return the SQL and the risks of schema changes; with `apply`, run them."""
    context = server.context
    changes = structure.parse_changes([change.root for change in body.changes])
    entered = await access.authorize_query(
        context, actor, database_id, write=True, confirmed=body.confirmed or not body.apply
    )
    return serializers.changes(await structure.change(context, entered, changes, apply=body.apply))


@router.get("/databases/{database_id}/sessions")
async def list_database_sessions(
    database_id: uuid.UUID, server: Shared, actor: Reader
) -> list[api_models.ServerSessionOut]:
    """List the sessions on a database and the sessions that block them, active ones first."""
    rows = await server_sessions.sessions(server.context, actor, database_id)
    return [api_models.ServerSessionOut.model_validate(row) for row in rows]


@router.post("/databases/{database_id}/sessions/{session}/{how}", status_code=204)
async def end_database_session(
    database_id: uuid.UUID, session: str, how: Literal["cancel", "terminate"], server: Shared, actor: Writer
) -> None:
    """Cancel the query of a session, or end the session."""
    await server_sessions.end(server.context, actor, database_id, session, terminate=how == "terminate")

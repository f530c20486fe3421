"""HTTP of extracts: rows, queries, files and links."""

from __future__ import annotations

import uuid
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from headwater.catalog.results import Limits
from headwater.features.accounts import relay
from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import (
    DEFAULT_PAGE,
    Client,
    Cursor,
    Db,
    Limit,
    Shared,
    allow,
    public,
    sends,
)
from headwater.features.accounts.rights import Actor
from headwater.features.extracts import api_models
from headwater.features.extracts.service import copies, exports, links, queries, rows
from headwater.features.extracts.service.exports import File
from headwater.features.extracts.service.links import LinkView
from headwater.features.extracts.service.queries import SnapshotQuery
from headwater.features.query import api_models as shapes
from headwater.features.query import serializers
from headwater.features.query.service.exports import MEDIA_TYPES
from headwater.features.transfers import api_models as transfer_schemas
from headwater.features.transfers import serializers as transfer_wire

router = APIRouter(tags=["snapshots"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Sharer = Annotated[Actor, Depends(allow("link:write"))]
Names = Annotated[list[str] | None, Query(max_length=10_000, description="Names of tables (default: all).")]
_RESULTS = sends(*MEDIA_TYPES.values())
_EXPORTS = sends(*MEDIA_TYPES.values(), exports.SQL, exports.ARCHIVE)


@router.get("/snapshots/{snapshot_id}/tables/{table:path}/rows")
async def read_snapshot_rows(
    snapshot_id: uuid.UUID,
    table: str,
    server: Shared,
    actor: Reader,
    cursor: Cursor = None,
    skip: Annotated[int, Query(ge=0, le=1_000_000_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> shapes.RowsOut:
    """Read a page of a table of a snapshot, in the order of its key, without restoring it."""
    window = rows.RowWindow(cursor, skip, limit)
    rows_page = await rows.page(server.context, actor, snapshot_id, table, window)
    return serializers.page(rows_page)


@router.get("/snapshots/{snapshot_id}/tables/{table:path}/cell")
async def read_snapshot_cell(
    snapshot_id: uuid.UUID,
    table: str,
    server: Shared,
    actor: Reader,
    column: Annotated[str, Query(max_length=500)],
    row: Annotated[int, Query(ge=0, description="Number of the row, starting at 0.")],
) -> shapes.CellOut:
    """Read one whole value of a row of a snapshot."""
    cell = await rows.cell(server.context, actor, snapshot_id, table, row=row, column=column)
    return shapes.CellOut(value=cell)


@router.post("/snapshots/{snapshot_id}/query")
async def query_snapshot(
    snapshot_id: uuid.UUID, body: api_models.SnapshotQueryIn, server: Shared, actor: Reader
) -> shapes.QueryOut:
    """Run one SELECT on a snapshot without restoring it; an error of the statement is part of the response.

    The SQL dialect is DuckDB's. Only the tables and columns that the statement names are read.
    """
    limits = Limits(rows=body.max_rows, seconds=body.seconds)
    question = SnapshotQuery(body.text, limits, body.as_text, body.run_id)
    return serializers.outcome(await queries.run(server.context, actor, snapshot_id, question))


@router.post("/snapshots/{snapshot_id}/runs/{run_id}/cancel", status_code=204, response_model=None)
async def cancel_snapshot_query(
    snapshot_id: uuid.UUID, run_id: uuid.UUID, request: Request, server: Shared, actor: Reader
) -> Response | None:
    """Cancel one of your own queries by its run id."""
    return await relay.run_where_known(request, queries.cancel(server.context, actor, snapshot_id, run_id))


@router.post(
    "/snapshots/{snapshot_id}/query/export", response_class=StreamingResponse, responses=sends(*MEDIA_TYPES.values())
)
async def export_snapshot_query(
    snapshot_id: uuid.UUID, body: api_models.SnapshotQueryExportIn, server: Shared, actor: Reader
) -> StreamingResponse:
    """Stream the whole result of one SELECT on a snapshot as CSV, NDJSON, JSON, Arrow or Parquet."""
    question = SnapshotQuery(body.text, as_text=body.as_text, run_id=body.run_id)
    pieces = await queries.export(server.context, actor, snapshot_id, question, body.format)
    return _sent(File(f"result.{body.format}", MEDIA_TYPES[body.format], pieces))


@router.get("/snapshots/{snapshot_id}/export", response_class=StreamingResponse, responses=_EXPORTS)
async def export_snapshot(
    snapshot_id: uuid.UUID, server: Shared, actor: Reader, format: api_models.Form = "sql", tables: Names = None
) -> StreamingResponse:
    """Export a snapshot, or some of its tables, as an SQL script or as rows; several tables come as a ZIP."""
    return _sent(await exports.export(server.context, actor, snapshot_id, format, tables))


@router.post("/snapshots/{snapshot_id}/links", status_code=201)
async def make_snapshot_link(
    snapshot_id: uuid.UUID, body: api_models.LinkIn, server: Shared, actor: Sharer
) -> api_models.LinkOut:
    """Create a link that downloads a file of a snapshot without signing in, until it expires."""
    link = await links.make(server.context, actor, snapshot_id, body.format, body.tables, body.expires_in)
    return api_models.LinkOut(id=link.row.id, url=f"/api/v1/downloads/{link.token}", expires_at=link.row.expires_at)


@router.get("/snapshots/{snapshot_id}/links")
async def list_snapshot_links(
    snapshot_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.ListedLinkOut]:
    """List the valid download links of a snapshot, newest first, without their tokens."""
    page = await links.list_of_snapshot(db, actor, snapshot_id, cursor=cursor, limit=limit)
    return ListOf(items=[_listed(item) for item in page.items], next=page.next)


@router.delete("/snapshots/{snapshot_id}/links/{link_id}", status_code=204)
async def revoke_snapshot_link(snapshot_id: uuid.UUID, link_id: uuid.UUID, db: Db, actor: Reader) -> None:
    """Revoke a link: your own, or, as an admin, anybody's. Downloads that have started are not stopped."""
    await links.revoke(db, actor, snapshot_id, link_id)


@router.post("/snapshots/{snapshot_id}/copies/plan")
async def plan_snapshot_copy(
    snapshot_id: uuid.UUID, body: transfer_schemas.CopyPlanIn, server: Shared, actor: Reader
) -> transfer_schemas.CopyPlanOut:
    """Show what a copy of a snapshot into a database of any engine would do, and everything that would be lost."""
    request = copies.SnapshotCopyRequest(snapshot_id, body.target_id, body.tables, choices=body.choices)
    planned, engine = await copies.plan(server.context, actor, request)
    return transfer_wire.plan(planned, engine)


@router.post("/snapshots/{snapshot_id}/copies", status_code=202)
async def start_snapshot_copy(
    snapshot_id: uuid.UUID, body: transfer_schemas.CopyIn, server: Shared, actor: Reader
) -> transfer_schemas.TransferOut:
    """Copy a snapshot, or some of its tables, into a database of any engine, which must not have these tables yet.

    If something would be lost, the response is 409 `losses_not_accepted` unless `accepted` is true.
    """
    request = copies.SnapshotCopyRequest(
        snapshot_id, body.target_id, body.tables, body.accepted, body.confirmed, body.choices
    )
    return transfer_wire.transfer(await copies.start(server.context, actor, request))


@router.get("/downloads/{token}", response_class=StreamingResponse, responses=_EXPORTS, dependencies=[Depends(public)])
async def download(token: str, server: Shared, visitor: Client) -> StreamingResponse:
    """Download the file of a link."""
    return _sent(await links.follow(server.context, visitor, token))


def _listed(view: LinkView) -> api_models.ListedLinkOut:
    row = view.row
    return api_models.ListedLinkOut(
        id=row.id,
        format=row.request["format"],
        tables=row.request["tables"],
        by=view.by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        uses=row.uses,
        used_at=row.used_at,
    )


def _sent(file: File) -> StreamingResponse:
    plain = file.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    return StreamingResponse(file.pieces, media_type=file.media_type, headers={"content-disposition": named})

"""HTTP of diffs: what differs between two snapshots, or between any two sides."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from headwater.features.accounts.guard import Cursor, Shared, allow, sends
from headwater.features.accounts.rights import Actor
from headwater.features.diffs import api_models
from headwater.features.diffs.service import exports, side_diffs, snapshot_diffs
from headwater.features.diffs.service.side_diffs import Comparison
from headwater.features.diffs.service.sides import parse
from headwater.features.diffs.service.snapshot_diffs import ChangesPage, ChangesWindow
from headwater.features.diffs.service.streamed_tables import ColumnChoice
from headwater.features.query import serializers

router = APIRouter(tags=["snapshots"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
SidePath = Annotated[str, Path(max_length=60, description="`database:ID` or `snapshot:ID`.")]
_Names = list[Annotated[str, Field(min_length=1, max_length=500)]]
Tables = Annotated[_Names | None, Query(max_length=1000, description="Only these tables.")]


@dataclass(frozen=True, slots=True)
class ComparisonQuery:
    """What a comparison leaves out, and how long it may take."""

    columns: Annotated[_Names | None, Query(max_length=1000, description="Only these columns, and keys.")] = None
    ignore: Annotated[_Names | None, Query(max_length=1000, description="Columns that are not compared.")] = None
    seconds: Annotated[float, Query(ge=1, le=300, description="After so long, the numbers are lower bounds.")] = 10.0


Choice = Annotated[ComparisonQuery, Depends()]


@router.get("/snapshots/{snapshot_id}/differences/{other_id}")
async def compare_snapshots(
    snapshot_id: uuid.UUID, other_id: uuid.UUID, server: Shared, actor: Reader
) -> api_models.SnapshotDiffOut:
    """Compare the rows of two snapshots of one vault: how many rows of each table differ in the other one.

    Parts of tables that both snapshots share in the vault are not read.
    """
    diff = await snapshot_diffs.compare(server.context, actor, snapshot_id, other_id)
    return api_models.SnapshotDiffOut.model_validate(diff, from_attributes=True)


@router.get("/snapshots/{snapshot_id}/differences/{other_id}/rows")
async def list_row_differences(
    snapshot_id: uuid.UUID,
    other_id: uuid.UUID,
    server: Shared,
    actor: Reader,
    table: Annotated[str, Query(min_length=1, max_length=500, description="A table, with or without its schema.")],
    kind: Annotated[api_models.ChangeKind | None, Query(description="Only such changes.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> api_models.RowChangesOut:
    """List the rows of a table that differ in the other snapshot, with their values on both sides."""
    window = ChangesWindow(table, kind, cursor, limit)
    page = await snapshot_diffs.changes(server.context, actor, snapshot_id, other_id, window)
    return api_models.RowChangesOut(**_page(page))


@router.get("/differences/{a}/{b}")
async def compare_sides(
    a: SidePath, b: SidePath, server: Shared, actor: Reader, choice: Choice, tables: Tables = None
) -> api_models.SideDiffOut:
    """Compare the rows of two sides, from A to B: how many rows of each table differ.

    A side is `database:ID`, the database as it is now, or `snapshot:ID`. Each is read at one consistent moment.
    """
    diff = await side_diffs.compare(server.context, actor, _comparison(a, b, choice, tables))
    return api_models.SideDiffOut.model_validate(diff, from_attributes=True)


@router.get("/differences/{a}/{b}/rows")
async def list_side_differences(
    a: SidePath,
    b: SidePath,
    server: Shared,
    actor: Reader,
    choice: Choice,
    table: Annotated[str, Query(min_length=1, max_length=500, description="A table, with or without its schema.")],
    kind: Annotated[api_models.ChangeKind | None, Query(description="Only such changes.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> api_models.SideRowChangesOut:
    """List the rows of a table that differ between two sides, with their values on both.

    Each page reads a database again: rows that change meanwhile may be missing or come twice.
    """
    window = ChangesWindow(table, kind, cursor, limit)
    page = await side_diffs.changes(server.context, actor, _comparison(a, b, choice, None), window)
    return api_models.SideRowChangesOut(**_page(page), complete=page.complete)


@router.get(
    "/differences/{a}/{b}/export", response_class=StreamingResponse, responses=sends(*exports.MEDIA_TYPES.values())
)
async def export_differences(
    a: SidePath,
    b: SidePath,
    server: Shared,
    actor: Reader,
    choice: Choice,
    format: exports.Form = "sql",
    tables: Tables = None,
) -> StreamingResponse:
    """Export all differences: as a patch, SQL that makes the rows of A equal to those of B, or as NDJSON or CSV.

    The patch is for A's engine and runs in one transaction. Tables that only one side has are named and left out.
    """
    pieces = await exports.export(server.context, actor, _comparison(a, b, choice, tables), format)
    headers = {"content-disposition": f'attachment; filename="differences.{format}"'}
    return StreamingResponse(pieces, media_type=exports.MEDIA_TYPES[format], headers=headers)


def _comparison(a: str, b: str, choice: ComparisonQuery, tables: list[str] | None) -> Comparison:
    columns = ColumnChoice(choice.columns or (), choice.ignore or ())
    return Comparison(parse(a), parse(b), tables or (), columns, choice.seconds)


def _page(page: ChangesPage) -> dict[str, Any]:
    return {
        "table": page.table,
        "columns": [serializers.column(column) for column in page.columns],
        "key": list(page.key),
        "changes": [
            api_models.RowChangeOut.model_construct(
                kind=change.kind,
                before=None if change.before is None else list(change.before),
                after=None if change.after is None else list(change.after),
                touched=list(change.touched),
            )
            for change in page.changes
        ],
        "shortened": page.shortened,
        "next": page.next,
    }

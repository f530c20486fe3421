"""HTTP of diffs: what differs between two snapshots."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from headwater.features.accounts.guard import Cursor, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.diffs import api_models
from headwater.features.diffs.service import snapshot_diffs
from headwater.features.query import serializers

router = APIRouter(tags=["snapshots"])
Reader = Annotated[Actor, Depends(allow("database:read"))]


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
    window = snapshot_diffs.ChangesWindow(table, kind, cursor, limit)
    page = await snapshot_diffs.changes(server.context, actor, snapshot_id, other_id, window)
    return api_models.RowChangesOut(
        table=page.table,
        columns=[serializers.column(column) for column in page.columns],
        key=list(page.key),
        changes=[
            api_models.RowChangeOut.model_construct(
                kind=change.kind,
                before=None if change.before is None else list(change.before),
                after=None if change.after is None else list(change.after),
                touched=list(change.touched),
            )
            for change in page.changes
        ],
        shortened=page.shortened,
        next=page.next,
    )

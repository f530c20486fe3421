"""HTTP of merges."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.merges import api_models, serializers
from headwater.features.merges.service import merges

router = APIRouter(tags=["merges"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Admin = Annotated[Actor, Depends(allow("database:admin"))]


@router.post("/databases/{database_id}/merges", status_code=202)
async def create_merge(
    database_id: uuid.UUID, body: api_models.MergeIn, server: Shared, db: Db, actor: Admin
) -> api_models.MergeOut:
    """Prepare merging the changes of another database since a common snapshot into this one; nothing is changed yet."""
    request = merges.MergeRequest(body.base_id, body.source_id, body.theirs_id, body.prefer)
    return serializers.merge(await merges.start(db, actor, server.settings, database_id, request))


@router.get("/databases/{database_id}/merges")
async def list_merges(
    database_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.MergeOut]:
    """List the merges into a database, newest first."""
    page = await merges.list_of_target(db, actor, database_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.merge(view) for view in page.items], next=page.next)


@router.get("/merges/{merge_id}")
async def get_merge(merge_id: uuid.UUID, db: Db, actor: Reader) -> api_models.MergeOut:
    """Show a merge: what it changes, what was left out, and how many conflicts are not resolved."""
    return serializers.merge(await merges.view(db, actor, merge_id))


@router.get("/merges/{merge_id}/conflicts")
async def list_conflicts(
    merge_id: uuid.UUID,
    db: Db,
    actor: Reader,
    unresolved: Annotated[bool, Query(description="Only conflicts without a choice.")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[api_models.ConflictOut]:
    """List the rows that both sides have changed differently, with the values of all three versions."""
    page = await merges.conflicts(db, actor, merge_id, cursor=cursor, limit=limit, unresolved=unresolved)
    return ListOf(items=[serializers.conflict(row) for row in page.items], next=page.next)


@router.post("/merges/{merge_id}/resolutions")
async def resolve_conflicts(
    merge_id: uuid.UUID, body: api_models.ResolutionIn, db: Db, actor: Admin
) -> api_models.MergeOut:
    """Choose the side that wins some conflicts, those of a table, or all."""
    resolution = merges.Resolution(body.choice, body.ordinals, body.table)
    return serializers.merge(await merges.resolve(db, actor, merge_id, resolution))


@router.post("/merges/{merge_id}/apply", status_code=202)
async def apply_merge(merge_id: uuid.UUID, body: api_models.MergeApplyIn, db: Db, actor: Admin) -> api_models.MergeOut:
    """Write the changes of a prepared merge to the target, all or nothing; a snapshot of it is taken first."""
    return serializers.merge(await merges.apply(db, actor, merge_id, confirmed=body.confirmed))


@router.delete("/merges/{merge_id}", status_code=204)
async def delete_merge(merge_id: uuid.UUID, db: Db, actor: Admin) -> None:
    """Delete a merge; what it has changed stays."""
    await merges.discard(db, actor, merge_id)

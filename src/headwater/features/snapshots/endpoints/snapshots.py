"""HTTP of snapshots: take, list, show, change, delete."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Response

from headwater.catalog.model import Schema
from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.jobs.api_models import JobOut
from headwater.features.snapshots import api_models, serializers
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.verify import verification

router = APIRouter(tags=["snapshots"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
Admin = Annotated[Actor, Depends(allow("database:admin"))]


@router.post("/databases/{database_id}/snapshots", status_code=202)
async def take_snapshot(
    database_id: uuid.UUID, body: api_models.SnapshotIn, server: Shared, actor: Writer
) -> api_models.SnapshotOut:
    """Take a snapshot of a database, or of some of its tables."""
    request = snapshots.SnapshotRequest(body.label, body.tables, body.exclude)
    return serializers.snapshot(await snapshots.create(server.context, actor, database_id, request))


@router.get("/databases/{database_id}/snapshots")
async def list_snapshots(
    database_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.SnapshotOut]:
    """List the snapshots of a database, newest first."""
    page = await snapshots.list_of_database(db, actor, database_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.snapshot(view) for view in page.items], next=page.next)


@router.get("/databases/{database_id}/snapshots/storage")
async def show_storage(database_id: uuid.UUID, db: Db, actor: Reader) -> api_models.StorageOut:
    """Show the sizes of the last 500 snapshots of a database, oldest first."""
    return serializers.storage(await snapshots.over_time(db, actor, database_id))


@router.get("/organizations/{organization_id}/snapshots")
async def list_all_snapshots(
    organization_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.SnapshotOut]:
    """List the snapshots of an organization, newest first, including those of deleted databases."""
    page = await snapshots.list_of_organization(db, actor, organization_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.snapshot(view) for view in page.items], next=page.next)


@router.get("/snapshots/{snapshot_id}")
async def get_snapshot(snapshot_id: uuid.UUID, db: Db, actor: Reader) -> api_models.SnapshotDetailOut:
    """Show a snapshot and its tables."""
    return serializers.detail(await snapshots.view(db, actor, snapshot_id))


@router.get("/snapshots/{snapshot_id}/schema", response_model=Schema)
async def get_snapshot_schema(snapshot_id: uuid.UUID, server: Shared, actor: Reader) -> Any:
    """Show the Schema of a snapshot."""
    schema = await snapshots.schema_of(server.context, actor, snapshot_id)
    return Response(msgspec.json.encode(schema), media_type="application/json")


@router.patch("/snapshots/{snapshot_id}")
async def change_snapshot(
    snapshot_id: uuid.UUID, body: api_models.SnapshotChange, db: Db, actor: Writer
) -> api_models.SnapshotOut:
    """Change the label of a snapshot, or hold it: no user and no policy can delete a held snapshot."""
    return serializers.snapshot(await snapshots.change(db, actor, snapshot_id, label=body.label, held=body.held))


@router.post("/snapshots/{snapshot_id}/verifications", status_code=202)
async def verify_snapshot(snapshot_id: uuid.UUID, body: api_models.VerificationIn, db: Db, actor: Writer) -> JobOut:
    """Verify a snapshot; the result is shown with the snapshot."""
    return JobOut.model_validate(await verification.start(db, actor, snapshot_id, body.kind))


@router.delete("/snapshots/{snapshot_id}", status_code=204)
async def delete_snapshot(snapshot_id: uuid.UUID, server: Shared, actor: Admin) -> None:
    """Delete a snapshot. Other snapshots are not affected, even if they share data with it."""
    await snapshots.remove(server.context, actor, snapshot_id)

"""HTTP of policies: when snapshots of a database are taken, which are kept, how they are checked."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.policies import api_models, serializers
from headwater.features.policies.service import policies

router = APIRouter(tags=["policies"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
Admin = Annotated[Actor, Depends(allow("database:admin"))]


@router.get("/databases/{database_id}/policy")
async def get_policy(database_id: uuid.UUID, db: Db, actor: Reader) -> api_models.PolicyOut:
    """Show the policy of a database, and its next five runs."""
    return serializers.policy(await policies.view(db, actor, database_id))


@router.put("/databases/{database_id}/policy")
async def put_policy(
    database_id: uuid.UUID, body: api_models.PolicyIn, server: Shared, actor: Writer
) -> api_models.PolicyOut:
    """Create or replace the policy of a database. Only an admin can change the retention."""
    return serializers.policy(await policies.put(server.context, actor, database_id, serializers.rules(body)))


@router.delete("/databases/{database_id}/policy", status_code=204)
async def delete_policy(database_id: uuid.UUID, db: Db, actor: Admin) -> None:
    """Delete the policy of a database. Its snapshots are kept."""
    await policies.remove(db, actor, database_id)


@router.post("/databases/{database_id}/policy/preview")
async def preview_policy(
    database_id: uuid.UUID, body: api_models.PolicyPreviewIn, db: Db, actor: Reader
) -> api_models.PolicyPreviewOut:
    """Show what a policy would do: its next runs, and which snapshots it would delete and why. Deletes nothing."""
    given = serializers.rules(body.policy) if body.policy else None
    return serializers.preview(await policies.preview(db, actor, database_id, given))


@router.get("/databases/{database_id}/policy/runs")
async def list_policy_runs(
    database_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.PolicyRunOut]:
    """List the runs of a policy, newest first."""
    page = await policies.runs(db, actor, database_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.run(item) for item in page.items], next=page.next)


@router.post("/databases/{database_id}/policy/runs", status_code=202)
async def run_policy(database_id: uuid.UUID, db: Db, actor: Writer) -> api_models.StartedPolicyRunOut:
    """Run the policy now: take a snapshot without waiting for its schedule."""
    return serializers.started(await policies.run_now(db, actor, database_id))

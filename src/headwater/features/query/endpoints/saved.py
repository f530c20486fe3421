"""HTTP endpoints of saved queries."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, allow
from headwater.features.accounts.rights import Actor
from headwater.features.query import api_models, serializers
from headwater.features.query.service import saved

router = APIRouter(tags=["query"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]


@router.get("/projects/{project_id}/queries")
async def list_saved_queries(
    project_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.SavedQueryOut]:
    """List your own and the shared queries of a project, newest first."""
    page = await saved.list_of_project(db, actor, project_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.saved(row, actor.user_id) for row in page.items], next=page.next)


@router.post("/projects/{project_id}/queries", status_code=201)
async def save_query(
    project_id: uuid.UUID, body: api_models.SavedQueryIn, db: Db, actor: Writer
) -> api_models.SavedQueryOut:
    """Save a query under a name."""
    return serializers.saved(await saved.save(db, actor, project_id, body.model_dump()), actor.user_id)


@router.get("/queries/{query_id}")
async def get_saved_query(query_id: uuid.UUID, db: Db, actor: Reader) -> api_models.SavedQueryOut:
    """Show a saved query."""
    return serializers.saved(await saved.find(db, actor, query_id), actor.user_id)


@router.patch("/queries/{query_id}")
async def change_saved_query(
    query_id: uuid.UUID, body: api_models.SavedQueryChange, db: Db, actor: Writer
) -> api_models.SavedQueryOut:
    """Change a saved query; only its owner may share it."""
    changed = await saved.change(db, actor, query_id, body.model_dump(exclude_unset=True))
    return serializers.saved(changed, actor.user_id)


@router.delete("/queries/{query_id}", status_code=204)
async def delete_saved_query(query_id: uuid.UUID, db: Db, actor: Writer) -> None:
    """Delete a saved query."""
    await saved.remove(db, actor, query_id)

"""HTTP endpoints of projects."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf, ProjectChange, ProjectIn, ProjectOut
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import projects

router = APIRouter(prefix="/projects", tags=["projects"])
Reader = Annotated[Actor, Depends(allow("project:read"))]
Writer = Annotated[Actor, Depends(allow("project:write"))]


@router.get("")
async def list_projects(
    server: Shared, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[ProjectOut]:
    """List the projects that the current user can see, newest first."""
    page = await projects.list_projects(server.context, actor, cursor=cursor, limit=limit)
    return ListOf(items=[_out(row, actor) for row in page.items], next=page.next)


@router.post("", status_code=201)
async def create_project(body: ProjectIn, db: Db, actor: Writer) -> ProjectOut:
    """Create a project."""
    project = await projects.create(
        db, actor, name=body.name, description=body.description, organization_id=body.organization_id
    )
    return _out(project, actor)


@router.get("/{project_id}")
async def get_project(project_id: uuid.UUID, db: Db, actor: Reader) -> ProjectOut:
    """Show a project."""
    return _out(await projects.get(db, actor, project_id), actor)


@router.patch("/{project_id}")
async def change_project(project_id: uuid.UUID, body: ProjectChange, db: Db, actor: Writer) -> ProjectOut:
    """Change the name or the description of a project."""
    changed = await projects.change(db, actor, project_id, name=body.name, description=body.description)
    return _out(changed, actor)


@router.delete("/{project_id}", status_code=204)
async def delete_project(
    project_id: uuid.UUID, db: Db, actor: Annotated[Actor, Depends(allow("project:admin"))]
) -> None:
    """Delete a project and everything in it."""
    await projects.remove(db, actor, project_id)


def _out(project: Any, actor: Actor) -> ProjectOut:
    fields = {name: getattr(project, name) for name in ProjectOut.model_fields if name != "role"}
    return ProjectOut(role=actor.roles[project.organization_id], **fields)

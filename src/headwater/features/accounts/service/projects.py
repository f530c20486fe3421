"""Projects: they hold the codebases, databases and jobs of an organization."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import Project
from headwater.features.accounts.rights import Action, Actor, authorize, missing, reach, require_proof
from headwater.features.accounts.service import audit
from headwater.kit.errors import Forbidden, Invalid
from headwater.kit.ids import LAST_ID
from headwater.kit.paging import Page, cut
from headwater.store.context import Context


async def get(
    db: AsyncSession, actor: Actor, project_id: uuid.UUID, action: Action = "project:read", *, lock: bool = False
) -> Project:
    """Return a project to which the actor may do the action."""
    project = await repository.project(db, project_id, lock=lock)
    if project is None or (project.organization_id not in actor.roles and actor.kind != "system"):
        raise missing(project, "There is no such project.")
    authorize(actor, action, project)
    return project


async def list_projects(context: Context, actor: Actor, *, cursor: str | None, limit: int) -> Page[Any]:
    """Return the projects that the actor sees, newest first, with the columns of `projects`."""
    within = reach(actor, "project:read")
    rows = await context.store.rows(
        repository.PROJECTS,
        organizations=list(within.organizations),
        project=within.limit.project_id if within.limit else None,
        before=audit.before_id(cursor) or LAST_ID,
        count=limit + 1,
    )
    return cut(rows, limit, lambda row: (str(row.id),))


async def oldest(db: AsyncSession, organization_id: uuid.UUID) -> Project | None:
    """Return the oldest project of an organization; for code that has already checked the right to it."""
    return await repository.oldest_project(db, organization_id)


async def create(
    db: AsyncSession,
    actor: Actor,
    *,
    name: str,
    description: str = "",
    organization_id: uuid.UUID | None = None,
    is_sample: bool = False,
) -> Project:
    """Create a project; without an organization, in the actor's personal one."""
    home = organization_id or await _home(db, actor)
    project = Project(organization_id=home, name=_named(name), description=description, is_sample=is_sample)
    authorize(actor, "project:write", project)
    db.add(project)
    await db.flush()
    await db.refresh(project)
    audit.record(db, actor, "project.create", "project", project.id, project.name, organization_id=home)
    return project


async def change(
    db: AsyncSession, actor: Actor, project_id: uuid.UUID, *, name: str | None, description: str | None
) -> Project:
    """Change the name or the description of a project."""
    project = await get(db, actor, project_id, "project:write", lock=True)
    if name is not None:
        project.name = _named(name)
    if description is not None:
        project.description = description
    audit.record(
        db, actor, "project.update", "project", project.id, project.name, organization_id=project.organization_id
    )
    return project


async def remove(db: AsyncSession, actor: Actor, project_id: uuid.UUID) -> None:
    """Delete a project with everything in it."""
    project = await get(db, actor, project_id, "project:admin", lock=True)
    require_proof(actor)
    await db.delete(project)
    audit.record(
        db, actor, "project.delete", "project", project.id, project.name, organization_id=project.organization_id
    )


async def set_counts(db: AsyncSession, project_id: uuid.UUID, counts: Mapping[str, int]) -> None:
    """Store the counts of codebases, tables, columns and usages that another feature has computed."""
    project = await repository.project(db, project_id, lock=True)
    if project is not None:
        for name, value in counts.items():
            setattr(project, f"{name}_count", value)


async def _home(db: AsyncSession, actor: Actor) -> uuid.UUID:
    assert actor.user_id
    for organization, _ in await repository.organizations_of(db, actor.user_id):
        if organization.personal_of == actor.user_id:
            return organization.id
    raise Forbidden("You have no organization of your own.", hint="Set organization_id.")


def _named(name: str) -> str:
    if not name.strip():
        raise Invalid({"name": "Give the project a name."})
    return name.strip()

"""HTTP endpoints of organizations and their members."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf, MemberOut, OrganizationOut, RoleIn
from headwater.features.accounts.guard import Db, allow
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.security_models import OrganizationChange
from headwater.features.accounts.service import organizations

router = APIRouter(prefix="/organizations", tags=["organizations"])
Reader = Annotated[Actor, Depends(allow("member:read"))]
Admin = Annotated[Actor, Depends(allow("member:admin"))]


@router.get("")
async def list_organizations(
    db: Db, actor: Annotated[Actor, Depends(allow("organization:read"))]
) -> ListOf[OrganizationOut]:
    """List the organizations of the current user."""
    organization_roles = await organizations.list_organizations(db, actor)
    return ListOf(items=[OrganizationOut.model_validate(item) for item in organization_roles])


@router.patch("/{organization_id}")
async def change_organization(
    organization_id: uuid.UUID, body: OrganizationChange, db: Db, actor: Admin
) -> OrganizationOut:
    """Demand a second factor of all members, or no longer."""
    changed = await organizations.demand_second_factor(db, actor, organization_id, body.requires_second_factor)
    return OrganizationOut.model_validate(changed)


@router.get("/{organization_id}/members")
async def list_members(organization_id: uuid.UUID, db: Db, actor: Reader) -> ListOf[MemberOut]:
    """List the members of an organization."""
    members = await organizations.list_members(db, actor, organization_id)
    return ListOf(items=[MemberOut.model_validate(item) for item in members])


@router.patch("/{organization_id}/members/{user_id}")
async def change_member(
    organization_id: uuid.UUID, user_id: uuid.UUID, body: RoleIn, db: Db, actor: Admin
) -> MemberOut:
    """Change the role of a member."""
    changed = await organizations.change_role(db, actor, organization_id, user_id, body.role)
    return MemberOut.model_validate(changed)


@router.delete("/{organization_id}/members/{user_id}", status_code=204)
async def remove_member(organization_id: uuid.UUID, user_id: uuid.UUID, db: Db, actor: Admin) -> None:
    """Remove a member, or leave the organization."""
    await organizations.remove_member(db, actor, organization_id, user_id)

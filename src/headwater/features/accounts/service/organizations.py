"""Organizations and their members. An organization always has an owner."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import Membership
from headwater.features.accounts.rights import Actor, Role, allow_scope, authorize
from headwater.features.accounts.service import audit
from headwater.kit.errors import Conflict, Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class OrganizationRole:
    """An organization and the role of one user in it."""

    id: uuid.UUID
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Member:
    """A user as a member of an organization."""

    user_id: uuid.UUID
    email: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class _Owned:
    organization_id: uuid.UUID


async def list_organizations(db: AsyncSession, actor: Actor) -> Sequence[OrganizationRole]:
    """Return the actor's organizations."""
    allow_scope(actor, "organization:read")
    assert actor.user_id
    rows = await repository.organizations_of(db, actor.user_id)
    return [OrganizationRole(row[0].id, row[0].name, cast(Role, row[1])) for row in rows]


async def name_of(db: AsyncSession, organization_id: uuid.UUID) -> str:
    """Return the name of an organization; for code that has already checked the right to it."""
    organization = await repository.organization(db, organization_id)
    return organization.name if organization else ""


async def list_members(db: AsyncSession, actor: Actor, organization_id: uuid.UUID) -> Sequence[Member]:
    """Return the members of an organization."""
    authorize(actor, "member:read", _Owned(organization_id))
    rows = await repository.members(db, organization_id)
    return [Member(row[0].id, row[0].email, row[0].name, cast(Role, row[1])) for row in rows]


async def add_member(db: AsyncSession, actor: Actor, organization_id: uuid.UUID, *, email: str, role: Role) -> Member:
    """Give an existing user a role in an organization."""
    authorize(actor, "member:admin", _Owned(organization_id))
    _owners_only(actor, organization_id, role)
    user = await repository.user_by_email(db, email.strip().lower())
    if user is None:
        raise NotFound(f"Nobody has signed up as {email.strip()}.", hint="Ask them to sign up first.")
    if await repository.membership(db, organization_id, user.id):
        raise Conflict(f"{user.email} is already a member.", hint="Change their role instead.")
    db.add(Membership(organization_id=organization_id, user_id=user.id, role=role))
    audit.record(db, actor, "member.add", "user", user.id, user.email, organization_id=organization_id, role=role)
    return Member(user.id, user.email, user.name, role)


async def change_role(
    db: AsyncSession, actor: Actor, organization_id: uuid.UUID, user_id: uuid.UUID, role: Role
) -> Member:
    """Change the role of a member."""
    authorize(actor, "member:admin", _Owned(organization_id))
    membership = await _member(db, organization_id, user_id)
    _owners_only(actor, organization_id, role, membership.role)
    if membership.role == "owner" and role != "owner":
        await _keep_an_owner(db, organization_id)
    before, membership.role = membership.role, role
    await db.flush()
    audit.record(db, actor, "member.change", "user", user_id, organization_id=organization_id, role=role, before=before)
    members = await list_members(db, actor, organization_id)
    return next(member for member in members if member.user_id == user_id)


async def remove_member(db: AsyncSession, actor: Actor, organization_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Remove a member; every member may leave."""
    leaving = user_id == actor.user_id
    authorize(actor, "member:read" if leaving else "member:admin", _Owned(organization_id))
    allow_scope(actor, "member:admin")
    membership = await _member(db, organization_id, user_id)
    if not leaving:
        _owners_only(actor, organization_id, membership.role)
    if membership.role == "owner":
        await _keep_an_owner(db, organization_id)
    await db.delete(membership)
    audit.record(db, actor, "member.remove", "user", user_id, organization_id=organization_id)


async def _member(db: AsyncSession, organization_id: uuid.UUID, user_id: uuid.UUID) -> Membership:
    membership = await repository.membership(db, organization_id, user_id)
    if membership is None:
        raise NotFound("There is no such member.")
    return membership


def _owners_only(actor: Actor, organization_id: uuid.UUID, *roles: str) -> None:
    if "owner" in roles and actor.roles.get(organization_id) != "owner":
        raise Forbidden("Only an owner can add, change or remove an owner.")


async def _keep_an_owner(db: AsyncSession, organization_id: uuid.UUID) -> None:
    if len(await repository.lock_owners(db, organization_id)) < 2:
        raise Conflict("An organization needs an owner.", hint="Make somebody else an owner first.")

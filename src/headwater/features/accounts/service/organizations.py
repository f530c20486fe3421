"""Organizations and their members. An organization always has an owner."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import Membership, User
from headwater.features.accounts.repository import second_factors
from headwater.features.accounts.rights import Actor, Role, allow_scope, authorize, owners_only, role_allows
from headwater.features.accounts.service import audit
from headwater.kit.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class OrganizationRole:
    """An organization and the role of one user in it."""

    id: uuid.UUID
    name: str
    role: Role
    requires_second_factor: bool = False
    locked: bool = False
    """Whether the user has to turn on a second factor before anything else."""


@dataclass(frozen=True, slots=True)
class Member:
    """A user as a member of an organization."""

    user_id: uuid.UUID
    email: str
    name: str
    role: Role
    has_second_factor: bool | None = None
    """None for those who may not know it."""


@dataclass(frozen=True, slots=True)
class Owned:
    """What belongs to an organization, for the check of a right."""

    organization_id: uuid.UUID


async def list_organizations(db: AsyncSession, actor: Actor) -> Sequence[OrganizationRole]:
    """Return the actor's organizations."""
    allow_scope(actor, "organization:read")
    assert actor.user_id
    rows = await repository.organizations_of(db, actor.user_id)
    return [
        OrganizationRole(
            row[0].id, row[0].name, cast(Role, row[1]), row[0].requires_second_factor, row[0].id in actor.locked
        )
        for row in rows
    ]


async def demand_second_factor(
    db: AsyncSession, actor: Actor, organization_id: uuid.UUID, demanded: bool
) -> OrganizationRole:
    """Let members without a second factor do nothing in an organization, or let them again.

    Raises:
        Conflict: the actor's own account has none.
    """
    authorize(actor, "member:admin", Owned(organization_id))
    assert actor.user_id
    if demanded and not await second_factors.is_protected(db, actor.user_id):
        raise Conflict("Your own account has no second factor.", hint="Turn it on first: Settings, Security.")
    organization = await repository.organization(db, organization_id)
    assert organization
    organization.requires_second_factor = demanded
    audit.record(
        db,
        actor,
        "organization.update",
        "organization",
        organization_id,
        organization.name,
        organization_id=organization_id,
        requires_second_factor=demanded,
    )
    await db.flush()
    return OrganizationRole(organization.id, organization.name, actor.roles[organization_id], demanded)


async def name_of(db: AsyncSession, organization_id: uuid.UUID) -> str:
    """Return the name of an organization; for code that has already checked the right to it."""
    organization = await repository.organization(db, organization_id)
    return organization.name if organization else ""


async def names_of(db: AsyncSession, user: User) -> list[str]:
    """Return the names that are known about a user, which a password must not be made of."""
    return [user.name, *(row[0].name for row in await repository.organizations_of(db, user.id))]


async def list_members(db: AsyncSession, actor: Actor, organization_id: uuid.UUID) -> Sequence[Member]:
    """Return the members of an organization."""
    authorize(actor, "member:read", Owned(organization_id))
    rows = await repository.members(db, organization_id)
    is_admin = role_allows(actor, "member:admin", organization_id)
    protected = await second_factors.protected_users(db, [row[0].id for row in rows]) if is_admin else set()
    return [
        Member(row[0].id, row[0].email, row[0].name, cast(Role, row[1]), row[0].id in protected if is_admin else None)
        for row in rows
    ]


async def change_role(
    db: AsyncSession, actor: Actor, organization_id: uuid.UUID, user_id: uuid.UUID, role: Role
) -> Member:
    """Change the role of a member."""
    authorize(actor, "member:admin", Owned(organization_id))
    membership = await _member(db, organization_id, user_id)
    owners_only(actor, organization_id, role, membership.role)
    if membership.role == "owner" and role != "owner":
        await _keep_an_owner(db, organization_id, user_id)
    before, membership.role = membership.role, role
    await db.flush()
    audit.record(db, actor, "member.change", "user", user_id, organization_id=organization_id, role=role, before=before)
    members = await list_members(db, actor, organization_id)
    return next(member for member in members if member.user_id == user_id)


async def remove_member(db: AsyncSession, actor: Actor, organization_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Remove a member; every member may leave."""
    leaving = user_id == actor.user_id
    authorize(actor, "member:read" if leaving else "member:admin", Owned(organization_id))
    allow_scope(actor, "member:admin")
    membership = await _member(db, organization_id, user_id)
    if not leaving:
        owners_only(actor, organization_id, membership.role)
    if membership.role == "owner":
        await _keep_an_owner(db, organization_id, user_id)
    await db.delete(membership)
    audit.record(db, actor, "member.remove", "user", user_id, organization_id=organization_id)


async def _member(db: AsyncSession, organization_id: uuid.UUID, user_id: uuid.UUID) -> Membership:
    membership = await repository.membership(db, organization_id, user_id)
    if membership is None:
        raise NotFound("There is no such member.")
    return membership


async def _keep_an_owner(db: AsyncSession, organization_id: uuid.UUID, leaving: uuid.UUID) -> None:
    if not set(await repository.lock_owners(db, organization_id)) - {leaving}:
        raise Conflict("An organization needs an owner.", hint="Make somebody else an owner first.")

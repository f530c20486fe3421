"""All SQL of exports and deletions of accounts, which reach into the tables of all features.

It reads and deletes rows of others only here: what belongs to a user is spread over all of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import Membership, Organization, Project, User
from headwater.features.codebases.models import Codebase
from headwater.features.dashboards.models import Dashboard
from headwater.features.databases.models import Database
from headwater.features.jobs.models import Job
from headwater.features.policies.models import SnapshotPolicy
from headwater.features.recovery.models import Archive, ArchiveBase, ArchiveLog
from headwater.features.snapshots.models import Snapshot, VaultRecord

UNFINISHED = ("pending", "running")
_COUNTED: Mapping[str, tuple[Any, ...]] = {
    "projects": (Project,),
    "databases": (Database, Database.deleted_at.is_(None), Database.scratch.is_(False)),
    "snapshots": (Snapshot,),
    "policies": (SnapshotPolicy,),
    "vaults": (VaultRecord,),
    "codebases": (Codebase,),
    "dashboards": (Dashboard,),
}


async def counts(db: AsyncSession, organization_id: uuid.UUID) -> dict[str, int]:
    """Return how much of each kind an organization has."""
    numbers = {}
    for kind, (model, *conditions) in _COUNTED.items():
        query = select(func.count()).select_from(model).where(model.organization_id == organization_id, *conditions)
        numbers[kind] = int((await db.execute(query)).scalar_one())
    return numbers


async def organizations(db: AsyncSession, user_id: uuid.UUID) -> Sequence[Row[Organization, str]]:
    """Return the organizations of a user with the role in each, locked until the end of the transaction."""
    query = (
        select(Organization, Membership.role)
        .join(Membership, Membership.organization_id == Organization.id)
        .where(Membership.user_id == user_id)
        .order_by(Organization.id)
    )
    return (await db.execute(query.with_for_update(of=Organization))).all()


async def active_members(db: AsyncSession, organization_id: uuid.UUID) -> Sequence[Row[User, str]]:
    """Return the members of an organization whose accounts are active, those who have been members longest first."""
    query = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organization_id == organization_id, User.deactivated_at.is_(None))
        .order_by(Membership.created_at, User.id)
    )
    return (await db.execute(query)).all()


async def set_role(db: AsyncSession, organization_id: uuid.UUID, user_id: uuid.UUID, role: str) -> None:
    """Change the role of a member."""
    same = (Membership.organization_id == organization_id, Membership.user_id == user_id)
    await db.execute(update(Membership).where(*same).values(role=role))


async def due(db: AsyncSession, moment: datetime) -> Sequence[uuid.UUID]:
    """Return the accounts whose grace period has ended."""
    return (await db.execute(select(User.id).where(User.deletion_at <= moment).order_by(User.id))).scalars().all()


async def organizations_to_delete(db: AsyncSession, user_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return the organizations that are deleted with a user."""
    condition = (Organization.deleted_with == user_id) | (Organization.personal_of == user_id)
    return (await db.execute(select(Organization.id).where(condition).order_by(Organization.id))).scalars().all()


async def empty_organization(db: AsyncSession, organization_id: uuid.UUID, moment: datetime) -> Sequence[uuid.UUID]:
    """Remove all members of an organization, and let its databases be destroyed; return the managed ones."""
    await db.execute(delete(Membership).where(Membership.organization_id == organization_id))
    of_it = Database.organization_id == organization_id
    await db.execute(delete(Database).where(of_it, Database.origin == "connected"))
    destroyed = {
        "desired": "stopped",
        "deleted_at": func.coalesce(Database.deleted_at, moment),
        "purge_at": func.least(Database.purge_at, moment),
    }
    return (await db.execute(update(Database).where(of_it).values(**destroyed).returning(Database.id))).scalars().all()


async def unfinished_jobs(db: AsyncSession, organization_id: uuid.UUID) -> Sequence[Job]:
    """Return the jobs of an organization that have not ended, locked until the end of the transaction."""
    query = select(Job).where(Job.organization_id == organization_id, Job.state.in_(UNFINISHED)).with_for_update()
    return (await db.execute(query)).scalars().all()


async def delete_organization(db: AsyncSession, organization_id: uuid.UUID) -> None:
    """Delete an organization that has no databases any more, with all that it has."""
    archives = select(Archive.id).where(Archive.organization_id == organization_id)
    await db.execute(delete(ArchiveBase).where(ArchiveBase.archive_id.in_(archives)))
    await db.execute(delete(ArchiveLog).where(ArchiveLog.archive_id.in_(archives)))
    for model in (Archive, Snapshot, VaultRecord):
        await db.execute(delete(model).where(model.organization_id == organization_id))
    await db.execute(delete(Organization).where(Organization.id == organization_id))


_HAND_OVER = text(
    "UPDATE saved_queries SET owner_id = heir.user_id FROM ("
    " SELECT DISTINCT ON (organization_id) organization_id, user_id"
    " FROM memberships JOIN users ON users.id = user_id AND users.deactivated_at IS NULL"
    " WHERE user_id <> :id ORDER BY organization_id, (role = 'owner') DESC, memberships.created_at"
    ") AS heir WHERE owner_id = :id AND shared AND heir.organization_id = saved_queries.organization_id"
)


async def hand_over_queries(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Give the shared queries of a user to an owner of their organization: dashboards show them."""
    await db.execute(_HAND_OVER, {"id": user_id})


async def delete_user(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Delete a user with sessions, API keys, memberships, private queries and history of queries."""
    await db.execute(delete(User).where(User.id == user_id))


async def exports(db: AsyncSession, user_id: uuid.UUID, kind: str, limit: int) -> Sequence[Job]:
    """Return the newest export jobs of a user."""
    query = select(Job).where(Job.created_by == user_id, Job.kind == kind).order_by(Job.id.desc()).limit(limit)
    return (await db.execute(query)).scalars().all()


# What an export contains: file -> rows. No hash of a secret is selected.
PARTS: Mapping[str, str] = {
    "profile": "SELECT id, email, name, is_admin, created_at FROM users WHERE id = :id",
    "memberships": (
        "SELECT o.id AS organization_id, o.name AS organization, m.role, m.created_at AS since FROM memberships m"
        " JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = :id ORDER BY m.created_at"
    ),
    "sessions": (
        "SELECT id, created_at, last_seen_at, expires_at, revoked_at, user_agent, ip FROM sessions"
        " WHERE user_id = :id ORDER BY id"
    ),
    "api_keys": (
        "SELECT id, 'hw_' || public_id AS prefix, name, scopes, created_at, expires_at, last_used_at, revoked_at,"
        " project_id, database_id, limited_to, addresses, replaced_by FROM api_keys WHERE user_id = :id ORDER BY id"
    ),
    "second_factor": (
        "SELECT created_at, confirmed_at, (SELECT count(*) FROM recovery_codes r WHERE r.user_id = f.user_id"
        " AND used_at IS NULL) AS unused_recovery_codes FROM second_factors f WHERE user_id = :id"
    ),
    "identities": "SELECT id, issuer, subject, email, created_at FROM identities WHERE user_id = :id ORDER BY id",
    "passkeys": "SELECT id, name, host, created_at, last_used_at FROM passkeys WHERE user_id = :id ORDER BY id",
    "invitations": (
        "SELECT id, organization_id, email, role, created_at, expires_at, accepted_at, revoked_at FROM invitations"
        " WHERE invited_by = :id OR email = (SELECT email FROM users WHERE users.id = :id) ORDER BY id"
    ),
    "saved_queries": (
        "SELECT id, project_id, database_id, name, folder, text, shared, chart, created_at, updated_at"
        " FROM saved_queries WHERE owner_id = :id ORDER BY id"
    ),
    "query_runs": (
        "SELECT id, database_id, text, state, error, rows, milliseconds, started_at FROM query_runs"
        " WHERE user_id = :id ORDER BY id"
    ),
    "audit_entries": (
        "SELECT id, at, organization_id, actor_kind, action, resource_kind, resource_id, resource_name, details, ip"
        " FROM audit_entries WHERE actor_id = :id ORDER BY id"
    ),
}

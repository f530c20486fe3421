"""The deletion of accounts whose grace period has ended, in steps that can be repeated after a crash.

Each pass continues where the last one stopped: an organization loses its members, then its databases, which their
supervisor destroys, then its local vault, then its row; when the user has no organization left, the user is deleted,
and what the audit log says of them stays, because it cannot be changed.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository as accounts
from headwater.features.accounts.models import User
from headwater.features.accounts.rights import SYSTEM
from headwater.features.accounts.service import audit
from headwater.features.databases.service import readiness
from headwater.features.jobs.service import queue
from headwater.features.personal_data import repository
from headwater.features.personal_data.service import export_files
from headwater.features.snapshots.service.storage.vault_locations import own_folder
from headwater.kit.clock import now
from headwater.store.context import Context

log = structlog.get_logger()


async def remove_due(context: Context) -> None:
    """Continue the deletion of every account whose grace period has ended; one that fails does not stop the others."""
    async with context.store.transaction() as db:
        user_ids = await repository.due(db, now())
    for user_id in user_ids:
        try:
            await remove(context, user_id)
        except (IntegrityError, OSError) as error:
            log.warning("account.removal_failed", user=str(user_id), error=str(error))


async def remove(context: Context, user_id: uuid.UUID) -> bool:
    """Do what can be done now to delete an account; return True once it is deleted."""
    async with context.store.transaction() as db:
        if await _due(db, user_id) is None:
            return False
        await _settle_ownership(db, user_id)
        organization_ids = await repository.organizations_to_delete(db, user_id)
    gone = [await _remove_organization(context, organization_id) for organization_id in organization_ids]
    if not all(gone):
        return False
    async with context.store.transaction() as db:
        user = await _due(db, user_id)
        if user is None or await repository.organizations_to_delete(db, user_id):
            return False
        for job in await repository.exports(db, user_id, export_files.KIND, 1000):
            export_files.path_of(context.settings, job.id).unlink(missing_ok=True)
        await _delete_user(db, user)
    return True


async def _due(db: AsyncSession, user_id: uuid.UUID) -> User | None:
    """Return a user whose grace period has ended, locked until the end of the transaction."""
    user = await accounts.locked_user(db, user_id)
    return user if user and user.deletion_at and user.deletion_at <= now() else None


async def _settle_ownership(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Let another member own what the user has come to own alone since the request, or else delete it, too."""
    for row in await repository.organizations(db, user_id):
        organization, role = row[0], row[1]
        if role != "owner" or organization.deleted_with == user_id or organization.personal_of == user_id:
            continue
        members = await repository.active_members(db, organization.id)
        if any(each[1] == "owner" for each in members):
            continue
        if members:
            order = ("admin", "member", "viewer")
            heir = min(members, key=lambda each: order.index(each[1]))
            await repository.set_role(db, organization.id, heir[0].id, "owner")
            audit.record(
                db,
                SYSTEM,
                "organization.hand_over",
                "organization",
                organization.id,
                organization.name,
                organization_id=organization.id,
                to=str(heir[0].id),
            )
        else:
            organization.deleted_with = user_id


async def _remove_organization(context: Context, organization_id: uuid.UUID) -> bool:
    """Continue the deletion of an organization; return True once it is deleted."""
    async with context.store.transaction() as db:
        jobs = await repository.unfinished_jobs(db, organization_id)
        for job in jobs:
            if not job.cancel_requested:
                queue.stop(db, job)
        await db.flush()
        running = [job for job in jobs if job.state == "running"]
        managed = await repository.empty_organization(db, organization_id, now())
    if managed or running:
        for database_id in managed:
            await readiness.notify_supervisor(context.settings, database_id)
        return False
    await asyncio.to_thread(shutil.rmtree, own_folder(context.settings, organization_id), ignore_errors=True)
    async with context.store.transaction() as db:
        organization = await accounts.organization(db, organization_id)
        if organization:
            audit.record(db, SYSTEM, "organization.delete", "organization", organization_id, organization.name)
            await repository.delete_organization(db, organization_id)
    return True


async def _delete_user(db: AsyncSession, user: User) -> None:
    await repository.hand_over_queries(db, user.id)
    audit.record(db, SYSTEM, "account.delete", "user", user.id, user.email)
    await db.flush()
    await repository.delete_user(db, user.id)

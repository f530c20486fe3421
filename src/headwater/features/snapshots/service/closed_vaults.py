"""Closes a vault: its snapshots leave the store, and nothing in the vault changes, so that it can be opened again."""

from __future__ import annotations

import uuid

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor, authorize
from headwater.features.accounts.service import audit
from headwater.features.snapshots import repository
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.storage.vault_locations import Owner
from headwater.kit.errors import Conflict, NotFound


class VaultNeeded(Conflict):
    """Headwater still needs this vault."""

    code = "vault_needed"


async def close(db: AsyncSession, actor: Actor, organization_id: uuid.UUID, vault_id: uuid.UUID) -> int:
    """Forget a vault and its snapshots, their holds, links and records of restores; return how many snapshots it had.

    Its storage is not read, so a vault that is gone can be closed, too.

    Raises:
        NotFound: the organization has no such vault.
        VaultNeeded: new snapshots or the log of a database are stored in it, or a job works on one of its snapshots.
    """
    authorize(actor, "database:admin", Owner(organization_id))
    await repository.lock_vaults(db)
    row = next((row for row in await repository.vaults_of(db, organization_id) if row.id == vault_id), None)
    if row is None:
        raise NotFound("There is no such vault.", hint="The vaults are listed by: headwater vault list.")
    if row.current:
        raise VaultNeeded(
            "New snapshots are stored in this vault.", hint="Choose another one first: headwater vault use."
        )
    states = await repository.states_of_vault(db, vault_id)
    if "taking" in states.values():
        raise VaultNeeded(
            "A snapshot is being taken into this vault.", hint="Wait until it is done, or cancel its job."
        )
    if "deleting" in states.values():
        raise VaultNeeded("A snapshot is being deleted from this vault.", hint="Try again in a moment.")
    if await snapshots.being_read(db, list(states)):
        raise VaultNeeded(
            "A restore is reading a snapshot of this vault.", hint="Wait until it has finished, or cancel its job."
        )
    try:
        async with db.begin_nested():
            await repository.forget_vault(db, vault_id)
    except IntegrityError as error:
        raise VaultNeeded(
            "The vault has base backups or logs of point-in-time recovery.",
            hint="They are deleted when they are older than the recovery windows of their databases.",
        ) from error
    audit.record(
        db,
        actor,
        "vault.close",
        "vault",
        vault_id,
        row.kind,
        organization_id=organization_id,
        vault=row.opened,
        snapshots=len(states),
        **row.settings,
    )
    return len(states)

"""Opens a vault that another Headwater wrote, with a passphrase or its key, and adds its snapshots to the store.

The vault becomes the one for new snapshots if the organization has none yet; else it is a read-only source, into which
nothing is written. Nothing changes before the last step, one transaction, but for a key slot for this Headwater.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor, authorize
from headwater.features.accounts.service import audit, projects
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import VaultRecord
from headwater.features.snapshots.service import manifest_rows
from headwater.features.snapshots.service.storage import (
    probes,
    storage_input,
    vault_contents,
    vault_locations,
    vault_secrets,
)
from headwater.features.snapshots.service.storage.storage_input import StorageInput
from headwater.features.snapshots.service.storage.vault_contents import StoredSnapshot, VaultContents
from headwater.features.snapshots.service.storage.vault_locations import Owner, VaultView
from headwater.features.snapshots.service.storage.vault_secrets import VaultSecret
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Invalid
from headwater.store.context import Context
from headwater.vault import keys as keyring
from headwater.vault import leases
from headwater.vault.vault import Vault


class VaultInUse(Conflict):
    """Another Headwater is writing into this vault."""

    code = "vault_in_use"


class AlreadyOpen(Conflict):
    """This vault is already open here."""

    code = "vault_already_open"


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A vault to open.

    `project_id` is the project that its snapshots belong to, the oldest of the organization if None. With `read_only`,
    nothing is written into the vault. With `take_over`, snapshots that another Headwater is taking do not matter.
    """

    storage: StorageInput
    secret: VaultSecret
    project_id: uuid.UUID | None = None
    read_only: bool = False
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class OpenedVault:
    """A vault that was opened: its row with sums, what it holds, and the ids of the snapshots that were added here."""

    view: VaultView
    contents: VaultContents
    added: frozenset[uuid.UUID]


@dataclass(frozen=True, slots=True)
class _Opening:
    """What is known before anything changes. `known` is the row of a vault at this location, if there is one."""

    row: VaultRecord
    known: VaultRecord | None
    project_id: uuid.UUID
    read_only: bool


async def open_existing(
    context: Context, actor: Actor, organization_id: uuid.UUID, request: OpenRequest
) -> OpenedVault:
    """Open a vault, and add its snapshots to the organization; opened again, only new snapshots are added.

    Raises:
        Invalid: a field is missing or wrong, or the passphrase or key does not open the vault.
        NotFound: there is no vault at the location.
        StorageUnavailable: the storage cannot be read, or not be written and `read_only` is false.
        VaultInUse: another Headwater is writing into it.
        AlreadyOpen: this Headwater has it open at another location, or in another organization.
    """
    authorize(actor, "database:admin", Owner(organization_id))
    request.secret.check()
    cipher = context.cipher
    row = await storage_input.record_of(context, actor, organization_id, request.storage)
    storage_input.seal(row, cipher, request.storage, row.id)
    blobs = vault_locations.blobs_of(context.settings, row, cipher)
    config = await asyncio.to_thread(vault_secrets.find, blobs, storage_input.location_text(row))
    vault = await asyncio.to_thread(vault_secrets.unlock, blobs, config, request.secret)
    async with context.store.transaction() as db:
        opening = await _prepare(db, actor, row, vault.id, request)
    contents = await asyncio.to_thread(vault_contents.read, vault)
    storage_input.seal(row, cipher, request.storage, opening.known.id if opening.known else row.id)
    if opening.read_only:
        row.sealed_key = cipher.encrypt(vault.keys.master.hex(), organization_id, row.id, vault_locations.KEY)
    else:
        await asyncio.to_thread(_join, context, vault, opening, request.take_over)
    async with context.store.transaction() as db:
        opened = await _save(db, actor, opening, vault.id, contents)
        cipher.check_current()
        return opened


async def _prepare(db: AsyncSession, actor: Actor, row: VaultRecord, vault_id: str, request: OpenRequest) -> _Opening:
    organization_id = row.organization_id
    known = await repository.same_vault(db, organization_id, row.kind, row.settings)
    await _check_not_open(db, organization_id, vault_id, known)
    current = await repository.current_vault(db, organization_id)
    is_current = bool(known and current and known.id == current.id)
    is_used = current is not None and not is_current and await repository.is_used(db, current.id)
    read_only = request.read_only or is_used
    if known and known.opened:
        if known.opened != vault_id:
            raise AlreadyOpen(
                "Another vault is open here at this location.", hint="Open the vault at its own location."
            )
        read_only = known.read_only
    project_id = await _project(db, actor, organization_id, request.project_id)
    return _Opening(row, known, project_id, read_only)


async def _check_not_open(
    db: AsyncSession, organization_id: uuid.UUID, vault_id: str, known: VaultRecord | None
) -> None:
    """Raise AlreadyOpen if this Headwater has the vault open elsewhere, or another vault at the same location."""
    for other in await repository.vaults_opened_as(db, vault_id):
        if known and other.id == known.id:
            continue
        if other.organization_id != organization_id:
            raise AlreadyOpen(
                "This vault is already open here, in another organization.", hint="Use it in that organization."
            )
        raise AlreadyOpen(
            f"This vault is already open here: {storage_input.location_text(other)}.",
            hint="Its snapshots are in the list: headwater snapshot list.",
        )


async def _project(
    db: AsyncSession, actor: Actor, organization_id: uuid.UUID, project_id: uuid.UUID | None
) -> uuid.UUID:
    if project_id is None:
        oldest = await projects.oldest(db, organization_id)
        if oldest is None:
            raise Invalid({"project_id": "The organization has no project that the snapshots could belong to."})
        return oldest.id
    project = await projects.get(db, actor, project_id, "database:write")
    if project.organization_id != organization_id:
        raise Invalid({"project_id": "This project belongs to another organization."})
    return project.id


def _join(context: Context, vault: Vault, opening: _Opening, take_over: bool) -> None:
    """Check that the vault can be written and nobody else writes into it; add a key slot for this Headwater."""
    moment = probes.probe(vault.blobs)
    is_ours = opening.known is not None and opening.known.opened is not None
    leased = leases.leased_packs(vault.blobs, vault.keys, moment)
    if leased.since and not (take_over or is_ours):
        raise VaultInUse(
            f"Another Headwater has been writing into this vault since {leased.since:%Y-%m-%d %H:%M} UTC.",
            hint="Open it with --read-only. If that Headwater is gone for good: --take-over.",
        )
    location = vault_locations.location_of(context.settings, opening.row)
    keyring.replace_slots(vault.blobs, vault.id, vault.keys, location.opener, location.previous, vault_locations.LABEL)


async def _save(
    db: AsyncSession, actor: Actor, opening: _Opening, vault_id: str, contents: VaultContents
) -> OpenedVault:
    """Write the rows of the vault and its snapshots."""
    row, organization_id = opening.row, opening.row.organization_id
    await repository.lock_opening(db, vault_id)
    known = await repository.same_vault(db, organization_id, row.kind, row.settings)
    await _check_not_open(db, organization_id, vault_id, known)
    vault = await _saved(db, row, known, read_only=opening.read_only)
    vault.opened = vault_id
    await db.flush()
    rows = [_row(vault, opening.project_id, stored) for stored in contents.snapshots if stored.manifest and stored.uuid]
    added = await repository.add_missing(db, rows)
    audit.record(
        db,
        actor,
        "vault.open",
        "vault",
        vault.id,
        vault.kind,
        organization_id=organization_id,
        vault=vault_id,
        read_only=vault.read_only,
        added=len(added),
        **row.settings,
    )
    await db.refresh(vault)
    return OpenedVault(VaultView(vault, await repository.sums(db, vault.id)), contents, added)


async def _saved(db: AsyncSession, row: VaultRecord, known: VaultRecord | None, *, read_only: bool) -> VaultRecord:
    """Return the row of the vault in the store; it is for new snapshots unless it is read-only."""
    if known and known.opened:
        known.sealed = row.sealed
        return known
    if not read_only:
        await repository.step_back(db, row.organization_id)
    if known:
        known.sealed, known.sealed_key = row.sealed, row.sealed_key
        known.read_only, known.current = read_only, not read_only
        return known
    row.read_only, row.current = read_only, not read_only
    db.add(row)
    return row


def _row(vault: VaultRecord, project_id: uuid.UUID, stored: StoredSnapshot) -> dict[str, Any]:
    """Return the row of a snapshot of an opened vault; its database does not exist here."""
    manifest = stored.manifest
    assert manifest
    verification: dict[str, Any] = {}
    if stored.problem:
        verification = {"kind": "quick", "ok": False, "problems": [stored.problem]}
    return manifest_rows.values(manifest) | {
        "id": stored.uuid,
        "organization_id": vault.organization_id,
        "project_id": project_id,
        "database_name": manifest.database,
        "vault_id": vault.id,
        "label": manifest.label,
        "engine": manifest.engine,
        "request": dict(manifest.request or {}),
        "seconds": manifest_rows.seconds(manifest),
        "verification": verification,
        "verified_at": now() if verification else None,
        "created_at": manifest.started,
    }

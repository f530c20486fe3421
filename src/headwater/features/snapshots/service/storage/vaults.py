"""Administration of an organization's vault: its location, its compression and its keys."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor, authorize
from headwater.features.accounts.service import audit
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import VaultRecord
from headwater.features.snapshots.service.storage import probes, storage_input, vault_locations
from headwater.features.snapshots.service.storage.storage_input import StorageInput
from headwater.features.snapshots.service.storage.vault_locations import Owner, VaultLocation, VaultUsage, VaultView
from headwater.kit.errors import Conflict, Invalid, NotFound
from headwater.store.context import Context
from headwater.vault import keys as keyring
from headwater.vault.codecs import LEVELS, Name
from headwater.vault.keys import Keys, KeySource


@dataclass(frozen=True, slots=True)
class VaultKey:
    """A key that opens a vault."""

    id: str
    kind: Literal["passphrase", "key", "service"]
    label: str


async def list_all(db: AsyncSession, actor: Actor, organization_id: uuid.UUID) -> Sequence[VaultView]:
    """Return the vaults of an organization, the one for new snapshots first."""
    authorize(actor, "database:read", Owner(organization_id))
    rows = await repository.vaults_of(db, organization_id)
    return [VaultView(row, await repository.sums(db, row.id)) for row in rows]


async def change(context: Context, actor: Actor, organization_id: uuid.UUID, given: StorageInput) -> None:
    """Change where new snapshots are stored. The new location is tested first; if that fails, nothing changes.

    A vault there that is open read-only is written to from now on.

    Raises:
        Invalid: a field is missing or wrong; Forbidden: the network policy does not allow the endpoint.
        StorageUnavailable: the storage refuses requests or overwrites existing objects.
        ForeignVault: the location has a vault that this Headwater cannot open.
    """
    authorize(actor, "database:admin", Owner(organization_id))
    cipher = context.cipher
    row = await storage_input.record_of(context, actor, organization_id, given)
    async with context.store.transaction() as db:
        known = await repository.same_vault(db, organization_id, given.kind, row.settings)
    storage_input.seal(row, cipher, given, known.id if known else row.id)
    if known:
        row.opened, row.sealed_key, row.read_only = known.opened, known.sealed_key, known.read_only
    location = vault_locations.location_of(context.settings, row)
    await asyncio.to_thread(_prepare, location, tested=bool(row.settings))
    async with context.store.transaction() as db:
        await _save(db, actor, row)
        cipher.check_current()


def _prepare(location: VaultLocation, *, tested: bool) -> None:
    """Test a location; if its vault is open read-only, add a key slot for this Headwater."""
    if tested:
        probes.probe(location.blobs)
    if not location.read_only:
        return probes.check_own(location)
    vault = location.open()
    keyring.replace_slots(
        location.blobs, vault.id, vault.keys, location.opener, location.previous, vault_locations.LABEL
    )
    return None


async def _save(db: AsyncSession, actor: Actor, row: VaultRecord) -> None:
    known = await repository.same_vault(db, row.organization_id, row.kind, row.settings)
    if before := await repository.current_vault(db, row.organization_id):
        row.codec, row.level = before.codec, before.level
    await repository.step_back(db, row.organization_id)
    if known:
        known.current, known.read_only, known.sealed, known.sealed_key = True, False, row.sealed, None
    else:
        row.current, row.read_only, row.sealed_key = True, False, None
        db.add(row)
    id_ = (known or row).id
    organization_id = row.organization_id
    audit.record(db, actor, "vault.change", "vault", id_, row.kind, organization_id=organization_id, **row.settings)
    await db.flush()


async def compress(db: AsyncSession, actor: Actor, organization_id: uuid.UUID, name: Name, level: int) -> None:
    """Change the compression of new pages; existing pages are not recompressed, and are still shared.

    Raises:
        Invalid: the codec has no such level.
    """
    authorize(actor, "database:admin", Owner(organization_id))
    if level not in LEVELS[name]:
        least, most = LEVELS[name][0], LEVELS[name][-1]
        problem = f"{name} has the levels {least} to {most}." if most else f"{name} has no levels: use 0."
        raise Invalid({"level": problem})
    row = await vault_locations.current(db, actor, organization_id)
    row.codec, row.level = name, level
    audit.record(
        db, actor, "vault.compress", "vault", row.id, row.kind, organization_id=organization_id, codec=name, level=level
    )
    await db.flush()


async def usage(context: Context, actor: Actor, organization_id: uuid.UUID) -> VaultUsage:
    """Measure how much storage the vault of an organization uses."""
    location = await _location(context, actor, organization_id)
    return await asyncio.to_thread(vault_locations.measure, location)


async def keys(context: Context, actor: Actor, organization_id: uuid.UUID) -> Sequence[VaultKey]:
    """Return the keys that open the vault of an organization."""
    location = await _location(context, actor, organization_id)
    result = await asyncio.to_thread(keyring.slots, location.blobs)
    return [VaultKey(id_, slot.kind, slot.label) for id_, slot in sorted(result.items())]


async def add_passphrase(
    context: Context, actor: Actor, organization_id: uuid.UUID, passphrase: str, label: str
) -> VaultKey:
    """Add a passphrase that opens the vault of an organization."""
    location = await _location(context, actor, organization_id, admin=True)

    def add() -> str:
        vault = location.open()
        return keyring.add_slot(vault.blobs, vault.id, vault.keys, KeySource.passphrase(passphrase), label)

    key = VaultKey(await asyncio.to_thread(add), "passphrase", label)
    async with context.store.transaction() as db:
        audit.record(
            db, actor, "vault.key.add", "vault", location.id, key.id, organization_id=organization_id, slot=key.kind
        )
    return key


async def remove_key(context: Context, actor: Actor, organization_id: uuid.UUID, key_id: str) -> None:
    """Remove a key of the vault; raise Conflict for the key of this Headwater."""
    location = await _location(context, actor, organization_id, admin=True)
    await asyncio.to_thread(_remove, location, key_id)
    async with context.store.transaction() as db:
        audit.record(db, actor, "vault.key.remove", "vault", location.id, key_id, organization_id=organization_id)


def _remove(location: VaultLocation, key_id: str) -> None:
    vault = location.open()
    slots = keyring.slots(vault.blobs)
    if key_id not in slots:
        raise NotFound("There is no such key.")
    others = [slot for id_, slot in slots.items() if id_ != key_id]
    mine = (location.opener, *location.previous)
    if not any(Keys.opened(slot, source, vault.id) for slot in others for source in mine):
        raise Conflict(
            "This Headwater opens the vault with this key.",
            hint="Remove another key: without this one, no snapshot could be taken.",
        )
    vault.blobs.delete(keyring.SLOTS + key_id)


async def _location(
    context: Context, actor: Actor, organization_id: uuid.UUID, *, admin: bool = False
) -> VaultLocation:
    """Return the location of an organization's vault; create a local one if it has none."""
    authorize(actor, "database:admin" if admin else "database:read", Owner(organization_id))
    async with context.store.transaction() as db:
        row = await vault_locations.current(db, actor, organization_id)
        return await vault_locations.load(db, context.settings, row.id)

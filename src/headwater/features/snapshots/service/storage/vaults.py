"""Administration of an organization's vault: its location, its compression and its keys."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor, authorize
from headwater.features.accounts.service import audit
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import VaultRecord
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.storage.vault_locations import Owner, VaultLocation, VaultUsage
from headwater.kit.errors import Conflict, Invalid, NotFound
from headwater.kit.ids import new_id
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher
from headwater.vault import keys as keyring
from headwater.vault.blobs import Blobs
from headwater.vault.codecs import LEVELS, Name
from headwater.vault.errors import StorageUnavailable
from headwater.vault.keys import Keys, KeySource


@dataclass(frozen=True, slots=True)
class Given:
    """Where to store new snapshots, as an admin entered it."""

    kind: Literal["local", "s3"]
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


@dataclass(frozen=True, slots=True)
class VaultKey:
    """A key that opens a vault."""

    id: str
    kind: Literal["passphrase", "key", "service"]
    label: str


async def change(context: Context, actor: Actor, organization_id: uuid.UUID, given: Given) -> None:
    """Change where new snapshots are stored. The new location is tested first; if that fails, nothing changes.

    Raises:
        Invalid: a field is missing or wrong; Forbidden: the network policy does not allow the endpoint.
        StorageUnavailable: the storage refuses requests or overwrites existing objects.
    """
    authorize(actor, "database:admin", Owner(organization_id))
    sealer = context.cipher
    row = VaultRecord(
        id=new_id(),
        organization_id=organization_id,
        kind=given.kind,
        created_by=actor.user_id,
        current=True,
        settings=await _checked(context.settings, given) if given.kind == "s3" else {},
    )
    if given.kind == "s3":
        row.sealed = sealer.encrypt(given.secret_key, organization_id, row.id, "credentials")
        await asyncio.to_thread(_probe, vault_locations.blobs_of(context.settings, row, sealer))
    async with context.store.transaction() as db:
        known = await repository.same_vault(db, organization_id, given.kind, row.settings)
        if before := await repository.current_vault(db, organization_id):
            row.codec, row.level = before.codec, before.level
        await repository.step_back(db, organization_id)
        if known:
            known.current, known.sealed = True, _sealed_again(sealer, known, given)
        else:
            db.add(row)
        audit.record(
            db,
            actor,
            "vault.change",
            "vault",
            (known or row).id,
            given.kind,
            organization_id=organization_id,
            **row.settings,
        )


def _sealed_again(sealer: SecretCipher, row: VaultRecord, given: Given) -> bytes | None:
    if row.kind == "local":
        return None
    return sealer.encrypt(given.secret_key, row.organization_id, row.id, "credentials")


async def _checked(settings: Settings, given: Given) -> dict[str, str]:
    wrong = {}
    if not given.bucket:
        wrong["bucket"] = "Enter the name of the bucket."
    if not given.access_key or not given.secret_key:
        wrong["access_key"] = "Enter the access key and the secret key of the storage."
    parts = urlsplit(given.endpoint)
    if given.endpoint and (parts.scheme not in {"http", "https"} or not parts.hostname):
        wrong["endpoint"] = "Enter https://host, or leave it empty for Amazon S3."
    if wrong:
        raise Invalid(wrong)
    await vault_locations.check_endpoint(settings, given.endpoint)
    return {
        "bucket": given.bucket,
        "prefix": given.prefix.strip("/"),
        "endpoint": given.endpoint.rstrip("/"),
        "region": given.region,
        "access_key": given.access_key,
    }


def _probe(blobs: Blobs) -> None:
    """Test the storage: write, read and delete a blob, and check that overwriting is refused, which vaults rely on."""
    name = f"probes/{secrets.token_hex(8)}"
    try:
        first = blobs.create(name, b"headwater")
        second = blobs.create(name, b"another")
        if not first or second or blobs.read(name) != b"headwater":
            raise StorageUnavailable(
                "This storage overwrites existing objects.",
                hint="It must support conditional writes (If-None-Match).",
            )
    finally:
        blobs.delete(name)


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
    if not any(Keys.opened(slot, location.opener, vault.id) for slot in others):
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

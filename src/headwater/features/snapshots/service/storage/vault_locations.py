"""Where the vaults of an organization are; all code opens vaults through this module.

A local vault is a folder below `$HEADWATER_HOME/vaults`, or one that an administrator named. Headwater opens every
vault into which it writes with a key that is derived from its master key and the id of the organization.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor, authorize
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import VaultRecord
from headwater.kit.errors import Conflict
from headwater.kit.network import guard
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher
from headwater.store.master_keys import MasterKey
from headwater.vault import keys as keyring
from headwater.vault.blobs import Blobs
from headwater.vault.codecs import Codec
from headwater.vault.codecs import Name as CodecName
from headwater.vault.errors import Damaged, Missing
from headwater.vault.keys import Keys, KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.s3 import S3Blobs
from headwater.vault.vault import Vault, read_config

LABEL = "this Headwater"
# The columns of secrets, to which their encryption is bound.
CREDENTIALS, KEY = "credentials", "key"
# Manifests of point-in-time recovery, which are not snapshots.
NO_SNAPSHOTS = ("snapshots/base-", "snapshots/log-")


@dataclass(frozen=True, slots=True)
class Owner:
    """An organization as the owner of a resource, for `authorize`."""

    organization_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class VaultLocation:
    """All that is needed to open a vault outside of a transaction. It blocks, so use it in threads.

    `opener` is the key of this Headwater, `previous` are its keys that are being replaced. `master` is the vault's own
    key if the vault is `read_only`.
    """

    id: uuid.UUID
    organization_id: uuid.UUID
    blobs: Blobs
    opener: KeySource
    codec: Codec
    opened: str | None
    previous: tuple[KeySource, ...] = ()
    read_only: bool = False
    master: bytes | None = None

    def open(self) -> Vault:
        """Open the vault, or create it if it never existed.

        Raises:
            Missing: it existed before, but does not any more.
            Damaged: another vault is at its location.
        """
        try:
            vault = self._opened()
        except Missing:
            if self.opened:
                raise
            vault = Vault.create(self.blobs, self.opener, LABEL)
        if self.opened not in {None, vault.id}:
            raise Damaged(
                "The storage contains another vault than before.", hint="Restore the storage of the original vault."
            )
        return vault

    def open_to_write(self) -> Vault:
        """Open the vault, and make sure that one of its key slots is for the current key of this Headwater.

        Raises:
            Conflict: the vault is read-only.
        """
        if self.read_only:
            raise Conflict("This vault is open read-only.", hint="Store new snapshots there: headwater vault use.")
        vault = self.open()
        keyring.replace_slots(self.blobs, vault.id, vault.keys, self.opener, self.previous, LABEL)
        return vault

    def _opened(self) -> Vault:
        if self.master is None:
            return Vault.open(self.blobs, self.opener, *self.previous)
        return Vault(self.blobs, read_config(self.blobs), Keys(self.master))


async def load(db: AsyncSession, settings: Settings, vault_id: uuid.UUID) -> VaultLocation:
    """Return the location of a vault; its endpoint is checked again, because its DNS name may resolve differently."""
    row = await repository.vault(db, vault_id)
    await check_endpoint(settings, row.settings.get("endpoint", ""))
    return location_of(settings, row)


async def open_vault(context: Context, location: VaultLocation) -> Vault:
    """Open a vault for writing, and record its id."""
    vault = await asyncio.to_thread(location.open_to_write)
    async with context.store.transaction() as db:
        await repository.note_opened(db, location.id, vault.id)
        current = location_of(context.settings, await repository.vault(db, location.id))
    if current.opener != location.opener:  # the key was rotated while the vault was created
        await asyncio.to_thread(current.open_to_write)
    return vault


async def check_endpoint(settings: Settings, endpoint: str) -> None:
    """Raise Forbidden if the network policy does not allow the endpoint of a storage, or UnknownHost."""
    parts = urlsplit(endpoint)
    if parts.hostname:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        await guard.resolve(parts.hostname, port, guard.policy_of(settings))


def location_of(settings: Settings, row: VaultRecord) -> VaultLocation:
    """Return the location of the vault of a row."""
    cipher = SecretCipher.of(settings)
    organization = row.organization_id
    master = cipher.decrypt(row.sealed_key, organization, row.id, KEY) if row.sealed_key else None
    return VaultLocation(
        row.id,
        organization,
        blobs_of(settings, row, cipher),
        opener_of(cipher.key, organization),
        Codec(cast("CodecName", row.codec), row.level),
        row.opened,
        tuple(opener_of(key, organization) for key in cipher.previous),
        row.read_only,
        bytes.fromhex(master) if master else None,
    )


def opener_of(key: MasterKey, organization_id: uuid.UUID) -> KeySource:
    """Return the key source that a master key is for the vaults of an organization."""
    derivation = {"key": key.id.hex(), "organization": str(organization_id)}
    return KeySource.key(key.derive("vault", organization_id), derivation)


def blobs_of(settings: Settings, row: VaultRecord, cipher: SecretCipher) -> Blobs:
    """Return the storage of a vault."""
    if row.kind == "local":
        folder = row.settings.get("folder")
        return LocalBlobs(Path(folder) if folder else own_folder(settings, row.organization_id))
    secret = cipher.decrypt(row.sealed, row.organization_id, row.id, CREDENTIALS) if row.sealed else ""
    return bucket(row.settings, secret)


def own_folder(settings: Settings, organization_id: uuid.UUID) -> Path:
    """Return the folder of the home folder in which an organization's local vault is."""
    return settings.home_folder / "vaults" / str(organization_id)


def bucket(given: dict[str, Any], secret: str) -> S3Blobs:
    """Return the S3 storage with some settings and the secret key."""
    endpoint = given.get("endpoint", "")
    options = {
        "endpoint": endpoint,
        "region": given.get("region", ""),
        "access_key_id": given.get("access_key", ""),
        "secret_access_key": secret,
    }
    return S3Blobs(
        given["bucket"],
        given.get("prefix", ""),
        http=endpoint.startswith("http:"),
        **{name: value for name, value in options.items() if value},
    )


async def current(db: AsyncSession, actor: Actor, organization_id: uuid.UUID) -> VaultRecord:
    """Return the vault in which an organization stores new snapshots; create a local one if it has none."""
    row = await repository.current_vault(db, organization_id)
    if row is None:
        await repository.make_local_vault(db, organization_id, actor.user_id)
        row = await repository.current_vault(db, organization_id)
    assert row
    return row


@dataclass(frozen=True, slots=True)
class VaultView:
    """The vault of an organization, if it has one yet, and the sums of its snapshots."""

    row: VaultRecord | None
    sums: repository.Sums


async def view(db: AsyncSession, actor: Actor, organization_id: uuid.UUID) -> VaultView:
    """Return the vault in which an organization stores new snapshots."""
    authorize(actor, "database:read", Owner(organization_id))
    row = await repository.current_vault(db, organization_id)
    sums = await repository.sums(db, row.id) if row else repository.Sums(0, 0, 0, 0)
    return VaultView(row, sums)


class VaultUsage(msgspec.Struct, frozen=True):
    """How much storage a vault uses."""

    packs: int
    bytes: int
    snapshots: int


def measure(location: VaultLocation) -> VaultUsage:
    """Measure how much storage a vault uses; blocks."""
    packs = total = 0
    for blob in location.blobs.list("packs/"):
        packs += 1
        total += blob.size
    manifests = {blob.name: blob.size for blob in location.blobs.list("snapshots/")}
    snapshots = sum(not name.startswith(NO_SNAPSHOTS) for name in manifests)
    return VaultUsage(packs, total + sum(manifests.values()), snapshots)

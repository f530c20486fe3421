"""Where the vaults of an organization are; all code opens vaults through this module.

A local vault is a folder below `$HEADWATER_HOME/vaults`. Headwater opens every vault with a key that is derived from
its own secret key and the id of the organization.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor, authorize
from headwater.features.databases.service import reachability
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import VaultRecord
from headwater.kit.network import guard
from headwater.kit.settings import Settings
from headwater.store.encryption import SecretCipher
from headwater.store.session import Store
from headwater.vault.blobs import Blobs
from headwater.vault.codecs import Codec
from headwater.vault.codecs import Name as CodecName
from headwater.vault.errors import Damaged, Missing
from headwater.vault.keys import KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.s3 import S3Blobs
from headwater.vault.vault import Vault

LABEL = "this Headwater"
# Manifests of point-in-time recovery, which are not snapshots.
NO_SNAPSHOTS = ("snapshots/base-", "snapshots/log-")


@dataclass(frozen=True, slots=True)
class Owner:
    """An organization as the owner of a resource, for `authorize`."""

    organization_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class VaultLocation:
    """All that is needed to open a vault outside of a transaction. It blocks, so use it in threads."""

    id: uuid.UUID
    organization_id: uuid.UUID
    blobs: Blobs
    opener: KeySource
    codec: Codec
    opened: str | None

    def open(self) -> Vault:
        """Open the vault, or create it if it never existed.

        Raises:
            Missing: it existed before, but does not any more.
            Damaged: another vault is at its location.
        """
        try:
            vault = Vault.open(self.blobs, self.opener)
        except Missing:
            if self.opened:
                raise
            vault = Vault.create(self.blobs, self.opener, LABEL)
        if self.opened not in {None, vault.id}:
            raise Damaged(
                "The storage contains another vault than before.", hint="Restore the storage of the original vault."
            )
        return vault


async def load(db: AsyncSession, settings: Settings, vault_id: uuid.UUID) -> VaultLocation:
    """Return the location of a vault; its endpoint is checked again, because its DNS name may resolve differently."""
    row = await repository.vault(db, vault_id)
    await check_endpoint(settings, row.settings.get("endpoint", ""))
    return location_of(settings, row)


async def open_vault(store: Store, location: VaultLocation) -> Vault:
    """Open a vault for writing, and record its id."""
    vault = await asyncio.to_thread(location.open)
    async with store.transaction() as db:
        await repository.note_opened(db, location.id, vault.id)
    return vault


async def check_endpoint(settings: Settings, endpoint: str) -> None:
    """Raise Forbidden if the network policy does not allow the endpoint of a storage, or UnknownHost."""
    parts = urlsplit(endpoint)
    if parts.hostname:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        await guard.resolve(parts.hostname, port, reachability.policy_of(settings))


def location_of(settings: Settings, row: VaultRecord) -> VaultLocation:
    """Return the location of the vault of a row."""
    sealer = SecretCipher.of(settings)
    opener = KeySource.key(sealer.derive("vault", row.organization_id))
    codec = Codec(cast("CodecName", row.codec), row.level)
    return VaultLocation(row.id, row.organization_id, blobs_of(settings, row, sealer), opener, codec, row.opened)


def blobs_of(settings: Settings, row: VaultRecord, sealer: SecretCipher) -> Blobs:
    """Return the storage of a vault."""
    if row.kind == "local":
        return LocalBlobs(settings.home_folder / "vaults" / str(row.organization_id))
    secret = sealer.decrypt(row.sealed, row.organization_id, row.id, "credentials") if row.sealed else ""
    return bucket(row.settings, secret)


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

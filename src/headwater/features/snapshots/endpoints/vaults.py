"""HTTP of vaults: where an organization stores its snapshots."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.guard import Db, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.snapshots import api_models, serializers
from headwater.features.snapshots.service import closed_vaults
from headwater.features.snapshots.service.storage import opened_vaults, vault_locations, vaults
from headwater.features.snapshots.service.storage.opened_vaults import OpenRequest
from headwater.features.snapshots.service.storage.storage_input import StorageInput
from headwater.features.snapshots.service.storage.vault_secrets import VaultSecret

router = APIRouter(tags=["snapshots"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Admin = Annotated[Actor, Depends(allow("database:admin"))]


@router.get("/organizations/{organization_id}/vault")
async def get_vault(organization_id: uuid.UUID, db: Db, actor: Reader) -> api_models.VaultOut:
    """Show where an organization stores its snapshots, and how many there are."""
    return serializers.vault(await vault_locations.view(db, actor, organization_id))


@router.put("/organizations/{organization_id}/vault")
async def change_vault(
    organization_id: uuid.UUID, body: api_models.VaultIn, server: Shared, actor: Admin
) -> api_models.VaultOut:
    """Choose where new snapshots are stored. The location is tested first; existing snapshots are not moved."""
    await vaults.change(server.context, actor, organization_id, _storage(body))
    async with server.database.transaction() as db:
        return serializers.vault(await vault_locations.view(db, actor, organization_id))


@router.get("/organizations/{organization_id}/vaults")
async def list_vaults(organization_id: uuid.UUID, db: Db, actor: Reader) -> list[api_models.VaultOut]:
    """List the vaults of an organization, the one for new snapshots first."""
    return [serializers.vault(view) for view in await vaults.list_all(db, actor, organization_id)]


@router.post("/organizations/{organization_id}/vaults", status_code=201)
async def open_vault(
    organization_id: uuid.UUID, body: api_models.VaultOpenIn, server: Shared, actor: Admin
) -> api_models.OpenedVaultOut:
    """Open a vault that another Headwater wrote, and add its snapshots. Opened again, only new snapshots are added."""
    former = (body.former_organization_id,) if body.former_organization_id else ()
    secret = VaultSecret(body.passphrase.get_secret_value(), body.key.get_secret_value(), former)
    request = OpenRequest(_storage(body), secret, body.project_id, body.read_only, body.take_over)
    return serializers.opened_vault(await opened_vaults.open_existing(server.context, actor, organization_id, request))


@router.delete("/organizations/{organization_id}/vaults/{vault_id}", status_code=204)
async def close_vault(organization_id: uuid.UUID, vault_id: uuid.UUID, db: Db, actor: Admin) -> None:
    """Close a vault into which no new snapshots go: its snapshots leave the lists. Nothing in the vault is deleted."""
    await closed_vaults.close(db, actor, organization_id, vault_id)


@router.put("/organizations/{organization_id}/vault/compression")
async def change_vault_compression(
    organization_id: uuid.UUID, body: api_models.CompressionIn, db: Db, actor: Admin
) -> api_models.VaultOut:
    """Choose the compression of new pages. Existing pages are not recompressed."""
    await vaults.compress(db, actor, organization_id, body.codec, body.level)
    return serializers.vault(await vault_locations.view(db, actor, organization_id))


@router.get("/organizations/{organization_id}/vault/usage")
async def measure_vault(organization_id: uuid.UUID, server: Shared, actor: Reader) -> api_models.VaultUsageOut:
    """Measure how much storage the vault uses."""
    vault_usage = await vaults.usage(server.context, actor, organization_id)
    return api_models.VaultUsageOut.model_validate(vault_usage)


@router.get("/organizations/{organization_id}/vault/keys")
async def list_vault_keys(organization_id: uuid.UUID, server: Shared, actor: Reader) -> list[api_models.VaultKeyOut]:
    """List the keys that open the vault."""
    vault_keys = await vaults.keys(server.context, actor, organization_id)
    return [api_models.VaultKeyOut.model_validate(key) for key in vault_keys]


@router.post("/organizations/{organization_id}/vault/keys", status_code=201)
async def add_vault_passphrase(
    organization_id: uuid.UUID, body: api_models.PassphraseIn, server: Shared, actor: Admin
) -> api_models.VaultKeyOut:
    """Add a passphrase that opens the vault without this Headwater. Store it outside this machine."""
    vault_key = await vaults.add_passphrase(
        server.context, actor, organization_id, body.passphrase.get_secret_value(), body.label
    )
    return api_models.VaultKeyOut.model_validate(vault_key)


@router.delete("/organizations/{organization_id}/vault/keys/{key_id}", status_code=204)
async def remove_vault_key(organization_id: uuid.UUID, key_id: str, server: Shared, actor: Admin) -> None:
    """Remove a key of the vault. The key of this Headwater cannot be removed."""
    await vaults.remove_key(server.context, actor, organization_id, key_id)


def _storage(body: api_models.VaultIn) -> StorageInput:
    return StorageInput(
        body.kind,
        body.folder,
        body.bucket,
        body.prefix,
        body.endpoint,
        body.region,
        body.access_key,
        body.secret_key.get_secret_value(),
    )

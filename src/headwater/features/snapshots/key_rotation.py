"""The part of vaults in a rotation of the master key: the keys of storages, and the key slots of the vaults."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from headwater.features.snapshots import repository
from headwater.features.snapshots.models import VaultRecord
from headwater.features.snapshots.service.storage import storage_input, vault_locations
from headwater.features.snapshots.service.storage.vault_locations import VaultLocation
from headwater.kit.errors import HeadwaterError, Unavailable
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher


async def encrypt_anew(context: Context) -> Sequence[str]:
    """Encrypt the secrets of all vaults with the current key, then make key slots for it and delete those before.

    Returns:
        a sentence for each vault that cannot be reached or whose secrets cannot be read.
    """
    problems: list[str] = []
    async with context.store.transaction() as db:
        await repository.lock_vaults(db)
        cipher = context.cipher  # read after the lock: see `SecretCipher.check_current`
        rows = await repository.vaults(db)
        readable = [row for row in rows if _renewed(row, cipher, problems)]
    for row in readable:
        location = vault_locations.location_of(context.settings, row)
        if not location.previous or row.read_only:
            continue
        try:
            await asyncio.to_thread(_replace_slots, location)
        except HeadwaterError as error:
            problems.append(f"The vault in {storage_input.location_text(row)}: {error.message}")
    return problems


def _renewed(row: VaultRecord, cipher: SecretCipher, problems: list[str]) -> bool:
    organization = row.organization_id
    try:
        if row.sealed:
            row.sealed = cipher.renew(row.sealed, organization, row.id, vault_locations.CREDENTIALS)
        if row.sealed_key:
            row.sealed_key = cipher.renew(row.sealed_key, organization, row.id, vault_locations.KEY)
    except Unavailable as error:
        problems.append(f"The vault in {storage_input.location_text(row)}: {error.message} {error.hint}")
        return False
    return True


def _replace_slots(location: VaultLocation) -> None:
    if location.opened or location.blobs.find("config"):  # else no vault was created there yet
        location.open_to_write()

"""The master key is rotated: everything is encrypted anew, and a kill between any two steps loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from headwater.entrypoints import key_rotation
from headwater.entrypoints.key_rotation import RotationRunning
from headwater.features.databases import repository as databases
from headwater.features.snapshots import repository
from headwater.features.snapshots.models import VaultRecord
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import Conflict, Unavailable
from headwater.kit.settings import Settings
from headwater.store import master_keys
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher, key_id_of
from headwater.store.session import Store
from headwater.vault import keys as keyring


@pytest.fixture
async def context(old_home: Settings) -> AsyncIterator[Context]:
    """The home of an older version: a database with a password, and a local vault with a snapshot."""
    assert old_home.database_url
    store = Store(old_home.database_url.get_secret_value(), pool_size=3)
    yield Context(old_home, store)
    await store.close()


async def rows(context: Context) -> tuple[list[tuple[Any, Any]], list[VaultRecord]]:
    async with context.store.transaction() as db:
        secrets = [(row[0], row[1]) for row in await databases.every_secret(db)]
        return secrets, list(await repository.vaults(db))


async def secrets_of(context: Context) -> list[str]:
    """Return everything that is encrypted in the store; fails if something cannot be decrypted."""
    secrets, _ = await rows(context)
    cipher = context.cipher
    return [
        cipher.decrypt(secret.sealed, database.organization_id, database.id, secret.name)
        for database, secret in secrets
    ]


async def check_vaults(context: Context) -> int:
    """Return the number of readable snapshots of all vaults."""
    _, vaults = await rows(context)
    opened = [vault_locations.location_of(context.settings, row).open() for row in vaults]
    return sum(len([vault.manifest(name) for name in vault.snapshots()]) for vault in opened)


async def add_secret(context: Context, name: str, value: str) -> None:
    async with context.store.transaction() as db:
        database = (await databases.every_secret(db))[0][0]
        sealed = context.cipher.encrypt(value, database.organization_id, database.id, name)
        statement = text("INSERT INTO database_secrets (database_id, name, sealed) VALUES (:id, :name, :sealed)")
        await db.execute(statement, {"id": database.id, "name": name, "sealed": sealed})


def key_files(context: Context) -> list[str]:
    return sorted(path.name for path in context.settings.home_folder.glob("envelope.key*"))


async def test_rotated_key_decrypts_everything_and_the_old_one_nothing(context: Context) -> None:
    await add_secret(context, "route.password", "canary")
    before, snapshots, old = await secrets_of(context), await check_vaults(context), context.cipher
    assert "canary" in before and snapshots
    result = await key_rotation.rotate(context)
    assert (result.resumed, result.problems) == (False, [])
    assert result.key_id == context.cipher.key_id.hex() != old.key_id.hex()
    assert key_files(context) == ["envelope.key"]
    assert (context.settings.home_folder / "envelope.key").stat().st_mode & 0o777 == 0o600
    assert await secrets_of(context) == before and await check_vaults(context) == snapshots
    secrets, vaults = await rows(context)
    assert {key_id_of(secret.sealed) for _, secret in secrets} == {context.cipher.key_id}
    for row in vaults:
        slots = keyring.slots(vault_locations.location_of(context.settings, row).blobs)
        assert [slot.derivation["key"] for slot in slots.values()] == [result.key_id]
    with pytest.raises(Unavailable):
        old_only = SecretCipher((old.key.root).hex())
        database, secret = secrets[0]
        old_only.decrypt(secret.sealed, database.organization_id, database.id, secret.name)


KILLED = """
import asyncio, os, signal, sys
from headwater.entrypoints import key_rotation
from headwater.features import collect
from headwater.kit.settings import settings
from headwater.store import master_keys
from headwater.store.context import Context
from headwater.store.session import Store

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def die_later(*_):
    die()

step = sys.argv[1]
modules = collect("key_rotation")
if step in modules:
    modules[step].encrypt_anew = die_later
elif step == "within":
    from headwater.vault import keys
    keys.add_slot = die
elif step == "slots":
    from headwater.features.snapshots import key_rotation as vaults
    replace = vaults._replace_slots
    vaults._replace_slots = lambda location: (replace(location), die())
elif step == "remove_previous":
    master_keys.remove_previous = die
else:
    key_rotation.REPLACING = tuple(die if part.__name__ == step else part for part in key_rotation.REPLACING)

async def main():
    chosen = settings()
    await key_rotation.rotate(Context(chosen, Store(chosen.database_url.get_secret_value(), pool_size=3)))

asyncio.run(main())
"""
STEPS = [
    "write_new",
    "keep_current",
    "replace_current",
    "databases",
    "snapshots",
    "within",
    "slots",
    "remove_previous",
]


def killed_at(settings: Settings, step: str) -> None:
    """Rotate in a process that kills itself in place of a step."""
    assert settings.database_url
    variables = {
        "HEADWATER_HOME": str(settings.home_folder),
        "HEADWATER_DATABASE_URL": settings.database_url.get_secret_value(),
    }
    run = subprocess.run([sys.executable, "-c", KILLED, step], env=os.environ | variables, capture_output=True)
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()[-2000:]


@pytest.mark.parametrize("step", STEPS)
async def test_rotation_that_is_killed_loses_nothing_and_is_finished_by_the_same_command(
    context: Context, step: str
) -> None:
    before, snapshots, first = await secrets_of(context), await check_vaults(context), context.cipher.key_id
    killed_at(context.settings, step)
    assert (await secrets_of(context), await check_vaults(context)) == (before, snapshots)
    result = await key_rotation.rotate(context)
    assert result.resumed == (step in STEPS[3:]) and result.complete
    assert key_files(context) == ["envelope.key"] and context.cipher.key_id != first
    assert (await secrets_of(context), await check_vaults(context)) == (before, snapshots)


@pytest.mark.parametrize("step", ["keep_current", "replace_current", "snapshots", "slots"])
async def test_rotation_that_is_killed_is_finished_by_the_next_start(context: Context, step: str) -> None:
    before, snapshots = await secrets_of(context), await check_vaults(context)
    killed_at(context.settings, step)
    await key_rotation.finish(context)
    assert key_files(context) == ["envelope.key"]
    assert (await secrets_of(context), await check_vaults(context)) == (before, snapshots)


async def test_vault_that_cannot_be_reached_keeps_the_previous_key(context: Context) -> None:
    _, (vault,) = await rows(context)
    folder = vault_locations.location_of(context.settings, vault).blobs.folder  # type: ignore[attr-defined]
    folder.rename(folder.with_suffix(".away"))
    previous = context.cipher.key_id.hex()
    result = await key_rotation.rotate(context)
    assert not result.complete and "vault" in result.problems[0]
    assert key_files(context) == ["envelope.key", f"envelope.key.old-{previous}"]
    folder.with_suffix(".away").rename(folder)
    assert await check_vaults(context) == 1
    again = await key_rotation.rotate(context)
    assert (again.resumed, again.complete, again.key_id) == (True, True, result.key_id)
    assert key_files(context) == ["envelope.key"]


async def test_secret_that_was_encrypted_with_the_replaced_key_is_not_committed(context: Context) -> None:
    stale = context.cipher
    await key_rotation.rotate(context)
    with pytest.raises(Conflict, match="was replaced in the meantime"):
        stale.check_current()
    context.cipher.check_current()


async def test_second_rotation_at_the_same_time_is_refused(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "LOCK_SECONDS", 1)
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('headwater key rotation', 0))")
    async with context.store.transaction() as db:
        await db.execute(lock)
        with pytest.raises(RotationRunning):
            await key_rotation.rotate(context)
    assert key_files(context) == ["envelope.key"]


async def test_home_that_cannot_be_written_is_refused_with_a_sentence(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(key_rotation, "REPLACING", (refuse,))
    with pytest.raises(Unavailable, match="cannot be replaced: Permission denied"):
        await key_rotation.rotate(context)


async def test_damaged_secret_is_named_and_the_others_are_encrypted_anew(context: Context) -> None:
    await add_secret(context, "route.password", "canary")
    async with context.store.transaction() as db:
        flip = "UPDATE database_secrets SET sealed = set_byte(sealed, length(sealed) - 1, 0) WHERE name = 'password'"
        await db.execute(text(flip))
    result = await key_rotation.rotate(context)
    assert len(result.problems) == 1 and "damaged" in result.problems[0]
    secrets, _ = await rows(context)
    ids = {secret.name: key_id_of(secret.sealed) for _, secret in secrets}
    assert ids["route.password"] == context.cipher.key_id != ids["password"]


def test_previous_key_is_read_until_it_is_removed(tmp_path: Path) -> None:
    tenant, row = uuid.uuid4(), uuid.uuid4()
    settings = Settings(home=tmp_path)
    sealed = SecretCipher.of(settings).encrypt("x", tenant, row, "c")
    for step in key_rotation.REPLACING:
        step(tmp_path)
    assert SecretCipher.of(settings).decrypt(sealed, tenant, row, "c") == "x"
    SecretCipher.check_key(settings, sealed)
    assert SecretCipher.of(settings).renew(sealed, tenant, row, "c") != sealed
    master_keys.remove_previous(tmp_path)
    with pytest.raises(Unavailable, match="another key"):
        SecretCipher.of(settings).decrypt(sealed, tenant, row, "c")

"""The key file at start: a missing, empty or foreign one stops Headwater with a sentence, and is never replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.entrypoints import startup
from headwater.kit.errors import Unavailable
from headwater.kit.settings import Settings
from headwater.store.encryption import SecretCipher
from headwater.store.secrets import read_secret


async def check(settings: Settings) -> None:
    assert settings.database_url
    await startup.check(settings, settings.database_url.get_secret_value())


async def test_start_passes_with_the_key_of_the_store(old_home: Settings) -> None:
    await check(old_home)


async def test_missing_key_stops_the_start_and_is_not_replaced(old_home: Settings) -> None:
    file, key_id = old_home.home_folder / "envelope.key", SecretCipher.of(old_home).key_id
    file.unlink()
    with pytest.raises(Unavailable, match="does not exist") as refused:
        await check(old_home)
    assert key_id.hex() in str(refused.value.hint) and not file.exists()


async def test_key_of_another_store_stops_the_start(old_home: Settings) -> None:
    (old_home.home_folder / "envelope.key").write_text("a key of another store")
    with pytest.raises(Unavailable, match="is the key of another store"):
        await check(old_home)


async def test_empty_key_stops_the_start(old_home: Settings) -> None:
    (old_home.home_folder / "envelope.key").write_text("\n")
    with pytest.raises(Unavailable, match=r"envelope\.key is empty"):
        await check(old_home)


async def test_fresh_home_starts_without_a_key(settings: Settings, store_url: str, tmp_path: Path) -> None:
    fresh = settings.model_copy(update={"home": tmp_path})
    secret = read_secret(fresh.home_folder / "envelope.key")
    assert len(secret) > 32 and read_secret(fresh.home_folder / "envelope.key") == secret

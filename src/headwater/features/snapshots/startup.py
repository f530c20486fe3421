"""What must hold before Headwater starts: the secrets of its vaults can be decrypted."""

from __future__ import annotations

from headwater.features.snapshots import repository
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher


async def check(context: Context) -> None:
    """Check that the key of this instance belongs to its store, also where there are vaults and no databases.

    Raises:
        Unavailable: the key file is missing, empty, or belongs to another store.
    """
    async with context.store.transaction() as db:
        sealed = await repository.any_secret(db)
    if sealed is not None:
        SecretCipher.check_key(context.settings, sealed)

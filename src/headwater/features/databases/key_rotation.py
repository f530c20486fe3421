"""The part of databases in a rotation of the master key: their passwords and keys are encrypted anew."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.features.databases import repository
from headwater.kit.errors import Unavailable
from headwater.store.context import Context


async def encrypt_anew(context: Context) -> Sequence[str]:
    """Encrypt the secrets of all databases with the current key; return a sentence for each that cannot be read."""
    problems = []
    async with context.store.transaction() as db:
        await repository.lock_secrets(db)
        cipher = context.cipher  # read after the lock: see `SecretCipher.check_current`
        for database, secret in await repository.every_secret(db):
            try:
                secret.sealed = cipher.renew(secret.sealed, database.organization_id, database.id, secret.name)
            except Unavailable as error:
                problems.append(f"The {secret.name} of the database {database.name}: {error.message} {error.hint}")
    return problems

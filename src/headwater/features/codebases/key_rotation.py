"""The part of codebases in a rotation of the master key: tokens, deploy keys and secrets of webhooks."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.features.codebases.repository import git_sources as repository
from headwater.features.codebases.service.git_sources import SECRET, WEBHOOK_SECRET
from headwater.kit.errors import Unavailable
from headwater.store.context import Context


async def encrypt_anew(context: Context) -> Sequence[str]:
    """Encrypt the secrets of all repositories with the current key; return a sentence for each that cannot be read."""
    problems = []
    async with context.store.transaction() as db:
        await repository.lock_secrets(db)
        cipher = context.cipher  # read after the lock: see `SecretCipher.check_current`
        for codebase, source in await repository.every_source(db):
            tenant = codebase.organization_id
            try:
                if source.sealed_secret:
                    source.sealed_secret = cipher.renew(source.sealed_secret, tenant, codebase.id, SECRET)
                if sealed := source.sealed_webhook_secret:
                    source.sealed_webhook_secret = cipher.renew(sealed, tenant, codebase.id, WEBHOOK_SECRET)
            except Unavailable as error:
                problems.append(f"A secret of the codebase {codebase.name}: {error.message} {error.hint}")
    return problems

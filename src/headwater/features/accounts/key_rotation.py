"""The part of accounts in a rotation of the master key: secrets of second factors, signatures of the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.features.accounts.repository import second_factors
from headwater.features.accounts.service import audit_chain
from headwater.features.accounts.service.second_factor import COLUMN
from headwater.kit.errors import Unavailable
from headwater.store.context import Context


async def encrypt_anew(context: Context) -> Sequence[str]:
    """Encrypt the secrets of all second factors with the current key; return a sentence for each problem."""
    problems = []
    async with context.store.transaction() as db:
        rows = await second_factors.every_second_factor(db)
        cipher = context.cipher  # read after the lock: see `SecretCipher.check_current`
        for row in rows:
            try:
                row.sealed = cipher.renew(row.sealed, row.user_id, row.user_id, COLUMN)
            except Unavailable as error:
                problems.append(f"The second factor of the user {row.user_id}: {error.message} {error.hint}")
    async with context.store.transaction() as db:
        await audit_chain.sign_anew(db, context)
    return problems

"""What a worker runs for accounts at intervals: it deletes what is over.

That is attempts, links, sign-ups, requests of command lines, invitations, tokens and entries of the audit log.
"""

from __future__ import annotations

from datetime import timedelta

from headwater.features.accounts import repository
from headwater.features.accounts.repository import (
    account_links,
    device_requests,
    identities,
    invitations,
    pending_sign_ups,
)
from headwater.features.accounts.service import audit_chain
from headwater.features.accounts.service.throttles import WINDOW
from headwater.kit.clock import now
from headwater.store.context import Context

EVERY_SECONDS = 600.0
KEEP_INVITATIONS = timedelta(days=90)


async def run_maintenance(context: Context) -> None:
    """Delete the counts of windows that are over, and links that have expired."""
    await audit_chain.expire(context)
    async with context.store.transaction() as db:
        await repository.forget_attempts_before(db, now() - WINDOW)
        await account_links.forget_before(db, now())
        await pending_sign_ups.forget_before(db, now())
        await device_requests.forget_before(db, now())
        await identities.forget_tokens_before(db, now())
        await invitations.forget_before(db, now() - KEEP_INVITATIONS)

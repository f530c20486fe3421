"""Metrics of accounts: sign-ins, and the audit log."""

from __future__ import annotations

from prometheus_client import Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.repository import audit
from headwater.store.context import Context

SIGN_INS = Counter("headwater_sign_ins_total", "Attempts to sign in: accepted, refused, or over a limit.", ["outcome"])
UNSEALED = Gauge("headwater_audit_unsealed_entries", "Entries of the audit log that are not in a hash chain yet.")
UNSEALED_AGE = Gauge("headwater_audit_oldest_unsealed_seconds", "Age of the oldest of these; 0 if there is none.")
for _outcome in ("accepted", "refused", "limited"):
    SIGN_INS.labels(_outcome)


async def observe(db: AsyncSession, _: Context) -> None:
    """Update the metrics that are read from the store."""
    number, seconds = await audit.unsealed_backlog(db)
    UNSEALED.set(number)
    UNSEALED_AGE.set(seconds)

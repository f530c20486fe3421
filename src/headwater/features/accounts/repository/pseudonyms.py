"""All SQL that replaces the addresses of a deleted user in the audit log."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_EARLIER = text(
    "SELECT DISTINCT details ->> 'before' FROM audit_entries"
    " WHERE action = 'auth.email_changed' AND resource_id = :user AND details ->> 'before' IS NOT NULL"
)
_ACTOR = text(
    "UPDATE audit_entries SET actor_email = :pseudonym, ip = ''"
    " WHERE actor_id = :id OR (actor_id IS NULL AND actor_email = ANY(:addresses))"
)
_NAME = text("UPDATE audit_entries SET resource_name = :pseudonym WHERE resource_name = ANY(:addresses)")
# Only whole values: the address of somebody else may contain this one.
_DETAIL = text(
    "UPDATE audit_entries SET details = replace(details::text, :quoted, :replacement)::jsonb"
    " WHERE position(:quoted in details::text) > 0"
)


async def earlier_addresses(db: AsyncSession, user_id: uuid.UUID) -> set[str]:
    """Return the addresses that a user had before, as far as the audit log knows."""
    return set((await db.execute(_EARLIER, {"user": str(user_id)})).scalars())


async def replace(db: AsyncSession, user_id: uuid.UUID, addresses: Sequence[str], pseudonym: str) -> None:
    """Replace the addresses of a user in all entries, and remove those from which the user has sent requests."""
    given = {"id": user_id, "addresses": list(addresses), "pseudonym": pseudonym}
    await db.execute(_ACTOR, given)
    await db.execute(_NAME, {"addresses": list(addresses), "pseudonym": pseudonym})
    for address in addresses:
        quoted = {"quoted": json.dumps(address, ensure_ascii=False), "replacement": json.dumps(pseudonym)}
        await db.execute(_DETAIL, quoted)

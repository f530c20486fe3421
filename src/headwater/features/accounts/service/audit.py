"""The audit log: services write it in the transaction of the change itself; admins read it."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import AuditEntry
from headwater.features.accounts.rights import Actor, allow_scope, reach
from headwater.kit.paging import Page, cut, decode_cursor


def record(
    db: AsyncSession,
    actor: Actor,
    action: str,
    kind: str,
    id_: object = "",
    name: str = "",
    *,
    organization_id: uuid.UUID | None = None,
    **details: Any,
) -> None:
    """Record in the audit log that the actor did the action to a resource; part of the caller's transaction."""
    db.add(
        AuditEntry(
            organization_id=organization_id,
            actor_id=actor.user_id,
            actor_email=actor.email,
            actor_kind=actor.kind,
            action=action,
            resource_kind=kind,
            resource_id=str(id_),
            resource_name=name,
            details=details,
            ip=actor.ip,
        )
    )


async def entries(
    db: AsyncSession, actor: Actor, *, action: str | None, cursor: str | None, limit: int
) -> Page[AuditEntry]:
    """Return the actor's own entries, and those of the organizations whose audit log the actor may read."""
    allow_scope(actor, "audit:read")
    scope = repository.AuditScope(actor.user_id, reach(actor, "audit:read").organizations, actor.is_admin)
    rows = await repository.audit_entries(db, scope, action=action, before=before_id(cursor), limit=limit)
    return cut(rows, limit, lambda row: (str(row.id),))


def before_id(cursor: str | None) -> uuid.UUID | None:
    """Return the id that a cursor of a newest-first list stands for."""
    if cursor is None:
        return None
    (text,) = decode_cursor(cursor, str)
    return parse_id(str(text))


def parse_id(text: str) -> uuid.UUID:
    """Return the id in a text, or an id that no row has if the text is not one: a wrong id is then not found."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)

"""The audit log: services write it in the transaction of the change itself; admins read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.audit_filter import AuditFilter, scope_of
from headwater.features.accounts.models import AuditEntry
from headwater.features.accounts.repository import audit as repository
from headwater.features.accounts.rights import Actor
from headwater.kit import logs
from headwater.kit.ids import next_id
from headwater.kit.paging import Page, cut, decode_cursor

Outcome: TypeAlias = Literal["ok", "failed", "cancelled", "rolled_back", "open", "refused"]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a resource, and how it ended; `database_id` is the database that it is about."""

    action: str
    kind: str
    id: object = ""
    name: str = ""
    organization_id: uuid.UUID | None = None
    database_id: uuid.UUID | None = None
    outcome: Outcome = "ok"
    details: Mapping[str, Any] = field(default_factory=dict)


def record(
    db: AsyncSession,
    actor: Actor,
    action: str,
    kind: str,
    id_: object = "",
    name: str = "",
    *,
    organization_id: uuid.UUID | None = None,
    database_id: uuid.UUID | None = None,
    **details: Any,
) -> None:
    """Record in the audit log that the actor did the action to a resource; part of the caller's transaction."""
    if kind == "database" and isinstance(id_, uuid.UUID):
        database_id = id_
    record_event(
        db, actor, Event(action, kind, id_, name, organization_id, database_id=database_id, details=dict(details))
    )


def record_event(db: AsyncSession, actor: Actor, event: Event) -> None:
    """Record an event in the audit log; part of the caller's transaction."""
    db.add(
        AuditEntry(
            id=next_id(),  # so that the entries of one transaction stay in order
            organization_id=event.organization_id,
            actor_id=actor.user_id,
            actor_email=actor.email,
            actor_kind=actor.kind,
            action=event.action,
            resource_kind=event.kind,
            resource_id=str(event.id),
            resource_name=event.name,
            details=dict(event.details),
            ip=actor.ip,
            door="system" if actor.kind == "system" else actor.door,
            key_name=actor.key_name,
            database_id=event.database_id,
            outcome=event.outcome,
            request_id=logs.bound("request_id"),
        )
    )


async def entries(
    db: AsyncSession, actor: Actor, wanted: AuditFilter, *, cursor: str | None, limit: int
) -> Page[AuditEntry]:
    """Return the actor's own entries, and those of the organizations whose audit log the actor may read."""
    rows = await repository.entries(db, scope_of(actor), wanted, before=before_id(cursor), limit=limit)
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

"""Which entries of the audit log somebody may read, and which are wanted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from headwater.features.accounts.rights import Actor, allow_scope, reach


@dataclass(frozen=True, slots=True)
class AuditScope:
    """The entries that somebody may read: by a user, about organizations, with `instance` about the instance itself."""

    user_id: uuid.UUID | None
    organizations: Sequence[uuid.UUID]
    instance: bool


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; `action` is the start of a name, `words` are the starts of words of the entry."""

    action: str = ""
    person: str = ""
    database_id: uuid.UUID | None = None
    organization_id: uuid.UUID | None = None
    outcome: str = ""
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None


def scope_of(actor: Actor) -> AuditScope:
    """Return which entries an actor may read."""
    allow_scope(actor, "audit:read")
    return AuditScope(actor.user_id, reach(actor, "audit:read").organizations, actor.is_admin)

"""The wire shapes of the audit log."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from headwater.features.accounts.api_models import Wire

Door = Literal["web", "cli", "api", "system"]
OutcomeName = Literal["ok", "failed", "cancelled", "rolled_back", "open", "refused"]


class AuditActorOut(Wire):
    """Who performed an audited action."""

    id: uuid.UUID | None
    email: str
    kind: Literal["user", "key", "system"]
    key_name: str


class AuditResourceOut(Wire):
    """The resource of an audited action."""

    kind: str
    id: str
    name: str


class AuditOut(Wire):
    """An entry of the audit log; `position` and `hash` are set once it is sealed in the chain of its organization."""

    id: uuid.UUID
    at: datetime
    organization_id: uuid.UUID | None
    actor: AuditActorOut
    action: str
    outcome: OutcomeName
    resource: AuditResourceOut
    database_id: uuid.UUID | None
    details: dict[str, Any]
    door: Door
    ip: str
    request_id: str
    position: int | None
    hash: str | None


class BrokenEntryOut(Wire):
    """The first entry of a chain that is not what was sealed; `id` is null if it is missing."""

    position: int
    id: uuid.UUID | None
    reason: str


class ChainReportOut(Wire):
    """The check of one chain: of an organization, or of the instance if `organization_id` is null.

    `head` is the hash of the last entry. Keep it elsewhere together with `last`: a later check can demand that it is
    still part of the chain. `unsealed` entries are so new that they are in no chain yet.
    """

    organization_id: uuid.UUID | None
    organization: str
    entries: int
    first: int
    last: int
    head: str
    unsealed: int
    broken: BrokenEntryOut | None


class AuditVerificationOut(Wire):
    """The check of all chains whose entries you may read."""

    intact: bool
    chains: list[ChainReportOut]

"""HTTP endpoints of the audit log."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from headwater.features.accounts.api_models import ListOf, Moment
from headwater.features.accounts.audit_filter import AuditFilter
from headwater.features.accounts.audit_models import (
    AuditActorOut,
    AuditOut,
    AuditResourceOut,
    AuditVerificationOut,
    BrokenEntryOut,
    ChainReportOut,
    OutcomeName,
)
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow, sends
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, audit_chain, audit_export, organizations

router = APIRouter(tags=["audit"])
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
Reader = Annotated[Actor, Depends(allow("audit:read"))]


def wanted_entries(
    action: Annotated[
        str, Query(max_length=100, pattern=r"^[a-z_.]*$", description="Start of the action's name.")
    ] = "",
    person: Annotated[str, Query(max_length=254, description="Address of the person.")] = "",
    database_id: uuid.UUID | None = None,
    organization_id: uuid.UUID | None = None,
    outcome: OutcomeName | None = None,
    search: Annotated[str, Query(max_length=200, description="Starts of words of the entry.")] = "",
    since: Moment | None = None,
    until: Moment | None = None,
) -> AuditFilter:
    """Return the filter of a request for entries."""
    return AuditFilter(action, person, database_id, organization_id, outcome or "", search, _utc(since), _utc(until))


def _utc(moment: datetime | None) -> datetime | None:
    """Return a moment with a time zone, within the years that ids can express."""
    if moment is None:
        return None
    return min(max(moment.replace(tzinfo=moment.tzinfo or UTC), EARLIEST), LATEST)


Wanted = Annotated[AuditFilter, Depends(wanted_entries)]


@router.get("/audit")
async def list_audit(
    db: Db, actor: Reader, wanted: Wanted, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[AuditOut]:
    """List the entries of the audit log, newest first: your own, and all of the organizations that you administer."""
    page = await audit.entries(db, actor, wanted, cursor=cursor, limit=limit)
    return ListOf(items=[_entry(row) for row in page.items], next=page.next)


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses=sends(*audit_export.MEDIA_TYPES.values()),
)
async def export_audit(
    server: Shared, actor: Reader, wanted: Wanted, format: audit_export.Form = "csv"
) -> StreamingResponse:
    """Stream the entries of the audit log as CSV, or as NDJSON that has all that is needed to check the chain."""
    chunks = audit_export.export(server.context, actor, wanted, format)
    headers = {"content-disposition": f'attachment; filename="audit.{format}"'}
    return StreamingResponse(chunks, media_type=audit_export.MEDIA_TYPES[format], headers=headers)


@router.get("/audit/verification")
async def verify_audit(
    server: Shared,
    actor: Reader,
    position: Annotated[int | None, Query(ge=1, le=2**62, description="Position of a hash that you know.")] = None,
    hash: Annotated[
        str, Query(pattern="^([0-9a-f]{64})?$", description="The hash that an entry had at this position.")
    ] = "",
) -> AuditVerificationOut:
    """Compute the hash chains of the log again, and name the first entry of each that was changed or is missing."""
    expected = (position, hash) if position is not None and hash else None
    reports = await audit_chain.verify(server.context, actor, expected=expected)
    async with server.database.transaction() as db:
        names = {each.id: each.name for each in await organizations.list_organizations(db, actor)}
    return AuditVerificationOut(
        intact=not any(each.broken for each in reports), chains=[_report(each, names) for each in reports]
    )


def _report(report: audit_chain.ChainReport, names: Mapping[uuid.UUID, str]) -> ChainReportOut:
    broken = BrokenEntryOut.model_validate(report.broken) if report.broken else None
    return ChainReportOut(
        organization_id=report.organization_id,
        organization=names.get(report.organization_id, "") if report.organization_id else "",
        entries=report.entries,
        first=report.first,
        last=report.last,
        head=report.head,
        unsealed=report.unsealed,
        broken=broken,
    )


def _entry(row: Any) -> AuditOut:
    return AuditOut(
        id=row.id,
        at=row.at,
        organization_id=row.organization_id,
        actor=AuditActorOut(id=row.actor_id, email=row.actor_email, kind=row.actor_kind, key_name=row.key_name),
        action=row.action,
        outcome=row.outcome,
        resource=AuditResourceOut(kind=row.resource_kind, id=row.resource_id, name=row.resource_name),
        database_id=row.database_id,
        details=row.details,
        door=row.door,
        ip=row.ip,
        request_id=row.request_id,
        position=row.position,
        hash=row.hash.hex() if row.hash else None,
    )

"""HTTP of alerts."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, allow
from headwater.features.accounts.rights import Actor
from headwater.features.policies import api_models, serializers
from headwater.features.policies.service import alerts

router = APIRouter(tags=["policies"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]


@router.get("/alerts")
async def list_alerts(
    db: Db,
    actor: Reader,
    status: Literal["open", "acknowledged", "resolved"] | None = None,
    database_id: uuid.UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[api_models.AlertOut]:
    """List the alerts of all databases that you can read, or of one, newest first."""
    page = await alerts.listed(db, actor, status=status, database_id=database_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.alert(item) for item in page.items], next=page.next)


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge_alert(alert_id: uuid.UUID, db: Db, actor: Writer) -> api_models.AlertOut:
    """Acknowledge an alert. A failure that continues is counted on it; new damage or growth opens a new alert."""
    return serializers.alert(await alerts.acknowledge(db, actor, alert_id))

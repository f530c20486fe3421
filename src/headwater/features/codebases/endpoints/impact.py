"""HTTP endpoints of impact: what breaks in a codebase when its schema changes."""

from __future__ import annotations

import uuid
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response

from headwater.core.lineage.impact import formats
from headwater.core.lineage.impact.requests import ChangeRequest, ColumnChange
from headwater.features.accounts.guard import Shared, allow, sends
from headwater.features.accounts.rights import Actor
from headwater.features.codebases import serializers
from headwater.features.codebases.impact_models import ImpactIn, ImpactOut
from headwater.features.codebases.service import impact

router = APIRouter(prefix="/codebases/{codebase_id}/impact", tags=["lineage"])
Reader = Annotated[Actor, Depends(allow("codebase:read"))]
_MEDIA_TYPES: dict[formats.Format, str] = {
    "json": "application/json",
    "markdown": "text/markdown; charset=utf-8",
    "sarif": "application/sarif+json",
}
_SUFFIXES: dict[formats.Format, str] = {"json": "json", "markdown": "md", "sarif": "sarif"}


@router.post("")
async def get_impact(codebase_id: uuid.UUID, asked: ImpactIn, server: Shared, actor: Reader) -> ImpactOut:
    """List what a change breaks in the code of the newest scan, riskiest first; nothing is changed."""
    _, report = await impact.of_change(server.context, actor, codebase_id, _request(asked))
    return serializers.impact(report)


@router.post("/export", response_class=Response, responses=sends(*_MEDIA_TYPES.values()))
async def export_impact(
    codebase_id: uuid.UUID,
    asked: ImpactIn,
    server: Shared,
    actor: Reader,
    format_: Annotated[formats.Format, Query(alias="format")] = "sarif",
) -> Response:
    """Download everything that a change breaks as SARIF, Markdown or JSON."""
    codebase, report = await impact.of_change(server.context, actor, codebase_id, _request(asked))
    name = quote(f"{codebase.name}-impact.{_SUFFIXES[format_]}")
    return Response(
        formats.WRITERS[format_](report),
        media_type=_MEDIA_TYPES[format_],
        headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"},
    )


def _request(asked: ImpactIn) -> ChangeRequest:
    wanted = ColumnChange(asked.rename, asked.drop, asked.type, asked.not_null)
    return ChangeRequest(asked.column, asked.table, asked.sql, wanted)

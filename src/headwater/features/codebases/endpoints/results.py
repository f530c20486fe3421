"""HTTP endpoints of the results of a scan: files, schema, lineage, graph, skipped files, export."""

from __future__ import annotations

import uuid
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from headwater.catalog.codec import from_json
from headwater.catalog.usages import Tier, UsageType
from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import (
    DEFAULT_PAGE,
    Cursor,
    Db,
    Limit,
    Shared,
    allow,
    sends,
)
from headwater.features.accounts.rights import Actor
from headwater.features.codebases import graph_serializers, serializers
from headwater.features.codebases.api_models import (
    FileOut,
    FileViewOut,
    LineageOut,
    MissOut,
    SchemaOut,
    SkippedOut,
    fields_of,
)
from headwater.features.codebases.filters import FileFilter, UsageFilter
from headwater.features.codebases.graph_models import GraphOut, GroupGraphOut
from headwater.features.codebases.service import codebases, exports, files, graph, group_graph, lineage
from headwater.features.codebases.service.code_groups import GroupBy

router = APIRouter(prefix="/codebases/{codebase_id}", tags=["lineage"])
Reader = Annotated[Actor, Depends(allow("codebase:read"))]
Text = Annotated[str | None, Query(max_length=1000)]


async def _filter(
    table: Text = None,
    column: Text = None,
    usage_type: Annotated[list[UsageType] | None, Query()] = None,
    file: Text = None,
    language: Text = None,
    tier: Annotated[list[Tier] | None, Query()] = None,
    symbol: Text = None,
    q: Text = None,
    folder: Text = None,
    service: Text = None,
    endpoint: uuid.UUID | None = None,
) -> UsageFilter:
    """Return the filter of usages in the query string."""
    kinds, tiers = tuple(usage_type or ()), tuple(tier or ())
    return UsageFilter(table, column, kinds, tiers, file, language, symbol, q, folder, service, endpoint)


Wanted = Annotated[UsageFilter, Depends(_filter)]


@router.get("/files")
async def list_files(
    codebase_id: uuid.UUID,
    db: Db,
    actor: Reader,
    prefix: Text = None,
    language: Text = None,
    q: Text = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[FileOut]:
    """List the files of the newest scan, by path."""
    wanted = FileFilter(prefix, language, q)
    page = await files.list_files(db, actor, codebase_id, wanted, cursor=cursor, limit=limit)
    return ListOf(items=[FileOut.model_validate(row) for row in page.items], next=page.next)


@router.get("/files/{path:path}")
async def get_file(codebase_id: uuid.UUID, path: str, db: Db, actor: Reader) -> FileViewOut:
    """Show a file with its usages."""
    return serializers.file_view(await files.show(db, actor, codebase_id, path))


@router.get("/schema")
async def get_codebase_schema(codebase_id: uuid.UUID, db: Db, actor: Reader) -> SchemaOut:
    """Return the schema of the newest scan."""
    codebase, scan = await codebases.scan_of(db, actor, codebase_id)
    return serializers.schema(from_json(scan.schema_json), codebase.id)


@router.get("/lineage")
async def get_lineage(
    codebase_id: uuid.UUID,
    db: Db,
    actor: Reader,
    wanted: Wanted,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> LineageOut:
    """Find usages; the first page also has the totals of every column that the filter selects."""
    result = await lineage.find(db, actor, codebase_id, wanted, cursor=cursor, limit=limit)
    return LineageOut(
        usages=[serializers.usage(row) for row in result.page.items],
        column_summaries=[serializers.summary(row) for row in result.sums],
        next=result.page.next,
    )


@router.get("/graph")
async def get_graph(
    codebase_id: uuid.UUID, db: Db, actor: Reader, wanted: Wanted, depth: Annotated[int, Query(ge=1, le=3)] = 1
) -> GraphOut:
    """Return the graph of the code that uses the selected columns, and of the endpoints that reach it.

    Without a table, column, file, symbol, endpoint or text, it has the most used tables, and the files that use them.
    `hidden` counts what is left out, and `totals` all usages by kind, tier and language, whatever is selected of these.
    """
    return graph_serializers.graph(await graph.draw(db, actor, codebase_id, wanted, depth))


@router.get("/graph/groups")
async def get_graph_groups(
    codebase_id: uuid.UUID, db: Db, actor: Reader, wanted: Wanted, by: GroupBy = "folder"
) -> GroupGraphOut:
    """Return which parts of the code use which tables: folders, or services, which have a manifest of their own."""
    return graph_serializers.groups(await group_graph.draw(db, actor, codebase_id, wanted, by))


@router.get("/not-understood")
async def list_not_understood(
    codebase_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[MissOut]:
    """List text that looks like SQL or a model but could not be parsed."""
    page = await lineage.misses(db, actor, codebase_id, cursor=cursor, limit=limit)
    return ListOf(items=[MissOut(**fields_of(row, MissOut, id=str(row.n))) for row in page.items], next=page.next)


@router.get("/skipped")
async def list_skipped(
    codebase_id: uuid.UUID,
    db: Db,
    actor: Reader,
    reason: Text = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[SkippedOut]:
    """List the skipped files, each with its reason."""
    page = await files.list_skipped(db, actor, codebase_id, reason=reason, cursor=cursor, limit=limit)
    return ListOf(items=[SkippedOut.model_validate(row) for row in page.items], next=page.next)


@router.get("/export", response_class=StreamingResponse, responses=sends(*exports.MEDIA_TYPES.values()))
async def export(
    codebase_id: uuid.UUID,
    server: Shared,
    actor: Annotated[Actor, Depends(allow("codebase:read"))],
    format_: Annotated[exports.Format, Query(alias="format")] = "csv",
) -> StreamingResponse:
    """Download the results of the newest scan."""
    async with server.database.transaction() as db:
        codebase, scan = await exports.begin(db, actor, codebase_id, format_)
    name = quote(f"{codebase.name}.{format_}")
    return StreamingResponse(
        exports.stream(server.database, codebase, scan, format_),
        media_type=exports.MEDIA_TYPES[format_],
        headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"},
    )

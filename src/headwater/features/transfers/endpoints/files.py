"""HTTP of imports and exports."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse

from headwater.features.accounts.guard import Shared, allow_detached
from headwater.features.accounts.rights import Actor
from headwater.features.query.context import workplace
from headwater.features.query.service import access as doors
from headwater.features.transfers import api_models, serializers
from headwater.features.transfers.service import exports, imports
from headwater.kit import multipart

router = APIRouter(tags=["transfers"])
Reader = Annotated[Actor, Depends(allow_detached("database:read"))]
Writer = Annotated[Actor, Depends(allow_detached("database:write"))]
FORM = multipart.described("CSV, NDJSON, JSON, Parquet, SQL")
ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.post("/databases/{database_id}/imports", status_code=201, openapi_extra=FORM)
async def upload_import(
    database_id: uuid.UUID, request: Request, server: Shared, actor: Writer
) -> api_models.ImportPreviewOut:
    """Upload a file of rows and look at it; nothing is imported before `start`."""
    place = workplace(server)
    await doors.authorize_query(place, actor, database_id, write=True, confirmed=True)
    upload = multipart.Upload(request.headers.get("content-type"), request.stream())
    await upload.open()
    name = PurePosixPath((upload.filename or "").replace("\\", "/")).name
    shown = "".join(char for char in name if char.isprintable())[:200] or "upload"
    return serializers.preview(await imports.receive(place, actor, database_id, upload.chunks(), shown))


@router.post("/imports/{transfer_id}/start", status_code=202)
async def start_import(
    transfer_id: uuid.UUID, body: api_models.ImportIn, server: Shared, actor: Writer
) -> api_models.TransferOut:
    """Import an uploaded file into a table, or run the script that it is."""
    columns = [imports.Mapped(column.source, column.target, column.type) for column in body.columns]
    order = imports.ImportRequest(body.table, body.schema_name, body.create, columns, body.on_error, body.confirmed)
    return serializers.transfer(await imports.start(workplace(server), actor, transfer_id, order))


@router.get("/transfers/{transfer_id}/errors", response_class=FileResponse, responses=CSV)
async def get_import_errors(transfer_id: uuid.UUID, server: Shared, actor: Reader) -> FileResponse:
    """Download the rows that could not be imported, with what is wrong with each, as CSV."""
    path, name = await exports.file_of(workplace(server), actor, transfer_id, "errors")
    return FileResponse(path, media_type="text/csv", filename=name)


@router.post("/databases/{database_id}/exports", status_code=202)
async def start_export(
    database_id: uuid.UUID, body: api_models.ExportTablesIn, server: Shared, actor: Writer
) -> api_models.TransferOut:
    """Export tables as files in a ZIP, all of one moment; the file is kept for a week."""
    return serializers.transfer(await exports.start(workplace(server), actor, database_id, body.tables, body.format))


@router.get("/transfers/{transfer_id}/file", response_class=FileResponse, responses=ZIP)
async def get_export_file(transfer_id: uuid.UUID, server: Shared, actor: Reader) -> FileResponse:
    """Download what was exported."""
    path, name = await exports.file_of(workplace(server), actor, transfer_id, "export")
    return FileResponse(path, media_type="application/zip", filename=name)

"""HTTP endpoints of imports and exports."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse

from headwater.core.transfer.csv_files import CsvOptions
from headwater.features.accounts.guard import Shared, allow, body_limit, sends
from headwater.features.accounts.rights import Actor
from headwater.features.query.service import access as doors
from headwater.features.transfers import api_models, serializers
from headwater.features.transfers.service import exports, imports
from headwater.kit import multipart

router = APIRouter(tags=["transfers"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
FORM = multipart.described("CSV, NDJSON, JSON, Parquet, SQL")


async def csv_options(
    encoding: Annotated[str, Query(max_length=40)] = "",
    delimiter: Annotated[str, Query(max_length=2)] = "",
    quote: Annotated[str, Query(max_length=2)] = '"',
    null: Annotated[str, Query(max_length=100)] = "",
) -> CsvOptions:
    """Return how a CSV file is read: what is empty is detected, `null` is the unquoted text that means NULL."""
    return CsvOptions(encoding, delimiter, quote, null)


@router.post("/databases/{database_id}/imports", status_code=201, openapi_extra=FORM)
@body_limit(None)
async def upload_import(
    database_id: uuid.UUID,
    request: Request,
    server: Shared,
    actor: Writer,
    options: Annotated[CsvOptions, Depends(csv_options)],
) -> api_models.ImportPreviewOut:
    """Upload a file and return a preview of it; nothing is imported before `start`."""
    context = server.context
    await doors.authorize_query(context, actor, database_id, write=True, confirmed=True)
    upload = multipart.Upload(request.headers.get("content-type"), request.stream())
    await upload.open()
    name = PurePosixPath((upload.filename or "").replace("\\", "/")).name
    display_name = "".join(char for char in name if char.isprintable())[:200] or "upload"
    received = await imports.receive(context, actor, database_id, upload.chunks(), display_name, options)
    return serializers.preview(received)


@router.post("/imports/{transfer_id}/start", status_code=202)
async def start_import(
    transfer_id: uuid.UUID, body: api_models.ImportIn, server: Shared, actor: Writer
) -> api_models.TransferOut:
    """Import an uploaded file into a table, or run it if it is an SQL script."""
    columns = [imports.Mapped(column.source, column.target, column.type) for column in body.columns]
    import_request = imports.ImportRequest(
        body.table, body.schema_name, body.create, columns, body.on_error, body.confirmed
    )
    return serializers.transfer(await imports.start(server.context, actor, transfer_id, import_request))


@router.get("/transfers/{transfer_id}/errors", response_class=FileResponse, responses=sends("text/csv"))
async def get_import_errors(transfer_id: uuid.UUID, server: Shared, actor: Reader) -> FileResponse:
    """Download the errors of the rows that were not imported, as CSV."""
    path, name = await exports.file_of(server.context, actor, transfer_id, "errors")
    return FileResponse(path, media_type="text/csv", filename=name)


@router.post("/databases/{database_id}/exports", status_code=202)
async def start_export(
    database_id: uuid.UUID, body: api_models.ExportTablesIn, server: Shared, actor: Writer
) -> api_models.TransferOut:
    """Export tables as files in a ZIP, all from one consistent moment; the ZIP is kept for a week."""
    return serializers.transfer(await exports.start(server.context, actor, database_id, body.tables, body.format))


@router.get("/transfers/{transfer_id}/file", response_class=FileResponse, responses=sends("application/zip"))
async def get_export_file(transfer_id: uuid.UUID, server: Shared, actor: Reader) -> FileResponse:
    """Download the ZIP of an export."""
    path, name = await exports.file_of(server.context, actor, transfer_id, "export")
    return FileResponse(path, media_type="application/zip", filename=name)

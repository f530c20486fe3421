"""HTTP endpoints of codebases: upload, list, show, scan again, delete."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import (
    DEFAULT_PAGE,
    Cursor,
    Db,
    Limit,
    Shared,
    allow,
    body_limit,
)
from headwater.features.accounts.rights import Actor
from headwater.features.codebases import serializers, uploads
from headwater.features.codebases.api_models import CodebaseJobOut, CodebaseOut
from headwater.features.codebases.service import codebases
from headwater.features.codebases.service.codebases import CodebaseView
from headwater.features.jobs.api_models import JobOut
from headwater.kit import multipart
from headwater.kit.errors import Invalid
from headwater.kit.git_commit import moment, printable
from headwater.kit.ids import new_id

router = APIRouter(tags=["codebases"])
Reader = Annotated[Actor, Depends(allow("codebase:read"))]
Writer = Annotated[Actor, Depends(allow("codebase:write"))]
COMMIT_FIELDS: dict[str, dict[str, Any]] = {
    "commit": {"type": "string", "pattern": "^[0-9a-f]{7,64}$", "description": "Id of the commit of the files."},
    "branch": {"type": "string", "maxLength": 250, "description": "Its branch."},
    "subject": {"type": "string", "maxLength": 300, "description": "The first line of its message."},
    "authored_at": {"type": "string", "format": "date-time", "description": "When its author made it."},
}
FORM = multipart.described("ZIP or tar archive", name={"type": "string", "maxLength": 200}, **COMMIT_FIELDS)
NEW_VERSION = multipart.described("ZIP or tar archive", **COMMIT_FIELDS)


@router.get("/projects/{project_id}/codebases")
async def list_codebases(
    project_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[CodebaseOut]:
    """List the codebases of a project, newest first."""
    page = await codebases.list_of_project(db, actor, project_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.codebase(view) for view in page.items], next=page.next)


@router.post("/projects/{project_id}/codebases", status_code=202, openapi_extra=FORM)
@body_limit(None)
async def upload_codebase(
    project_id: uuid.UUID,
    request: Request,
    server: Shared,
    actor: Annotated[Actor, Depends(allow("codebase:write"))],
) -> CodebaseJobOut:
    """Upload an archive of source code and scan it."""
    async with server.database.transaction() as db:
        await codebases.check_project(db, actor, project_id)
    fields = ("name", *COMMIT_FIELDS)
    upload = multipart.Upload(request.headers.get("content-type"), request.stream(), others=fields)
    await upload.open()
    filename = _display_name(upload.filename)
    codebase_id = new_id()
    size = await uploads.receive(server.settings, codebase_id, upload.chunks(), filename)
    try:
        name, commit = _name(upload, filename), commit_of(upload.fields)
        spec = codebases.CodebaseSpec(codebase_id, name, filename, size, origin="upload", commit=commit)
        async with server.database.transaction() as db:
            view = await codebases.add(db, actor, project_id, spec)
    except BaseException:
        uploads.remove(server.settings, codebase_id)
        raise
    return _answer(view)


@router.post("/codebases/{codebase_id}/upload", status_code=202, openapi_extra=NEW_VERSION)
@body_limit(None)
async def upload_new_version(
    codebase_id: uuid.UUID,
    request: Request,
    server: Shared,
    actor: Annotated[Actor, Depends(allow("codebase:write"))],
) -> CodebaseJobOut:
    """Upload a new version of a codebase and scan it; the current results stay until the new ones are complete."""
    async with server.database.transaction() as db:
        await codebases.check_replaceable(db, actor, codebase_id)
    upload = multipart.Upload(request.headers.get("content-type"), request.stream(), others=tuple(COMMIT_FIELDS))
    await upload.open()
    filename, upload_id = _display_name(upload.filename), new_id()
    size = await uploads.receive(server.settings, upload_id, upload.chunks(), filename)
    try:
        commit = commit_of(upload.fields)
        spec = codebases.CodebaseSpec(codebase_id, "", filename, size, origin="upload", commit=commit)
        async with server.database.transaction() as db:
            view = await codebases.replace(db, actor, spec)
            uploads.put(server.settings, upload_id, codebase_id)
    finally:
        uploads.remove(server.settings, upload_id)
    return _answer(view)


@router.get("/codebases/{codebase_id}")
async def get_codebase(codebase_id: uuid.UUID, db: Db, actor: Reader) -> CodebaseOut:
    """Show a codebase with its newest complete scan."""
    return serializers.codebase(await codebases.view(db, actor, codebase_id))


@router.post("/codebases/{codebase_id}/rescan", status_code=202)
async def rescan_codebase(codebase_id: uuid.UUID, db: Db, actor: Writer) -> CodebaseJobOut:
    """Scan a codebase again."""
    return _answer(await codebases.rescan(db, actor, codebase_id))


@router.delete("/codebases/{codebase_id}", status_code=204)
async def delete_codebase(
    codebase_id: uuid.UUID, server: Shared, actor: Annotated[Actor, Depends(allow("codebase:write"))]
) -> None:
    """Delete a codebase and the results of its scans."""
    async with server.database.transaction() as db:
        await codebases.remove(db, actor, codebase_id)
    uploads.remove(server.settings, codebase_id)


def _answer(view: CodebaseView) -> CodebaseJobOut:
    return CodebaseJobOut(codebase=serializers.codebase(view), job=JobOut.model_validate(view.job))


def _display_name(filename: str | None) -> str:
    """Return the last part of a file name, safe for display; it is never used as a path on disk."""
    last = PurePosixPath((filename or "").replace("\\", "/")).name
    clean = "".join(char for char in last if char.isprintable())
    return clean[:200] or "upload"


def commit_of(fields: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the commit that the fields of a form name, as a scan stores it; None if they name none.

    Raises:
        Invalid: a field is not what it should be.
    """
    if not fields.get("commit"):
        return None
    if not re.fullmatch(r"[0-9a-f]{7,64}", fields["commit"]):
        raise Invalid({"commit": "This is not the id of a commit."}, hint="Send what git rev-parse HEAD prints.")
    if fields.get("authored_at") and moment(fields["authored_at"]) is None:
        raise Invalid({"authored_at": "This is not a time."}, hint="Send what git log -1 --format=%aI prints.")
    return {
        "id": fields["commit"],
        "branch": printable(fields.get("branch", ""))[:250],
        "subject": printable(fields.get("subject", ""))[:300],
        "authored_at": fields.get("authored_at") or None,
    }


def _name(upload: multipart.Upload, filename: str) -> str:
    given = "".join(char for char in upload.fields.get("name", "") if char.isprintable()).strip()
    if len(given) > 200:
        raise Invalid({"name": "Use at most 200 characters."})
    stem = filename
    for suffix in (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar"):
        stem = stem[: -len(suffix)] if stem.lower().endswith(suffix) else stem
    return given or stem or filename

"""HTTP endpoints of questions: which columns and tables are unused or half used, and where personal data flows."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from headwater.core.lineage.questions import formats
from headwater.core.lineage.questions.column_use import ColumnUse, UseState
from headwater.core.lineage.questions.personal_data import PersonalDataUse
from headwater.features.accounts.guard import Db, allow, sends
from headwater.features.accounts.rights import Actor
from headwater.features.codebases import serializers
from headwater.features.codebases.question_models import (
    ColumnsOut,
    PersonalDataOut,
    ScanDiffOut,
    SharedTableOut,
    SharedTablesOut,
    TableOut,
    TablesOut,
    UseCountsOut,
)
from headwater.features.codebases.service import questions, scan_diff, shared_tables

router = APIRouter(prefix="/codebases/{codebase_id}", tags=["lineage"])
Reader = Annotated[Actor, Depends(allow("codebase:read"))]
States = Annotated[list[UseState] | None, Query()]
Table = Annotated[str | None, Query(max_length=1000)]
Classes = Annotated[list[Annotated[str, Field(max_length=100)]] | None, Query(alias="class")]
_PERSONAL_TYPES = [formats.MEDIA_TYPES[name] for name in ("csv", "json", "html")]


@router.get("/columns")
async def list_columns(
    codebase_id: uuid.UUID, db: Db, actor: Reader, use: States = None, table: Table = None
) -> ColumnsOut:
    """List the columns of the newest scan, and say of each how it is used: `use` selects by the answer."""
    answer = await questions.columns(db, actor, codebase_id, use or (), table)
    return ColumnsOut(
        columns=[serializers.used_column(column) for column in answer.columns],
        counts=UseCountsOut.model_validate(answer.counts),
    )


@router.get("/columns/export", response_class=Response, responses=sends(*formats.MEDIA_TYPES.values()))
async def export_columns(
    codebase_id: uuid.UUID,
    db: Db,
    actor: Reader,
    use: States = None,
    table: Table = None,
    format_: Annotated[formats.Format, Query(alias="format")] = "csv",
) -> Response:
    """Download the columns and how each is used as CSV, JSON, HTML, or SARIF without those in full use."""
    answer = await questions.columns(db, actor, codebase_id, use or (), table)
    name = answer.codebase.name
    uses = [column.use for column in answer.columns]
    return download(formats.answer(f"Columns of {name}", uses, ColumnUse), format_, f"{name}-columns.{format_}")


@router.get("/tables")
async def list_tables(codebase_id: uuid.UUID, db: Db, actor: Reader, use: States = None) -> TablesOut:
    """List the tables of the newest scan, and say of each how it is used: `use` selects by the answer."""
    answer = await questions.tables(db, actor, codebase_id, use or ())
    tables = [TableOut.model_validate(table) for table in answer.tables]
    return TablesOut(tables=tables, counts=UseCountsOut.model_validate(answer.counts))


@router.get("/personal-data")
async def list_personal_data(codebase_id: uuid.UUID, db: Db, actor: Reader, class_: Classes = None) -> PersonalDataOut:
    """List the columns with personal data in the newest scan, each with the files that read and write it."""
    _, uses = await questions.personal(db, actor, codebase_id, class_ or ())
    return serializers.personal_data(codebase_id, uses)


@router.get("/personal-data/export", response_class=Response, responses=sends(*_PERSONAL_TYPES))
async def export_personal_data(
    codebase_id: uuid.UUID,
    db: Db,
    actor: Reader,
    class_: Classes = None,
    format_: Annotated[Literal["csv", "json", "html"], Query(alias="format")] = "csv",
) -> Response:
    """Download the columns with personal data and the files that touch them as CSV, JSON or HTML."""
    codebase, uses = await questions.personal(db, actor, codebase_id, class_ or ())
    answer = formats.answer(f"Personal data in {codebase.name}", uses, PersonalDataUse)
    return download(answer, format_, f"{codebase.name}-personal-data.{format_}")


@router.get("/scan-diff")
async def get_scan_diff(codebase_id: uuid.UUID, before: uuid.UUID, db: Db, actor: Reader) -> ScanDiffOut:
    """Compare the newest scan with that of another codebase of the project, such as an earlier upload."""
    return serializers.scan_diff(await scan_diff.between(db, actor, before, codebase_id))


@router.get("/shared-tables")
async def list_shared_tables(codebase_id: uuid.UUID, db: Db, actor: Reader) -> SharedTablesOut:
    """List the tables that other codebases of the organization have, too, and columns that they define otherwise."""
    tables = await shared_tables.of_codebase(db, actor, codebase_id)
    return SharedTablesOut(tables=[SharedTableOut.model_validate(msgspec.to_builtins(table)) for table in tables])


def download(answer: formats.AnswerFile, format_: formats.Format, name: str) -> Response:
    """Return an answer as a file."""
    return Response(
        formats.WRITERS[format_](answer),
        media_type=formats.MEDIA_TYPES[format_],
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )

"""Imports of a file into a table: first a preview, then a job that reports every bad row."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from headwater.catalog.model import Relation, Schema
from headwater.core.transfer import files, inference
from headwater.core.transfer.csv_files import CsvOptions
from headwater.core.transfer.files import Shape
from headwater.engines import Engine, all_engines
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import databases, schema_cache
from headwater.features.query.service import access as doors
from headwater.features.transfers import file_store
from headwater.features.transfers.models import Transfer
from headwater.features.transfers.service import copies, scripts, transfers
from headwater.features.transfers.service.transfers import TransferView
from headwater.kit.errors import BadInput, Conflict, Invalid, NotFound, Unreadable, did_you_mean
from headwater.kit.ids import new_id
from headwater.store.context import Context

PREVIEW_ROWS, PREVIEW_BYTES = 20, 4000
ZERO_SIGN = "\u2400"  # for U+0000
_TYPE = re.compile(r"[A-Za-z_][\w ]{0,60}(?:\(\s*[\w', ]{1,200}\))?(?: [a-z ]{1,30})?(?:\[\])?", re.IGNORECASE)
OnError = Literal["stop", "skip"]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column of the file, its target column, and the type of the target column in a new table."""

    source: str
    target: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """How to import a file; an SQL script needs no table."""

    table: str = ""
    schema: str | None = None
    create: bool = False
    columns: Sequence[Mapped] = ()
    on_error: OnError = "stop"
    confirmed: bool = False


async def receive(
    context: Context,
    actor: Actor,
    database_id: uuid.UUID,
    chunks: AsyncIterator[bytes],
    filename: str,
    options: CsvOptions | None = None,
) -> TransferView:
    """Store an uploaded file and return its preview: its columns, their types, its first rows."""
    access = await doors.authorize_query(context, actor, database_id, write=True, confirmed=True)
    copies.tabular(access.reached.engine)
    transfer_id = new_id()
    size = await file_store.receive(context.settings, transfer_id, chunks, filename)
    try:
        path = file_store.path_of(context.settings, transfer_id, "upload")
        preview = await asyncio.to_thread(_preview, path, filename, access.reached.engine, options)
        async with context.store.transaction() as db:
            database = await databases.find(db, actor, database_id, "database:write")
            transfer = Transfer(
                id=transfer_id,
                organization_id=database.organization_id,
                kind="import",
                database_id=database_id,
                filename=filename,
                size_bytes=size,
                preview=preview,
                request={},
                created={},
                result={},
                created_by=actor.user_id,
            )
            db.add(transfer)
            await db.flush()
            await db.refresh(transfer)
    except BaseException:
        file_store.remove(context.settings, transfer_id)
        raise
    return TransferView(transfer, None)


def _preview(path: Path, filename: str, engine: Engine, options: CsvOptions | None) -> dict[str, Any]:
    is_archive = _is_archive(path, filename, engine)
    shape = Shape("archive") if is_archive else files.shape_of(path, filename, options)
    if shape.format in files.SCRIPTS:
        if engine.script is None:
            raise BadInput(f"Scripts cannot be imported into {engine.display_name}.")
        with scripts.opened(engine.script, path) as script:
            text = _shown(script.read(PREVIEW_BYTES).decode(errors="replace"))
        return {"format": shape.format, "columns": [], "rows": [], "text": text}
    rows = files.sample(path, shape)
    columns, types = [], engine.dialect.types
    assert types
    for number, name in enumerate(shape.columns):
        kind = inference.kind_of_values(row[number] for row in rows)
        columns.append({"name": name, "kind": kind.name, "type": types.spell(kind, False).type})
    sample_rows = [[_shown(cell) for cell in row] for row in rows[:PREVIEW_ROWS]]
    csv = asdict(shape.csv) if shape.format == "csv" else None
    return {"format": shape.format, "csv": csv, "columns": columns, "rows": sample_rows}


def _is_archive(path: Path, filename: str, engine: Engine) -> bool:
    """Return True for an archive of the engine's own program; raise Unreadable for one of another engine."""
    with path.open("rb") as file:
        head = file.read(scripts.HEAD_BYTES)
    for other in all_engines().values():
        if other.script and (name := other.script.archive_name(head)):
            if other.name != engine.name:
                raise Unreadable(
                    f"{filename} is a {name}.", hint=f"Import it into a {other.display_name} database, then copy that."
                )
            return True
    return False


def _shown(cell: Any) -> Any:
    """Return a cell for a preview; our own database stores no zero characters."""
    if isinstance(cell, bytes):
        return "\\x" + cell.hex()
    return cell.replace("\0", ZERO_SIGN) if isinstance(cell, str) else cell


async def start(context: Context, actor: Actor, transfer_id: uuid.UUID, import_request: ImportRequest) -> TransferView:
    """Put the import of an uploaded file into the queue."""
    async with context.store.transaction() as db:
        transfer = await transfers.find(db, actor, transfer_id, write=True)
    if transfer.kind != "import":
        raise NotFound("There is no such import.")
    access = await doors.authorize_query(
        context, actor, transfer.database_id, write=True, confirmed=import_request.confirmed
    )
    request = await _checked(context, access, transfer, import_request)
    async with context.store.transaction() as db:
        row = await transfers.find(db, actor, transfer_id, write=True, lock=True)
        if row.job_id is not None:
            raise Conflict(
                "This import has already been started.", hint="Upload the file again to import it once more."
            )
        database = await databases.find(db, actor, row.database_id, "database:write")
        row.request = request
        into = f" into {import_request.table}" if import_request.table else f" on {database.name}"
        job = await transfers.begin(db, actor, row, database, f"Import {row.filename}{into}")
        return TransferView(row, job)


async def _checked(
    context: Context, access: doors.Access, transfer: Transfer, import_request: ImportRequest
) -> dict[str, Any]:
    """Return the request as it is stored, or raise Invalid with its errors."""
    if transfer.preview["format"] in files.SCRIPTS:
        return {"on_error": import_request.on_error}
    schema = await schema_cache.read(context, access.reached)
    import_request, relations = _target(import_request, schema, access.reached.engine)
    if not import_request.table.strip() or len(import_request.table) > 63:
        raise Invalid({"table": "Enter the name of a table, with at most 63 characters."})
    known = {column["name"]: column for column in transfer.preview["columns"]}
    columns = list(import_request.columns) or [Mapped(name, name, column["type"]) for name, column in known.items()]
    for item in columns:
        if item.source not in known:
            raise Invalid(
                {"columns": f"The file has no column {item.source!r}."}, hint=did_you_mean(item.source, known)
            )
    if len({item.target for item in columns}) < len(columns):
        raise Invalid({"columns": "Two columns of the file would fill the same column."})
    if import_request.create:
        if relations:
            raise Conflict(
                f"The table {import_request.table} already exists.", hint="Import into it, or choose another name."
            )
        _check_types(columns, access.reached.engine)
    else:
        _check_table(import_request, relations, columns, [item.name for item in schema if item.kind == "table"])
    mapped_columns = [
        {"source": item.source, "target": item.target, "type": item.type or known[item.source]["type"]}
        for item in columns
    ]
    return {
        "table": import_request.table,
        "schema": relations[0].schema if relations else import_request.schema,
        "create": import_request.create,
        "columns": mapped_columns,
        "on_error": import_request.on_error,
    }


def _target(wanted: ImportRequest, schema: Schema, engine: Engine) -> tuple[ImportRequest, list[Relation]]:
    """Return the request with its schema, which may be named in its table, and the table if it exists."""
    relations = [item for item in schema if item.name == wanted.table and wanted.schema in {None, item.schema}]
    spaces = {item.schema for item in schema} | {engine.dialect.default_schema}
    # The name of a schema may contain a dot.
    named = sorted((space for space in spaces if space and wanted.table.startswith(f"{space}.")), key=len)
    if not relations and named and wanted.schema is None:
        space = named[-1]
        return _target(replace(wanted, table=wanted.table.removeprefix(f"{space}."), schema=space), schema, engine)
    if len(relations) > 1:
        names = " and ".join(item.qualified_name for item in relations)
        raise Invalid({"table": f"There are several tables named {wanted.table}: {names}."}, hint="Name one of them.")
    return wanted, relations


def _check_types(columns: Sequence[Mapped], engine: Engine) -> None:
    longest, in_bytes = engine.dialect.max_identifier_length, engine.dialect.identifier_bytes
    for column in columns:
        size = len(column.target.encode()) if in_bytes else len(column.target)
        if not column.target.strip():
            raise Invalid({"columns": f"The column {column.source[:80]!r} needs a name in the table."})
        if size > longest:
            limit = f"{size:,} {'bytes' if in_bytes else 'characters'}; at most {longest} are allowed"
            raise Invalid(
                {"columns": f"The column name {column.target[:40]!r}… has {limit}."},
                hint="Shorten the name in the first row of the file, or map it to another name.",
            )
        if column.type and not _TYPE.fullmatch(column.type):
            raise Invalid({"columns": f"{column.type!r} is not a valid type."})


def _check_table(
    import_request: ImportRequest, relations: Sequence[Relation], columns: Sequence[Mapped], tables: Sequence[str]
) -> None:
    if not relations:
        raise NotFound(f"There is no table {import_request.table!r}.", hint=did_you_mean(import_request.table, tables))
    if relations[0].kind != "table":
        raise Invalid({"table": f"{import_request.table} is a {relations[0].kind.replace('_', ' ')}, not a table."})
    names = [column.name for column in relations[0].columns]
    for item in columns:
        if item.target not in names:
            raise Invalid(
                {"columns": f"{import_request.table} has no column {item.target!r}."},
                hint=did_you_mean(item.target, names),
            )


def shape(preview: Mapping[str, Any]) -> Shape:
    """Return the shape of a file from its stored preview."""
    names = tuple(column["name"] for column in preview["columns"])
    return Shape(preview["format"], names, CsvOptions(**(preview.get("csv") or {})))

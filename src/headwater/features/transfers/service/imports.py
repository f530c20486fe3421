"""Imports of a file into a table: looked at first, then carried out by a job, every bad row explained."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from headwater.catalog.model import Relation
from headwater.core.transfer import files, inference
from headwater.core.transfer.files import Shape
from headwater.engines import Engine
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import databases, schema_cache
from headwater.features.query.service import access as doors
from headwater.features.transfers import file_store
from headwater.features.transfers.models import Transfer
from headwater.features.transfers.service import copies, transfers
from headwater.features.transfers.service.transfers import TransferView
from headwater.kit.errors import Conflict, Invalid, NotFound, did_you_mean
from headwater.kit.ids import new_id
from headwater.kit.settings import Settings
from headwater.store.context import Context

SHOWN_ROWS = 20
_TYPE = re.compile(r"[A-Za-z_][\w ]{0,60}(?:\(\s*[\w', ]{1,200}\))?(?: [a-z ]{1,30})?(?:\[\])?", re.IGNORECASE)
OnError = Literal["stop", "skip"]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column of the file, the column that it fills, and the type of that when the table is to be made."""

    source: str
    target: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """How a file shall be imported; a script of SQL needs none of the table."""

    table: str = ""
    schema: str | None = None
    create: bool = False
    columns: Sequence[Mapped] = ()
    on_error: OnError = "stop"
    confirmed: bool = False


async def receive(
    context: Context, actor: Actor, database_id: uuid.UUID, chunks: AsyncIterator[bytes], filename: str
) -> TransferView:
    """Take a file for a database and look at it: its columns, what they hold, its first rows."""
    access = await doors.authorize_query(context, actor, database_id, write=True, confirmed=True)
    copies.tabular(access.reached.engine)
    transfer_id = new_id()
    size = await file_store.receive(context.settings, transfer_id, chunks, filename)
    try:
        preview = await asyncio.to_thread(_preview, context.settings, transfer_id, filename, access.reached.engine)
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


def _preview(settings: Settings, transfer_id: uuid.UUID, filename: str, engine: Engine) -> dict[str, Any]:
    path = file_store.path_of(settings, transfer_id, "upload")
    shape = files.shape_of(path, filename)
    if shape.format == "sql":
        with path.open(encoding="utf-8", errors="replace") as file:
            return {"format": "sql", "columns": [], "rows": [], "text": file.read(4000)}
    rows = files.sample(path, shape)
    columns, types = [], engine.dialect.types
    assert types
    for number, name in enumerate(shape.columns):
        kind = inference.kind_of_values(row[number] for row in rows)
        columns.append({"name": name, "kind": kind.name, "type": types.spell(kind, False).type})
    shown = [[cell if not isinstance(cell, bytes) else "\\x" + cell.hex() for cell in row] for row in rows[:SHOWN_ROWS]]
    return {"format": shape.format, "delimiter": shape.delimiter, "columns": columns, "rows": shown}


async def start(context: Context, actor: Actor, transfer_id: uuid.UUID, order: ImportRequest) -> TransferView:
    """Put an import that was looked at into the queue."""
    async with context.store.transaction() as db:
        transfer = await transfers.find(db, actor, transfer_id, write=True)
    if transfer.kind != "import":
        raise NotFound("There is no such import.")
    access = await doors.authorize_query(context, actor, transfer.database_id, write=True, confirmed=order.confirmed)
    request = await _checked(context, access, transfer, order)
    async with context.store.transaction() as db:
        row = await transfers.find(db, actor, transfer_id, write=True, lock=True)
        if row.job_id is not None:
            raise Conflict("This import has begun already.", hint="Upload the file again to import it once more.")
        database = await databases.find(db, actor, row.database_id, "database:write")
        row.request = request
        into = f" into {order.table}" if order.table else f" on {database.name}"
        job = await transfers.begin(db, actor, row, database, f"Import {row.filename}{into}")
        return TransferView(row, job)


async def _checked(context: Context, access: doors.Access, transfer: Transfer, order: ImportRequest) -> dict[str, Any]:
    """Return the order as it is kept, or raise Invalid with what is wrong with it."""
    if transfer.preview["format"] == "sql":
        return {"on_error": order.on_error}
    if not order.table.strip() or len(order.table) > 63:
        raise Invalid({"table": "Name a table, with at most 63 characters."})
    schema = await schema_cache.read(context, access.reached)
    relations = [one for one in schema if one.name == order.table and order.schema in {None, one.schema}]
    known = {column["name"]: column for column in transfer.preview["columns"]}
    columns = list(order.columns) or [Mapped(name, name, column["type"]) for name, column in known.items()]
    for one in columns:
        if one.source not in known:
            raise Invalid({"columns": f"The file has no column {one.source!r}."}, hint=did_you_mean(one.source, known))
    if len({one.target for one in columns}) < len(columns):
        raise Invalid({"columns": "Two columns of the file would fill the same column."})
    if order.create:
        if relations:
            raise Conflict(f"There is a table {order.table} already.", hint="Import into it, or choose another name.")
        _check_types(columns, known)
    else:
        _check_table(order, relations, columns, [one.name for one in schema if one.kind == "table"])
    made = [
        {"source": one.source, "target": one.target, "type": one.type or known[one.source]["type"]} for one in columns
    ]
    return {
        "table": order.table,
        "schema": relations[0].schema if relations else order.schema,
        "create": order.create,
        "columns": made,
        "on_error": order.on_error,
    }


def _check_types(columns: Sequence[Mapped], known: Mapping[str, Any]) -> None:
    for column in columns:
        if not column.target.strip() or len(column.target) > 63:
            raise Invalid({"columns": "The name of a column has 1 to 63 characters."})
        if column.type and not _TYPE.fullmatch(column.type):
            raise Invalid({"columns": f"{column.type!r} is no type."})


def _check_table(
    order: ImportRequest, relations: Sequence[Relation], columns: Sequence[Mapped], tables: Sequence[str]
) -> None:
    if not relations:
        raise NotFound(f"There is no table {order.table!r}.", hint=did_you_mean(order.table, tables))
    if relations[0].kind != "table":
        raise Invalid({"table": f"{order.table} is a {relations[0].kind.replace('_', ' ')}, not a table."})
    names = [column.name for column in relations[0].columns]
    for one in columns:
        if one.target not in names:
            raise Invalid(
                {"columns": f"{order.table} has no column {one.target!r}."}, hint=did_you_mean(one.target, names)
            )


def shape(preview: Mapping[str, Any]) -> Shape:
    """Return the shape of a file as it was found when it came."""
    names = tuple(column["name"] for column in preview["columns"])
    return Shape(preview["format"], names, preview.get("delimiter", ","))

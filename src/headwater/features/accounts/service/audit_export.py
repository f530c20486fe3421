"""Exports of the audit log as CSV and NDJSON, streamed oldest page last, in constant memory."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from headwater.features.accounts.audit_filter import AuditFilter, scope_of
from headwater.features.accounts.models import AuditEntry
from headwater.features.accounts.repository import audit as repository
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, audit_chain
from headwater.store.context import Context

Form: TypeAlias = Literal["csv", "ndjson"]
MEDIA_TYPES: Mapping[Form, str] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
COLUMNS = (*audit_chain.FIELDS, "hash")
AT_ONCE = 500
# A cell that begins with one of these is a formula for a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


async def export(context: Context, actor: Actor, wanted: AuditFilter, form: Form) -> AsyncIterator[bytes]:
    """Yield the wanted entries, newest first, in a format; that they were exported becomes an entry itself."""
    scope = scope_of(actor)
    async with context.store.transaction() as db:
        audit.record(db, actor, "audit.export", "audit", organization_id=wanted.organization_id, format=form)
    if form == "csv":
        yield _csv([COLUMNS])
    encode: Callable[[Sequence[AuditEntry]], bytes] = _csv_entries if form == "csv" else _ndjson
    before: uuid.UUID | None = None
    while True:
        async with context.store.transaction() as db:
            rows = (await repository.entries(db, scope, wanted, before=before, limit=AT_ONCE))[:AT_ONCE]
        if not rows:
            return
        yield encode(rows)
        before = rows[-1].id


def _ndjson(rows: Sequence[AuditEntry]) -> bytes:
    return b"".join(json.dumps(_plain(row), separators=(",", ":"), sort_keys=True).encode() + b"\n" for row in rows)


def _plain(row: AuditEntry) -> dict[str, Any]:
    return audit_chain.plain(row) | {"hash": row.hash.hex() if row.hash else None}


def _csv_entries(rows: Sequence[AuditEntry]) -> bytes:
    return _csv([[cell(_plain(row)[name]) for name in COLUMNS] for row in rows])


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula: such a text gets an apostrophe before it."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return f"'{text}" if text.startswith(_FORMULA) else text

"""What breaks in a scanned codebase when its schema changes; texts are read and searched in batches of files."""

from __future__ import annotations

import asyncio
import uuid
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.changes import Change
from headwater.catalog.codec import from_json
from headwater.catalog.usages import Usage
from headwater.core.lineage.impact import carriers, requests
from headwater.core.lineage.impact.code import ScannedCode
from headwater.core.lineage.impact.report import ImpactReport, ranked, used
from headwater.core.lineage.impact.rules import Hit
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.models import Codebase, Scan
from headwater.features.codebases.repository import codebases as repository
from headwater.features.codebases.repository import files, lineage
from headwater.features.codebases.service import codebases, http_endpoints
from headwater.kit.errors import Conflict
from headwater.readers import Model
from headwater.store.context import Context
from headwater.store.session import Store

FILES_AT_ONCE = 200
_WITHOUT_MODELS = "This scan does not have the lines of models; scan the codebase again."
_USAGE_FIELDS = tuple(field.name for field in msgspec.structs.fields(Usage) if field.name != "evidence")


async def of_change(
    context: Context, actor: Actor, codebase_id: uuid.UUID, request: requests.ChangeRequest
) -> tuple[Codebase, ImpactReport]:
    """Return a codebase and the impact of a change on the code of its newest scan.

    Raises:
        BadInput: the change is not understood.
        NotFound: there is no such codebase, table or column, or no complete scan.
        Conflict: the codebase was scanned again in the meantime.
    """
    async with context.store.transaction() as db:
        codebase, scan = await codebases.scan_of(db, actor, codebase_id)
        schema = from_json(scan.schema_json)
        asked = await asyncio.to_thread(requests.requested, schema, request)
        code = await _code(db, scan, asked.changes)
    hits = await asyncio.to_thread(used, asked.changes, code)
    hits += await _carried(context.store, scan.id, carriers.searches(asked.changes, code))
    async with context.store.transaction() as db:
        rows = await files.contents_of(db, scan.id, sorted({hit.file_path for hit in hits if not hit.code_snippet}))
        if await repository.scan(db, scan.id) is None:
            raise Conflict("This codebase was scanned again in the meantime.", hint="Ask again.")
        reach = await http_endpoints.reach_of_files(db, scan.id, sorted({hit.file_path for hit in hits}))
    code = msgspec.structs.replace(code, texts=_texts(rows), reach=reach)
    return codebase, await asyncio.to_thread(ranked, asked, code, hits)


async def _code(db: AsyncSession, scan: Scan, changes: Sequence[Change]) -> ScannedCode:
    """Return what is stored of a codebase as far as the changes need it, without its texts."""
    stored = await repository.models_of(db, scan.id)
    models = msgspec.json.decode(stored, type=list[Model]) if stored else []
    unseen = (*scan.unseen, *(() if stored is not None else (_WITHOUT_MODELS,)))
    code = ScannedCode(from_json(scan.schema_json), models, (), {}, unseen)
    rows = await lineage.usages_of_tables(db, scan.id, carriers.tables(changes, code))
    return msgspec.structs.replace(code, usages=[_usage(row) for row in rows])


def _usage(row: Any) -> Usage:
    return Usage(**{name: getattr(row, name) for name in _USAGE_FIELDS})


async def _carried(store: Store, scan_id: uuid.UUID, searches: Sequence[carriers.CarrierSearch]) -> tuple[Hit, ...]:
    """Return what the searches match in the files of a scan."""
    hits: list[Hit] = []
    after: str | None = "" if searches else None
    while after is not None:
        async with store.transaction() as db:
            rows = await files.contents(db, scan_id, after, FILES_AT_ONCE)
        hits += await asyncio.to_thread(_matches, searches, rows)
        after = rows[-1].path if len(rows) == FILES_AT_ONCE else None
    return tuple(hits)


def _matches(searches: Sequence[carriers.CarrierSearch], rows: Iterable[Any]) -> list[Hit]:
    return [hit for path, text in _texts(rows).items() for hit in carriers.matches(searches, path, text)]


def _texts(rows: Iterable[Any]) -> dict[str, bytes]:
    return {row.path: zlib.decompress(row.content) for row in rows if row.content is not None}

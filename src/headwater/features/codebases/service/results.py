"""What a scan stores: its totals, files, columns, usages and misses, in the transaction that completes the job."""

from __future__ import annotations

import uuid
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import to_json
from headwater.catalog.model import Relation, Schema
from headwater.catalog.usages import USAGE_TYPES, Usage
from headwater.core.lineage.impact.code import of_scan
from headwater.core.lineage.result import ScanResult
from headwater.features.accounts.service import projects
from headwater.features.codebases.models import Scan
from headwater.features.codebases.repository import bulk_insert, codebases
from headwater.features.codebases.service import endpoint_rows
from headwater.kit.errors import Cancelled
from headwater.kit.ids import new_id

# Columns keep their id from scan to scan of a codebase, so that links to them stay valid.
_NAMESPACE = uuid.UUID("01a1fc00-0000-7000-8000-68656164776f")


def column_id(codebase_id: uuid.UUID, table: str, column: str) -> uuid.UUID:
    """Return the id of a column in a codebase."""
    return uuid.uuid5(_NAMESPACE, f"{codebase_id}\0{table.casefold()}\0{column.casefold()}")


@dataclass(frozen=True, slots=True)
class ScanRun:
    """Which scan the results are of: its codebase, job and start, and the commit that was read, if it is known."""

    codebase_id: uuid.UUID
    job_id: uuid.UUID
    started_at: datetime
    commit: dict[str, Any] | None = None


async def store(db: AsyncSession, run: ScanRun, result: ScanResult) -> None:
    """Replace the results of the previous scan; part of the caller's transaction.

    Raises:
        Cancelled: the codebase was deleted in the meantime.
    """
    codebase_id = run.codebase_id
    codebase = await codebases.get(db, codebase_id, lock=True)
    if codebase is None:
        raise Cancelled("The codebase was deleted.")
    await codebases.delete_scan(db, codebase_id)
    usages = sorted(result.usages, key=_order)
    scan = _scan_row(run, result)
    db.add(scan)
    await db.flush()
    await bulk_insert.copy_files(db, _files(scan.id, result))
    await bulk_insert.copy_columns(db, _columns(scan.id, codebase_id, result.schema, usages))
    await bulk_insert.copy_usages(db, _usages(scan.id, codebase_id, usages))
    await bulk_insert.copy_misses(db, _misses(scan.id, result))
    await bulk_insert.copy_endpoints(db, _storable(endpoint_rows.endpoints(scan.id, codebase_id, result)))
    await bulk_insert.copy_reaches(db, _storable(endpoint_rows.reaches(scan.id, result)))
    await projects.set_counts(db, codebase.project_id, await codebases.counts(db, codebase.project_id))


def _order(usage: Usage) -> tuple[str, str, str, int, int]:
    return usage.table_name, usage.column_name, usage.file_path, usage.line_number, usage.start_column


def _scan_row(run: ScanRun, result: ScanResult) -> Scan:
    reasons: dict[str, list[str]] = defaultdict(list)
    for file in result.skipped:
        reasons[file.reason].append(_clean(file.path))
    skipped = [{"reason": r, "count": len(paths), "examples": paths[:3]} for r, paths in reasons.items()]
    return Scan(
        id=new_id(),
        codebase_id=run.codebase_id,
        job_id=run.job_id,
        started_at=run.started_at,
        commit=_clean_all(run.commit),
        seconds=result.seconds,
        tables=len(result.schema.relations),
        columns=sum(len(relation.columns) for relation in result.schema),
        usages=len(result.usages),
        not_understood=len(result.not_understood),
        files=result.file_counts,
        languages=msgspec.to_builtins(result.languages),
        readers=_clean_all(msgspec.to_builtins(result.readers)),
        skipped=sorted(skipped, key=lambda row: -int(str(row["count"]))),
        schema_json=to_json(result.schema),
        models_json=msgspec.json.encode(result.models),
        halves_json=msgspec.json.encode(result.halves),
        unseen=_clean_all(of_scan(result).unseen),
    )


def _files(scan_id: uuid.UUID, result: ScanResult) -> Iterator[Sequence[Any]]:
    counts = Counter(usage.file_path for usage in result.usages)
    seen: set[str] = set()
    for file in result.files:
        path = _clean(file.path)
        if path in seen:
            continue
        seen.add(path)
        text = result.texts.get(file.path)
        content = zlib.compress(text, 1) if text is not None else None
        yield (
            scan_id,
            path,
            file.language,
            file.lines,
            file.size,
            counts[file.path],
            file.status,
            file.reason,
            content,
        )


def _columns(
    scan_id: uuid.UUID, codebase_id: uuid.UUID, schema: Schema, usages: Sequence[Usage]
) -> Iterator[Sequence[Any]]:
    kinds: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    files: dict[uuid.UUID, set[str]] = defaultdict(set)
    languages: dict[uuid.UUID, set[str]] = defaultdict(set)
    for usage in usages:
        key = column_id(codebase_id, usage.table_name, usage.column_name)
        kinds[key][usage.usage_type] += 1
        files[key].add(usage.file_path)
        languages[key].add(usage.language)
    encode = msgspec.json.encode
    for ordinal, (relation, name) in enumerate((r, c.name) for r in schema for c in r.columns):
        key = column_id(codebase_id, relation.name, name)
        counts = encode({kind: kinds[key][kind] for kind in USAGE_TYPES}).decode()
        yield (
            scan_id,
            ordinal,
            key,
            *_column(relation, name),
            counts,
            len(files[key]),
            encode(sorted(languages[key])).decode(),
        )


def _column(relation: Relation, name: str) -> tuple[Any, ...]:
    column = relation.column(name)
    assert column is not None
    target = relation.references(name)
    return (
        _clean(relation.name),
        relation.kind,
        _clean(name),
        _clean(column.type),
        column.nullable,
        name in relation.primary_key,
        *(target or (None, None)),
    )


def _usages(scan_id: uuid.UUID, codebase_id: uuid.UUID, usages: Sequence[Usage]) -> Iterator[Sequence[Any]]:
    encode = msgspec.json.encode
    last: tuple[str, str] | None = None
    key = uuid.UUID(int=0)
    for n, usage in enumerate(usages):
        if (usage.table_name, usage.column_name) != last:
            last = usage.table_name, usage.column_name
            key = column_id(codebase_id, *last)
        yield (
            scan_id,
            n,
            key,
            _clean(usage.table_name),
            _clean(usage.column_name),
            _clean(usage.file_path),
            usage.line_number,
            usage.end_line,
            usage.start_column,
            usage.end_column,
            _clean(usage.symbol),
            _clean(usage.code_snippet),
            usage.language,
            usage.usage_type,
            usage.sub_type,
            usage.via,
            usage.tier,
            _clean(encode(usage.evidence).decode()),
        )


def _misses(scan_id: uuid.UUID, result: ScanResult) -> Iterator[Sequence[Any]]:
    for n, miss in enumerate(result.not_understood):
        text = _clean(miss.text)[:10_000]
        yield scan_id, n, _clean(miss.file_path), miss.line_number, text, _clean(miss.reason)


def _storable(rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for row in rows:
        yield tuple(_clean(value) if isinstance(value, str) else value for value in row)


def _clean(text: str) -> str:
    """Make a text storable: PostgreSQL accepts no NUL, and UTF-8 no lone surrogate."""
    if "\0" in text or "\\u0000" in text:
        text = text.replace("\0", "�").replace("\\u0000", "�")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _clean_all(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {key: _clean_all(item) for key, item in value.items()}
    return [_clean_all(item) for item in value] if isinstance(value, (list, tuple)) else value

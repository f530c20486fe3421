"""A scan as a report: a JSON document, CSV of the usages, and one self-contained HTML page."""

from __future__ import annotations

import csv
import html
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from headwater import version
from headwater.catalog.model import Schema
from headwater.catalog.usages import USAGE_TYPES, NotUnderstood, Usage
from headwater.core.lineage.result import ScanResult, SkippedFile

USAGE_FIELDS = (
    "table_name",
    "column_name",
    "usage_type",
    "sub_type",
    "file_path",
    "line_number",
    "end_line",
    "start_column",
    "end_column",
    "symbol",
    "language",
    "via",
    "tier",
    "code_snippet",
)


class Report(msgspec.Struct, frozen=True):
    """The data of a report."""

    source: str
    files: Mapping[str, int]
    schema: Schema
    usages: Sequence[Usage]
    not_understood: Sequence[NotUnderstood]
    skipped: Sequence[SkippedFile]


def report_of(result: ScanResult) -> Report:
    """Return the report of a scan."""
    return Report(
        result.source, result.file_counts, result.schema, result.usages, result.not_understood, result.skipped
    )


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain lists and dicts; the shape is documented in docs/reference/report.md."""
    return {
        "headwater": version(),
        "source": report.source,
        "files": dict(report.files),
        "schema": {"tables": [_table(relation) for relation in report.schema]},
        "usages": msgspec.to_builtins(report.usages),
        "not_understood": msgspec.to_builtins(report.not_understood),
        "skipped": msgspec.to_builtins(report.skipped),
    }


def _table(relation: Any) -> dict[str, Any]:
    return {
        "name": relation.name,
        "schema": relation.schema,
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "nullable": column.nullable,
                "primary_key": column.name in relation.primary_key,
                "references": _reference(relation.references(column.name)),
            }
            for column in relation.columns
        ],
        "origins": [{"file": origin.file, "line": origin.line} for origin in relation.origins],
    }


def _reference(target: tuple[str, str] | None) -> dict[str, str] | None:
    return {"table": target[0], "column": target[1]} if target else None


def to_json(report: Report) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=1) + b"\n"


def to_csv(usages: Iterable[Usage]) -> bytes:
    """Return the usages as CSV."""
    return csv_of(USAGE_FIELDS, usages)


def csv_of(fields: Sequence[str], items: Iterable[object]) -> bytes:
    """Return attributes of objects as CSV (RFC 4180).

    A cell that a spreadsheet would execute gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(fields)
    for item in items:
        writer.writerow([_cell(getattr(item, name)) for name in fields])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .25rem .5rem; border-bottom: 1px solid #8884; vertical-align: top }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums }}
code {{ font: 12px/1.5 ui-monospace, monospace }}
details {{ margin: .5rem 0 }}
summary {{ cursor: pointer }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""
_COLUMN_MAP = """<p>{tables} tables, {columns} columns, {usages} usages in {files} files.
Created by Headwater {version}.</p>
<table><thead><tr><th>Column<th>Type{heads}<th class="n">Files</tr></thead><tbody>
{rows}
</tbody></table>
<h2>Usages</h2>
{details}"""


def page_of(title: str, body: str) -> bytes:
    """Return one self-contained HTML page; the body is markup, the title is text."""
    return _PAGE.format(title=html.escape(title), body=body).encode()


def to_html(report: Report) -> bytes:
    """Return one self-contained page: the column map, and all usages by column."""
    explicit = [usage for usage in report.usages if usage.sub_type != "implicit"]
    by_column: dict[tuple[str, str], list[Usage]] = {}
    for usage in explicit:
        by_column.setdefault((usage.table_name, usage.column_name), []).append(usage)
    types = {(r.name, c.name): c.type for r in report.schema for c in r.columns}
    body = _COLUMN_MAP.format(
        version=version(),
        tables=len(report.schema.relations),
        columns=len(types),
        usages=len(explicit),
        files=len({usage.file_path for usage in explicit}),
        heads="".join(f'<th class="n">{kind}' for kind in USAGE_TYPES),
        rows="\n".join(_row(key, kind, by_column.get(key, [])) for key, kind in types.items()),
        details="\n".join(_details(key, usages) for key, usages in sorted(by_column.items())),
    )
    return page_of(f"Column map of {report.source}", body)


def _row(key: tuple[str, str], kind: str, usages: Sequence[Usage]) -> str:
    counts = Counter(usage.usage_type for usage in usages)
    cells = "".join(f'<td class="n">{counts[kind] or "·"}' for kind in USAGE_TYPES)
    name = html.escape(".".join(key))
    files = len({usage.file_path for usage in usages})
    return f'<tr><td><code>{name}</code><td>{html.escape(kind)}{cells}<td class="n">{files}</tr>'


def _details(key: tuple[str, str], usages: Sequence[Usage]) -> str:
    lines = "".join(
        f"<tr><td>{u.usage_type}<td><code>{html.escape(u.file_path)}:{u.line_number}</code>"
        f"<td>{html.escape(u.symbol)}<td><code>{html.escape(u.code_snippet)}</code></tr>"
        for u in usages
    )
    title = f"<summary><code>{html.escape('.'.join(key))}</code> · {len(usages)}</summary>"
    return f"<details>{title}<table>{lines}</table></details>"

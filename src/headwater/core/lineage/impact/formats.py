"""An impact report as JSON, Markdown (for a comment on a pull request) and SARIF 2.1.0 (for code scanning)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from headwater.core.lineage import sarif
from headwater.core.lineage.impact.report import LEVELS, Break, ImpactReport, reached_by

_SARIF_LEVELS = {"breaks": "error", "may_break": "warning", "carries": "note"}
_TITLES = {"breaks": "Breaks", "may_break": "May break", "carries": "Carries the value"}
_MAX_ROWS = 200


def to_json(report: ImpactReport) -> bytes:
    """Return the report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def to_markdown(report: ImpactReport) -> bytes:
    """Return the report as Markdown: a table for each certainty, then the schema, then what could not be seen."""
    counts = Counter(item.certainty for item in report.breaks)
    parts = [f"{counts[level]} {_TITLES[level].lower()}" for level in LEVELS if counts[level]]
    if not report.change:
        return b"### Impact of the schema change\n\nThe schema has not changed.\n"
    lines = ["### Impact of the schema change", "", *(f"- {change}" for change in report.change), ""]
    lines.append(f"**{', '.join(parts) or 'Nothing in the code is seen to break'}.**")
    if report.updated:
        lines += ["", f"{report.updated} more lines have been edited since."]
    for level in LEVELS:
        lines += _table(_TITLES[level], [item for item in report.breaks if item.certainty == level])
    if report.schema:
        lines += ["", "#### In the schema", "", *(f"- {d.kind} `{d.name}`: {d.reason}" for d in report.schema)]
    if report.unseen:
        lines += ["", "#### Not seen", "", *(f"- {text}" for text in report.unseen)]
    return ("\n".join(lines) + "\n").encode()


def _table(title: str, items: list[Break]) -> list[str]:
    if not items:
        return []
    lines = ["", f"#### {title}", "", "| Where | Code | Why |", "| --- | --- | --- |"]
    for item in items[:_MAX_ROWS]:
        code = item.code_snippet.replace("|", "\\|").replace("`", "'")[:120]
        lines.append(f"| `{item.file_path}:{item.line_number}` | `{code or ' '}` | {item.reason}{_reach(item)} |")
    if len(items) > _MAX_ROWS:
        lines += ["", f"{len(items) - _MAX_ROWS} more are left out here; the JSON report has all."]
    return lines


def _reach(item: Break) -> str:
    return f" Reached by {reached_by(item)}." if item.endpoints else ""


def to_sarif(report: ImpactReport) -> bytes:
    """Return the report as SARIF 2.1.0, one result for each line."""
    return sarif.document({level: _TITLES[level] for level in LEVELS}, [_result(item) for item in report.breaks])


def _result(item: Break) -> dict[str, Any]:
    return {
        "ruleId": item.certainty,
        "level": _SARIF_LEVELS[item.certainty],
        "message": {"text": item.reason + _reach(item)},
        "locations": [sarif.location(item.file_path, item.line_number)],
        "partialFingerprints": {"place": f"{item.file_path}:{item.table_name}.{item.column_name}:{item.code_snippet}"},
        "properties": {
            "risk": item.risk,
            "kind": item.kind,
            "symbol": item.symbol,
            "endpoints": item.endpoints,
            "endpointCount": item.endpoint_count,
        },
    }


Format = Literal["json", "markdown", "sarif"]
WRITERS: Mapping[Format, Callable[[ImpactReport], bytes]] = {
    "json": to_json,
    "markdown": to_markdown,
    "sarif": to_sarif,
}

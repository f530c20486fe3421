"""Answers to questions about columns and tables as JSON, CSV, one HTML page, and SARIF 2.1.0 for code scanning."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from headwater import version
from headwater.core.lineage import sarif
from headwater.core.lineage.questions.column_use import ColumnUse, TableUse
from headwater.core.lineage.report import csv_of, page_of

Format = Literal["json", "csv", "html", "sarif"]
Item = ColumnUse | TableUse
_RULES: Mapping[str, str] = {
    "unused": "Nothing uses it",
    "never_read": "It is written, but never read",
    "never_written": "It is read, but never written",
}


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """A list of columns or tables with a title, to be written to a file."""

    title: str
    items: Sequence[Any]
    fields: tuple[str, ...]


def answer(title: str, items: Sequence[msgspec.Struct], shape: type[msgspec.Struct]) -> AnswerFile:
    """Return an answer whose items all have this shape."""
    return AnswerFile(title, items, tuple(field.name for field in msgspec.structs.fields(shape)))


def to_json(given: AnswerFile) -> bytes:
    """Return the items as an indented JSON list."""
    return msgspec.json.format(msgspec.json.encode(given.items), indent=1) + b"\n"


def to_csv(given: AnswerFile) -> bytes:
    """Return the items as CSV."""
    return csv_of(given.fields, given.items)


def to_html(given: AnswerFile) -> bytes:
    """Return one self-contained page with a table of the items."""
    heads = "".join(f"<th>{html.escape(_title(name))}" for name in given.fields)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(_text(getattr(item, name)))}" for name in given.fields) + "</tr>"
        for item in given.items
    )
    count = f"<p>{len(given.items):,} listed. Created by Headwater {version()}.</p>"
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>"
    return page_of(given.title, f"{count}\n{table}")


def to_sarif(given: AnswerFile) -> bytes:
    """Return SARIF 2.1.0: a rule for each question, a result for each item at the place of its declaration."""
    return sarif.document(_RULES, [_result(item) for item in given.items if getattr(item, "state", "") in _RULES])


def _result(item: Item) -> dict[str, Any]:
    name = f"{item.table_name}.{item.column_name}" if isinstance(item, ColumnUse) else item.table_name
    result: dict[str, Any] = {
        "ruleId": item.state,
        "level": "warning" if item.certainty == "certain" else "note",
        "message": {"text": f"{name}: {item.reason}."},
        "partialFingerprints": {"column": f"{name}:{item.state}"},
    }
    if item.file_path and item.line_number:
        result["locations"] = [sarif.location(item.file_path, item.line_number)]
    return result


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value).replace("_", " ")


WRITERS: Mapping[Format, Callable[[AnswerFile], bytes]] = {
    "json": to_json,
    "csv": to_csv,
    "html": to_html,
    "sarif": to_sarif,
}
MEDIA_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "sarif": "application/sarif+json",
}

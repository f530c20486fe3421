"""How values are spelled in CSV, NDJSON and JSON files: once, for results, exports of tables and exports of snapshots.

CSV has the texts that psql shows, and `true` and `false`. In JSON, numbers have all their digits, JSON columns and
arrays are JSON, timestamps are in ISO 8601; what JSON cannot express (NaN, infinity, intervals, bytes, types of a user)
is a string as psql shows it. PostgreSQL's own exports (`engines/postgresql/export.py`) spell the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from headwater.catalog.dialect import Dialect
from headwater.catalog.results import SAFE_INTEGER, Cell, ResultColumn
from headwater.core.transfer import arrays

Spelling: TypeAlias = Callable[[Any], Any]
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?P<rest>\.\d+)?(?P<power>[eE][+-]?\d+)?")
_MOMENT = re.compile(
    r"(?P<date>\d{4,}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d(?:\.\d+)?)"
    r"(?P<zone>[+-]\d\d)?(?P<minutes>:\d\d(?::\d\d)?)?(?P<era> BC)?"
)
_IN_ONE_LINE = {10: " ", 13: " "}
_NUMBERS = frozenset({"integer", "decimal", "float"})
# Types of which an engine gives numbers, so that a text among them is a text; only huge integers are texts for safety.
_INTEGERS = frozenset({"integer", "smallint", "bigint", "int", "tinyint", "mediumint"})
_FLOATS = frozenset({"double precision", "real", "double", "float"})


def csv_cell(cell: Cell) -> Cell:
    """Return a cell as CSV spells it."""
    return ("false", "true")[cell] if isinstance(cell, bool) else cell


def in_json(column: ResultColumn, dialect: Dialect | None) -> Spelling | None:
    """Return the function that makes a cell of a column a JSON value; None if its cells are such values already."""
    base = column.type.partition("(")[0].lower()
    if column.kind == "json":
        return _embedded
    if column.kind == "number" and base not in _FLOATS:
        return _whole if base.removesuffix(" unsigned") in _INTEGERS else _number
    if column.kind == "time" and base.startswith(("timestamp", "datetime")):
        return _moment
    types = dialect.types if dialect else None
    if column.kind == "array" and types and types.parse_array and types.read:
        kind = types.read(column.type.removesuffix("[]")).name
        item = _embedded if kind == "json" else _item(kind)
        parse = types.parse_array
        return lambda cell: arrays.map_items(parse(str(cell)), item)
    return None


def _item(kind: str) -> Spelling:
    """Return the spelling of an item of an array, which is a text or None."""
    if kind == "boolean":
        return lambda text: None if text is None else text == "t"
    special = _number if kind in _NUMBERS else _moment if kind == "timestamp" else None
    return lambda text: text if text is None or special is None else special(text)


def _number(cell: Cell) -> Any:
    return msgspec.Raw(cell.encode()) if isinstance(cell, str) and _NUMBER.fullmatch(cell) else cell


def _whole(cell: Cell) -> Any:
    match = _NUMBER.fullmatch(cell) if isinstance(cell, str) else None
    huge = match is not None and not match["rest"] and not match["power"] and abs(int(match[0])) > SAFE_INTEGER
    return msgspec.Raw(match[0].encode()) if match and huge else cell


def _moment(cell: Cell) -> Any:
    match = _MOMENT.fullmatch(cell) if isinstance(cell, str) else None
    if match is None:
        return cell
    zone = (match["zone"] or "") + (match["minutes"] or (":00" if match["zone"] else ""))
    return f"{match['date']}T{match['time']}{zone}{match['era'] or ''}"


def _embedded(cell: Cell) -> Any:
    """Return JSON text as a part of the row, in one line, with its own digits; other text stays text."""
    try:
        msgspec.json.decode(str(cell), type=msgspec.Raw)
    except msgspec.DecodeError:
        return cell
    return msgspec.Raw(cell.translate(_IN_ONE_LINE).encode()) if isinstance(cell, str) else cell

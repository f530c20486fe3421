"""Values of MongoDB as Extended JSON and back, without loss of their types."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp, json_util
from bson.codec_options import DatetimeConversion
from bson.errors import BSONError
from bson.json_util import DatetimeRepresentation, JSONMode, JSONOptions

from headwater.kit.errors import BadInput

Document: TypeAlias = dict[str, Any]
SAFE_INTEGER = 2**53 - 1
SMALL_INTEGER = 2**31
OPTIONS = JSONOptions(
    json_mode=JSONMode.RELAXED,
    datetime_representation=DatetimeRepresentation.ISO8601,
    tz_aware=True,
    strict_uuid=True,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
# An object with just one of these keys is a value of its own type. `$regex` is left alone: it is an operator too.
TYPES = frozenset(
    {
        "$oid",
        "$date",
        "$numberInt",
        "$numberLong",
        "$numberDouble",
        "$numberDecimal",
        "$binary",
        "$uuid",
        "$timestamp",
        "$regularExpression",
        "$minKey",
        "$maxKey",
        "$undefined",
        "$symbol",
        "$dbPointer",
    }
)
# A typed value over several lines; texts contain no line breaks, so it is never inside a text.
_TYPED = re.compile(r'\{\n\s*("\$\w+": [^\n{}\[\]]*)\n\s*\}')
_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "bool",
    Int64: "long",
    int: "int",
    float: "double",
    Decimal128: "decimal",
    dict: "object",
    list: "array",
    ObjectId: "objectId",
    Regex: "regex",
    Timestamp: "timestamp",
    MinKey: "minKey",
    MaxKey: "maxKey",
    Binary: "binData",
    bytes: "binData",
    Code: "javascript",
    DBRef: "dbPointer",
    type(None): "null",
}


def display_text(value: Any, *, indent: int | None = None) -> str:
    """Return a value as relaxed Extended JSON; long integers that would be read as another type say their type."""
    text = json.dumps(_plain(value), ensure_ascii=False, indent=indent)
    return text if indent is None else _TYPED.sub(r"{\1}", text)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(of) for key, of in value.items()}
        case list():
            return [_plain(item) for item in value]
        case bool() | str() | None:
            return value
        case int():
            long = isinstance(value, Int64) and -SMALL_INTEGER <= value < SMALL_INTEGER
            return {"$numberLong": str(value)} if long or abs(value) > SAFE_INTEGER else int(value)
    return json.loads(json_util.dumps(value, json_options=OPTIONS))


def typed(given: Document) -> Any:
    """Return the value of an Extended JSON object: the object itself, or a value of another type.

    Raises:
        BadInput: it is not valid Extended JSON.
    """
    if len(given) != 1:
        return given
    (key,) = given
    if key == "$code":
        raise BadInput("JavaScript is not allowed here.", hint="Use operators such as $expr instead.")
    if key not in TYPES:
        return given
    try:
        return json_util.object_hook(given, OPTIONS)
    except (ValueError, TypeError, ArithmeticError, AttributeError, BSONError) as error:
        raise BadInput(f"This is not a valid {key.strip('$')}: {json.dumps(given[key], default=str)[:60]}.") from error


def type_of(value: Any) -> str:
    """Return MongoDB's name of a value's type."""
    for kind, name in _NAMES.items():
        if type(value) is kind:
            return name
    return "date" if hasattr(value, "isoformat") or type(value).__name__ == "DatetimeMS" else "binData"


def walk(value: Any, visit: Callable[[str, Any], None]) -> None:
    """Call `visit` with each key and value, at any depth."""
    if isinstance(value, dict):
        for key, of in value.items():
            visit(key, of)
            walk(of, visit)
    elif isinstance(value, list):
        for item in value:
            walk(item, visit)

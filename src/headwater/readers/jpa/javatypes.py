"""SQL types of Java and Kotlin types, as Hibernate's dialects name them in common."""

from __future__ import annotations

import re

from headwater.catalog import facts as f
from headwater.readers._annotations import annotation, last, number, value

_TYPES = {
    **dict.fromkeys(("long", "Long", "BigInteger", "AtomicLong"), "bigint"),
    **dict.fromkeys(("int", "Integer", "Int", "AtomicInteger", "Year"), "integer"),
    **dict.fromkeys(("short", "Short", "byte", "Byte"), "smallint"),
    **dict.fromkeys(("boolean", "Boolean"), "boolean"),
    **dict.fromkeys(("double", "Double"), "double precision"),
    **dict.fromkeys(("float", "Float"), "real"),
    **dict.fromkeys(("Date", "Timestamp", "LocalDateTime", "Calendar"), "timestamp"),
    **dict.fromkeys(("Instant", "OffsetDateTime", "ZonedDateTime"), "timestamp with time zone"),
    **dict.fromkeys(("LocalTime", "Time"), "time"),
    **dict.fromkeys(("ByteArray", "Blob"), "blob"),
    **dict.fromkeys(("char", "Character", "Char"), "char(1)"),
    "LocalDate": "date",
    "UUID": "uuid",
    "Clob": "clob",
    "Duration": "bigint",
}
_TEMPORAL = {"DATE": "date", "TIME": "time", "TIMESTAMP": "timestamp"}
PRIMITIVES = frozenset({"long", "int", "short", "byte", "boolean", "double", "float", "char"})


_DEFINITION = re.compile(
    r"(?P<type>.*?)(?:\s+not\s+null)?(?:\s+default\s+(?P<default>'(?:[^']|'')*'|\S+))?(?:\s+not\s+null)?", re.IGNORECASE
)


def of_definition(text: str | None) -> tuple[str, str | None]:
    """Return the type and the default in a definition that is SQL: `bit default '0'`."""
    match = _DEFINITION.fullmatch((text or "").strip())
    return (match["type"], match["default"]) if match else (text or "", None)


def is_assumed(typed: f.Expr | None, decorators: tuple[f.Expr, ...]) -> bool:
    """Return True if nobody declares the type of a column: Hibernate derives it from the attribute."""
    column = annotation(decorators, "Column")
    is_sized = any(number(value(column, key)) is not None for key in ("length", "precision"))
    return not is_sized and annotation(decorators, "Temporal") is None and annotation(decorators, "Lob") is None


def sql_type(typed: f.Expr | None, decorators: tuple[f.Expr, ...], is_enum: bool) -> str:
    """Return the SQL type of an attribute, "" if its Java type has none that is known."""
    column = annotation(decorators, "Column")
    name = last(typed)
    is_large = annotation(decorators, "Lob") is not None
    if name in ("String", "CharSequence"):
        return "clob" if is_large else f"varchar({number(value(column, 'length')) or 255})"
    if (temporal := annotation(decorators, "Temporal")) is not None:
        return _TEMPORAL.get(last(value(temporal, "value")), "timestamp")
    if is_enum:
        mode = last(value(annotation(decorators, "Enumerated"), "value"))
        return f"varchar({number(value(column, 'length')) or 255})" if mode == "STRING" else "smallint"
    if name == "BigDecimal":
        precision, scale = number(value(column, "precision")) or 38, number(value(column, "scale"))
        return f"numeric({precision},{2 if scale is None else scale})"
    if name == "list" and isinstance(typed, f.Subscript) and last(typed.index) in ("byte", "Byte"):
        return "blob" if is_large else "varbinary(255)"
    return _TYPES.get(name, "")

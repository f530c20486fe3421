"""Types as PostgreSQL's catalog spells them: `int` is `integer`, `varchar(5)` is `character varying(5)`."""

from __future__ import annotations

from functools import cache
from typing import Final

from headwater.readers.sql.postgresql.tree import Node, deparsed, kind_of, strings

# What format_type() prints for the types that have names in the SQL standard.
_NAMES: Final = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "bpchar": "character",
    "varbit": "bit varying",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "serial2": "smallserial",
    "serial4": "serial",
    "serial8": "bigserial",
}
_WITH_ZONES: Final = ("timestamp", "timestamptz", "time", "timetz")
SERIALS: Final = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}
_ANY_FIELD, _PLAIN_NAME = 0x7FFF, frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_FIELDS: Final = ((4, "year"), (2, "month"), (8, "day"), (1024, "hour"), (2048, "minute"), (4096, "second"))


def spell(node: Node) -> str:
    """Return the text of a TypeName node."""
    parts = strings(node.names)
    if not node.typmods:
        return _without_modifiers(parts) + ("[]" if node.array_bounds else "")
    name = parts[-1]
    if parts[0] == "pg_catalog" or (len(parts) == 1 and name in _NAMES):
        text = _system(name, [_modifier(each) for each in node.typmods], generic=parts[0] != "pg_catalog")
    else:
        text = f"{'.'.join(map(quoted, parts))}({','.join(_modifier(each) for each in node.typmods)})"
    return text + ("[]" if node.array_bounds else "")


@cache
def _without_modifiers(parts: tuple[str, ...]) -> str:
    if parts[0] == "pg_catalog" or (len(parts) == 1 and parts[0] in _NAMES):
        return _system(parts[-1], [], generic=parts[0] != "pg_catalog")
    return '"char"' if parts == ("char",) else ".".join(map(quoted, parts))


def _system(name: str, modifiers: list[str], *, generic: bool) -> str:
    if name == "bpchar" and generic and not modifiers:
        return "bpchar"
    if name == "interval":
        return _interval(modifiers)
    standard = _NAMES.get(name, '"char"' if name == "char" else name)
    if not modifiers:
        return standard
    if name == "numeric" and len(modifiers) == 1:
        modifiers = [*modifiers, "0"]
    arguments = f"({','.join(modifiers)})"
    if name in _WITH_ZONES:
        first, _, rest = standard.partition(" ")
        return f"{first}{arguments} {rest}"
    return standard + arguments


def _interval(modifiers: list[str]) -> str:
    if not modifiers:
        return "interval"
    mask = int(modifiers[0])
    digits = f"({modifiers[1]})" if len(modifiers) > 1 else ""
    if mask == _ANY_FIELD:
        return f"interval{digits}"
    fields = [name for bit, name in _FIELDS if mask & bit]
    span = fields[0] if len(fields) == 1 else f"{fields[0]} to {fields[-1]}"
    return f"interval {span}{digits}"


def _modifier(node: Node) -> str:
    if kind_of(node) == "a_const" and node.a_const.WhichOneof("val") == "sval":
        return str(node.a_const.sval.sval)
    if kind_of(node) == "a_const" and node.a_const.WhichOneof("val") == "ival":
        return str(node.a_const.ival.ival)
    return deparsed(node)


def quoted(name: str) -> str:
    """Return an identifier, in double quotes if it is not plain lower case."""
    if name and not name[0].isdigit() and _PLAIN_NAME.issuperset(name):
        return name
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str | None, name: str) -> str:
    """Return the text of a name in a schema, if it is in one."""
    return f"{quoted(schema)}.{quoted(name)}" if schema else quoted(name)

"""The names that PostgreSQL gives to constraints and indexes without one, for DROP and RENAME later on.

Source: PostgreSQL's makeObjectName() and ChooseConstraintName() in commands/indexcmds.c.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from headwater.catalog.model import Relation
from headwater.readers.sql.postgresql.tree import Node, enum_name, kind_of, strings

_LONGEST: Final = 63  # bytes of a name


def choose(table: str, columns: Iterable[str], label: str, taken: Iterable[str | None]) -> str:
    """Return the first free name for a constraint or an index.

    Args:
        table: the table's name.
        columns: the columns in it; without any, they are left out of the name.
        label: such as `fkey`.
        taken: the names that exist.
    """
    known, number = set(taken), 0
    while True:
        name = _joined(table, "_".join(columns), f"{label}{number or ''}")
        if name not in known:
            return name
        number += 1


def _joined(table: str, columns: str, label: str) -> str:
    first, second = table.encode(), columns.encode()
    room = _LONGEST - len(label) - 1 - (1 if second else 0)
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = [part.decode("utf-8", "ignore") for part in (first, second) if part]
    return "_".join([*parts, label])


def of_constraints(relation: Relation) -> list[str | None]:
    """Return the names of a relation's constraints and indexes."""
    keys, checks = (each.name for each in relation.foreign_keys), (each.name for each in relation.checks)
    return [*keys, *checks, *(index.name for index in relation.indexes)]


def output_name(node: Node) -> str:
    """Return the name of an expression in a SELECT list without AS (FigureColname in PostgreSQL)."""
    return _figure(node)[0] or "?column?"


def _figure(node: Node) -> tuple[str, int]:
    """Return a name and its strength: a name of strength 1 gives way to a stronger one further out."""
    kind = kind_of(node)
    match kind:
        case "column_ref":
            return _last_name(node.column_ref.fields), 2
        case "a_indirection":
            name = _last_name(node.a_indirection.indirection)
            return (name, 2) if name else _figure(node.a_indirection.arg)
        case "func_call":
            return strings(node.func_call.funcname)[-1], 2
        case "type_cast":
            name, strength = _figure(node.type_cast.arg)
            return (name, strength) if strength > 1 else (strings(node.type_cast.type_name.names)[-1], 1)
        case "collate_clause":
            return _figure(node.collate_clause.arg)
        case "case_expr":
            name, strength = _figure(node.case_expr.defresult)
            return (name, strength) if strength > 1 else ("case", 1)
        case "sub_link":
            return _of_sublink(node.sub_link)
        case "min_max_expr":
            return enum_name("MinMaxOp", node.min_max_expr.op).removeprefix("IS_").lower(), 2
        case "a_expr" if enum_name("A_Expr_Kind", node.a_expr.kind) == "AEXPR_NULLIF":
            return "nullif", 2
        case "sqlvalue_function":
            return _value_function(node.sqlvalue_function.op), 2
    return (_FIXED[kind], 2) if kind in _FIXED else ("", 0)


_FIXED: Final = {
    "coalesce_expr": "coalesce",
    "a_array_expr": "array",
    "row_expr": "row",
    "grouping_func": "grouping",
    "xml_serialize": "xmlserialize",
    "json_object_constructor": "json_object",
    "json_array_constructor": "json_array",
}


def _last_name(fields: Iterable[Node]) -> str:
    names = [field.string.sval for field in fields if field.HasField("string")]
    return names[-1] if names else ""


def _value_function(number: int) -> str:
    name = enum_name("SQLValueFunctionOp", number).removeprefix("SVFOP_").removesuffix("_N")
    return name.lower()


def _of_sublink(link: Node) -> tuple[str, int]:
    match enum_name("SubLinkType", link.sub_link_type):
        case "EXISTS_SUBLINK":
            return "exists", 2
        case "ARRAY_SUBLINK":
            return "array", 2
        case "EXPR_SUBLINK" if link.subselect.select_stmt.target_list:
            target = link.subselect.select_stmt.target_list[0].res_target
            return (target.name, 2) if target.name else _figure(target.val)
    return "", 0

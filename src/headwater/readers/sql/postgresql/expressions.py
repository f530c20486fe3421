"""Expressions as text: simple ones directly, since most defaults and checks are simple, others by the deparser."""

from __future__ import annotations

from typing import Final

from headwater.readers.sql.postgresql import types
from headwater.readers.sql.postgresql.tree import Node, deparsed, enum_name, kind_of, literal, strings


def expression(node: Node) -> str:
    """Return an expression as SQL, as PostgreSQL prints it."""
    text = _simple(node)
    return text if text is not None else deparsed(node)


def _simple(node: Node) -> str | None:
    """Return the text of a constant, a column, a call without arguments, a cast or a comparison of those, or None."""
    kind = kind_of(node)
    match kind:
        case "a_const":
            return _constant(node.a_const)
        case "column_ref" if all(kind_of(each) == "string" for each in node.column_ref.fields):
            return ".".join(map(types.quoted, strings(node.column_ref.fields)))
        case "func_call":
            return _call(node.func_call)
        case "type_cast":
            inner = _simple(node.type_cast.arg)
            simple = inner is not None and kind_of(node.type_cast.arg) in ("a_const", "column_ref", "type_cast")
            return f"{inner}::{types.spell(node.type_cast.type_name)}" if simple else None
        case "sqlvalue_function" if node.sqlvalue_function.typmod == -1:
            return enum_name("SQLValueFunctionOp", node.sqlvalue_function.op).removeprefix("SVFOP_")
        case "a_expr" if enum_name("A_Expr_Kind", node.a_expr.kind) == "AEXPR_OP":
            return _comparison(node.a_expr)
    return None


def _constant(node: Node) -> str | None:
    match node.WhichOneof("val"):
        case "ival":
            return str(node.ival.ival)
        case "fval":
            return str(node.fval.fval)
        case "boolval":
            return "true" if node.boolval.boolval else "false"
        case "sval" if "\\" not in node.sval.sval:
            return literal(node.sval.sval)
    return "NULL" if node.isnull else None


def _call(node: Node) -> str | None:
    name = strings(node.funcname)[-1]
    plain = len(node.funcname) == 1 and not (node.args or node.agg_star or node.HasField("over"))
    return f"{name}()" if plain and types.quoted(name) == name else None


_OPERANDS: Final = ("a_const", "column_ref", "type_cast")


def _comparison(node: Node) -> str | None:
    operands = (node.lexpr, node.rexpr)
    if len(node.name) != 1 or not all(kind_of(each) in _OPERANDS for each in operands):
        return None
    left, right = map(_simple, operands)
    return None if left is None or right is None else f"{left} {node.name[0].string.sval} {right}"

"""Translates defaults, checks and conditions between dialects: only those that certainly mean the same."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from headwater.catalog.dialect import Dialect

# Expressions that mean the same in every dialect, once they are translated.
_SAME: tuple[type[exp.Expression], ...] = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Paren,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Is,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.In,
    exp.Between,
    exp.Neg,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Tuple,
)
_NOW = re.compile(
    r"(?:now|current_timestamp|localtimestamp|transaction_timestamp|statement_timestamp)\s*(?:\(\s*\d*\s*\))?",
    re.IGNORECASE,
)
_IN_UTC = re.compile(r"'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\+00(?::?00)?'")
_TODAY = re.compile(r"current_date(?:\s*\(\s*\))?|curdate\s*\(\s*\)", re.IGNORECASE)
_MOMENT = re.compile(r"'\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::?\d\d)?)?)?'")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def translate(text: str, source: Dialect, target: Dialect) -> str | None:
    """Return a condition in another dialect, or None if its meaning could change."""
    tree = _parsed(text, source)
    if tree is None or not all(isinstance(node, _SAME) for node in tree.walk()):
        return None
    if any(isinstance(node, exp.Column) and node.table for node in tree.walk()):
        return None
    return tree.sql(dialect=target.sqlglot, identify=True)


def default(text: str, source: Dialect, target: Dialect, kind: str, scale: int | None = None) -> str | None:
    """Return a default in another dialect, or None if it cannot be expressed reliably."""
    bare = _without_casts(text, source)
    if bare is None:
        return None
    if _NOW.fullmatch(bare):
        digits = f"({min(scale, 6)})" if target.has_precise_now and scale else ""
        return f"CURRENT_TIMESTAMP{digits}" if kind == "timestamp" else None
    if _TODAY.fullmatch(bare):
        return target.current_date
    if bare.upper() == "NULL":
        return None
    if kind == "timestamp" and not target.keeps_utc_offset and (match := _IN_UTC.fullmatch(bare)):
        return f"'{match[1]}'"  # the others store times in UTC implicitly
    if kind == "boolean":
        return _boolean(bare, target)
    tree = _parsed(bare, source)
    if tree is None or not isinstance(tree.find(exp.Literal) or tree, exp.Literal):
        return None
    literals = all(isinstance(node, exp.Literal | exp.Neg | exp.Paren) for node in tree.walk())
    if not literals or kind in {"binary", "array", "bits", "interval", "other"}:
        return None
    if kind in {"date", "timestamp"} and not _MOMENT.fullmatch(bare):
        return None  # words such as infinity
    if kind in {"integer", "decimal", "float"} and (inner := bare.strip("'\"")) != bare and _NUMBER.fullmatch(inner):
        return inner
    return tree.sql(dialect=target.sqlglot)


def _boolean(text: str, target: Dialect) -> str | None:
    known = {
        "true": True,
        "1": True,
        "'t'": True,
        "b'1'": True,
        "false": False,
        "0": False,
        "'f'": False,
        "b'0'": False,
    }
    value = known.get(text.lower(), known.get(text.lower().strip("'")))
    if value is None:
        return None
    return target.boolean_literals[value]


def _parsed(text: str, source: Dialect) -> exp.Expression | None:
    try:
        tree = sqlglot.parse_one(text, dialect=source.sqlglot)
    except SqlglotError:
        return None
    return tree.transform(_uncast) if isinstance(tree, exp.Expression) else None


def _without_casts(text: str, source: Dialect) -> str | None:
    """Return a default without the casts and parentheses that servers add around constants."""
    bare = text.strip()
    while bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1].strip()
    if source.has_named_enums:
        tree = _parsed(bare, source)
        bare = tree.sql(dialect=source.sqlglot) if isinstance(tree, exp.Literal | exp.Neg | exp.Boolean) else bare
    return bare


def _uncast(node: exp.Expression) -> exp.Expression:
    """Return a constant without a redundant cast, and `= ANY (ARRAY[…])` as IN."""
    if isinstance(node, exp.EQ) and isinstance(node.expression, exp.Any):
        listed = _inside(node.expression.this)
        if isinstance(listed, exp.Array):
            items = [expression.transform(_uncast) for expression in listed.expressions]
            return exp.In(this=node.this.transform(_uncast), expressions=items)
    if not isinstance(node, exp.Cast):
        return node
    inner = _inside(node.this)
    texts = node.to.this in {exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR, exp.DataType.Type.CHAR}
    if isinstance(inner, exp.Literal | exp.Neg) or (texts and isinstance(inner, exp.Column)):
        return inner
    return node


def _inside(node: exp.Expression) -> exp.Expression:
    """Return the expression within parentheses and casts of lists."""
    while isinstance(node, exp.Paren) or (isinstance(node, exp.Cast) and isinstance(_bare(node.this), exp.Array)):
        node = node.this
    return node


def _bare(node: exp.Expression) -> exp.Expression:
    while isinstance(node, exp.Paren):
        node = node.this
    return node

"""Constraints and indexes: of CREATE TABLE, ALTER TABLE and CREATE INDEX."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from headwater.catalog.model import Attributes, Check, Column, ForeignKey, Index, Relation
from headwater.readers.sql.postgresql import names
from headwater.readers.sql.postgresql.expressions import expression
from headwater.readers.sql.postgresql.script_state import ScriptState, with_attribute
from headwater.readers.sql.postgresql.tree import Node, columns_in, enum_name, kind_of, strings
from headwater.readers.sql.postgresql.types import quoted

_ACTIONS: Final = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT", "r": "RESTRICT"}


def with_constraint(state: ScriptState, relation: Relation, node: Node, column: str | None = None) -> Relation:
    """Return a relation with a constraint added.

    Args:
        state: for the tables that foreign keys refer to.
        relation: the relation.
        node: the Constraint.
        column: the column in whose definition it stands.
    """
    handler = _CONSTRAINTS.get(enum_name("ConstrType", node.contype))
    return handler(state, relation, node, column) if handler else relation


def _primary_key(state: ScriptState, relation: Relation, node: Node, column: str | None) -> Relation:
    columns = _keys(relation, node, column)
    standard = names.choose(relation.name, (), "pkey", ())
    given = node.conname or node.indexname or standard
    return replace(
        relation,
        primary_key=columns,
        columns=_required(relation.columns, columns),
        indexes=tuple(index for index in relation.indexes if index.name != node.indexname)
        if node.indexname
        else relation.indexes,
        attrs=with_attribute(relation.attrs, "primary_key", given if given != standard else None),
    )


def _required(columns: tuple[Column, ...], names_: tuple[str, ...]) -> tuple[Column, ...]:
    """Return columns of which some are not nullable."""
    return tuple(replace(each, nullable=False) if each.nullable and each.name in names_ else each for each in columns)


def _keys(relation: Relation, node: Node, column: str | None) -> tuple[str, ...]:
    """Return the columns of a key: those in parentheses, those of USING INDEX, or the one before it."""
    if node.indexname:
        index = next((index for index in relation.indexes if index.name == node.indexname), None)
        return index.columns if index else ()
    return strings(node.keys) or ((column,) if column else ())


def _unique(state: ScriptState, relation: Relation, node: Node, column: str | None) -> Relation:
    columns = _keys(relation, node, column)
    if node.indexname:
        return _constraint_of_index(relation, node)
    if columns == relation.primary_key or any(_is_same(index, columns, node) for index in relation.indexes):
        return relation
    name = node.conname or names.choose(
        relation.name, (*columns, *_included(node)), "key", names.of_constraints(relation)
    )
    attributes = _of_index(node) + (("constraint", "yes"),)
    index = Index(name, columns, unique=True, attrs=tuple(sorted(attributes + _deferrable(node))))
    return replace(relation, indexes=(*relation.indexes, index))


def _is_same(index: Index, columns: tuple[str, ...], node: Node) -> bool:
    return (
        index.columns == columns and index.unique and not node.conname and dict(index.attrs).get("constraint") == "yes"
    )


def _constraint_of_index(relation: Relation, node: Node) -> Relation:
    """Return a relation in which a unique index has become a constraint, which gives it its name."""
    return replace(
        relation,
        indexes=tuple(
            replace(index, name=node.conname or index.name, attrs=with_attribute(index.attrs, "constraint", "yes"))
            if index.name == node.indexname
            else index
            for index in relation.indexes
        ),
    )


def _foreign_key(state: ScriptState, relation: Relation, node: Node, column: str | None) -> Relation:
    columns = strings(node.fk_attrs) or ((column,) if column else ())
    target = state.find(node.pktable)
    if node.pktable.relname == relation.name and (node.pktable.schemaname or relation.schema) == relation.schema:
        target = relation
    name = node.conname or names.choose(relation.name, columns, "fkey", names.of_constraints(relation))
    match = (("match", "FULL"),) if node.fk_matchtype == "f" else ()
    key = ForeignKey(
        columns,
        target.name if target else node.pktable.relname,
        strings(node.pk_attrs) or (target.primary_key if target else ()),
        name,
        target.schema if target else node.pktable.schemaname or None,
        _ACTIONS.get(node.fk_del_action),
        _ACTIONS.get(node.fk_upd_action),
        tuple(sorted(match + _deferrable(node) + _not_valid(node))),
    )
    return replace(relation, foreign_keys=(*relation.foreign_keys, key))


def _check(state: ScriptState, relation: Relation, node: Node, column: str | None) -> Relation:
    name = node.conname
    if not name:
        used = columns_in(node.raw_expr)
        own = used if len(used) == 1 else ()
        name = names.choose(relation.name, own, "check", names.of_constraints(relation))
    attributes = _not_valid(node) + ((("no_inherit", "yes"),) if node.is_no_inherit else ())
    check = Check(expression(node.raw_expr), name, tuple(sorted(attributes)))
    return replace(relation, checks=(*relation.checks, check))


def _exclusion(state: ScriptState, relation: Relation, node: Node, column: str | None) -> Relation:
    elements = [pair.list.items[0].index_elem for pair in node.exclusions]
    operators = [strings(pair.list.items[1].list.items)[-1] for pair in node.exclusions]
    columns = tuple(key_text(element) for element in elements)
    name = node.conname or names.choose(relation.name, _name_parts(elements), "excl", names.of_constraints(relation))
    method = node.access_method or "gist"
    parts = ", ".join(
        f"{_element(element)} WITH {operator}" for element, operator in zip(elements, operators, strict=True)
    )
    where = expression(node.where_clause) if kind_of(node.where_clause) else None
    condition = f" WHERE ({where})" if where else ""
    attributes = dict(_of_index(node)) | {"exclude": f"EXCLUDE USING {method} ({parts}){condition}"}
    if method != "btree":
        attributes["method"] = method
    index = Index(name, columns, where=where, attrs=tuple(sorted(attributes.items())))
    return replace(relation, indexes=(*relation.indexes, index))


def _not_null(state: ScriptState, relation: Relation, node: Node, column: str | None) -> Relation:
    if column:  # its definition says so already
        return relation
    return replace(relation, columns=_required(relation.columns, strings(node.keys)))


_CONSTRAINTS: Final[dict[str, Callable[[ScriptState, Relation, Node, str | None], Relation]]] = {
    "CONSTR_PRIMARY": _primary_key,
    "CONSTR_UNIQUE": _unique,
    "CONSTR_FOREIGN": _foreign_key,
    "CONSTR_CHECK": _check,
    "CONSTR_EXCLUSION": _exclusion,
    "CONSTR_NOTNULL": _not_null,
}


def _deferrable(node: Node) -> Attributes:
    if node.initdeferred:
        return (("deferrable", "deferred"),)
    return (("deferrable", "immediate"),) if node.deferrable else ()


def _not_valid(node: Node) -> Attributes:
    return (("not_valid", "yes"),) if node.skip_validation and not node.initially_valid else ()


def _of_index(node: Node) -> Attributes:
    """Return what a constraint or an index may have: INCLUDE, NULLS NOT DISTINCT."""
    included = _included(node)
    attributes: list[tuple[str, str]] = []
    if included:
        attributes.append(("include", ", ".join(included)))
    if node.nulls_not_distinct:
        attributes.append(("nulls_not_distinct", "yes"))
    return tuple(attributes)


def _included(node: Node) -> list[str]:
    """Return the columns of INCLUDE."""
    including = node.including if hasattr(node, "including") else node.index_including_params
    return [each.string.sval if each.HasField("string") else each.index_elem.name for each in including]


def index_of(relation: Relation, node: Node) -> Index:
    """Return the index of a CREATE INDEX statement on a relation."""
    elements = [each.index_elem for each in node.index_params]
    name = node.idxname or names.choose(
        relation.name, [*_name_parts(elements), *_included(node)], "idx", names.of_constraints(relation)
    )
    attributes = dict(_of_index(node))
    if node.access_method not in ("", "btree"):
        attributes["method"] = node.access_method
    where = expression(node.where_clause) if kind_of(node.where_clause) else None
    return Index(
        name, tuple(key_text(each) for each in elements), node.unique, where, attrs=tuple(sorted(attributes.items()))
    )


def _name_parts(elements: Iterable[Node]) -> list[str]:
    """Return the words for the columns of an index in its name; those of expressions are numbered when they repeat."""
    words: list[str] = []
    for element in elements:
        word = element.name or (names.output_name(element.expr))
        word, number = ("expr" if word == "?column?" else word), 0
        while (f"{word}{number or ''}") in words:
            number += 1
        words.append(f"{word}{number or ''}")
    return words


def key_text(element: Node) -> str:
    """Return one key of an index: a plain column name, or an expression with its order in parentheses."""
    text = _element(element)
    return element.name if element.name and text == quoted(element.name) else f"({text})"


def _element(element: Node) -> str:
    text = quoted(element.name) if element.name else expression(element.expr)
    if not element.name and kind_of(element.expr) != "func_call":
        text = f"({text})"
    if element.collation:
        text += f" COLLATE {'.'.join(map(quoted, strings(element.collation)))}"
    if element.opclass:
        text += f" {'.'.join(strings(element.opclass))}"
    return text + _order(element)


def _order(element: Node) -> str:
    direction = enum_name("SortByDir", element.ordering)
    nulls = enum_name("SortByNulls", element.nulls_ordering)
    descends = direction == "SORTBY_DESC"
    text = " DESC" if descends else ""
    if nulls == "SORTBY_NULLS_FIRST" and not descends:
        text += " NULLS FIRST"
    if nulls == "SORTBY_NULLS_LAST" and descends:
        text += " NULLS LAST"
    return text

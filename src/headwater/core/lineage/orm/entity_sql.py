"""Query languages over entities: JPQL and HQL, and the texts of TypeORM's query builder.

They look like SQL in which tables are entities and columns are attributes; a path may lead along relationships
(`o.customer.name`), and a join names a relationship (`join o.items i`). After the Jakarta Persistence specification,
chapter 4. sqlglot parses the text; names are resolved here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from headwater.catalog import sqltext
from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.usages import Tier
from headwater.core.lineage import sqlroles
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.joins import relation_columns
from headwater.core.lineage.sql_scopes import SqlScope, SqlSource, aliased
from headwater.core.lineage.sqlroles import ColumnRole

_CONSTRUCTOR = re.compile(r"\bnew\s+[\w.]+\s*(?=\()", re.IGNORECASE)
_FETCH = re.compile(r"(?<=\bjoin)\s+fetch\b", re.IGNORECASE)
# What Spring Data adds to JPQL: parameters within a LIKE, and expressions (`:#{…}`, `#{#entityName}`).
_LIKE_PARAMETER = re.compile(r"%(:\w+|\?\d+)%?|(:\w+|\?\d+)%")
_EXPRESSION = re.compile(r"[:?]#\{[^{}]*\}")
# Entities of PHP are named with their namespaces.
_NAMESPACE = re.compile(r"\\?(?:\b\w+\\)+(?=\w)")
_WITHOUT_SELECT = re.compile(r"\s*from\b", re.IGNORECASE)
_SELECT = "select 1 "
_JOIN = sqlroles.SqlRole("join")


def roles(index: CodeIndex, text: str) -> list[ColumnRole]:
    """Return the usages of columns in a statement over entities; positions are those of the text."""
    head = _SELECT if _WITHOUT_SELECT.match(text) else ""
    plain = _FETCH.sub(_blank, _CONSTRUCTOR.sub(_blank, text))
    plain = _NAMESPACE.sub(_blank, plain)
    plain = _EXPRESSION.sub(lambda match: "0".ljust(len(match[0])), plain)
    plain = _LIKE_PARAMETER.sub(lambda match: match[0].replace("%", " "), plain)
    trees, _ = sqltext.parse(sqltext.mask(head + plain))
    walker = _Walker(index)
    claims = [role for tree in trees if not isinstance(tree, exp.Command) for role in walker.statement(tree)]
    if not head:
        return claims
    shift = len(head)
    return [
        ColumnRole(r.table, r.column, r.start - shift, r.end - shift, r.usage_type, r.sub_type, r.tier, r.why)
        for r in claims
    ]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


class _Walker(sqlroles.Walker):
    """Walks a statement in which tables are models and columns are attributes."""

    def __init__(self, index: CodeIndex) -> None:
        self._index = index
        self._models = {model.name: key for key, model in index.models.items()}
        super().__init__(Schema(tuple(_relation(index, key) for key in self._models.values())))

    def _source(self, table: exp.Expr, scope: SqlScope) -> SqlSource:
        if isinstance(table, exp.Table) and table.db:
            return self._joined(table, scope)
        return super()._source(table, scope)

    def _joined(self, table: exp.Table, scope: SqlScope) -> SqlSource:
        """Return the source that `join o.items i` adds."""
        path = [part for part in (table.args.get("catalog"), table.args.get("db")) if part] + [table.this]
        owner = aliased(scope, path[0].name)
        model = self._model(owner[0]) if owner else None
        for part in path[1:]:
            field = self._index.fields[model].get(part.name) if model else None
            model = field.target if field and field.target in self._index.models else None
        relation = _relation(self._index, model) if model else None
        return SqlSource(table.alias_or_name.casefold(), relation, frozenset() if relation else None)

    def _inside_source(self, table: exp.Expr, scope: SqlScope) -> Iterator[ColumnRole]:
        if isinstance(table, exp.Table) and table.db:
            path = [part for part in (table.args.get("catalog"), table.args.get("db")) if part] + [table.this]
            yield from self._path(path, scope, _JOIN)
            return
        yield from super()._inside_source(table, scope)

    def _column(self, node: exp.Column, scope: SqlScope, role: sqlroles.SqlRole) -> Iterator[ColumnRole]:
        path = [part for key in ("catalog", "db", "table", "this") if (part := node.args.get(key))]
        if len(path) > 1 and aliased(scope, path[0].name):
            yield from self._path(path, scope, role)
            return
        for claim in super()._column(node, scope, role):
            yield from self._physical(claim, node.this)

    def _path(self, path: list[exp.Expr], scope: SqlScope, role: sqlroles.SqlRole) -> Iterator[ColumnRole]:
        """Yield the joins on the way of a path, and the column at its end."""
        owner = aliased(scope, path[0].name)
        model = self._model(owner[0]) if owner else None
        for position, part in enumerate(path[1:], 1):
            if model is None:
                return
            last = position == len(path) - 1
            place = self._index.column_of(model, part.name) or self._embedded(model, path[position:])
            if place is None and part.name not in self._index.fields[model]:
                place = self._index.named_column(model, part.name)
            if place:
                yield from _claim(place, part, role, "A")
                return
            field = self._index.fields[model].get(part.name)
            if field is None or field.target not in self._index.models:
                return
            columns = relation_columns(self._index, model, field)
            ends = columns[: len(field.local)] if last and role is not _JOIN else columns
            for column in ends:
                yield from _claim(column, part, role if last else _JOIN, "A")
            model = field.target

    def _embedded(self, model: str, path: list[exp.Expr]) -> tuple[str, str] | None:
        """Return the column of an attribute inside an embedded object, which readers name with dots."""
        return self._index.column_of(model, ".".join(part.name for part in path)) if len(path) > 1 else None

    def _model(self, source: SqlSource) -> str | None:
        return self._models.get(source.relation.name) if source.relation else None

    def _physical(self, claim: ColumnRole, identifier: exp.Expr) -> Iterator[ColumnRole]:
        """Yield a claim about an attribute as one about its column."""
        model = self._models.get(claim.table)
        if model is None:
            return
        role = sqlroles.SqlRole(claim.usage_type, claim.sub_type)
        place = self._index.column_of(model, claim.column)
        if place is None and claim.column not in self._index.fields[model]:
            place = self._index.named_column(model, claim.column)
        field = self._index.fields[model].get(claim.column)
        if place:
            yield from _claim(place, identifier, role, claim.tier)
        elif field and field.target:
            for column in relation_columns(self._index, model, field)[: len(field.local)]:
                yield from _claim(column, identifier, role, claim.tier)


def _relation(index: CodeIndex, model: str) -> Relation:
    """Return a model as a table whose columns are its attributes."""
    table = index.relations.get(index.models[model].table)
    names = dict.fromkeys((*index.fields[model], *index.models[model].inherited))
    names |= dict.fromkeys(column.name for column in (table.columns if table else ()))
    return Relation(index.models[model].name, tuple(Column(name) for name in names))


def _claim(column: tuple[str, str], identifier: exp.Expr, role: sqlroles.SqlRole, tier: Tier) -> Iterator[ColumnRole]:
    where = identifier.meta
    if "start" in where:
        why = f"{identifier.name} is an attribute that is mapped to {column[0]}.{column[1]}"
        start, end = where["start"], where["end"] + 1
        yield ColumnRole(*column, start, end, role.usage_type, role.sub_type, tier, why)

"""Tables for the grid and the editors: columns, keys and quoted names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headwater.catalog.grammar import Grammar
from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.results import Cell
from headwater.engines import Engine
from headwater.features.databases.service import schema_cache
from headwater.features.query.service.access import Access
from headwater.kit.errors import Conflict, Invalid, NotFound, did_you_mean
from headwater.store.context import Context


@dataclass(frozen=True, slots=True)
class GridTable:
    """A relation and the engine that quotes its names. `key` identifies a row; if it is empty, `why` is the reason."""

    relation: Relation
    engine: Engine
    grammar: Grammar
    key: tuple[str, ...]
    why: str | None

    @property
    def name(self) -> str:
        """The qualified name, quoted."""
        return self.engine.quote(self.relation.schema, self.relation.name)

    def quoted(self, column: str) -> str:
        """Return the quoted name of a column, or raise Invalid if the table has no such column."""
        return self.engine.quote(self.column(column).name)

    def column(self, name: str) -> Column:
        """Return a column, or raise Invalid if the table has no such column."""
        if column := self.relation.column(name):
            return column
        names = [known.name for known in self.relation.columns]
        raise Invalid({"column": f"{self.relation.name} has no column {name!r}."}, hint=did_you_mean(name, names))

    def literal(self, column: str, value: Cell) -> str:
        """Return a value of a column as an SQL literal."""
        return self.grammar.literal(value, self.column(column).type)

    def check_key(self, given: Mapping[str, Cell], edit: int) -> None:
        """Raise Invalid unless these are exactly the columns of the key."""
        if not self.key:
            raise Invalid({"table": self.why or "Rows of this table have no unique key."})
        if set(given) != set(self.key):
            raise Invalid({f"edits.{edit}.key": f"The key of {self.relation.name} is {', '.join(self.key)}."})


async def find(context: Context, access: Access, name: str, schema_name: str | None) -> GridTable:
    """Return a table of the database; the Schema is read again if the stored one does not contain it."""
    schema = await schema_cache.get(context, access.reached)
    relation = _exactly(schema, name, schema_name)
    if relation is None:
        schema = await schema_cache.read(context, access.reached)
        relation = _exactly(schema, name, schema_name)
    if relation is None:
        names = [table.name for table in schema]
        raise NotFound(f"There is no table {name!r} in {access.reached.name}.", hint=did_you_mean(name, names))
    engine = access.reached.engine
    if engine.dialect.grammar is None:
        raise Conflict(f"{engine.display_name} has no tables.", hint="Browse its entries instead.")
    return GridTable(relation, engine, engine.dialect.grammar, *key_of(relation))


def _exactly(schema: Schema, name: str, schema_name: str | None) -> Relation | None:
    relations = [relation for relation in schema if relation.name == name and schema_name in {None, relation.schema}]
    return relations[0] if relations else None


def key_of(relation: Relation) -> tuple[tuple[str, ...], str | None]:
    """Return the columns that identify a row (primary key, unique NOT NULL index), or the reason if there are none."""
    if relation.kind != "table":
        return (), f"{relation.name} is a {relation.kind.replace('_', ' ')}: edit the rows of its tables instead."
    if relation.primary_key:
        return relation.primary_key, None
    required = {column.name for column in relation.columns if not column.nullable}
    for index in relation.indexes:
        if index.unique and not index.where and set(index.columns) <= required:
            return index.columns, None
    return (), f"{relation.name} has no primary key that identifies its rows."

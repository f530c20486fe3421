"""What the statements of a script share: the Schema so far, the search path, temporary tables, dependencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from headwater.catalog.apply import SchemaDraft
from headwater.catalog.model import Attributes, Column, Relation
from headwater.readers.sql.postgresql import types
from headwater.readers.sql.postgresql.tree import Node

Key: TypeAlias = tuple[str | None, str]
# A column without its origin: name, type, attributes, and its other fields.
Definition: TypeAlias = tuple[str, str, Attributes, dict[str, Any]]
# The kinds of objects that are relations in a Schema.
RELATIONS: Final = ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE")
_DEFAULT_SCHEMA = "public"
_USER_SCHEMA = "$user"


@dataclass(slots=True)
class ScriptState:
    """The state of a PostgreSQL session that runs a script.

    Attributes:
        draft: the Schema so far.
        search_path: the schemas of the search path, if the script sets it.
        temporary: the names of temporary tables and views.
        children: the partitions and inheriting tables of a table.
        own_columns: what an inheriting table declares itself.
        uses: the relations that a view reads.
        composites: the fields of composite types, by name.
        schemas: the schemas that the script creates.
        extensions: the extensions that it creates, and the schema of each.
        source: the statement that runs, encoded, for what was read from the same text before; empty in a DO block.
        definitions: the columns that were read, by the text of their definition, and whether there was a search path.
        unread: the reasons why parts of the current statement were not understood.
    """

    draft: SchemaDraft
    search_path: tuple[str, ...] = ()
    temporary: set[str] = field(default_factory=set)
    children: dict[Key, list[Key]] = field(default_factory=dict)
    own_columns: dict[Key, set[str]] = field(default_factory=dict)
    uses: dict[Key, set[Key]] = field(default_factory=dict)
    composites: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    schemas: list[str] = field(default_factory=list)
    extensions: dict[str, str] = field(default_factory=dict)
    source: bytes = b""
    definitions: dict[tuple[bytes, bool], Definition] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def attributes(self) -> dict[str, str]:
        """Return what a Schema says of schemas, extensions and composite types, under the engine's names."""
        fields = {
            name: ", ".join(f"{types.quoted(column.name)} {column.type}" for column in columns)
            for name, columns in self.composites.items()
        }
        known = {f"type:{name}": text for name, text in fields.items()}
        known |= {f"extension:{name}": schema for name, schema in self.extensions.items()}
        return known | ({"schemas": ", ".join(self.schemas)} if self.schemas else {})

    def creation_schema(self, node: Node) -> str | None:
        """Return the schema in which a RangeVar is created; None for the default schema."""
        if node.schemaname:
            return str(node.schemaname)
        first = next((name for name in self.search_path if name != _USER_SCHEMA), None)
        return None if first == _DEFAULT_SCHEMA else first

    def find(self, node: Node) -> Relation | None:
        """Return the relation that a RangeVar refers to; None for one that is temporary or not known."""
        return self.lookup(node.relname, node.schemaname or None)

    def lookup(self, name: str, schema: str | None) -> Relation | None:
        """Return the relation of a name; without a schema, the search path decides."""
        if self.is_temporary(name, schema):
            return None
        if schema is None:
            for each in self.search_path:
                if (relation := self.draft.relation(name, each)) and relation.schema in (each, None):
                    return relation
        return self.draft.relation(name, schema)

    def is_temporary(self, name: str, schema: str | None) -> bool:
        """Return True if a name is that of a temporary table."""
        return schema == "pg_temp" or (schema is None and name in self.temporary)

    def family(self, relation: Relation, *, only: bool = False) -> Iterator[Relation]:
        """Yield a relation and, unless `only`, all of its partitions and inheriting tables."""
        yield relation
        for schema, name in () if only else self.children.get(key_of(relation), ()):
            child = self.draft.relation(name, schema)
            if child is not None:
                yield from self.family(child)

    def adopt(self, parent: Relation, child: Key) -> None:
        """Record a partition or inheriting table."""
        self.children.setdefault(key_of(parent), []).append(child)

    def disown(self, parent: Relation, child: Key) -> None:
        """Forget a partition or inheriting table."""
        known = self.children.get(key_of(parent), [])
        if child in known:
            known.remove(child)

    def moved(self, old: Key, new: Key) -> None:
        """Follow a table to its new name or schema."""
        if old in self.children:
            self.children[new] = self.children.pop(old)
        if old in self.uses:
            self.uses[new] = self.uses.pop(old)
        for children in self.children.values():
            children[:] = [new if child == old else child for child in children]
        for used in self.uses.values():
            if old in used:
                used.remove(old)
                used.add(new)

    def type_of(self, node: Node) -> str:
        """Return the text of a type; one that is in a schema of the search path is qualified."""
        text = types.spell(node)
        base, brackets = (text[:-2], "[]") if text.endswith("[]") else (text, "")
        if "." not in base and len(node.names) == 1:
            for schema in self.search_path:
                if (schema, base) in self.draft.enums or (schema, base) in self.draft.domains:
                    return f"{types.quoted(schema)}.{base}{brackets}" if schema != _DEFAULT_SCHEMA else text
        return text


def key_of(relation: Relation) -> Key:
    """Return the (schema, name) of a relation."""
    return relation.schema, relation.name


def with_attribute(attributes: Attributes, name: str, value: str | None) -> Attributes:
    """Return attributes with one set, or without it if the value is None."""
    rest = [pair for pair in attributes if pair[0] != name]
    return tuple(sorted([*rest, (name, value)] if value is not None else rest))


def with_attributes(relation: Relation, **given: str | None) -> Relation:
    """Return a relation with attributes set."""
    attributes = relation.attrs
    for name, value in given.items():
        attributes = with_attribute(attributes, name, value)
    return replace(relation, attrs=attributes)

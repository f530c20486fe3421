"""Tables while they are built: columns in order and without duplicates, keys, and what becomes a Relation."""

from __future__ import annotations

from collections.abc import Iterable

from headwater.catalog.model import Column, ForeignKey, Index, Origin, Relation

Key = tuple[str | None, str]


class TableDraft:
    """One table; a column that is added twice keeps its first place, and a type that the second one knows."""

    def __init__(self, key: Key, origin: Origin) -> None:
        self.key = key
        self.origin = origin
        self.columns: dict[str, Column] = {}
        self.primary: list[str] = []
        self.foreign: dict[tuple[str, ...], ForeignKey] = {}
        self.indexes: list[Index] = []

    def add(self, column: Column, *, primary: bool = False) -> None:
        """Add a column."""
        folded = column.name.casefold()
        known = self.columns.get(folded)
        if known is None:
            self.columns[folded] = column
        elif not known.type and column.type:
            self.columns[folded] = Column(
                known.name, column.type, known.nullable and column.nullable, known.default, origins=known.origins
            )
        if primary and column.name not in self.primary:
            self.primary.append(self.columns[folded].name)

    def name_of(self, name: str) -> str | None:
        """Return a column's name as the table has it, or None."""
        column = self.columns.get(name.casefold())
        return column.name if column else None

    def refer(self, columns: tuple[str, ...], target: TableDraft, remote: tuple[str, ...]) -> None:
        """Add a foreign key."""
        if columns and len(columns) == len(remote):
            schema, table = target.key
            self.foreign.setdefault(columns, ForeignKey(columns, table, remote, ref_schema=schema))

    def relation(self) -> Relation:
        """Return the table."""
        schema, name = self.key
        return Relation(
            name,
            tuple(self.columns.values()),
            schema=schema,
            primary_key=tuple(self.primary),
            foreign_keys=tuple(self.foreign.values()),
            indexes=tuple(self.indexes),
            origins=(self.origin,),
        )


class TableDrafts:
    """All tables, by schema and name; names differ if they differ ignoring case."""

    def __init__(self) -> None:
        self._drafts: dict[tuple[str | None, str], TableDraft] = {}

    def draft(self, key: Key, origin: Origin) -> TableDraft:
        """Return a table, creating it if necessary."""
        schema, name = key
        return self._drafts.setdefault((schema and schema.casefold(), name.casefold()), TableDraft(key, origin))

    def relations(self) -> Iterable[Relation]:
        """Return all tables that have columns."""
        return (draft.relation() for draft in self._drafts.values() if draft.columns)

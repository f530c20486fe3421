"""Names of new constraints and indexes that nothing else has: names do not count when schemas are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from headwater.catalog import changes as c
from headwater.catalog.model import Check, ForeignKey, Index, Relation, Schema


def with_free_names(steps: Iterable[c.Change], before: Schema) -> Iterator[c.Change]:
    """Yield steps in which no new index, key or check has a name that is in use at that time."""
    names = _Names(part for relation in before for part in _parts(relation))
    for step in steps:
        match step:
            case c.DropTable(was=was) if was:
                names.release(*_parts(was))
            case c.DropIndex(was=was) | c.DropForeignKey(was=was) | c.DropCheck(was=was) if was:
                names.release(was)
            case c.AddIndex(index=index):
                step = replace(step, index=names.index(index))
            case c.AddForeignKey(key=key):
                step = replace(step, key=names.key(key))
            case c.AddCheck(check=check):
                step = replace(step, check=names.check(check))
            case c.AddTable(relation=relation):
                step = replace(step, relation=names.table(relation))
        yield step


def _parts(relation: Relation) -> tuple[Index | ForeignKey | Check, ...]:
    return (*relation.indexes, *relation.foreign_keys, *relation.checks)


class _Names:
    """The names in use, without regard to case."""

    def __init__(self, parts: Iterable[Index | ForeignKey | Check]) -> None:
        self._used = {part.name.casefold() for part in parts if part.name}

    def release(self, *parts: Index | ForeignKey | Check) -> None:
        """Note that these are dropped."""
        self._used -= {part.name.casefold() for part in parts if part.name}

    def index(self, index: Index) -> Index:
        """Return an index with a free name."""
        return replace(index, name=self._take(index.name))

    def key(self, key: ForeignKey) -> ForeignKey:
        """Return a foreign key with a free name."""
        return replace(key, name=self._take(key.name))

    def check(self, check: Check) -> Check:
        """Return a check with a free name; the name of one that belongs to its column is that of the column."""
        return check if check.attrs else replace(check, name=self._take(check.name))

    def table(self, table: Relation) -> Relation:
        """Return a table whose parts have free names."""
        return replace(
            table,
            indexes=tuple(map(self.index, table.indexes)),
            foreign_keys=tuple(map(self.key, table.foreign_keys)),
            checks=tuple(map(self.check, table.checks)),
        )

    def _take(self, name: str | None) -> str | None:
        if name is None:
            return None
        free, number = name, 1
        while free.casefold() in self._used:
            number += 1
            free = f"{name[:55]}_{number}"
        self._used.add(free.casefold())
        return free

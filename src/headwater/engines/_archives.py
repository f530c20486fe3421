"""What the schema archives of several engines have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from headwater.engines._schema_archives import ArchiveRefusal, ArchiveStatement, SchemaArchive

Tables = Collection[tuple[str | None, str]] | None


@dataclass(frozen=True, slots=True)
class ReadSchemaArchiver:
    """A `SchemaArchiver` whose archive was read when the snapshot was opened."""

    archive: SchemaArchive
    read_objects: Callable[[bytes, Tables], Mapping[tuple[str, str], str]]
    equivalent: Callable[[str, str], bool] = str.__eq__

    def write(self) -> SchemaArchive:
        """Return the archive."""
        return self.archive

    def objects(self, archive: bytes, tables: Tables = None) -> Mapping[tuple[str, str], str]:
        """Return the definition of each object of an archive."""
        return self.read_objects(archive, tables)

    def are_equivalent(self, first: str, second: str) -> bool:
        """Return True if two definitions mean the same."""
        return self.equivalent(first, second)


@dataclass(slots=True)
class RefusedStatements:
    """The objects of the statements that were refused by number, and the numbers of those that may run elsewhere."""

    missing: dict[int, str] = field(default_factory=dict)
    unsupported: set[int] = field(default_factory=set)

    def needed_by(self, statement: ArchiveStatement) -> ArchiveRefusal | None:
        """Refuse a statement that needs a refused one; return None if it needs none."""
        lacking = [number for number in statement.needs if number in self.missing]
        if not lacking:
            return None
        needs = self.missing[lacking[0]]
        refusal = self.refuse(statement, f"it needs {needs}", supported=not self.unsupported.issuperset(lacking))
        return replace(refusal, needs=needs)

    def refuse(
        self, statement: ArchiveStatement, reason: str, *, supported: bool, hint: str | None = None
    ) -> ArchiveRefusal:
        """Remember that a statement was refused."""
        self.missing[statement.number] = statement.subject
        if not supported:
            self.unsupported.add(statement.number)
        return ArchiveRefusal(statement.subject, reason, supported, hint)

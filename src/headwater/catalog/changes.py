"""The vocabulary of schema changes: a closed family of named types, each of which knows its reverse and its hazards.

Migration files, diffs and the schema editor all use these; `apply.py` applies them to a Schema. What a change replaces
is stored in `was` if it is known: without it a change has no reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headwater.catalog.model import Check, Column, Enum, ForeignKey, Index, Relation

HazardKind = Literal["data_loss", "rewrite", "lock", "breaks_readers", "may_fail"]


@dataclass(frozen=True, slots=True)
class Hazard:
    """A danger of applying a change to a live database."""

    kind: HazardKind
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One step from one Schema to another; concrete types name the table (and its schema) that they change."""

    table: str
    schema: str | None = None

    def reverse(self) -> Change | None:
        """Return the change that undoes this one, or None if what it replaces is not known."""
        return None

    def hazards(self) -> tuple[Hazard, ...]:
        """Return what can go wrong when the change is applied to a database that is in use."""
        return ()


@dataclass(frozen=True, slots=True)
class AddTable(Change):
    """A relation is created."""

    relation: Relation = Relation("")

    def reverse(self) -> DropTable:
        return DropTable(self.table, self.schema, was=self.relation)


@dataclass(frozen=True, slots=True)
class DropTable(Change):
    """A relation is dropped with its rows."""

    was: Relation | None = None

    def reverse(self) -> AddTable | None:
        return AddTable(self.table, self.schema, self.was) if self.was else None

    def hazards(self) -> tuple[Hazard, ...]:
        return (
            Hazard("data_loss", f"All rows of {self.table} are deleted."),
            Hazard("breaks_readers", f"Queries that read {self.table} fail."),
        )


@dataclass(frozen=True, slots=True)
class RenameTable(Change):
    """A relation is renamed; foreign keys to it follow."""

    new_name: str = ""

    def reverse(self) -> RenameTable:
        return RenameTable(self.new_name, self.schema, self.table)

    def hazards(self) -> tuple[Hazard, ...]:
        return (Hazard("breaks_readers", f"Queries that use {self.table} fail until they use {self.new_name}."),)


@dataclass(frozen=True, slots=True)
class AddColumn(Change):
    """A column is added to a table."""

    column: Column = Column("")

    def reverse(self) -> DropColumn:
        return DropColumn(self.table, self.schema, self.column.name, was=self.column)

    def hazards(self) -> tuple[Hazard, ...]:
        if self.column.nullable or self.column.default is not None or self.column.generated:
            return ()
        return (
            Hazard(
                "may_fail",
                f"{self.column.name} cannot be NULL and has no default: the change fails if the table has rows.",
            ),
        )


@dataclass(frozen=True, slots=True)
class DropColumn(Change):
    """A column is dropped with its values, keys and indexes."""

    column: str = ""
    was: Column | None = None

    def reverse(self) -> AddColumn | None:
        return AddColumn(self.table, self.schema, self.was) if self.was else None

    def hazards(self) -> tuple[Hazard, ...]:
        name = f"{self.table}.{self.column}"
        return (
            Hazard("data_loss", f"The values of {name} are deleted."),
            Hazard("breaks_readers", f"Queries that use {name} fail."),
        )


@dataclass(frozen=True, slots=True)
class RenameColumn(Change):
    """A column is renamed; keys and indexes follow."""

    column: str = ""
    new_name: str = ""

    def reverse(self) -> RenameColumn:
        return RenameColumn(self.table, self.schema, self.new_name, self.column)

    def hazards(self) -> tuple[Hazard, ...]:
        text = f"Queries that use {self.table}.{self.column} fail until they use {self.new_name}."
        return (Hazard("breaks_readers", text),)


@dataclass(frozen=True, slots=True)
class AlterType(Change):
    """The type of a column changes."""

    column: str = ""
    type: str = ""
    was: str | None = None

    def reverse(self) -> AlterType | None:
        return None if self.was is None else AlterType(self.table, self.schema, self.column, self.was, self.type)

    def hazards(self) -> tuple[Hazard, ...]:
        name = f"{self.table}.{self.column}"
        return (
            Hazard("rewrite", f"The table may be rewritten under a lock while {name} changes its type."),
            Hazard("may_fail", f"The change fails if a value of {name} does not fit {self.type}."),
        )


@dataclass(frozen=True, slots=True)
class SetNullable(Change):
    """A column starts or stops accepting NULL."""

    column: str = ""
    nullable: bool = True

    def reverse(self) -> SetNullable:
        return SetNullable(self.table, self.schema, self.column, not self.nullable)

    def hazards(self) -> tuple[Hazard, ...]:
        if self.nullable:
            return ()
        return (
            Hazard("may_fail", f"The change fails if {self.table}.{self.column} contains NULL."),
            Hazard("lock", f"{self.table} is locked while all rows are checked."),
        )


@dataclass(frozen=True, slots=True)
class SetDefault(Change):
    """The default of a column changes (None: it has none)."""

    column: str = ""
    default: str | None = None
    was: str | None = None

    def reverse(self) -> SetDefault:
        return SetDefault(self.table, self.schema, self.column, self.was, self.default)


@dataclass(frozen=True, slots=True)
class SetPrimaryKey(Change):
    """The primary key is set to these columns (empty: there is none)."""

    columns: tuple[str, ...] = ()
    was: tuple[str, ...] | None = None

    def reverse(self) -> SetPrimaryKey | None:
        return None if self.was is None else SetPrimaryKey(self.table, self.schema, self.was, self.columns)


@dataclass(frozen=True, slots=True)
class AddForeignKey(Change):
    """A foreign key is added to a table."""

    key: ForeignKey = ForeignKey((), "")

    def reverse(self) -> DropForeignKey:
        return DropForeignKey(self.table, self.schema, self.key.name, self.key.columns, was=self.key)

    def hazards(self) -> tuple[Hazard, ...]:
        return (
            Hazard("lock", f"{self.table} and {self.key.ref_table} are locked while all rows are checked."),
            Hazard("may_fail", f"The change fails if a row of {self.table} refers to a row that does not exist."),
        )


@dataclass(frozen=True, slots=True)
class DropForeignKey(Change):
    """A foreign key is dropped, identified by its name or by its columns."""

    name: str | None = None
    columns: tuple[str, ...] = ()
    was: ForeignKey | None = None

    def reverse(self) -> AddForeignKey | None:
        return AddForeignKey(self.table, self.schema, self.was) if self.was else None


@dataclass(frozen=True, slots=True)
class AddIndex(Change):
    """An index or a unique constraint is added to a table."""

    index: Index = Index(None, ())

    def reverse(self) -> DropIndex:
        return DropIndex(self.table, self.schema, self.index.name or "", was=self.index)

    def hazards(self) -> tuple[Hazard, ...]:
        lock = Hazard("lock", f"Writes to {self.table} wait while the index is built, unless built concurrently.")
        twins = Hazard(
            "may_fail", f"The change fails if two rows of {self.table} have the same values in these columns."
        )
        return (lock, twins) if self.index.unique else (lock,)


@dataclass(frozen=True, slots=True)
class DropIndex(Change):
    """An index is dropped (`table` may be empty: in most engines the index name is enough)."""

    name: str = ""
    was: Index | None = None

    def reverse(self) -> AddIndex | None:
        return AddIndex(self.table, self.schema, self.was) if self.was else None


@dataclass(frozen=True, slots=True)
class AddCheck(Change):
    """A check constraint is added to a table."""

    check: Check = Check("")

    def reverse(self) -> DropCheck:
        return DropCheck(self.table, self.schema, self.check.name or "", was=self.check)

    def hazards(self) -> tuple[Hazard, ...]:
        return (Hazard("may_fail", f"The change fails if a row of {self.table} violates the check."),)


@dataclass(frozen=True, slots=True)
class DropCheck(Change):
    """A check is dropped; `name` may be any constraint of the table."""

    name: str = ""
    was: Check | None = None

    def reverse(self) -> AddCheck | None:
        return AddCheck(self.table, self.schema, self.was) if self.was else None


@dataclass(frozen=True, slots=True)
class AddEnum(Change):
    """An enum type is created, or gets a new list of values; `table` is its name."""

    enum: Enum = Enum("", ())

    def reverse(self) -> DropEnum:
        return DropEnum(self.table, self.schema, was=self.enum)


@dataclass(frozen=True, slots=True)
class DropEnum(Change):
    """An enum type is dropped; `table` is its name."""

    was: Enum | None = None

    def reverse(self) -> AddEnum | None:
        return AddEnum(self.table, self.schema, self.was) if self.was else None

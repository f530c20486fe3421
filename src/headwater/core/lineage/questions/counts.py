"""Counts usages by table and column: by kind, and apart from those in tests; migrations do not count."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from headwater.catalog.usages import Usage
from headwater.core.lineage.path_kinds import is_migration, is_test

Role = Literal["code", "test", "migration"]
WHOLE_ROW = "*"
READS = frozenset({"read", "projection", "filter", "join"})
WRITES = frozenset({"write", "update"})


@dataclass(frozen=True, slots=True)
class UsageCount:
    """A number of usages of one column: of the same kind, reached in the same way, in files of the same role."""

    table_name: str
    column_name: str
    usage_type: str
    via: str
    role: Role
    number: int


@dataclass(slots=True)
class ColumnCounts:
    """How often a column, or the row as a whole, is read, written and deleted in code; `tests` counts uses in tests."""

    reads: int = 0
    writes: int = 0
    deletes: int = 0
    tests: int = 0

    def __add__(self, other: ColumnCounts) -> ColumnCounts:
        return ColumnCounts(
            self.reads + other.reads,
            self.writes + other.writes,
            self.deletes + other.deletes,
            self.tests + other.tests,
        )


@dataclass(slots=True)
class TableCounts:
    """The usages of a table: by column in lower case, and of the row as a whole.

    `rows` counts whole rows that are loaded, stored or deleted by code which names no column; `stored` counts the SQL
    that stores rows without naming columns: it sets every column.
    """

    columns: dict[str, ColumnCounts] = field(default_factory=lambda: defaultdict(ColumnCounts))
    rows: ColumnCounts = field(default_factory=ColumnCounts)
    stored: int = 0

    @property
    def total(self) -> ColumnCounts:
        """The usages of all columns and of whole rows together."""
        return sum(self.columns.values(), self.rows)


@lru_cache(maxsize=65536)
def role_of(path: str) -> Role:
    """Return what a file is: a migration has been applied already, and a test is no use of its own."""
    return "migration" if is_migration(path) else "test" if is_test(path) else "code"


def count_of(usages: Iterable[Usage]) -> Iterator[UsageCount]:
    """Yield the usages of a scan, counted."""
    counter: Counter[tuple[str, str, str, str, Role]] = Counter()
    for usage in usages:
        counter[usage.table_name, usage.column_name, usage.usage_type, usage.via, role_of(usage.file_path)] += 1
    for key, number in counter.items():
        yield UsageCount(*key, number)


def by_table(counts: Iterable[UsageCount]) -> Mapping[str, TableCounts]:
    """Return the counts of each table that is used, by its name in lower case."""
    tables: dict[str, TableCounts] = defaultdict(TableCounts)
    for count in counts:
        if count.role == "migration":
            continue
        table = tables[count.table_name.casefold()]
        whole = count.column_name == WHOLE_ROW
        if whole and count.usage_type == "write" and count.via == "sql" and count.role == "code":
            table.stored += count.number
        else:
            _add(table.rows if whole else table.columns[count.column_name.casefold()], count)
    return tables


def _add(target: ColumnCounts, count: UsageCount) -> None:
    if count.role == "test":
        target.tests += count.number
    elif count.usage_type in READS:
        target.reads += count.number
    elif count.usage_type in WRITES:
        target.writes += count.number
    else:
        target.deletes += count.number

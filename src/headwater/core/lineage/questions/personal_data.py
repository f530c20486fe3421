"""Personal data and the code that touches it: the personal columns of a Schema with their reads and writes by file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from headwater.catalog.model import Schema
from headwater.catalog.usages import Usage
from headwater.core.lineage.questions.counts import READS, WHOLE_ROW, WRITES, role_of
from headwater.core.lineage.questions.data_classes import ClassCertainty, PersonalColumn, personal_columns


@dataclass(frozen=True, slots=True)
class FileCount:
    """A number of usages of one kind of one column in one file."""

    table_name: str
    column_name: str
    usage_type: str
    file_path: str
    number: int


class PersonalDataUse(msgspec.Struct, frozen=True):
    """A column with personal data, and where code reads and writes it; `whole_rows` counts uses of its whole row."""

    table_name: str
    column_name: str
    type: str
    data_class: str
    title: str
    special: bool
    certainty: ClassCertainty
    reason: str
    reads: int
    writes: int
    whole_rows: int
    read_in: tuple[str, ...]
    written_in: tuple[str, ...]
    source: str = ""
    file_path: str = ""
    line_number: int = 0


def files_of(usages: Iterable[Usage]) -> Iterator[FileCount]:
    """Yield the usages of a scan, counted by file."""
    counter = Counter((u.table_name, u.column_name, u.usage_type, u.file_path) for u in usages)
    for key, number in counter.items():
        yield FileCount(*key, number)


def personal_data(schema: Schema, counts: Iterable[FileCount] = ()) -> list[PersonalDataUse]:
    """Return the columns with personal data in the order of the schema, each with the files that use it."""
    by_column: dict[tuple[str, str], list[FileCount]] = defaultdict(list)
    for count in counts:
        if role_of(count.file_path) != "migration":  # it has been applied, and touches nothing any more
            by_column[count.table_name.casefold(), count.column_name.casefold()].append(count)
    uses = []
    for column in personal_columns(schema):
        table = column.table_name.casefold()
        own = by_column.get((table, column.column_name.casefold()), [])
        uses.append(_use(column, own, by_column.get((table, WHOLE_ROW), [])))
    return uses


def _use(column: PersonalColumn, own: list[FileCount], rows: list[FileCount]) -> PersonalDataUse:
    reads = [count for count in own if count.usage_type in READS]
    writes = [count for count in own if count.usage_type in WRITES]
    return PersonalDataUse(
        **{name: getattr(column, name) for name in column.__struct_fields__},
        reads=sum(count.number for count in reads),
        writes=sum(count.number for count in writes),
        whole_rows=sum(count.number for count in rows),
        read_in=_files(reads),
        written_in=_files(writes),
    )


def _files(counts: list[FileCount]) -> tuple[str, ...]:
    """Return the files with the most usages first."""
    numbers: Counter[str] = Counter()
    for count in counts:
        numbers[count.file_path] += count.number
    return tuple(path for path, _ in sorted(numbers.items(), key=lambda item: (-item[1], item[0])))

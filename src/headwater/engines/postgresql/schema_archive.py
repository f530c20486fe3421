"""Reads the table of contents of pg_dump's custom format: the objects of a schema in the order of their creation.

Headwater runs the statements of the archive over its own connections: the `pg_restore` of the wheel has no TLS, does
not report which object failed in a usable form, and cannot skip what a role may not create. The format is the one that
`pg_restore` reads (PostgreSQL, src/bin/pg_dump/pg_backup_archiver.c: ReadHead, ReadToc).
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from headwater.kit.errors import BadInput

MAGIC = b"PGDMP"
# The first and the last version of the format that is understood: PostgreSQL 12 writes the first, 18 the last.
OLDEST, NEWEST = (1, 14), (1, 16)
# PostgreSQL's minor versions since 15.20 keep a number of their own among the options of a column, which the pg_dump of
# an earlier one takes for a setting, and which other servers refuse.
_VERSION_OPTION = re.compile(
    r"^(ALTER (?:FOREIGN )?TABLE ONLY [^\n]+ ALTER COLUMN [^\n]+ SET \()pg_attver=\d+(?:, )?([^\n]*\);)$", re.MULTILINE
)
_NO_OPTIONS = re.compile(r"^ALTER (?:FOREIGN )?TABLE ONLY [^\n]+ ALTER COLUMN [^\n]+ SET \(\);\n?", re.MULTILINE)
_WITH_COLUMNS = frozenset({"TABLE", "FOREIGN TABLE", "MATERIALIZED VIEW", "VIEW"})
_DATE_FIELDS, _INT_BYTES = 7, 4
_CUSTOM = 1
_PARTITIONED = ord("p")
# 1 January 2000: mktime accepts it in every time zone.
_NO_DATE = (0, 0, 12, 1, 0, 100, 0)
Section = Literal["none", "pre-data", "data", "post-data"]
# The kind, schema and tag of an entry, which no other entry has.
Identity: TypeAlias = tuple[str, str, str]
_SECTIONS: dict[int, Section] = {1: "none", 2: "pre-data", 3: "data", 4: "post-data"}


@dataclass(frozen=True, slots=True)
class ArchivedObject:
    """An object of an archive.

    `kind` is pg_dump's word for it (TABLE, FK CONSTRAINT); `tag` is its name, for routines with the types of their
    arguments; `needs` are the numbers of the entries that must exist before it. The access method of a partitioned
    table (`is_partitioned`), which has no storage, is that of its new partitions.
    """

    number: int
    kind: str
    schema: str
    tag: str
    section: Section
    create: str
    drop: str
    access_method: str
    needs: tuple[int, ...]
    is_partitioned: bool = False

    @property
    def identity(self) -> Identity:
        """The kind, schema and tag."""
        return self.kind, self.schema, self.tag

    @property
    def display_name(self) -> str:
        """The kind and the qualified name, for users."""
        return f"{self.kind.lower()} {f'{self.schema}.' if self.schema else ''}{self.tag}"


def entries(archive: bytes) -> tuple[ArchivedObject, ...]:
    """Return the objects of an archive in its order.

    Raises:
        BadInput: this is not such an archive, or one of a newer version.
    """
    reader = _Reader(archive)
    try:
        reader.header()
        count = reader.integer()
        return tuple(reader.entry() for _ in range(count))
    except (KeyError, ValueError, EOFError) as error:
        raise BadInput("The schema archive of this snapshot cannot be read.", hint="Verify the snapshot.") from error


def without_date(archive: bytes) -> bytes:
    """Return an archive with a fixed date of creation, so that archives of the same schema are equal."""
    reader = _Reader(archive)
    start = reader.preamble()
    fixed = b"".join(b"\0" + part.to_bytes(reader.int_bytes, "little") for part in _NO_DATE)
    return archive[:start] + fixed + archive[start + len(fixed) :]


class _Reader:
    """Reads integers and texts as pg_dump writes them."""

    def __init__(self, archive: bytes) -> None:
        self._data = io.BytesIO(archive)
        self.int_bytes = self._offset_bytes = 0
        self._version = (0, 0)

    def _take(self, count: int) -> bytes:
        part = self._data.read(count)
        if len(part) != count:
            raise EOFError
        return part

    def preamble(self) -> int:
        """Read what precedes the date of creation, and return the position of the date."""
        if self._take(len(MAGIC)) != MAGIC:
            raise BadInput("The schema archive of this snapshot cannot be read.", hint="Verify the snapshot.")
        major, minor, _, self.int_bytes, self._offset_bytes, form = self._take(6)
        self._version = (major, minor)
        if not OLDEST <= self._version <= NEWEST or form != _CUSTOM:
            raise BadInput(
                f"The schema archive of this snapshot has version {major}.{minor}, which is not supported.",
                hint="Update Headwater.",
            )
        if self._version >= (1, 15):
            self._take(1)  # the algorithm of compression, which concerns rows
        else:
            self.integer()
        return self._data.tell()

    def header(self) -> None:
        """Read everything before the entries."""
        self.preamble()
        for _ in range(_DATE_FIELDS):
            self.integer()
        for _ in range(3):  # the database, and the versions of its server and of pg_dump
            self.text()

    def integer(self) -> int:
        sign = self._take(1)[0]
        number = int.from_bytes(self._take(self.int_bytes), "little")
        return -number if sign else number

    def text(self) -> str | None:
        length = self.integer()
        return None if length < 0 else self._take(length).decode()

    def entry(self) -> ArchivedObject:
        """Read one entry."""
        number = self.integer()
        self.integer()  # whether there are rows
        for _ in range(2):  # the OIDs of its catalog and of the object
            self.text()
        tag, kind = self.text() or "", self.text() or ""
        section = _SECTIONS[self.integer()]
        create, drop, _copy, schema, _space, method = (self.text() or "" for _ in range(6))
        relation = self.integer() if self._version >= (1, 16) else 0
        for _ in range(2):  # the owner, and whether it has OIDs
            self.text()
        needs = []
        while (other := self.text()) is not None:
            needs.append(int(other))
        self._take(1 + self._offset_bytes)  # where its rows are
        if kind in _WITH_COLUMNS:
            create = _NO_OPTIONS.sub("", _VERSION_OPTION.sub(r"\1\2", create))
        partitioned = relation == _PARTITIONED
        return ArchivedObject(number, kind, schema, tag, section, create, drop, method, tuple(needs), partitioned)

"""Patches of PostgreSQL: foreign keys are dropped and added again, and user triggers disabled, in the transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from headwater.engines import PatchSupport, SnapshotColumn, SnapshotTable
from headwater.engines.postgresql import large_objects
from headwater.engines.postgresql.ddl import quote

# The formats that values of a snapshot have, for input as well as for comparisons of text.
_SETTINGS = (
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL standard_conforming_strings = on",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 3",
    "SET LOCAL lc_monetary = 'C'",
    "SET LOCAL xmloption = 'content'",
)
_SET_ASIDE = """CREATE TEMPORARY TABLE headwater_set_aside ON COMMIT DROP AS
SELECT 1 AS step, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS first,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS last
FROM pg_constraint
WHERE contype = 'f' AND conparentid = 0 AND (conrelid = ANY (ARRAY[{0}]::oid[]) OR confrelid = ANY (ARRAY[{0}]::oid[]))
UNION ALL
SELECT 2, format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname),
       format('ALTER TABLE %s ENABLE %s TRIGGER %I', tgrelid::regclass,
              CASE tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, tgname)
FROM pg_trigger
WHERE NOT tgisinternal AND tgparentid = 0 AND tgenabled <> 'D' AND tgrelid = ANY (ARRAY[{0}]::oid[]);
"""
_RUN = """DO $headwater$ DECLARE item record; BEGIN
  FOR item IN SELECT * FROM headwater_set_aside ORDER BY step LOOP EXECUTE item.{0}; END LOOP;
END $headwater$;
"""
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_PLAIN = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class PostgresPatches(PatchSupport):
    """The statements of a patch."""

    def begin(self, tables: Sequence[SnapshotTable]) -> bytes:
        names = ", ".join(f"{constant(quote(t.schema, t.name).encode()).decode()}::regclass" for t in tables)
        settings = "".join(f"{setting};\n" for setting in _SETTINGS)
        return f"BEGIN;\n{settings}{_SET_ASIDE.format(names)}{_RUN.format('first')}".encode()

    def end(self, tables: Sequence[SnapshotTable]) -> bytes:
        return f"SET CONSTRAINTS ALL IMMEDIATE;\n{_RUN.format('last')}COMMIT;\n".encode()

    def can_patch(self, table: SnapshotTable) -> bool:
        return not large_objects.is_large_objects(table)

    def target(self, table: SnapshotTable) -> str:
        return f"ONLY {quote(table.schema, table.name)}"

    def insert_head(self, table: SnapshotTable) -> str:
        names = ", ".join(quote(column.name) for column in table.columns)
        return f"INSERT INTO {quote(table.schema, table.name)} ({names}) OVERRIDING SYSTEM VALUE VALUES\n"

    def name(self, column: SnapshotColumn) -> str:
        return quote(column.name)

    def constants(self, column: SnapshotColumn, values: Iterable[bytes | None]) -> list[bytes]:
        return [b"NULL" if value is None else constant(_unescaped(value)) for value in values]

    def delete_one(self, table: SnapshotTable, values: Sequence[bytes | None]) -> bytes:
        conditions = b" AND ".join(map(_is_value, table.columns, values)) or b"true"
        name = self.target(table).encode()
        return b"DELETE FROM %b WHERE ctid = (SELECT ctid FROM %b WHERE %b LIMIT 1);\n" % (name, name, conditions)

    def changes_by_itself(self, column: SnapshotColumn) -> bool:
        return False


def _is_value(column: SnapshotColumn, value: bytes | None) -> bytes:
    """Return the condition that a value has this text; types such as json cannot be compared otherwise."""
    name = quote(column.name).encode()
    if value is None:
        return name + b" IS NOT DISTINCT FROM NULL"
    same = b'pg_catalog.concat(%b) COLLATE "C" = %b' % (name, constant(_unescaped(value)))
    return b"(" + name + b" IS DISTINCT FROM NULL AND " + same + b")"


def _unescaped(value: bytes) -> bytes:
    """Return the text of a value without COPY's escapes."""
    if b"\\" not in value:
        return value
    return _ESCAPE.sub(lambda match: _PLAIN.get(match[1], match[1]), value)


def constant(text: bytes) -> bytes:
    """Return a text as a string constant, which no setting changes."""
    quoted = b"'" + text.replace(b"'", b"''") + b"'"
    return b"E" + quoted.replace(b"\\", b"\\\\") if b"\\" in text else quoted

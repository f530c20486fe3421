"""Writes a snapshot as a script for the sqlite3 program: tables, their rows as constants, then indexes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from headwater.catalog.model import Schema
from headwater.engines import Batch, ScriptSupport, SnapshotTable
from headwater.engines._script import inserts
from headwater.engines.sqlite.bulk_load import SETTINGS, OddText, value_of
from headwater.engines.sqlite.ddl import quote, restore_ddl

_HEAD = b"-- Load it into a new file: sqlite3 NEW.db < FILE\n\nPRAGMA foreign_keys = OFF;\nBEGIN;\n"
# Steps of the exponent: powers of two that every version parses without rounding.
_STEP = 52
_DIGITS = 15


def _statements(texts: Iterable[str]) -> bytes:
    return "".join(f"{text.rstrip().rstrip(';')};\n" for text in texts).encode()


def _rows(table: SnapshotTable, batches: Iterable[Batch]) -> Iterator[bytes]:
    names = ", ".join(quote(column.name) for column in table.columns)
    head = f"INSERT INTO {quote(table.name)} ({names}) VALUES\n".encode()
    for batch in batches:
        columns = [[literal(value_of(value)) for value in column.to_pylist()] for column in batch.columns]
        yield from inserts(head, (b"(" + b",".join(row) + b")" for row in zip(*columns, strict=True)))


def literal(value: Any) -> bytes:
    """Return a value as a constant, or an expression of constants, with its storage class and exact bits."""
    match value:
        case None:
            return b"NULL"
        case float():
            return _real(value).encode()
        case int():
            # The smallest integer cannot be a literal: without its sign it is too large.
            return str(value).encode() if value > -(2**63) else b"(-9223372036854775807 - 1)"
        case str():
            return _text(value.encode())
        case OddText():
            return _text(value.bytes, odd=True)
        case _:
            return b"x'" + bytes(value).hex().encode() + b"'"


def _text(text: bytes, *, odd: bool = False) -> bytes:
    # The program ends a text at a NUL, and removes a carriage return at the end of a line.
    if odd or b"\0" in text or b"\r" in text:
        return b"CAST(x'" + text.hex().encode() + b"' AS TEXT)"
    return b"'" + text.replace(b"'", b"''") + b"'"


def _real(value: float) -> str:
    """Return a real number; one with many digits as an integer times powers of two, which is never rounded."""
    if math.isinf(value):
        return "9e999" if value > 0 else "-9e999"
    digits = repr(value)
    front, _, ten = digits.partition("e")
    few = sum(character.isdigit() for character in front.strip("-0.")) <= _DIGITS
    if few and abs(int(ten or 0)) <= _DIGITS:
        return digits
    mantissa, exponent = math.frexp(value)
    whole, power = int(mantissa * 2**53), exponent - 53
    while whole % 2 == 0:
        whole, power = whole // 2, power + 1
    sign = "*" if power > 0 else "/"
    steps = [_STEP] * (abs(power) // _STEP) + [abs(power) % _STEP]
    return f"({whole}{''.join(f'{sign}{2**step}.0' for step in steps)})"


class SqliteScript(ScriptSupport):
    """Snapshots as SQL scripts."""

    def chunks(
        self, schema: Schema, tables: Iterable[tuple[SnapshotTable, Iterable[Batch]]], extras: Mapping[str, Any]
    ) -> Iterator[bytes]:
        """Yield the script in chunks."""
        first, later = restore_ddl(schema)
        yield _HEAD + _statements(first)
        for table, batches in tables:
            yield from _rows(table, batches)
        last = [
            f"PRAGMA {name} = {int(value)}" for name, value in extras.get("settings", {}).items() if name in SETTINGS
        ]
        counters = [f"({literal(name).decode()}, {int(value)})" for name, value in extras.get("counters", ())]
        if counters:
            values = ", ".join(counters)
            last += ["DELETE FROM sqlite_sequence", f"INSERT INTO sqlite_sequence (name, seq) VALUES {values}"]  # noqa: S608
        yield _statements((*later, *last)) + b"COMMIT;\n"

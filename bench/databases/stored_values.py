"""What is really stored in two databases, read by the drivers themselves and compared without Headwater's own codecs.

Engines spell the same value differently, so values are compared by their meaning: numbers as numbers, times in UTC,
JSON as JSON, booleans as 0 and 1. The digest of a table does not depend on the order of its rows.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import pymysql
from psycopg.types.json import set_json_loads

from entrypoints.proxied_headwater import ProxiedHeadwater

MODULUS = 2**128
# Types of numbers of 32 bits, of which drivers show different digits after the sixth; other doubles have fifteen.
_SHORT, _SHORT_DIGITS, _DIGITS = frozenset({"real", "float"}), 6, 15


def same_values(
    running: ProxiedHeadwater, source: dict[str, Any], target: dict[str, Any], tables: list[dict[str, Any]]
) -> list[str]:
    """Return the tables of a plan whose stored values differ."""
    differing = []
    for table in tables:
        columns = [
            (column["name"], _SHORT_DIGITS if {column["source_type"], column["target_type"]} & _SHORT else _DIGITS)
            for column in table["columns"]
        ]
        name = table["table"].split(".", 1)
        there = [*name[:-1], table["target"]] if source["engine"] == target["engine"] else [table["target"]]
        if digest(running, source, name, columns) != digest(running, target, there, columns):
            differing.append(table["table"])
    return differing


def digest(
    running: ProxiedHeadwater, database: dict[str, Any], table: list[str], columns: list[tuple[str, int]]
) -> int:
    """Return the digest of the values in the columns of a table, each with the digits that its doubles have."""
    mark = "`" if database["engine"] == "mysql" else '"'
    names = ", ".join(mark + name.replace(mark, mark * 2) + mark for name, _ in columns)
    where = ".".join(mark + name.replace(mark, mark * 2) + mark for name in table)
    total = 0
    for row in _rows(running, database, f"SELECT {names} FROM {where}"):
        text = repr([meaning(value, digits) for value, (_, digits) in zip(row, columns, strict=True)]).encode()
        total += int.from_bytes(blake2b(text, digest_size=16).digest()) + 1
    return total % MODULUS


def _rows(running: ProxiedHeadwater, database: dict[str, Any], query: str) -> Iterator[tuple[Any, ...]]:
    match database["engine"]:
        case "postgresql":
            with running.connect(database) as connection:
                set_json_loads(lambda text: json.loads(text, parse_float=Decimal), connection)
                connection.execute("SET TimeZone = 'UTC'")
                yield from connection.execute(query.encode())
        case "mysql":
            with closing(_mysql(running, database)) as connection, connection.cursor() as cursor:
                cursor.execute("SET time_zone = '+00:00'")
                cursor.execute(query)
                yield from cursor.fetchall()
        case _:
            (file,) = running.folder(database).rglob("database.sqlite")
            with closing(sqlite3.connect(file)) as connection:
                yield from connection.execute(query)


def _mysql(running: ProxiedHeadwater, database: dict[str, Any]) -> Any:
    given = running.headwater.client.post(f"/api/v1/databases/{database['id']}/credentials").json()
    return pymysql.connect(
        host=given["host"],
        port=given["port"],
        user=given["user"],
        password=given["password"],
        database=given["database"],
    )


def meaning(value: Any, digits: int = _DIGITS) -> str | None:
    """Return one spelling of a value for all engines."""
    match value:
        case None:
            return None
        case bool():
            return str(int(value))
        case int():
            return str(value)
        case float() | Decimal():
            return _number(Decimal(f"{value:.{digits}g}") if digits == _SHORT_DIGITS else Decimal(str(value)))
        case datetime():
            return (
                (value.astimezone(UTC) if value.tzinfo else value)
                .replace(tzinfo=None)
                .isoformat(" ")
                .removesuffix(" 00:00:00")
            )
        case date() | clock_time():
            return value.isoformat()
        case timedelta():
            return (datetime.min + value).time().isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case dict() | list():
            return json.dumps(value, sort_keys=True, default=meaning)
        case _:
            return _text(str(value))


def _text(text: str) -> str | None:
    """Return the meaning of a text that may be a number, a time or JSON where an engine has no type for it."""
    if text[:1] in {"{", "["}:
        try:
            return json.dumps(json.loads(text, parse_float=Decimal), sort_keys=True, default=meaning)
        except ValueError:
            return text
    for parse in (lambda: _number(Decimal(text)), lambda: meaning(datetime.fromisoformat(text))):
        with contextlib.suppress(ValueError, InvalidOperation):
            return parse()
    return text.rstrip(" ")


def _number(number: Decimal) -> str:
    return f"{number.normalize():f}" if number.is_finite() else str(number)

"""The columns of a result: their names, types as the server spells them, and source tables."""

from __future__ import annotations

from math import isfinite
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.bool import BoolLoader
from psycopg.types.numeric import IntLoader
from psycopg.types.string import TextLoader

from headwater.catalog.results import SAFE_INTEGER, Kind, ResultColumn

_INT2, _INT4, _INT8, _FLOAT4, _FLOAT8, _BOOL, _OID = 21, 23, 20, 700, 701, 16, 26


class _BigInteger(Loader):
    """A number that JavaScript can represent exactly, or its digits."""

    def load(self, data: Any) -> int | str:
        number = int(bytes(data))
        return number if -SAFE_INTEGER <= number <= SAFE_INTEGER else str(number)


class _Float(Loader):
    """A number, or NaN and the infinities as text, because JSON has no numbers for them."""

    def load(self, data: Any) -> float | str:
        number = float(bytes(data))
        return number if isfinite(number) else bytes(data).decode()


class _Cells:
    """Converts values of the server to cells: everything but plain numbers and booleans keeps the server's text."""

    connection = None

    def __init__(self) -> None:
        self.adapters = AdaptersMap(psycopg.adapters)
        for info in list(psycopg.adapters.types):
            for oid in (info.oid, info.array_oid):
                if oid:
                    self.adapters.register_loader(oid, TextLoader)
        for oid in (_INT2, _INT4, _OID):
            self.adapters.register_loader(oid, IntLoader)
        self.adapters.register_loader(_INT8, _BigInteger)
        for oid in (_FLOAT4, _FLOAT8):
            self.adapters.register_loader(oid, _Float)
        self.adapters.register_loader(_BOOL, BoolLoader)


CONTEXT = _Cells()


_TYPES = """
SELECT t.oid::int8, CASE WHEN t.typcategory = 'A' THEN 'array' WHEN b.typname IN ('json', 'jsonb') THEN 'json'
         WHEN b.typname = 'uuid' THEN 'uuid' WHEN b.typname = 'bytea' THEN 'binary'
         WHEN b.typcategory = 'N' THEN 'number' WHEN b.typcategory = 'B' THEN 'boolean'
         WHEN b.typcategory IN ('D', 'T') THEN 'time' WHEN b.typcategory = 'E' THEN 'enum'
         WHEN b.typcategory = 'S' THEN 'text' ELSE 'other' END
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
WHERE t.oid = ANY(string_to_array(%s, ',')::oid[])
"""
_NAMES = """
SELECT place, pg_catalog.format_type(split_part(item, ':', 1)::oid, split_part(item, ':', 2)::int)
FROM unnest(string_to_array(%s, ',')) WITH ORDINALITY AS asked(item, place)
"""
_TABLES = """
SELECT c.oid::int8, n.nspname, c.relname, a.attnum::int4, a.attname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = ANY(string_to_array(%s, ',')::oid[])
"""


class Origins:
    """What a connection has learned about types and tables; it queries the server for new ones.

    It is used between the description of a statement and its execution, never while rows are being read.
    """

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection
        self._kinds: dict[int, Kind] = {}
        self._names: dict[tuple[int, int], str] = {}
        self._tables: dict[tuple[int, int], tuple[str, str, str]] = {}

    def forget_tables(self) -> None:
        """Forget the tables, which may have been renamed since the last run."""
        self._tables.clear()

    async def describe(self, result: Any) -> tuple[ResultColumn, ...]:
        """Return the columns of a described statement."""
        fields = range(result.nfields)
        types = {(result.ftype(n), result.fmod(n)) for n in fields}
        await self._learn_types(types)
        await self._learn_tables({table for n in fields if (table := result.ftable(n))})
        return tuple(self._column(result, n) for n in fields)

    def _column(self, result: Any, n: int) -> ResultColumn:
        oid = result.ftype(n)
        schema, table, column = self._tables.get((result.ftable(n), result.ftablecol(n)), (None, None, None))
        name = (result.fname(n) or b"").decode()
        return ResultColumn(
            name, self._names.get((oid, result.fmod(n)), ""), self._kinds.get(oid, "other"), schema, table, column
        )

    async def _learn_types(self, types: set[tuple[int, int]]) -> None:
        new = types - self._names.keys()
        if not new:
            return
        async with self._connection.cursor() as cursor:
            await cursor.execute(_TYPES, [",".join(str(oid) for oid in {oid for oid, _ in new})])
            self._kinds |= {int(oid): kind for oid, kind in await cursor.fetchall()}
            order = sorted(new)
            await cursor.execute(_NAMES, [",".join(f"{oid}:{modifier}" for oid, modifier in order)])
            self._names |= {order[int(position) - 1]: name for position, name in await cursor.fetchall()}

    async def _learn_tables(self, tables: set[int]) -> None:
        new = tables - {table for table, _ in self._tables}
        if not new:
            return
        async with self._connection.cursor() as cursor:
            await cursor.execute(_TABLES, [",".join(map(str, new))])
            for oid, schema, table, number, column in await cursor.fetchall():
                self._tables[int(oid), int(number)] = (schema, table, column)

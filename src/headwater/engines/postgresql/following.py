"""What has changed in a table since an earlier moment, told by the transaction ids of its row versions.

Every row version carries the id of the transaction that made it (`xmin`). Whatever the earlier snapshot saw was made
before its horizon, the oldest transaction that was still open then; so a version with an older id is one it saw, with
these very values. A row that is gone leaves its range with fewer old versions than the range had.

That holds for one heap: another system, timeline, database, file or column list means that all is read, and so do a
horizon more than 2**31 transactions ago, when ids have wrapped, and types whose text can change while rows do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.engines import DumpTable, Key, Then
from headwater.engines.postgresql.ddl import literal, quote

_SAME = ("system", "timeline", "database", "types")
_FARTHEST = 2**31 - 10_000_000
_SPLIT_PAGES = 8192
# Their text names things of the catalog, which are renamed without touching rows.
_NAMING = re.compile(r"^(pg_catalog\.)?reg[a-z]+(\[\])?$")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def comparable(product: str, moment: dict[str, object], table: DumpTable, then: Then) -> bool:
    """Say whether a table can be compared with what it was then."""
    same = product == then.product and all(moment.get(one) == then.moment.get(one) for one in _SAME)
    like = (table.columns, table.key, table.facts) == (then.table.columns, then.table.key, then.table.facts)
    since = int(str(moment["next"])) - int(str(then.moment.get("horizon", 0)))
    plain = table.facts.get("heap") and not any(_NAMING.match(column.type) for column in table.columns)
    known = bool(moment.get("system"))
    return bool(known and same and like and plain and table.key and 0 <= since < _FARTHEST)


def is_new(then: Then) -> str:
    """Return the condition that a row version was made at or behind the horizon of then.

    `age` counts back from the same transaction id for all that it is asked of in one transaction.
    """
    return f"age(xmin) <= (SELECT age('{int(str(then.moment['horizon'])) % 2**32}'::xid))"


def counting(table: DumpTable, new: str, part: str = "true") -> str:
    """Return the query for the number of new and of all row versions of a table, or of a part of it."""
    return f"SELECT count(*) FILTER (WHERE {new}), count(*) FROM ONLY {_place(table)} WHERE {part}"  # noqa: S608


def size(table: DumpTable) -> str:
    """Return the query for how many pages a table has, and the version of the server."""
    place = literal(_place(table))
    pages = f"pg_relation_size({place}) / current_setting('block_size')::int"
    return f"SELECT {pages}, current_setting('server_version_num')::int"


def halves(pages: int, version: int) -> tuple[str, ...]:
    """Return the conditions of two halves of a table of so many pages, or of all of it where halves are not worth it.

    `age` keeps the server from scanning a table with several processes of its own; before PostgreSQL 14 it would read
    all pages for each half.
    """
    if pages < _SPLIT_PAGES or version < 140000:
        return ("true",)
    return f"ctid < '({pages // 2},0)'", f"ctid >= '({pages // 2},0)'"


def changed_rows(table: DumpTable, new: str, firsts: Sequence[Key]) -> str:
    """Return the COPY of new row versions, each behind the number of its range."""
    columns = ", ".join(quote(column.name) for column in table.columns)
    return f"COPY (SELECT {_range(table, firsts)}, {columns} FROM ONLY {_place(table)} WHERE {new}) TO STDOUT"  # noqa: S608


def old_by_range(table: DumpTable, new: str, firsts: Sequence[Key]) -> str:
    """Return the query for the number of old row versions of each range."""
    return (
        f"SELECT {_range(table, firsts)}, count(*) FROM ONLY {_place(table)} "  # noqa: S608
        f"WHERE NOT {new} GROUP BY 1"
    )


def keys_in(table: DumpTable, firsts: Sequence[Key], ranges: Sequence[int]) -> str:
    """Return the COPY of the keys in some ranges, each behind the number of its range."""
    columns = ", ".join(quote(table.columns[place].name) for place in table.key)
    wanted = ", ".join(map(str, ranges))
    numbered = f"SELECT {_range(table, firsts)} AS range, {columns} FROM ONLY {_place(table)}"  # noqa: S608
    return f"COPY (SELECT * FROM ({numbered}) numbered WHERE range IN ({wanted})) TO STDOUT"  # noqa: S608


def condition(table: DumpTable, low: Key | None, high: Key | None) -> str:
    """Return the condition for a range of keys."""
    key = _key(table)
    parts = [f"{key} >= {_values(table, low)}"] if low is not None else []
    parts += [f"{key} < {_values(table, high)}"] if high is not None else []
    return " AND ".join(parts) or "true"


def _place(table: DumpTable) -> str:
    return quote(table.schema, table.name)


def _key(table: DumpTable) -> str:
    names = [quote(table.columns[place].name) for place in table.key]
    return names[0] if len(names) == 1 else f"ROW({', '.join(names)})"


def _values(table: DumpTable, key: Key) -> str:
    made = [
        f"{literal(plain(value))}::{table.columns[place].type}" for place, value in zip(table.key, key, strict=True)
    ]
    return made[0] if len(made) == 1 else f"ROW({', '.join(made)})"


def _range(table: DumpTable, firsts: Sequence[Key]) -> str:
    """Return the expression for the number of the range that a row is in."""
    if len(firsts) < 2:
        return "0"
    return f"width_bucket({_key(table)}, ARRAY[{', '.join(_values(table, key) for key in firsts[1:])}])"


def plain(value: bytes) -> str:
    """Return a value as it was before COPY escaped it."""
    return _ESCAPED.sub(lambda found: _LETTERS.get(found[1], found[1]), value).decode()

"""Finds the columns with values that other engines refuse: zero dates, and numbers beyond 0 and 1 in `tinyint(1)`."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from headwater.catalog.model import Relation
from headwater.catalog.results import QueryError
from headwater.catalog.value_kinds import ObservedValues
from headwater.engines import Session
from headwater.engines.mysql.ddl import quote
from headwater.engines.mysql.session import MysqlSession

# A plan waits for this; what was not read until then is not known.
SECONDS = 20.0
_BOOLEAN = re.compile(r"tinyint\(1\)|bool(ean)?", re.IGNORECASE)
_DATE = re.compile(r"date|datetime|timestamp", re.IGNORECASE)


async def observe(session: Session, tables: Sequence[Relation], seconds: float = SECONDS) -> ObservedValues:
    """Return which columns of the tables have such values; each table is read once, as long as time is left."""
    assert isinstance(session, MysqlSession)
    end = time.monotonic() + seconds
    checked: set[tuple[str | None, str, str]] = set()
    deviating: set[tuple[str | None, str, str]] = set()
    for table in tables:
        conditions = _conditions(table)
        left = end - time.monotonic()
        if not conditions or left <= 0:
            continue
        try:
            (row,) = await session.ask(_query(table, conditions, left, mariadb=session.mariadb))
        except QueryError:
            continue  # the time was over, or the user may not read the table
        ids = [(table.schema, table.name, name) for name in conditions]
        checked.update(ids)
        deviating.update(id_ for id_, value in zip(ids, row.values(), strict=True) if value)
    return ObservedValues(frozenset(checked), frozenset(deviating))


def _conditions(table: Relation) -> Mapping[str, str]:
    """Return the condition for such values of each column that may have them."""
    conditions = {}
    for column in table.columns:
        name = quote(column.name)
        if _BOOLEAN.fullmatch(column.type):
            conditions[column.name] = f"{name} NOT IN (0, 1)"
        elif _DATE.match(column.type):
            # The last day of a month is NULL for a date that does not exist.
            conditions[column.name] = f"{name} IS NOT NULL AND (LAST_DAY({name}) IS NULL OR YEAR({name}) = 0)"
    return conditions


def _query(table: Relation, conditions: Mapping[str, str], seconds: float, *, mariadb: bool) -> str:
    cells = ", ".join(f"MAX({text}) AS c{number}" for number, text in enumerate(conditions.values()))
    if mariadb:
        return f"SET STATEMENT max_statement_time = {seconds:.3f} FOR SELECT {cells} FROM {quote(table.name)}"  # noqa: S608
    hint = f"/*+ MAX_EXECUTION_TIME({int(seconds * 1000)}) */"
    return f"SELECT {hint} {cells} FROM {quote(table.name)}"  # noqa: S608 (quoted)

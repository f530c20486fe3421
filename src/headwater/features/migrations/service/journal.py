"""The journal in the database itself: what was applied, when and by whom; and the journals of other tools."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from headwater.catalog.results import Cell, Limits, QueryError, Rows
from headwater.core.migration_files.scripts import Script
from headwater.engines import Session

TABLE = "headwater_migrations"
# `milliseconds` is NULL until a migration has finished, so that one that failed halfway can be recognized.
CREATE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (version varchar(255) NOT NULL PRIMARY KEY, name varchar(255) NOT NULL, "
    "checksum varchar(64) NOT NULL, applied_at varchar(40) NOT NULL, applied_by varchar(320) NOT NULL, "
    "milliseconds integer)"
)
# The codes of PostgreSQL, MySQL and SQLite (which has none).
NO_SUCH_TABLE = frozenset({"42P01", "42S02", ""})
LIMITS = Limits(rows=100_000, bytes=None, seconds=60)
# Queries for the versions that other tools have recorded as applied.
OTHERS = (
    "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
    "SELECT version FROM flyway_schema_history WHERE success AND version IS NOT NULL",
    "SELECT version FROM schema_migrations",
    "SELECT version_num FROM alembic_version",
)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A migration that was started; `milliseconds` is None until it has finished."""

    version: str
    name: str
    checksum: str
    applied_at: str
    applied_by: str
    milliseconds: int | None


async def read(session: Session) -> dict[str, JournalEntry]:
    """Return the entries by version; none if the database has no journal."""
    try:
        rows = await ask(session, f"SELECT version, name, checksum, applied_at, applied_by, milliseconds FROM {TABLE}")  # noqa: S608 - a constant
    except QueryError as error:
        if error.sqlstate in NO_SUCH_TABLE:
            return {}
        raise
    return {str(row[0]): _entry(row) for row in rows}


async def prepare(session: Session) -> None:
    """Create the journal if there is none."""
    try:
        await ask(session, CREATE)
    except QueryError:
        # If two sessions create it at the same time, PostgreSQL refuses one of them in spite of IF NOT EXISTS.
        await ask(session, f"SELECT version FROM {TABLE} WHERE version = ''")  # noqa: S608


async def begin(session: Session, script: Script, who: str) -> None:
    """Record the start of a migration."""
    text = f"INSERT INTO {TABLE} (version, name, checksum, applied_at, applied_by) VALUES ($1, $2, $3, $4, $5)"  # noqa: S608
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    await ask(session, text, [script.version, script.name[:255], script.checksum, moment, who])


async def finish(session: Session, version: str, milliseconds: int) -> None:
    """Record the end of a migration."""
    await ask(session, f"UPDATE {TABLE} SET milliseconds = $1 WHERE version = $2", [milliseconds, version])  # noqa: S608


async def forget(session: Session, version: str) -> None:
    """Remove a migration that was reverted, or that is to be applied again."""
    await ask(session, f"DELETE FROM {TABLE} WHERE version = $1", [version])  # noqa: S608


async def journals_of_other_tools(session: Session, scripts: Sequence[Script]) -> set[str]:
    """Return the versions that the tool of these scripts has recorded as applied in the database."""
    recorded: set[str] = set()
    for query in OTHERS:
        with contextlib.suppress(QueryError):  # there is no such table, or it has other columns
            recorded |= {str(row[0]) for row in await ask(session, query)}
    versions = [script.version for script in scripts]
    if scripts and scripts[-1].origin == "alembic":
        # Alembic records only the current version: all versions before it were applied.
        reached = max((versions.index(version) for version in recorded if version in versions), default=-1)
        return set(versions[: reached + 1])
    return recorded & set(versions)


async def ask(session: Session, text: str, values: Sequence[Cell] = ()) -> list[tuple[Cell, ...]]:
    """Run a statement on the journal and return its rows."""
    rows: list[tuple[Cell, ...]] = []
    async for frame in session.run(text, list(values), LIMITS):
        rows += frame.rows if isinstance(frame, Rows) else []
    return rows


def _entry(row: tuple[Cell, ...]) -> JournalEntry:
    version, name, checksum, moment, who, milliseconds = row
    return JournalEntry(str(version), str(name), str(checksum), str(moment), str(who), _number(milliseconds))


def _number(cell: Cell) -> int | None:
    return None if cell is None else int(str(cell))

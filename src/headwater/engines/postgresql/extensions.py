"""Lists, installs, updates and removes the extensions of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection

from headwater.catalog.extensions import Extension
from headwater.engines import ExtensionSupport, Session
from headwater.engines.postgresql.ddl import quote
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.missing_extensions import UNKNOWN, advice
from headwater.engines.postgresql.session import PostgresSession
from headwater.kit.errors import BadInput, did_you_mean

_AVAILABLE = """
SELECT a.name, coalesce(a.comment, ''), a.default_version, a.installed_version, n.nspname,
       array_to_string(v.requires, ','),
       CASE WHEN r.rolsuper THEN ''
            WHEN NOT v.trusted AND v.superuser THEN 'superuser'
            WHEN NOT has_database_privilege(current_database(), 'CREATE') THEN 'privilege'
            ELSE '' END
FROM pg_available_extensions a
JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
JOIN pg_roles r ON r.rolname = current_user
LEFT JOIN pg_extension x ON x.extname = a.name
LEFT JOIN pg_namespace n ON n.oid = x.extnamespace
ORDER BY a.name
"""
_REFUSED = {
    "superuser": "Only a superuser of the server can install it.",
    "privilege": "The user of this connection lacks the privilege CREATE on the database.",
}
_MISSING = """
SELECT name FROM unnest(%s::text[]) name WHERE name NOT IN (SELECT name FROM pg_available_extensions) ORDER BY 1
"""


async def offered(connection: AsyncConnection[Any]) -> tuple[Extension, ...]:
    """Return the extensions that the server offers, by name."""
    return tuple(_extension(*row) for row in await _rows(connection, _AVAILABLE))


async def missing(connection: AsyncConnection[Any], names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the names that the server does not offer, in alphabetical order."""
    return tuple(row[0] for row in await _rows(connection, _MISSING, [list(names)]))


def missing_error(names: Sequence[str]) -> BadInput:
    """Return the error for a schema that needs extensions which the server does not offer."""
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    noun = "extensions" if len(names) > 1 else "extension"
    return BadInput(f"This server lacks the {noun} {listed}, which the schema needs.", hint=advice(*names))


class PostgresExtensions(ExtensionSupport):
    """The extensions of a database."""

    async def available(self, session: Session) -> tuple[Extension, ...]:
        """Return the extensions that the server offers, by name."""
        return await offered(_connection(session))

    async def install(self, session: Session, name: str, schema: str | None = None) -> None:
        """Install an extension with those it requires."""
        await self._offered(session, name)
        inside = f" SCHEMA {quote(schema)}" if schema else ""
        await _rows(_connection(session), f"CREATE EXTENSION {quote(name)}{inside} CASCADE")

    async def update(self, session: Session, name: str) -> None:
        """Update an installed extension to the version that the server offers."""
        await self._offered(session, name)
        await _rows(_connection(session), f"ALTER EXTENSION {quote(name)} UPDATE")

    async def remove(self, session: Session, name: str) -> None:
        """Remove an extension that nothing depends on."""
        await _rows(_connection(session), f"DROP EXTENSION {quote(name)}")

    async def _offered(self, session: Session, name: str) -> None:
        if await missing(_connection(session), [name]):
            names = [extension.name for extension in await self.available(session)]
            hint = did_you_mean(name, names) if advice(name) == UNKNOWN else advice(name)
            raise BadInput(f"This server does not offer the extension {name}.", hint=hint)


def _connection(session: Session) -> AsyncConnection[Any]:
    assert isinstance(session, PostgresSession)
    return session.connection


def _extension(*cells: Any) -> Extension:
    name, comment, version, installed, schema, requires, refused = cells
    return Extension(
        name,
        comment,
        version,
        installed,
        schema,
        tuple(filter(None, (requires or "").split(","))),
        _REFUSED.get(refused),
    )


async def _rows(connection: AsyncConnection[Any], query: str, values: list[Any] | None = None) -> list[Any]:
    try:
        cursor = await connection.execute(query.encode(), values)
        return await cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        raise error_from(error, 0, 0) from error

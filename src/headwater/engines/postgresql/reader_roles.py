"""Roles of people who may only read a database that Headwater runs: one for each person.

A person signs in with a role that may do nothing, and from then on acts as the common role `readers`, which may select
from every table and view, also from those that are created later (`pg_read_all_data`), and sees all rows, as the owner
does. PostgreSQL shows the statements of a session to the role that signed in only, and lets only that role end it; so
people do not share one. From version 16 on, the owner sees and ends their sessions: it has their roles' privileges, but
cannot act as one of them, and so gets nothing of what `readers` may.

What cannot be taken from a role without a trace in dumps is left: advisory locks, NOTIFY, and the catalog, also
`pg_authid`, which has hashes of random passwords.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection, sql

from headwater.engines import Instance
from headwater.engines._provision import READER_CONNECTIONS
from headwater.engines.postgresql.scram import verifier

OWNER, READERS = "owner", "readers"
# As for the owner.
IDLE_TRANSACTION_SECONDS = 900
# The first version with grants of privileges without the right to act as the role.
INHERIT_ONLY = 160_000
_EXISTS = b"SELECT 1 FROM pg_roles WHERE rolname = %s"
# Its names without a schema are found where the owner's are.
_SEARCH_PATH = b"""
SELECT substr(setting, length('search_path=') + 1)
FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) setting
WHERE r.rolname = %s AND s.setdatabase = 0 AND setting LIKE 'search_path=%%'
"""


async def ensure(connection: AsyncConnection[Any], instance: Instance, role: str, password: str) -> None:
    """Create the role of a reader, or bring it up to date; within the caller's transaction.

    Args:
        connection: the superuser's, in a database in which nobody else creates objects.
        instance: the database.
        role: the name of the role.
        password: its password.
    """
    if not await exists(connection, READERS):
        await connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN BYPASSRLS").format(sql.Identifier(READERS)))
        await connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(READERS)))
    name = sql.Identifier(role)
    if not await exists(connection, role):
        create = "CREATE ROLE {} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION IN ROLE {}"
        await connection.execute(sql.SQL(create).format(name, sql.Identifier(READERS)))
        if connection.info.server_version >= INHERIT_ONLY:
            grant = sql.SQL("GRANT {} TO {} WITH INHERIT TRUE, SET FALSE")
            await connection.execute(grant.format(name, sql.Identifier(OWNER)))
        connect = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        await connection.execute(connect.format(sql.Identifier(instance.name), name))
    limits = sql.SQL("ALTER ROLE {} CONNECTION LIMIT {} PASSWORD {}")
    await connection.execute(limits.format(name, sql.Literal(READER_CONNECTIONS), sql.Literal(verifier(password))))
    settings = {"role": READERS, "default_transaction_read_only": "on"}
    await set_up(connection, name, settings | limits_of(instance))


def limits_of(instance: Instance) -> dict[str, str]:
    """Return the settings by which the quotas of a database limit the sessions of a role."""
    return {
        "statement_timeout": f"{instance.quotas.get('statement_seconds', 300)}s",
        "idle_in_transaction_session_timeout": f"{IDLE_TRANSACTION_SECONDS}s",
    }


async def set_up(connection: AsyncConnection[Any], role: sql.Identifier, settings: Mapping[str, str]) -> None:
    """Give a role its settings, and the owner's search path."""
    for setting, value in settings.items():
        change = sql.SQL("ALTER ROLE {} SET {} = {}")
        await connection.execute(change.format(role, sql.Identifier(setting), sql.Literal(value)))
    await _copy_search_path(connection, role)


async def exists(connection: AsyncConnection[Any], role: str) -> bool:
    """Return True if there is a role."""
    return await (await connection.execute(_EXISTS, [role])).fetchone() is not None


async def _copy_search_path(connection: AsyncConnection[Any], role: sql.Identifier) -> None:
    """Give the role the owner's search path; its text is the owner's, so it is passed as a value."""
    row = await (await connection.execute(_SEARCH_PATH, [OWNER])).fetchone()
    if row is None:
        await connection.execute(sql.SQL("ALTER ROLE {} RESET search_path").format(role))
        return
    await connection.execute(b"SELECT set_config('search_path', %s, true)", [row[0]])
    await connection.execute(sql.SQL("ALTER ROLE {} SET search_path FROM CURRENT").format(role))

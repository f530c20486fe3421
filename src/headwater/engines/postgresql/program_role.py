"""The role by which Headwater signs in to a database that it runs, to act as the owner.

Its sessions act as the owner from their begin (`SET ROLE`), so what they create is the owner's, and they go on working
when the owner gets another password. Who signed in sees and ends the sessions of a role: this one has the owner's
privileges, and with them those of the readers' roles; the owner has none of its.
"""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection, sql

from headwater.engines import Instance
from headwater.engines._provision import PROGRAM_CONNECTIONS, PROGRAM_ROLE, program_password
from headwater.engines.postgresql import reader_roles
from headwater.engines.postgresql.reader_roles import OWNER
from headwater.engines.postgresql.scram import verifier


async def ensure(connection: AsyncConnection[Any], instance: Instance) -> None:
    """Create the role, or bring it up to date; within the caller's transaction.

    Args:
        connection: the superuser's, in a database in which nobody else creates objects.
        instance: the database.
    """
    role = sql.Identifier(PROGRAM_ROLE)
    if not await reader_roles.exists(connection, PROGRAM_ROLE):
        create = "CREATE ROLE {} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION IN ROLE {}"
        await connection.execute(sql.SQL(create).format(role, sql.Identifier(OWNER)))
    password = sql.Literal(verifier(program_password(instance.password)))
    limits = sql.SQL("ALTER ROLE {} CONNECTION LIMIT {} PASSWORD {}")
    await connection.execute(limits.format(role, sql.Literal(PROGRAM_CONNECTIONS), password))
    await reader_roles.set_up(connection, role, {"role": OWNER} | reader_roles.limits_of(instance))

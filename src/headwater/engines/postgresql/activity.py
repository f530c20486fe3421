"""Lists the sessions of a PostgreSQL server and who blocks whom, and ends sessions."""

from __future__ import annotations

from typing import Any

import psycopg

from headwater.catalog.plans import ServerSession
from headwater.engines import ActivitySupport, Session
from headwater.engines._provision import PROGRAM_ROLE
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.session import PostgresSession
from headwater.kit.errors import BadInput

_SESSIONS = b"""
SELECT pid::text, coalesce(usename, ''), coalesce(datname, ''),
       coalesce(nullif(application_name, ''), client_addr::text, 'local'), coalesce(state, ''), coalesce(query, ''),
       coalesce(extract(epoch FROM now() - CASE state WHEN 'active' THEN query_start ELSE state_change END), 0)::float8,
       coalesce(wait_event_type || ': ' || wait_event, ''), array_to_string(pg_blocking_pids(pid), ',')
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = current_database()
ORDER BY state = 'active' DESC, 7 DESC
"""


def _session(*cells: Any) -> ServerSession:
    id_, user, database, client, state, query, seconds, waits_for, blockers = cells
    return ServerSession(id_, user, database, client, state, query, seconds, waits_for, _blockers(blockers))


def _blockers(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


# A program that acts as the owner of a database sees its own sessions and the owner's as the role that signed in.
_AS_PROGRAM = f"SELECT pg_catalog.set_config('role', 'none', true) WHERE session_user = '{PROGRAM_ROLE}'".encode()


async def _rows(session: Session, query: bytes) -> list[Any]:
    assert isinstance(session, PostgresSession)
    try:
        async with session.connection.transaction(force_rollback=True):
            await session.connection.execute(_AS_PROGRAM)
            return await (await session.connection.execute(query)).fetchall()
    except psycopg.Error as error:
        raise error_from(error, 0, 0) from error


class PostgresActivity(ActivitySupport):
    """The sessions of a server."""

    async def sessions(self, session: Session) -> tuple[ServerSession, ...]:
        """Return the sessions of this database."""
        rows = await _rows(session, _SESSIONS)
        return tuple(_session(*row) for row in rows)

    async def end_session(self, session: Session, target: str, *, terminate: bool) -> bool:
        """Cancel a session's query, or end the session; return False if it is gone or cannot be ended."""
        if not target.isdigit():
            raise BadInput(f"{target!r} is not a session.", hint="A session is identified by a number.")
        function = "pg_terminate_backend" if terminate else "pg_cancel_backend"
        rows = await _rows(session, f"SELECT {function}({int(target)})".encode())
        return bool(rows[0][0])

"""Lists the sessions of a MySQL or MariaDB server and who blocks whom, and ends sessions."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import Any

from headwater.catalog.plans import ServerSession
from headwater.catalog.results import QueryError
from headwater.engines import ActivitySupport, Session
from headwater.engines.mysql.session import MysqlSession
from headwater.kit.errors import BadInput

_SESSIONS = """
SELECT p.id, p.user, p.db, p.host, p.command, p.state, p.info, p.time, t.trx_state AS transaction
FROM information_schema.processlist p LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id
WHERE p.id <> CONNECTION_ID() AND p.db = DATABASE() ORDER BY p.command = 'Sleep', p.time DESC
"""
# For users without the PROCESS privilege, who see only their own sessions and no transactions.
_OWN_SESSIONS = """
SELECT p.id, p.user, p.db, p.host, p.command, p.state, p.info, p.time, NULL AS transaction
FROM information_schema.processlist p
WHERE p.id <> CONNECTION_ID() AND p.db = DATABASE() ORDER BY p.command = 'Sleep', p.time DESC
"""
_WAITS_OF_MARIADB = """
SELECT w.trx_mysql_thread_id AS waiting, b.trx_mysql_thread_id AS blocking
FROM information_schema.innodb_lock_waits l JOIN information_schema.innodb_trx w ON w.trx_id = l.requesting_trx_id
JOIN information_schema.innodb_trx b ON b.trx_id = l.blocking_trx_id
"""
_WAITS_OF_MYSQL = """
SELECT w.trx_mysql_thread_id AS waiting, b.trx_mysql_thread_id AS blocking
FROM performance_schema.data_lock_waits l
JOIN information_schema.innodb_trx w ON w.trx_id = l.requesting_engine_transaction_id
JOIN information_schema.innodb_trx b ON b.trx_id = l.blocking_engine_transaction_id
"""


def _session(row: dict[str, Any], blockers: dict[int, list[str]]) -> ServerSession:
    idle = row["command"] == "Sleep"
    state = ("idle in transaction" if row["transaction"] else "idle") if idle else "active"
    waits = "Lock: row" if row["transaction"] == "LOCK WAIT" else str(row["state"] or "") if not idle else ""
    return ServerSession(
        str(row["id"]),
        row["user"],
        row["db"] or "",
        str(row["host"]).rpartition(":")[0],
        state,
        row["info"] or "",
        float(row["time"] or 0),
        waits,
        tuple(blockers[int(row["id"])]),
    )


class MysqlActivity(ActivitySupport):
    """The sessions of a server."""

    async def sessions(self, session: Session) -> tuple[ServerSession, ...]:
        """Return the sessions of this database."""
        assert isinstance(session, MysqlSession)
        blockers: dict[int, list[str]] = defaultdict(list)
        with contextlib.suppress(QueryError):  # users who may not see locks still see the sessions
            for row in await session.ask(_WAITS_OF_MARIADB if session.mariadb else _WAITS_OF_MYSQL):
                blockers[int(row["waiting"])].append(str(row["blocking"]))
        try:
            rows = await session.ask(_SESSIONS)
        except QueryError:
            rows = await session.ask(_OWN_SESSIONS)
        return tuple(_session(row, blockers) for row in rows)

    async def end_session(self, session: Session, target: str, *, terminate: bool) -> bool:
        """Cancel a session's query, or end the session; return False if it is gone or cannot be ended."""
        assert isinstance(session, MysqlSession)
        if not target.isdigit():
            raise BadInput(f"{target!r} is not a session.", hint="A session is identified by a number.")
        try:
            await session.ask(f"KILL {'CONNECTION' if terminate else 'QUERY'} {int(target)}")
        except QueryError:
            return False
        return True

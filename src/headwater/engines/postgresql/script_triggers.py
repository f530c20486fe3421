"""Rows loaded without triggers by a role that is not a superuser: `ALTER TABLE … DISABLE TRIGGER ALL` of pg_dump.

Only superusers may switch off the triggers of foreign keys. Their checks are put off to the end of the transaction
instead, which allows any order of rows, and finds rows that refer to nothing.
"""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from headwater.engines import ScriptOutcome

_KEYS = """
SELECT quote_ident(conname), condeferrable, condeferred FROM pg_catalog.pg_constraint
WHERE contype = 'f' AND conparentid = 0 AND conrelid = %s::pg_catalog.regclass
"""


class DeferredTriggers:
    """The tables whose triggers a script has switched off, and their foreign keys as they were."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection
        self._tables: dict[str, bool] = {}
        self._keys: list[tuple[str, str, str]] = []

    async def switch(self, table: str, verb: str) -> ScriptOutcome:
        """Switch the triggers of a table (as the script writes it) off, or on again at the end."""
        if verb == "ENABLE":
            self._tables[table] = True
            return ScriptOutcome(changed="Triggers are enabled again at the end of the import.")
        keys = await (await self._connection.execute(_KEYS, [table])).fetchall()
        await self._run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        self._tables[table] = False
        for name, deferrable, deferred in keys:
            before = f"DEFERRABLE INITIALLY {'DEFERRED' if deferred else 'IMMEDIATE'}"
            self._keys.append((table, name, before if deferrable else "NOT DEFERRABLE"))
            await self._run(f"ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED")
        return ScriptOutcome(changed="Triggers do not fire, and foreign keys are checked at the end of the import.")

    async def restore(self) -> None:
        """Restore the foreign keys and triggers; all checks have been made."""
        for table, name, before in self._keys:
            await self._run(f"ALTER TABLE {table} ALTER CONSTRAINT {name} {before}")
        for table, enabled in self._tables.items():
            if enabled:
                await self._run(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    async def _run(self, statement: str) -> None:
        await self._connection.execute(statement.encode())

"""Loads scripts and dumps of PostgreSQL: what pg_dump writes for psql, with its options of today.

Statements are sent as the bytes of the file, because the script itself sets the encoding; the rows of a COPY are
streamed with the COPY protocol. What may fail without harm runs after a savepoint.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import generators, pq

from headwater.engines import ScriptLoader, ScriptOutcome, ScriptStatement
from headwater.engines._scripts import READ_AS_WINDOWS, EncodingSurvey, refused
from headwater.engines.postgresql import extensions, missing_extensions
from headwater.engines.postgresql import script_rules as rules
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.extended_protocol import tag
from headwater.engines.postgresql.script_triggers import DeferredTriggers
from headwater.engines.postgresql.session import PostgresSession
from headwater.kit.errors import BadInput

_BEGIN = ("SET statement_timeout = 0", "SET idle_in_transaction_session_timeout = 0")
_ROLES = b"SELECT rolname::text FROM pg_roles"
_ROLE = b"SELECT rolname::text, rolsuper FROM pg_roles WHERE rolname = current_user"
_SAVEPOINT = b"SAVEPOINT headwater_statement"
_BACK, _RELEASE = b"ROLLBACK TO SAVEPOINT headwater_statement", b"RELEASE SAVEPOINT headwater_statement"
_COPY_STATES = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})


class PostgresScriptLoader(ScriptLoader):
    """Loads one script."""

    def __init__(self, session: PostgresSession) -> None:
        self._connection = session.connection
        self._extensions: dict[str, int] = {}
        self._used: set[str] = set()
        self._not_needed: frozenset[str] = frozenset()
        self._databases: dict[str, int] = {}
        self._roles: frozenset[str] = frozenset()
        self._encoding = EncodingSurvey(rules.ENCODING)
        self._triggers = DeferredTriggers(session.connection)
        self._superuser = False

    def survey(self, statement: ScriptStatement) -> None:
        """Refuse commands of psql that would change the script, and note extensions and databases."""
        text = _text(statement)
        self._encoding.add(statement)
        if text.startswith("\\"):
            self._survey_command(statement, text)
        elif name := rules.extension(text):
            self._extensions.setdefault(name, statement.line)
        else:
            self._used |= missing_extensions.used_by(text)
        if inside := rules.command_inside(text) if not text.startswith("\\") else "":
            raise _not_possible(statement, inside)
        if b"\0" in statement.text:
            raise refused(statement, "The statement has a NUL character.", "Is the file a script?")

    def _survey_command(self, statement: ScriptStatement, text: str) -> None:
        match = rules.COMMAND.match(text)
        name = match["name"] if match else text[:20]
        if not rules.is_ignored(name):
            raise _not_possible(statement, name)
        if database := rules.connected_database(text):
            self._databases.setdefault(database, statement.line)
            if len(self._databases) > 1:
                raise refused(
                    statement,
                    f"The script contains several databases: {', '.join(self._databases)}.",
                    "Dump one database with pg_dump, and import that.",
                )

    async def begin(self) -> None:
        """Remove time limits, read the roles, and name all extensions that are missing."""
        try:
            for setting in (*_BEGIN, *(("SET client_encoding = 'WIN1252'",) if self._encoding.is_unnamed else ())):
                await self._connection.execute(setting.encode())
            roles = await (await self._connection.execute(_ROLES)).fetchall()
            ((role, superuser),) = await (await self._connection.execute(_ROLE)).fetchall()
        except psycopg.Error as error:
            raise error_from(error, 0, 0) from error
        self._roles, self._superuser = frozenset(name for (name,) in roles), bool(superuser)
        if self._extensions:
            await self._check_extensions(role)

    async def _check_extensions(self, role: str) -> None:
        """Raise BadInput with all extensions that the server lacks, or that the role may not create."""
        offered = await extensions.offered(self._connection)
        usable = {item.name: item.installed is not None or item.refused is None for item in offered}
        absent = [name for name in self._extensions if name not in usable]
        self._not_needed = frozenset(missing_extensions.dispensable(absent, self._used))
        if absent := [name for name in absent if name not in self._not_needed]:
            raise BadInput(
                f"The server does not have the {_extensions(absent)}, which the script creates.",
                hint="Nothing was run. " + missing_extensions.advice(*absent),
            )
        if forbidden := [name for name in self._extensions if not usable.get(name, True)]:
            raise BadInput(
                f"The role {role} may not create the {_extensions(forbidden)}.",
                hint="Nothing was run. An administrator can create it with CREATE EXTENSION before the import."
                if len(forbidden) == 1
                else "Nothing was run. An administrator can create them with CREATE EXTENSION before the import.",
            )

    async def run(self, statement: ScriptStatement) -> ScriptOutcome:
        """Run a statement as it is, or leave it out."""
        text = _text(statement)
        if text.startswith("\\"):
            return await self._command(statement, text)
        if reason := rules.server_wide(text):
            return ScriptOutcome(skipped=reason)
        if rules.subject_extension(text) in self._not_needed:
            return ScriptOutcome(skipped=missing_extensions.NOT_NEEDED)
        if missing := rules.missing_roles(text, self._roles):
            noun = "The role {} does" if len(missing) == 1 else "The roles {} do"
            return ScriptOutcome(skipped=f"{noun.format(', '.join(missing))} not exist on this server.")
        states, triggers = rules.tolerated(text), rules.TRIGGERS.fullmatch(text)
        try:
            if triggers and self._in_transaction and not self._superuser:
                return await self._triggers.switch(triggers["table"], triggers["verb"].upper())
            outcome = await self._tolerant(statement, states) if states else await self._sent(statement)
            if outcome.skipped and (bare := rules.without_authorization(statement.text)):
                outcome = await self._sent(replace(statement, text=bare))
                return replace(outcome, changed="The role of the connection owns the schema.")
            return outcome
        except psycopg.Error as error:
            raise error_from(error, statement.number, 0) from error

    async def _command(self, statement: ScriptStatement, text: str) -> ScriptOutcome:
        self.survey(statement)  # errors may have been skipped
        match = rules.COMMAND.match(text)
        assert match
        if match["name"] == "encoding" and match["rest"].strip():
            encoding = match["rest"].strip().strip("'")
            await self._connection.execute(f"SET client_encoding = '{encoding.replace(chr(39), '')}'".encode())
            return ScriptOutcome(changed=f"Run as SET client_encoding = '{encoding}'.")
        if database := rules.connected_database(text):
            return ScriptOutcome(skipped=f"The content of {database} is imported into this database.")
        return ScriptOutcome(skipped="A command of psql that changes nothing in the database.")

    @property
    def _in_transaction(self) -> bool:
        return self._connection.info.transaction_status == pq.TransactionStatus.INTRANS

    async def _tolerant(self, statement: ScriptStatement, states: frozenset[str]) -> ScriptOutcome:
        """Run a statement that may fail; in a transaction after a savepoint."""
        inside = self._in_transaction
        if inside:
            await self._connection.execute(_SAVEPOINT)
        try:
            outcome = await self._sent(statement)
        except psycopg.Error as error:
            if error.sqlstate not in states:
                raise
            if inside:
                await self._connection.execute(_BACK)
            outcome = ScriptOutcome(skipped=_sentence(error.diag.message_primary or "The server refused it."))
        if inside:
            await self._connection.execute(_RELEASE)
        return outcome

    async def _sent(self, statement: ScriptStatement) -> ScriptOutcome:
        if statement.rows is not None:
            return await self._copied(statement)
        pgconn = self._connection.pgconn
        async with self._connection.lock:
            pgconn.send_query(statement.text)
            pgconn.set_chunked_rows_mode(1000)
            command, rows = await self._connection.wait(_drained(pgconn))
        return ScriptOutcome(rows, command)

    async def _copied(self, statement: ScriptStatement) -> ScriptOutcome:
        """Stream the rows of a COPY to the server."""
        assert statement.rows is not None
        async with self._connection.cursor() as cursor:
            async with cursor.copy(statement.text) as sink:
                while block := await asyncio.to_thread(next, statement.rows, b""):
                    await sink.write(block)
            return ScriptOutcome(max(cursor.rowcount, 0), "COPY")

    async def finish(self) -> list[str]:
        """Check deferred constraints, so that an error is not one of the COMMIT."""
        try:
            await self._connection.execute(b"SET CONSTRAINTS ALL IMMEDIATE")
            await self._triggers.restore()
        except psycopg.Error as error:
            raise error_from(error, 0, 0) from error
        return [READ_AS_WINDOWS] if self._encoding.is_unnamed else []


def _drained(pgconn: Any) -> Any:
    """Send the query, read all its results, and return its command and the rows that it wrote."""
    yield from generators._send(pgconn)
    failed, command, rows = None, "", 0
    while (result := (yield from generators.fetch(pgconn))) is not None:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            failed = result
        elif result.status in _COPY_STATES:
            pgconn.finish()  # the only way out
            raise psycopg.errors.FeatureNotSupported("COPY between server and client needs rows after it.")
        elif result.command_status:
            command, affected = tag(result)
            rows += affected or 0
    if failed is not None:
        raise psycopg.errors.error_from_result(failed, encoding="utf-8")
    return command, rows


def _text(statement: ScriptStatement) -> str:
    return statement.text.decode(errors="replace")


def _extensions(names: list[str]) -> str:
    return f"extension {names[0]}" if len(names) == 1 else f"extensions {', '.join(names)}"


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."


def _not_possible(statement: ScriptStatement, command: str) -> Any:
    hints = {
        "i": "Import the files one by one, or join them into one script.",
        "ir": "Import the files one by one, or join them into one script.",
        "copy": "Import the rows of that file with `headwater db import FILE --table TABLE`.",
    }
    return refused(
        statement,
        f"\\{command} is a command of psql that an import cannot run.",
        hints.get(command, "Remove it, or run the script with psql."),
    )

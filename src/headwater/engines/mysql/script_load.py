"""Loads scripts and dumps of MySQL and MariaDB: what mysqldump, mariadb-dump and phpMyAdmin write.

Statements are sent as the bytes of the file: a dump need not be UTF-8, and says itself what it is (SET NAMES).
"""

from __future__ import annotations

import contextlib

from headwater.catalog.results import Finished, QueryError
from headwater.catalog.statements import Statement
from headwater.engines import ScriptLoader, ScriptOutcome, ScriptStatement
from headwater.engines._scripts import READ_AS_WINDOWS, EncodingSurvey, refused
from headwater.engines.mysql import script_rules as rules
from headwater.engines.mysql.session import MysqlSession


class MysqlScriptLoader(ScriptLoader):
    """Loads one script."""

    def __init__(self, session: MysqlSession) -> None:
        self._session = session
        self._database = ""
        self._tables: set[str] = set()
        self._qualifier: rules.Qualifier | None = None
        self._encoding = EncodingSurvey(rules.ENCODING)

    def survey(self, statement: ScriptStatement) -> None:
        """Refuse commands of the program mysql and a second database, and note the tables."""
        head = rules.plain_head(_text(statement))
        self._encoding.add(statement)
        if command := rules.client_command(head):
            raise refused(
                statement,
                f"{command} is a command of the program mysql, not SQL.",
                "Import the files one by one, or run the script with mysql.",
            )
        if reference := rules.database(head):
            self._database = self._database or reference.name
            if reference.name != self._database:
                raise refused(
                    statement,
                    f"The script contains several databases: {self._database}, {reference.name}.",
                    "Dump one database, and import that.",
                )
        elif name := rules.created_table(head):
            self._tables.add(name)

    async def begin(self) -> None:
        """Remove the time limit of statements, and map the dump's database to this one."""
        if self._session.mariadb:
            with contextlib.suppress(QueryError):
                await self._session.ask("SET SESSION max_statement_time = 0")
        if self._encoding.is_unnamed:
            await self._session.ask("SET NAMES latin1")  # which is Windows-1252 for the server
        if self._database and self._database != self._session.database:
            self._qualifier = rules.Qualifier(self._database, bare=self._database not in self._tables)

    async def run(self, statement: ScriptStatement) -> ScriptOutcome:
        """Run a statement as it is or changed, or leave it out."""
        head = rules.plain_head(_text(statement))
        if rules.client_command(head):
            self.survey(statement)
        if reason := self._omission(head):
            return ScriptOutcome(skipped=reason)
        text = self._qualifier.removed(statement.text) if self._qualifier else statement.text
        mapped = "" if text is statement.text else f"The name of the database {self._database} was removed."
        try:
            rows, command = await self._sent(text)
        except QueryError as error:
            if _code(error) in rules.tolerated(head):
                return ScriptOutcome(skipped=f"{error.message.rstrip('.')}.")
            return await self._changed(text, head, error)
        return ScriptOutcome(rows, command, changed="" if mapped == "" or text == statement.text else mapped)

    def _omission(self, head: str) -> str:
        if reference := rules.database(head):
            if reference.name != self._database:  # the error of the survey was skipped
                return f"The script contains several databases; {reference.name} is not imported."
            if reference.verb == "ALTER":
                return "An import does not change the settings of the database."
            return f"The content of {reference.name} is imported into this database."
        return rules.server_wide(head)

    async def _changed(self, text: bytes, head: str, error: QueryError) -> ScriptOutcome:
        """Run a refused statement with another definer or another collation, or raise the error."""
        if _code(error) in rules.NO_PRIVILEGE:
            changed, definer = rules.without_definer(text, head)
            if definer:
                rows, command = await self._sent(changed)
                return ScriptOutcome(rows, command, changed=f"{definer} was replaced by the current user.")
        if _code(error) == rules.UNKNOWN_COLLATION:
            for changed, sentence in rules.other_collations(text):
                with contextlib.suppress(QueryError):
                    rows, command = await self._sent(changed)
                    return ScriptOutcome(rows, command, changed=sentence)
        raise error

    async def _sent(self, text: bytes) -> tuple[int, str]:
        rows, command = 0, ""
        statement = Statement(text.decode(errors="replace"), 0)
        async with contextlib.aclosing(self._session.run_bytes(statement, text)) as frames:
            async for frame in frames:
                if isinstance(frame, Finished):
                    rows, command = rows + (frame.affected or 0), frame.command
        return rows, command

    async def finish(self) -> list[str]:
        """Return a sentence about the encoding; the server has checked all else."""
        return [READ_AS_WINDOWS] if self._encoding.is_unnamed else []


def _text(statement: ScriptStatement) -> str:
    return statement.text[:4000].decode(errors="replace")


def _code(error: QueryError) -> int:
    """Return the server's number of an error, which says more than its SQLSTATE."""
    arguments = error.__cause__.args if error.__cause__ else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0

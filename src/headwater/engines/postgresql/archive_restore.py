"""Creates the schema of a snapshot from its archive, statement by statement over the loader's own connection."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import psycopg
from psycopg import AsyncConnection

from headwater.catalog.extensions import Extension
from headwater.catalog.results import QueryError
from headwater.engines import Address, ArchivePlan, ArchiveRefusal, ArchiveStatement
from headwater.engines._archives import RefusedStatements
from headwater.engines.postgresql import archive_plan, extensions, own_search_path, schema_archive
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.pg_dump import SchemaDump

# Relations are compared by the caller, who knows them; their locks are not needed here.
_REASONS: Mapping[type[psycopg.Error], str] = {
    psycopg.errors.InsufficientPrivilege: "this role may not create it",
    psycopg.errors.FeatureNotSupported: "this server does not offer it",
}
# What names roles, which belong to no database. Without a policy for some roles, they see no rows.
_OF_ROLES = ("policy ", "user mapping ")
# Of an aggregate; other roles are told that its definition is not valid.
_INTERNAL_STATE = "STYPE = internal"
_NO_RELATIONS = "--exclude-table=*"
_EXTENSION, _COMMENT = "extension ", "comment "


class PostgresArchiveRestore:
    """Creates the objects of an archive in a database."""

    def __init__(self, address: Address, seconds: float, connection: AsyncConnection[Any]) -> None:
        self._address, self._seconds, self._connection = address, seconds, connection
        self._refused = RefusedStatements()
        self._dump: SchemaDump | None = None

    def plan(
        self, archive: bytes, extras: Mapping[str, Any], tables: Collection[tuple[str | None, str]]
    ) -> ArchivePlan:
        """Return the plan, compared with what the database has already."""
        self._dump = SchemaDump(self._address, self._seconds)
        there = self._dump.run(_NO_RELATIONS)
        existing = {entry.identity for entry in schema_archive.entries(there)}
        return archive_plan.plan(schema_archive.entries(archive), extras, tables, existing)

    def cancel(self) -> None:
        """End a plan that is being made, from any thread."""
        if self._dump:
            self._dump.cancel()

    async def check(self, plan: ArchivePlan) -> None:
        """Raise BadInput with all extensions that the tables need and the server does not offer."""
        if lacking := await extensions.missing(self._connection, plan.extensions):
            raise extensions.missing_error(lacking)

    async def unavailable(self, plan: ArchivePlan) -> list[tuple[str, str]]:
        """Return the extensions that cannot be installed, and everything that needs them."""
        offered = {extension.name: extension for extension in await extensions.offered(self._connection)}
        reasons: dict[int, str] = {}
        lost = []
        for statement in (*plan.pre_data, *plan.post_data, *plan.final):
            reason = next((reasons[number] for number in statement.needs if number in reasons), "")
            if statement.subject.startswith(_EXTENSION):
                name = statement.subject.removeprefix(_EXTENSION)
                reason = reason or _refusal(offered.get(name))
                below = f"it needs the extension {name}"
            else:
                below = f"it needs {statement.subject}"
            if reason:
                lost += [] if statement.subject.startswith(_COMMENT) else [(statement.subject, reason)]
                reasons.setdefault(statement.number, below)
        return lost

    async def create(self, statement: ArchiveStatement) -> ArchiveRefusal | None:
        """Run a statement, unless it needs one that was refused; the connection goes on working after an error."""
        if refusal := self._refused.needed_by(statement):
            return refusal
        try:
            await self._execute(statement.text)
        except psycopg.Error as error:
            reason = error_from(error, 0, 0)
            if not isinstance(reason, QueryError) or reason.transient:
                raise reason from error
            unsupported = _unsupported(statement, error)
            sentence = f"{unsupported} ({reason.message})" if unsupported else reason.message
            return self._refused.refuse(statement, sentence, supported=unsupported is None, hint=reason.hint)
        return None

    async def _execute(self, text: str) -> None:
        """Run a statement; if a name is not found with an empty search path, use that of the database."""
        try:
            await self._connection.execute(text.encode())
        except own_search_path.UNRESOLVED as error:
            await self._connection.execute(own_search_path.USE.encode())
            try:
                await self._connection.execute(text.encode())
            except psycopg.Error:
                raise error from None
            finally:
                await self._connection.execute(own_search_path.EMPTY.encode())


def _unsupported(statement: ArchiveStatement, error: psycopg.Error) -> str | None:
    """Return why this server or role cannot run a statement that may run elsewhere; None if that is not the reason."""
    if isinstance(error, psycopg.errors.UndefinedObject) and statement.subject.startswith(_OF_ROLES):
        return "a role of it does not exist here"
    if isinstance(error, psycopg.errors.InvalidFunctionDefinition) and _INTERNAL_STATE in statement.text:
        return "only a superuser may create it"
    return _REASONS.get(type(error))


def _refusal(extension: Extension | None) -> str:
    """Return why an extension cannot be installed; empty if it can."""
    if extension is None:
        return "the target's server does not offer it"
    return "" if extension.installed else (extension.refused or "").rstrip(".")

"""Runs an SQL script or a dump statement by statement, in one transaction if the engine supports that."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from headwater.catalog.effects import Effects, explain
from headwater.catalog.grammar import Grammar
from headwater.catalog.results import UNLIMITED, Finished, QueryError
from headwater.core.transfer.script_files import ScriptFile, open_script
from headwater.engines import ScriptLoader, ScriptOutcome, ScriptStatement, ScriptSupport
from headwater.features.query.service.statement_audit import AuditedStatement, StatementTally
from headwater.features.transfers.service import copy_rows
from headwater.features.transfers.service.copy_rows import CopyEndpoint, CopyHooks, ImportHooks
from headwater.kit.errors import BadInput, Cancelled

LISTED = 1000
HEAD_BYTES = 512  # enough to tell an archive
# The whole script is one transaction; its own locks would end it.
_CONTROL = re.compile(
    rb"(?:(?:BEGIN|COMMIT|END|START\s+TRANSACTION)\b[^;]{0,40}|(?:UN)?LOCK\s+TABLES?\b.*|SET\s+AUTOCOMMIT\s*=\s*\w+)",
    re.IGNORECASE | re.DOTALL,
)
_ROLLBACK = re.compile(rb"ROLLBACK(?:\s+(?:WORK|TRANSACTION))?\s*", re.IGNORECASE)
_HEAD, _AT_ONCE = 100, 100
AUDITED_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ScriptNote:
    """A statement that was left out or changed: its number, its line, its beginning, and why."""

    statement: int
    line: int
    text: str
    reason: str


@dataclass(slots=True)
class ScriptReport:
    """What a script did: rows written, and what was left out or changed; the first thousand of each are listed."""

    rows: int = 0
    skipped: list[ScriptNote] = field(default_factory=list)
    changed: list[ScriptNote] = field(default_factory=list)
    skipped_count: int = 0
    changed_count: int = 0
    notes: list[str] = field(default_factory=list)
    tally: StatementTally = field(default_factory=StatementTally)

    def add(self, statement: ScriptStatement, outcome: ScriptOutcome) -> None:
        """Record the outcome of a statement."""
        self.rows += outcome.rows
        if outcome.skipped:
            self.skipped_count += 1
            _list(self.skipped, statement, outcome.skipped)
        if outcome.changed:
            self.changed_count += 1
            _list(self.changed, statement, outcome.changed)

    def as_result(self) -> dict[str, Any]:
        """Return the report as it is stored."""
        plain = asdict(replace(self, tally=StatementTally()))
        return {name: value for name, value in plain.items() if name not in {"rows", "tally"}}


def _list(notes: list[ScriptNote], statement: ScriptStatement, reason: str) -> None:
    if len(notes) < LISTED:
        notes.append(ScriptNote(statement.number, statement.line, statement.head, reason))


async def run(
    side: CopyEndpoint, path: Path, on_error: str, watch: ImportHooks, bad: Callable[[int, str, str], None]
) -> ScriptReport:
    """Run a script; an error rolls back everything, or with `skip` only its statement.

    The whole script is surveyed before it runs. Where a schema change commits at once, a new transaction begins after
    it, and an error says what was committed.
    """
    support = side.engine.script
    if support is None:
        raise BadInput(f"Scripts cannot be imported into {side.engine.display_name}.")
    loader = support.loader(side.session)
    script = _Script(support, path, side.engine.dialect.grammar, skips=on_error == "skip")
    await script.survey(loader, watch)
    return await _Run(side, loader, script, watch, bad).run()


class _Script:
    """A script that is read twice: first to survey it, then to run it."""

    def __init__(self, support: ScriptSupport, path: Path, grammar: Grammar | None, *, skips: bool) -> None:
        self._support, self._path, self._grammar = support, path, grammar
        self.skips, self.total = skips, 0

    @contextlib.contextmanager
    def open(self) -> Iterator[Iterator[ScriptStatement]]:
        with opened(self._support, self._path) as file:
            yield ScriptFile(file, self._grammar).statements()

    async def survey(self, loader: ScriptLoader, watch: CopyHooks) -> None:
        """Show every statement to the loader; what it refuses stops the import, unless errors are skipped."""

        def look() -> None:
            with self.open() as statements:
                for statement in statements:
                    if watch.stopped():
                        raise Cancelled
                    self.total = statement.number
                    with contextlib.suppress(*(QueryError,) if self.skips else ()):
                        _surveyed(loader, statement)

        watch.report("reading", 0, 1, "Reading the script")
        await asyncio.to_thread(look)


def opened(support: ScriptSupport, path: Path) -> AbstractContextManager[IO[bytes]]:
    """Open a script, a compressed one, or an archive as a script."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return support.open_archive(path) if support.archive_name(head) else open_script(path)


def _surveyed(loader: ScriptLoader, statement: ScriptStatement) -> None:
    try:
        loader.survey(statement)
    except QueryError as error:
        raise _located(error, statement, error.hint or "") from error


def _located(error: QueryError, statement: ScriptStatement, hint: str) -> QueryError:
    """Return an error of a statement with its number, and the line where it is."""
    line = statement.line
    if error.position:
        line += statement.text.decode(errors="replace")[: error.position].count("\n")
    message = error.message if error.message.endswith((".", "!", "?")) else f"{error.message}."
    return QueryError(
        f"Statement {statement.number}, line {line}: {message}",
        hint=hint,
        sqlstate=error.sqlstate,
        statement=statement.number,
        detail=error.detail,
    )


def _next(statements: Iterator[ScriptStatement]) -> list[ScriptStatement]:
    """Return some statements; one whose rows follow is the last of them."""
    some: list[ScriptStatement] = []
    for statement in statements:
        some.append(statement)
        if statement.rows is not None or len(some) >= _AT_ONCE:
            break
    return some


class _Run:
    """The state of a running script."""

    def __init__(
        self,
        side: CopyEndpoint,
        loader: ScriptLoader,
        script: _Script,
        watch: ImportHooks,
        bad: Callable[[int, str, str], None],
    ) -> None:
        self._side, self._loader, self._script, self._watch, self._bad = side, loader, script, watch, bad
        grammar = side.engine.dialect.grammar
        self._effects = Effects(commits_on_begin=grammar is not None and not grammar.transactional_ddl)
        self._heads: dict[int, str] = {}
        self._report = ScriptReport()

    async def run(self) -> ScriptReport:
        """Run all statements, and commit."""
        await self._loader.begin()
        with self._script.open() as statements:
            while some := await asyncio.to_thread(_next, statements):
                for statement in some:
                    await self._visit(statement)
        try:
            self._report.notes = await copy_rows.guarded(self._loader.finish(), self._watch, self._side.session)
        except QueryError as error:
            undone = "" if self._script.skips else await self._roll_back(error)
            raise BadInput(f"At the end of the script: {error.message}", hint=undone) from error
        if self._side.session.in_transaction:
            self._watch.report("statements", self._script.total, self._script.total, "Committing")
            await self._watch.committing(self._report.rows)
            await copy_rows.run(self._side.session, "COMMIT", self._watch)
        return self._report

    async def _visit(self, statement: ScriptStatement) -> None:
        self._watch.report("statements", statement.number, self._script.total, statement.head)
        if not _CONTROL.fullmatch(statement.text.strip()):
            await self._statement(statement)

    async def _statement(self, statement: ScriptStatement) -> None:
        session = self._side.session
        try:
            if _ROLLBACK.fullmatch(statement.text):
                raise QueryError(
                    "ROLLBACK would undo the whole import.", hint="Remove it; a dump that ends with it is incomplete."
                )
            if not self._script.skips and not session.in_transaction:
                await copy_rows.run(session, "BEGIN", self._watch)
            outcome = await copy_rows.guarded(self._loader.run(statement), self._watch, session)
        except QueryError as error:
            self._bad(statement.number, "", error.message)
            if not self._script.skips:
                undone = await self._roll_back(error)
                raise _located(error, statement, f"{error.hint} {undone}" if error.hint else undone) from error
        else:
            self._report.add(statement, outcome)
            self._count(statement, outcome)
            self._heads[statement.number] = statement.head[:_HEAD]
            text = statement.text[:1000].decode(errors="replace")
            self._effects.record(statement.number, text, outcome.command, in_transaction=session.in_transaction)

    def _count(self, statement: ScriptStatement, outcome: ScriptOutcome) -> None:
        """Count a statement for the audit log, if it may change something; of a long one, its beginning is enough."""
        if not outcome.skipped:
            text = statement.text[:AUDITED_BYTES].decode(errors="replace")
            masked = self._side.engine.mask_values(self._side.engine.mask_secrets(text).text)
            if masked.changes:
                self._report.tally.add(AuditedStatement(masked, "ok", outcome.rows))

    async def _roll_back(self, failure: QueryError) -> str:
        """Roll back what is not committed; return a sentence about what became of the statements."""
        session, effects = self._side.session, self._effects
        effects.end("rolled_back" if failure.rolled_back or session.in_transaction else "committed")
        warnings: list[str] = []
        if session.in_transaction:
            async with contextlib.aclosing(session.run("ROLLBACK", None, UNLIMITED)) as frames:
                # A server warns here of tables that have no transactions.
                warnings = [text async for frame in frames if isinstance(frame, Finished) for text in frame.notices]
        if "committed" not in effects.by_statement.values() and not warnings:
            return "The script was rolled back."
        known = [(number, effect, self._heads[number]) for number, effect in effects.by_statement.items()]
        return " ".join([explain(known), *warnings])

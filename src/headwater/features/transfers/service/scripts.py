"""Runs an SQL script statement by statement, in one transaction if the engine supports that."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from headwater.catalog.effects import Effects, explain
from headwater.catalog.grammar import Grammar
from headwater.catalog.results import UNLIMITED, Finished, QueryError
from headwater.catalog.statements import Statement, split
from headwater.features.transfers.service import copy_rows
from headwater.features.transfers.service.copy_rows import CopyEndpoint, CopyHooks
from headwater.kit.errors import BadInput, TooLarge, Unreadable

LARGEST = 64 * 2**20
_TRANSACTION = re.compile(r"(?:BEGIN|COMMIT|END|START\s+TRANSACTION)\b[^;]{0,40}", re.IGNORECASE)


async def run(
    side: CopyEndpoint, path: Path, on_error: str, watch: CopyHooks, bad: Callable[[int, str, str], None]
) -> int:
    """Run a script; return how many rows it wrote. An error rolls back all, or with `skip` only its statement.

    Where a schema change commits at once, a new transaction begins after it, and an error says what was committed.
    """
    grammar = side.engine.dialect.grammar
    statements = await asyncio.to_thread(_statements, path, grammar)
    skips, rows = on_error == "skip", 0
    effects = Effects(commits_on_begin=grammar is not None and not grammar.transactional_ddl)
    for number, statement in enumerate(statements, 1):
        watch.report("statements", number, len(statements), statement.text.split("\n", 1)[0][:120])
        if _TRANSACTION.fullmatch(statement.text.strip()):
            continue  # the whole script is one transaction
        try:
            if not skips and not side.session.in_transaction:
                await copy_rows.run(side.session, "BEGIN", watch)
            affected, command = await copy_rows.guarded(_one(side, statement.text), watch, side.session)
        except QueryError as error:
            bad(number, "", error.message)
            if not skips:
                kept = await _roll_back(side, statements, effects, error)
                hint = f"{error.hint} {kept}" if error.hint else kept
                raise BadInput(f"Statement {number}: {error.message}", hint=hint) from error
        else:
            rows += affected
            effects.record(number, statement.text, command, in_transaction=side.session.in_transaction)
    if side.session.in_transaction:
        await copy_rows.run(side.session, "COMMIT", watch)
    return rows


async def _one(side: CopyEndpoint, text: str) -> tuple[int, str]:
    """Run a statement; return how many rows it wrote, and its command."""
    affected, command = 0, ""
    async with contextlib.aclosing(side.session.run(text, None, UNLIMITED)) as frames:
        async for frame in frames:
            if isinstance(frame, Finished):
                affected, command = affected + (frame.affected or 0), frame.command
    return affected, command


async def _roll_back(side: CopyEndpoint, statements: Sequence[Statement], effects: Effects, failure: QueryError) -> str:
    """Roll back what a failed script has not committed; return a sentence about what became of its statements."""
    effects.end("rolled_back" if failure.rolled_back or side.session.in_transaction else "committed")
    warnings: list[str] = []
    if side.session.in_transaction:
        async with contextlib.aclosing(side.session.run("ROLLBACK", None, UNLIMITED)) as frames:
            # A server warns here of tables that have no transactions.
            warnings = [text async for frame in frames if isinstance(frame, Finished) for text in frame.notices]
    if "committed" not in effects.by_statement.values() and not warnings:
        return "The script was rolled back."
    known = [(number, effect, statements[number - 1].text) for number, effect in effects.by_statement.items()]
    return " ".join([explain(known), *warnings])


def _statements(path: Path, grammar: Grammar | None) -> list[Statement]:
    if path.stat().st_size > LARGEST:
        raise TooLarge("An SQL script can have at most 64 MB.", hint="Import its rows as CSV instead.")
    try:
        return list(split(path.read_text("utf-8-sig"), grammar))
    except UnicodeDecodeError as error:
        raise Unreadable("The script is not UTF-8.") from error

"""Runs an SQL script statement by statement, in one transaction if the engine supports that."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from pathlib import Path

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
    """Run a script; return how many rows it wrote. An error rolls back all, or with `skip` only its statement."""
    statements = await asyncio.to_thread(_statements, path, side.engine.dialect.grammar)
    skips, rows = on_error == "skip", 0
    if not skips:
        await copy_rows.run(side.session, "BEGIN", watch)
    for number, statement in enumerate(statements, 1):
        watch.report("statements", number, len(statements), statement.text.split("\n", 1)[0][:120])
        if _TRANSACTION.fullmatch(statement.text.strip()):
            continue  # the whole script is one transaction
        try:
            rows += await copy_rows.guarded(_one(side, statement.text), watch, side.session)
        except QueryError as error:
            bad(number, "", error.message)
            if not skips:
                raise BadInput(f"Statement {number}: {error.message}", hint="The script was rolled back.") from error
    if not skips:
        await copy_rows.run(side.session, "COMMIT", watch)
    return rows


async def _one(side: CopyEndpoint, text: str) -> int:
    affected = 0
    async with contextlib.aclosing(side.session.run(text, None, UNLIMITED)) as frames:
        async for frame in frames:
            if isinstance(frame, Finished):
                affected += frame.affected or 0
    return affected


def _statements(path: Path, grammar: Grammar | None) -> list[Statement]:
    if path.stat().st_size > LARGEST:
        raise TooLarge("An SQL script can have at most 64 MB.", hint="Import its rows as CSV instead.")
    try:
        return list(split(path.read_text("utf-8-sig"), grammar))
    except UnicodeDecodeError as error:
        raise Unreadable("The script is not UTF-8.") from error

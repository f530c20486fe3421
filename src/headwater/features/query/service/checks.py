"""Checks a text with the server's own parser, without running it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Literal

from headwater.features.accounts.rights import Actor
from headwater.features.query.service import access as doors
from headwater.store.context import Context

_WORD = re.compile(r'"(?:[^"]|"")*"|[\w$.]+|\S')


@dataclass(frozen=True, slots=True)
class SyntaxFinding:
    """A problem from character `start` to `end` of a text."""

    start: int
    end: int
    severity: Literal["error", "warning"]
    message: str


async def check(context: Context, actor: Actor, database_id: uuid.UUID, text: str) -> list[SyntaxFinding]:
    """Return the problems that the database finds in a text; none if it cannot check without running it."""
    access = await doors.authorize_query(context, actor, database_id)
    async with doors.open_session(context, access, fixed_text=True) as session:
        error = await session.check(text)
    if error is None or error.position is None:
        return []
    start = min(max(error.position, 0), max(len(text) - 1, 0))
    word = _WORD.match(text, start)
    message = f"{error.message} {error.hint}" if error.hint else error.message
    return [SyntaxFinding(start, word.end() if word else len(text), "error", message)]

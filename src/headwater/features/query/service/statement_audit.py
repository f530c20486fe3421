"""Records in the audit log the statements that change data or structure: without their values, like ones together.

A statement is recorded when it has ended, whatever became of it. What only reads is not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.masked_values import ENDS, MaskedStatement
from headwater.catalog.results import QueryCancelled, QueryError
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.accounts.service.audit import Event, Outcome
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.query.service.access import Access
from headwater.store.context import Context

Part: TypeAlias = Literal["editor", "export", "grid", "structure", "migration", "document", "import", "copy", "restore"]
# Different statements of one run that are recorded; the others are counted.
MOST = 200
MOST_TABLES = 20
_VERB = re.compile(r"[a-z_]{1,30}")


@dataclass(frozen=True, slots=True)
class AuditedStatement:
    """A masked statement and what became of it; `count` of such statements ran."""

    masked: MaskedStatement
    outcome: Outcome = "ok"
    rows: int = 0
    milliseconds: float = 0.0
    count: int = 1
    error: str = ""

    @property
    def action(self) -> str:
        """The name of its action, such as `statement.update`."""
        verb = self.masked.verb.lower()
        return f"statement.{verb if _VERB.fullmatch(verb) else 'other'}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Tables into which rows were loaded, how many rows in all, and how long it took."""

    tables: Sequence[str]
    rows: int
    milliseconds: float = 0.0


class StatementTally:
    """The different statements of a run so far; a long script has few."""

    def __init__(self) -> None:
        self.statements: dict[tuple[str, str], AuditedStatement] = {}
        self.more = 0

    def add(self, statement: AuditedStatement) -> None:
        """Count a statement together with those like it."""
        key = (statement.masked.text, statement.outcome)
        known = self.statements.get(key)
        if known is not None:
            self.statements[key] = replace(
                known,
                rows=known.rows + statement.rows,
                milliseconds=known.milliseconds + statement.milliseconds,
                count=known.count + statement.count,
            )
        elif len(self.statements) < MOST:
            self.statements[key] = statement
        else:
            self.more += statement.count


async def record(context: Context, access: Access, part: Part, statements: Iterable[AuditedStatement]) -> None:
    """Record statements of the actor of an access, in a transaction of their own."""
    tally = StatementTally()
    for statement in statements:
        tally.add(statement)
    if tally.statements:
        async with context.store.transaction() as db:
            add(db, access.actor, access.reached, part, tally)


def add(db: AsyncSession, author: Actor, reached: ReachableDatabase, part: Part, tally: StatementTally) -> None:
    """Record the statements of a tally in the caller's transaction."""
    for statement in tally.statements.values():
        details = {
            "statement": statement.masked.text,
            "part": part,
            "rows": statement.rows,
            "milliseconds": round(statement.milliseconds, 1),
            "count": statement.count,
        } | ({"error": statement.error} if statement.error else {})
        audit.record_event(db, author, _event(reached, statement.action, statement.outcome, details))
    if tally.more:
        details = {"statement": "More statements of the same run.", "part": part, "count": tally.more}
        audit.record_event(db, author, _event(reached, "statement.more", "ok", details))


def add_load(db: AsyncSession, author: Actor, reached: ReachableDatabase, part: Part, loaded: Loaded) -> None:
    """Record that rows were loaded into tables of a database by something else than statements of a person."""
    shown = ", ".join(loaded.tables[:MOST_TABLES]) + (", …" if len(loaded.tables) > MOST_TABLES else "")
    masked = MaskedStatement(f"{part} into {shown}", part, changes=True)
    tally = StatementTally()
    tally.add(AuditedStatement(masked, "ok", loaded.rows, loaded.milliseconds))
    add(db, author, reached, part, tally)


def masked(reached: ReachableDatabase, text: str) -> MaskedStatement:
    """Return a statement without its values, and without passwords that were written as if they were words."""
    return reached.engine.mask_values(reached.engine.mask_secrets(text.replace("\0", "")).text)


def _event(reached: ReachableDatabase, action: str, outcome: Outcome, details: dict[str, object]) -> Event:
    return Event(
        action,
        "database",
        reached.id,
        reached.name,
        reached.organization_id,
        database_id=reached.id,
        outcome=outcome,
        details=details,
    )


def changes_of(
    access: Access, texts: Sequence[str], outcome: Outcome, *, seconds: float = 0.0, error: str = "", rows: int = 0
) -> list[AuditedStatement]:
    """Return statements that were run together as audited ones; `rows` of each."""
    each = seconds * 1000 / max(1, len(texts))
    return [AuditedStatement(masked(access.reached, text), outcome, rows, each, error=error) for text in texts]


def outcome_of(error: QueryError | QueryCancelled | None) -> Outcome:
    """Return how a statement ended that had an error, or none."""
    return "cancelled" if isinstance(error, QueryCancelled) else "failed" if error else "ok"


def code_of(error: BaseException | None) -> str:
    """Return the code of an error: its message can contain values."""
    return error.sqlstate or error.code if isinstance(error, QueryError) else type(error).__name__ if error else ""


def ends_transaction(masked: MaskedStatement) -> bool:
    """Return True for a statement that commits or rolls back what earlier runs of a session have done."""
    return masked.verb in ENDS

"""What differs between the schema of a scanned codebase and its migrations, another codebase, or a database."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from typing import Literal

from headwater.catalog.codec import from_json
from headwater.core.diff import Side, compare, report
from headwater.core.lineage.result import HalfSchema
from headwater.engines import engine
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.service import codebases
from headwater.features.codebases.service.sides import side_of
from headwater.features.databases.service import databases, metadata
from headwater.kit.errors import BadInput, Conflict
from headwater.readers import Half, bookkeeping_tables
from headwater.store.context import Context

_AGAINST = re.compile(r"(?P<kind>codebase|database):(?P<id>[0-9a-fA-F-]{32,36})")
_HINT = "It is one of migrations, codebase:ID and database:ID."


@dataclass(frozen=True, slots=True)
class DriftTarget:
    """What a codebase is compared with: its own migrations, or the codebase or database with an id."""

    kind: Literal["migrations", "codebase", "database"]
    id: uuid.UUID | None = None


def target_of(text: str) -> DriftTarget:
    """Return the target that a user names.

    Raises:
        BadInput: it is none.
    """
    if text == "migrations":
        return DriftTarget("migrations")
    match = _AGAINST.fullmatch(text)
    try:
        if match is not None:
            return DriftTarget("database" if match["kind"] == "database" else "codebase", uuid.UUID(match["id"]))
    except ValueError:
        pass
    raise BadInput(f"{text!r} is nothing that a codebase can be compared with.", hint=_HINT)


async def of_codebase(context: Context, actor: Actor, codebase_id: uuid.UUID, against: str) -> report.DiffReport:
    """Return what would make the target (A) into what the codebase declares (B), by its newest scans.

    Raises:
        BadInput: the target is none.
        NotFound: there is no such codebase or database, or no complete scan.
        Conflict: the codebase lacks models or migrations, or its scan does not tell them apart.
        Unavailable: the database cannot be reached, and its Schema was never read.
    """
    target = target_of(against)
    a, name_a = await _target(context, actor, codebase_id, target)
    b, name_b = await _codebase(context, actor, codebase_id, "models" if target.kind == "migrations" else None)
    diff = await asyncio.to_thread(compare, a, b, ignored=tuple(bookkeeping_tables()))
    return report.report_of(diff, (name_a, name_b))


async def _target(context: Context, actor: Actor, codebase_id: uuid.UUID, target: DriftTarget) -> tuple[Side, str]:
    if target.kind == "database" and target.id is not None:
        async with context.store.transaction() as db:
            database = await databases.find(db, actor, target.id)
        schema = await metadata.schema_of(context, actor, target.id)
        return Side(schema, engine(database.engine).dialect, "database"), database.name
    half: Half | None = "migrations" if target.kind == "migrations" else None
    return await _codebase(context, actor, target.id or codebase_id, half)


async def _codebase(context: Context, actor: Actor, codebase_id: uuid.UUID, half: Half | None) -> tuple[Side, str]:
    """Return a scanned codebase, or one half of it, as a side."""
    async with context.store.transaction() as db:
        codebase, scan = await codebases.scan_of(db, actor, codebase_id)
        halves = await codebases.halves_of(db, scan)
        whole = from_json(scan.schema_json)
    if half is None:
        return side_of(whole, has_models="models" in halves and halves["models"].has_models), codebase.name
    part: HalfSchema | None = halves.get(half)
    if part is None:
        raise Conflict(f"No {half} are read in this codebase.", hint="Compare it with a database or another codebase.")
    return side_of(part.schema, has_models=part.has_models), f"{half} of {codebase.name}"

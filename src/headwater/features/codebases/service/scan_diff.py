"""What changed from the newest scan of one codebase to that of another one of the project."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.catalog.usages import Usage
from headwater.core.lineage.questions.scan_diff import ScanDiff, ScanState, difference
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.repository import lineage as repository
from headwater.features.codebases.service import codebases
from headwater.kit.errors import BadInput, TooLarge

# What the two scans have in common is left out by the store, so that this many are a rewrite.
MAX_USAGES = 200_000
_FIELDS = tuple(field.name for field in msgspec.structs.fields(Usage) if field.name != "evidence")


async def between(db: AsyncSession, actor: Actor, before_id: uuid.UUID, after_id: uuid.UUID) -> ScanDiff:
    """Return what changed from one codebase to another.

    Raises:
        NotFound: there is no such codebase, or it has no complete scan.
        BadInput: they are not in one project.
        TooLarge: they have hardly anything in common.
    """
    after, new = await codebases.scan_of(db, actor, after_id)
    before, old = await codebases.scan_of(db, actor, before_id)
    if before.project_id != after.project_id:
        raise BadInput("These codebases are in different projects.", hint="Upload the earlier one to the same project.")
    rows = await repository.uneven_usages(db, old.id, new.id, MAX_USAGES)
    if len(rows) > MAX_USAGES:
        raise TooLarge("These codebases have too little in common.", hint="Compare folders with headwater scan-diff.")
    usages = [(row.scan_id, _usage(row)) for row in rows]
    states = [
        ScanState(codebase.name, from_json(scan.schema_json), [usage for id_, usage in usages if id_ == scan.id])
        for codebase, scan in ((before, old), (after, new))
    ]
    return await asyncio.to_thread(difference, *states)


def _usage(row: Any) -> Usage:
    return Usage(**{name: getattr(row, name) for name in _FIELDS})

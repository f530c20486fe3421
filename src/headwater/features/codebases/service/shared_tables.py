"""The tables of a codebase that other codebases of its organization have, too."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.core.lineage.questions.shared_tables import NamedSchema, SharedTable, shared_tables
from headwater.features.accounts.rights import Actor, reach
from headwater.features.codebases.repository import codebases as repository
from headwater.features.codebases.service import codebases

# The newest codebases that are compared.
MAX_CODEBASES = 100
_Named = tuple[uuid.UUID, str, bytes]


async def of_codebase(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> list[SharedTable]:
    """Return the tables that a codebase shares with others of its organization that the actor may read."""
    codebase, scan = await codebases.scan_of(db, actor, codebase_id)
    rows = await repository.scanned_in(db, codebase.organization_id, reach(actor, "codebase:read"), MAX_CODEBASES)
    others = [(one.id, one.name, other.schema_json) for one, other in rows if one.id != codebase.id]
    named = [(codebase.id, codebase.name, scan.schema_json), *others]
    return await asyncio.to_thread(_shared, named)


def _shared(named: Sequence[_Named]) -> list[SharedTable]:
    """Return the tables that the first codebase shares; codebases of one name are told apart by a number."""
    counts: Counter[str] = Counter()
    schemas = []
    for _, name, text in named:
        counts[name] += 1
        schemas.append(NamedSchema(name if counts[name] == 1 else f"{name} ({counts[name]})", from_json(text)))
    own = schemas[0].name
    return [table for table in shared_tables(schemas) if own in table.codebases]

"""The statements that create the schema of a restore: from the snapshot's schema archive, or else from its Schema."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from headwater.catalog.codec import from_json
from headwater.catalog.model import Schema
from headwater.catalog.results import QueryError
from headwater.core.snapshots import manifest_tables, schema_archives, schema_subset
from headwater.engines import ArchiveRefusal, ArchiveRestore, ArchiveStatement, BulkLoader, SnapshotSupport
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt
from headwater.features.snapshots.service.engines import snapshots_of
from headwater.features.snapshots.service.restore.targets import RestoreAttempt
from headwater.features.snapshots.service.threads import run_cancellable, stoppable
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.vault import Vault

_NAMES_PER_LINE, _NO_NUMBER = 40, -1
Execute: TypeAlias = Callable[[ArchiveStatement], Coroutine[Any, Any, str | ArchiveRefusal | None]]


@dataclass(frozen=True, slots=True)
class RestorePart:
    """The part of a snapshot to restore: its tables, their Schema, and their extras.

    `left_out` are objects that need tables which are not restored. `archive` has the whole schema of the
    database, `all_extras` are all extras of the snapshot.
    """

    tables: Sequence[ManifestTable]
    schema: Schema
    extras: Mapping[str, Any]
    left_out: tuple[str, ...]
    archive: bytes | None
    all_extras: Mapping[str, Any]


def part_of(work: RestoreAttempt, vault: Vault, manifest: Manifest) -> RestorePart:
    """Return the part of the snapshot to restore; blocks."""
    tables = manifest_tables.select(manifest, work.row.request.get("tables"))
    snapshot_schema = from_json(manifest.schema)
    bare = schema_subset.without_rows(
        snapshot_schema, {manifest_tables.display_name(table) for table in manifest.tables}
    )
    schema, left_out = schema_subset.cut(
        snapshot_schema, bare | {manifest_tables.display_name(table) for table in tables}
    )
    for sentence in manifest_tables.omissions(manifest, tables):
        work.attempt.note(sentence, "warning")
    return RestorePart(
        tables,
        schema,
        manifest.extras if schema is snapshot_schema else schema_subset.extras_of(manifest.extras, schema),
        left_out,
        schema_archives.read(vault, manifest),
        manifest.extras,
    )


@dataclass(frozen=True, slots=True)
class SchemaSteps:
    """Statements in three phases and the extras between the last two; `objects` are those of an archive, or None.

    `refused` are the objects that the database did not accept so far, in the order of their statements; `verb` is what
    they are not: restored, or copied.
    """

    attempt: Attempt
    execute: Execute
    pre_data: Sequence[ArchiveStatement]
    post_data: Sequence[ArchiveStatement]
    final: Sequence[ArchiveStatement]
    extras: Mapping[str, Any]
    objects: Sequence[tuple[str, str]] | None
    refused: dict[str, ArchiveRefusal] = field(default_factory=dict)
    verb: str = "restored"

    async def run(self, phase: str, statements: Sequence[ArchiveStatement]) -> None:
        """Run the statements of a phase; what is refused is noted in the job's log.

        Raises:
            QueryError: an essential object was refused.
        """
        for number, statement in enumerate(statements):
            self.attempt.report(phase, number, len(statements), unit="steps", message=statement.subject[:120])
            result = await stoppable(self.attempt, self.execute(statement))
            if isinstance(result, ArchiveRefusal):
                self._refuse(statement, result)
            elif result:
                self.attempt.note(result, "warning")

    def _refuse(self, statement: ArchiveStatement, refusal: ArchiveRefusal) -> None:
        if statement.essential:
            raise QueryError(f"The database refused to create {refusal.sentence}", hint=refusal.hint)
        if self.refused.setdefault(refusal.subject, refusal) is refusal:
            self.attempt.note(f"Not {self.verb}: {refusal.sentence}.", "warning" if not refusal.supported else "error")


async def schema_steps(attempt: Attempt, fill: BulkLoader, target: ReachableDatabase, part: RestorePart) -> SchemaSteps:
    """Return the statements for a restore into a database; what must be left out is noted in the job's log."""
    restore = fill.archive_restore
    if part.archive is not None and restore is not None:
        return await _archived(attempt, fill, restore, part)
    for name in part.left_out:
        attempt.note(f"Left out, because it needs tables that are not restored: {name}.", "warning")
    statements = await asyncio.to_thread(_statements, snapshots_of(target.engine), part.schema)
    return of_ddl(attempt, fill, *statements, part.extras)


def of_ddl(
    attempt: Attempt, loader: BulkLoader, pre_data: Sequence[str], post_data: Sequence[str], extras: Mapping[str, Any]
) -> SchemaSteps:
    """Return steps that run statements of the engine's own DDL."""

    async def execute(statement: ArchiveStatement) -> ArchiveRefusal | None:
        try:
            await loader.run_statements([statement.text])
        except QueryError as error:
            if error.transient:
                raise
            return ArchiveRefusal(statement.subject, error.message, True, error.hint)
        return None

    first = [_of_text(text, essential=True) for text in pre_data]
    later = [_of_text(text, essential=False) for text in post_data]
    return SchemaSteps(attempt, execute, first, later, (), extras, None)


def _of_text(text: str, *, essential: bool) -> ArchiveStatement:
    return ArchiveStatement(_NO_NUMBER, text, text.split("(")[0].strip(), essential)


def _statements(support: SnapshotSupport, schema: Schema) -> tuple[Sequence[str], Sequence[str]]:
    return support.pre_data_ddl(schema), support.post_data_ddl(schema)


async def _archived(attempt: Attempt, fill: BulkLoader, restore: ArchiveRestore, part: RestorePart) -> SchemaSteps:
    assert part.archive is not None
    tables = [(relation.schema, relation.name) for relation in part.schema if relation.kind in schema_subset.FILLED]
    tables += [(table.schema, table.name) for table in part.tables if manifest_tables.apart(table)]
    plan = await run_cancellable(attempt, fill.cancel, partial(restore.plan, part.archive, part.all_extras, tables))
    await restore.check(plan)
    for start in range(0, len(plan.left_out), _NAMES_PER_LINE):
        names = ", ".join(plan.left_out[start : start + _NAMES_PER_LINE])
        attempt.note(f"Left out, because the chosen tables do not need it or it needs others: {names}.", "warning")
    return SchemaSteps(attempt, restore.create, plan.pre_data, plan.post_data, plan.final, plan.extras, plan.objects)

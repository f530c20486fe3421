"""The end of a restore: schemas are compared object by object, and the rows of each table by their digest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeAlias

from headwater.catalog.codec import from_json
from headwater.core.snapshots import manifest_tables, schema_archives, schema_comparison, schema_subset
from headwater.core.snapshots.row_digest import RowDigest, RowHashes, is_completed
from headwater.core.snapshots.schema_comparison import SchemaComparison
from headwater.engines import ArchiveRefusal, Batch, Mode, SnapshotReader, SnapshotTable, When
from headwater.features.databases.service import reachability
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt
from headwater.features.snapshots.service.engines import snapshots_of
from headwater.features.snapshots.service.threads import RowProgress, run_cancellable, run_parallel
from headwater.kit.errors import Cancelled, HeadwaterError
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.vault import Vault

# Whether the rows of a table are those of the snapshot; "counted" if only their number was compared.
Contents: TypeAlias = Literal["equal", "different", "counted"]
# An `incomplete` restore lacks objects that the database refused; `unchecked` is one of which not all was compared.
Outcome: TypeAlias = Literal["equal", "incomplete", "different", "unchecked"]
# The number of rows of a table up to which rows that are added to others are compared: 8 bytes for each of three times.
HASHED_ROWS = 4_000_000
Digests: TypeAlias = Mapping[str, RowDigest]


@dataclass(frozen=True, slots=True)
class DatabaseComparison:
    """The comparison of a database with a snapshot: its schema, the digests of its rows, and its server."""

    schema: SchemaComparison
    digests: Digests
    server: str


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The restored tables, as the row of the restore holds them, the comparison of the schemas, and refused objects."""

    tables: Sequence[Mapping[str, Any]]
    schema: SchemaComparison
    refused: Sequence[ArchiveRefusal] = ()

    @property
    def differs(self) -> bool:
        """True if something is known to differ from the snapshot."""
        return self.outcome in {"incomplete", "different"}

    @property
    def outcome(self) -> Outcome:
        """What the restore may be called; the first word that fits."""
        if self.refused:
            return "incomplete"
        if self.schema.differing or self._named("different"):
            return "different"
        return "unchecked" if self.schema.reason or self._named("counted") else "equal"

    @property
    def sentence(self) -> str:
        """What was compared: `schema: 214 objects equal; rows: 31 tables, 1,204 rows, contents equal`."""
        compared = f"schema: {self.schema.sentence}; rows: {self._rows()}"
        if not self.refused:
            return compared
        count = len(self.refused)
        names = _some([refusal.subject for refusal in self.refused])
        return f"{count:,} object{'' if count == 1 else 's'} not restored ({names}); {compared}"

    def _rows(self) -> str:
        count, rows = len(self.tables), sum(table["found"] for table in self.tables)
        said = f"{count:,} table{'' if count == 1 else 's'}, {rows:,} row{'' if rows == 1 else 's'}"
        different, counted = self._named("different"), self._named("counted")
        if different:
            said += f", contents of {len(different)} different ({_some(different)})"
        if counted:
            said += ", only counted" if len(counted) == count else f", {len(counted)} only counted ({_some(counted)})"
        return said if different or counted else f"{said}, contents equal"

    def _named(self, contents: Contents) -> list[str]:
        return [table["table"] for table in self.tables if table["contents"] == contents]

    @property
    def plain(self) -> dict[str, Any]:
        """The result as the row of the restore holds it."""
        return {
            "tables": [dict(table) for table in self.tables],
            "schema": self.schema.plain,
            "summary": self.sentence,
            "differs": self.differs,
            "outcome": self.outcome,
            "refused": [refusal.sentence for refusal in self.refused],
        }


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


async def compare(
    attempt: Attempt,
    vault: Vault,
    manifest: Manifest,
    target: ReachableDatabase,
    tables: Sequence[ManifestTable],
    *,
    rows_of: Sequence[ManifestTable],
) -> DatabaseComparison:
    """Compare the schema of a database with that of a snapshot, and read the rows of some tables.

    Args:
        attempt: the attempt at the job.
        vault: the vault of the snapshot.
        manifest: the manifest of the snapshot.
        target: the database.
        tables: the tables of the snapshot that were restored.
        rows_of: the tables whose rows are read.
    """
    async with reachability.open_address(attempt.settings, target) as address:
        reader = await snapshots_of(target.engine).open_reader(address)
        try:
            attempt.report("comparing the schemas", 0, 1, unit="steps", message=target.name)
            schema = await run_cancellable(attempt, reader.cancel, lambda: _schemas(vault, manifest, reader, tables))
            digests = await run_cancellable(attempt, reader.cancel, lambda: _digests(attempt, reader, rows_of))
            return DatabaseComparison(schema, digests, reader.product)
        finally:
            await reader.close()


def _schemas(
    vault: Vault, manifest: Manifest, reader: SnapshotReader, tables: Sequence[ManifestTable]
) -> SchemaComparison:
    """Compare the archives of both schemas, or if one has none, what the catalog says of them."""
    names = _names(manifest, tables)
    archive, archiver = schema_archives.read(vault, manifest), reader.schema_archiver
    try:
        written = archiver.write() if archive and archiver else None
    except Cancelled:
        raise
    except HeadwaterError as error:
        return SchemaComparison(reason=error.message)
    if archive and archiver and written and written.content:
        return schema_comparison.compare(
            archiver.objects(archive, names),
            archiver.objects(written.content),
            whole=False,
            equivalent=archiver.are_equivalent,
        )
    part, _ = schema_subset.cut(from_json(manifest.schema), {".".join(filter(None, name)) for name in names})
    return schema_comparison.compare(
        schema_comparison.model_objects(part), schema_comparison.model_objects(reader.schema), whole=False
    )


def _names(manifest: Manifest, tables: Sequence[ManifestTable]) -> Collection[tuple[str | None, str]]:
    """Return the (schema, name) of the restored tables, and of those without rows of their own (partitioned ones)."""
    chosen = {(table.schema, table.name) for table in tables}
    read = {(table.schema, table.name) for table in manifest.tables}
    bare = {
        (relation.schema, relation.name)
        for relation in from_json(manifest.schema)
        if relation.kind in schema_subset.FILLED
    } - read
    return chosen | bare


def _digests(attempt: Attempt, reader: SnapshotReader, tables: Sequence[ManifestTable]) -> Digests:
    """Read the rows of tables, several at once, in the order in which they are stored."""
    progress = RowProgress(attempt, "comparing rows", sum(table.rows for table in tables), len(tables))

    def digest(table: ManifestTable) -> RowDigest:
        snapshot_table = replace(manifest_tables.dump_table(table), key=())
        return RowDigest().add(progress.counted(reader.read(snapshot_table), snapshot_table.display_name))

    return run_parallel(
        reader.max_readers,
        reader.cancel,
        {manifest_tables.display_name(table): partial(digest, table) for table in tables},
    )


def contents(expected: RowDigest | None, actual: RowDigest | None) -> Contents:
    """Compare the rows of a table with those that it should have; without one of them, they were only counted."""
    if expected is None or actual is None:
        return "counted"
    return "equal" if expected == actual else "different"


@dataclass(slots=True)
class ReadBack:
    """What an in-place restore wrote, and the rows of its tables before and after that, as digests.

    Written rows are kept by the number of columns: an engine may give a table no hidden last column. With
    `append_missing` the server decides which rows it adds, so the hashes of all rows are kept instead of a digest.
    """

    mode: Mode
    given: dict[str, dict[int, RowDigest | RowHashes]] = field(default_factory=dict)
    read: dict[When, dict[str, tuple[int, RowDigest | RowHashes]]] = field(
        default_factory=lambda: {"before": {}, "after": {}}
    )

    def _empty(self) -> RowDigest | RowHashes:
        return RowHashes(HASHED_ROWS) if self.mode == "append_missing" else RowDigest()

    def passing(self, table: SnapshotTable, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the rows that are given to the engine for a table."""
        width = len(table.columns)
        widths = (width, width - 1) if table.columns and table.columns[-1].hidden else (width,)
        digests = self.given[table.display_name] = {each: self._empty() for each in widths}
        for batch in batches:
            yield batch
            for each, digest in digests.items():
                digest.add([batch.select(range(each))])

    def __call__(self, table: SnapshotTable, when: When, batches: Iterable[Batch]) -> None:
        """Take the rows of a table; see `TableRestoreRequest`."""
        self.read[when][table.display_name] = len(table.columns), self._empty().add(batches)

    def contents(self, table: str) -> Contents:
        """Compare the rows of a table: with those of the snapshot, or with those and what was there before."""
        width, after = self.read["after"].get(table, (0, None))
        _, before = self.read["before"].get(table, (0, None))
        given = self.given[table].get(width)
        if self.mode == "overwrite":
            before = RowDigest()
        if isinstance(before, RowDigest) and isinstance(given, RowDigest) and isinstance(after, RowDigest):
            return contents(before.plus(given), after)
        if isinstance(before, RowHashes) and isinstance(given, RowHashes) and isinstance(after, RowHashes):
            if not (before.complete and given.complete and after.complete):
                return "counted"
            return "equal" if is_completed(before, given, after) else "different"
        return "counted"

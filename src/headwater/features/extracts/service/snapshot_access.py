"""Opens snapshots for reading: checks the actor's rights, finds tables by name, and decodes their columns."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headwater.catalog.codec import from_json
from headwater.catalog.model import Schema
from headwater.catalog.results import ResultColumn
from headwater.core.snapshots import manifest_tables
from headwater.engines import Decoder, DocumentFlattening, Engine, SnapshotColumn, engine
from headwater.features.accounts.rights import Actor
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import BadInput, Conflict, NotFound, did_you_mean
from headwater.store.context import Context
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.vault import Vault


@dataclass(frozen=True)
class OpenSnapshot:
    """A snapshot whose rows can be read."""

    id: uuid.UUID
    organization_id: uuid.UUID
    project_id: uuid.UUID | None
    database_id: uuid.UUID | None
    name: str
    vault_id: uuid.UUID
    vault: Vault
    manifest: Manifest
    engine: Engine

    @cached_property
    def schema(self) -> Schema:
        """The Schema of the snapshot."""
        return from_json(self.manifest.schema)

    def decoders(self, table: ManifestTable) -> list[Decoder]:
        """Return the decoders of the columns of a table."""
        assert self.engine.decoding
        if (decoders := self._decoders.get(table.root)) is None:
            decoders = [self.engine.decoding.decoder(column, self.schema) for column in self.readable(table)]
            self._decoders[table.root] = decoders
        return decoders

    def readable(self, table: ManifestTable) -> tuple[SnapshotColumn, ...]:
        """Return the columns of a table as users see them: documents are flattened, and no column is hidden."""
        dumped = manifest_tables.dump_table(table)
        if self._flattening:
            return self._flattening.flat_columns(dumped, self.schema)
        return tuple(column for column in dumped.columns if not column.hidden)

    @property
    def _flattening(self) -> DocumentFlattening | None:
        return self.engine.decoding.flattening if self.engine.decoding else None

    @cached_property
    def _decoders(self) -> dict[Any, list[Decoder]]:
        return {}

    def columns(self, table: ManifestTable) -> tuple[ResultColumn, ...]:
        """Return the columns of a table as columns of a result."""
        return tuple(
            ResultColumn(
                column.name, self.schema.base_type(column.type), decoder.kind, table.schema, table.name, column.name
            )
            for column, decoder in zip(self.readable(table), self.decoders(table), strict=True)
        )

    def rows(
        self, table: ManifestTable, threads: ThreadPoolExecutor, places_: Sequence[int] | None = None
    ) -> Iterator[Any]:
        """Yield the rows of a table in batches, with its readable columns or some of them; blocks."""
        return self._read(table, places_, lambda dumped: self.vault.table(table).rows(threads, dumped))

    def stored_rows(self, table: ManifestTable, threads: ThreadPoolExecutor) -> Iterator[Any]:
        """Yield the rows of a table in batches, with all columns as a restore needs them; blocks."""
        return self.vault.table(table).rows(threads)

    def window(
        self, table: ManifestTable, start: int, count: int, places_: Sequence[int] | None = None
    ) -> Iterator[Any]:
        """Yield `count` rows from row `start` on, which is counted from 0; blocks."""
        return self._read(table, places_, lambda dumped: self.vault.table(table).window(start, count, dumped))

    def _read(
        self, table: ManifestTable, places_: Sequence[int] | None, read: Callable[[Sequence[int] | None], Iterator[Any]]
    ) -> Iterator[Any]:
        """Read the stored columns; all of them if the readable ones are computed from them."""
        if self._flattening is None or (places_ is not None and not places_):
            readable = len(self.readable(table))
            return read(range(readable) if places_ is None and readable < len(table.columns) else places_)
        columns = self.readable(table)
        return self._reshaped(read(None), columns if places_ is None else [columns[position] for position in places_])

    def _reshaped(self, batches: Any, columns: Sequence[SnapshotColumn]) -> Iterator[Any]:
        assert self._flattening
        with contextlib.closing(batches):
            for batch in batches:
                yield self._flattening.flatten(batch, columns)

    def find(self, name: str) -> ManifestTable:
        """Return a table by name, with or without its schema; raise NotFound or BadInput."""
        known = {manifest_tables.display_name(table): table for table in self.manifest.tables}
        if name in known:
            return known[name]
        matches = [table for table in self.manifest.tables if table.name == name]
        if not matches:
            names = {*known, *(table.name for table in self.manifest.tables)}
            raise NotFound(f"There is no table {name!r} in this snapshot.", hint=did_you_mean(name, names))
        if len(matches) > 1:
            raise BadInput(
                f"Several tables are called {name!r}.",
                hint=did_you_mean(name, map(manifest_tables.display_name, matches)),
            )
        return matches[0]

    def choose(self, names: Sequence[str] | None) -> list[ManifestTable]:
        """Return some tables in the order of the snapshot, all if `names` is None; raises like `find`."""
        if names is None:
            return list(self.manifest.tables)
        wanted = [self.find(name) for name in names]
        return [table for table in self.manifest.tables if table in wanted]


async def open_snapshot(context: Context, actor: Actor, snapshot_id: uuid.UUID) -> OpenSnapshot:
    """Open a snapshot for an actor who may read it.

    Raises:
        NotFound, Forbidden: it does not exist, or the actor may not read it.
        Conflict: it is not complete.
        BadInput: snapshots of its engine cannot be decoded.
    """
    async with context.store.transaction() as db:
        row = await snapshots.find(db, actor, snapshot_id)
        if row.status != "complete":
            raise Conflict(
                "This snapshot is not complete.", hint="Wait until it is complete, or choose another snapshot."
            )
        location = await vault_locations.load(db, context.settings, row.vault_id)
    snapshot_engine = engine(row.engine)
    if snapshot_engine.decoding is None:
        raise BadInput(f"Snapshots of {snapshot_engine.display_name} cannot be read without restoring them yet.")

    def read() -> tuple[Vault, Manifest]:
        vault = location.open()
        return vault, vault.manifest(str(snapshot_id))

    vault, manifest = await asyncio.to_thread(read)
    return OpenSnapshot(
        row.id,
        row.organization_id,
        row.project_id,
        row.database_id,
        row.database_name,
        row.vault_id,
        vault,
        manifest,
        snapshot_engine,
    )

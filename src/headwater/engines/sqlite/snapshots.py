"""Snapshots of SQLite databases."""

from __future__ import annotations

from headwater.catalog.model import Schema
from headwater.engines import Address, BulkLoader, SnapshotReader, SnapshotSupport
from headwater.engines.sqlite import bulk_load, snapshot_reader
from headwater.engines.sqlite.ddl import restore_ddl
from headwater.engines.sqlite.session import connect


class SqliteSnapshots(SnapshotSupport):
    """Reads snapshots and loads them."""

    async def open_reader(self, address: Address, *, seconds: float = 15.0) -> SnapshotReader:
        return await snapshot_reader.open_reader(await connect(address, seconds=seconds), connect)

    async def open_loader(self, address: Address, *, seconds: float = 15.0) -> BulkLoader:
        return await bulk_load.open_loader(await connect(address, seconds=seconds))

    def pre_data_ddl(self, schema: Schema) -> tuple[str, ...]:
        return restore_ddl(schema)[0]

    def post_data_ddl(self, schema: Schema) -> tuple[str, ...]:
        return restore_ddl(schema)[1]

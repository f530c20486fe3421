"""Sends the columns that a sandbox requests, as Arrow, in threads that end with the sandbox."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import structlog

from headwater.catalog.results import QueryError
from headwater.core.snapshots import manifest_tables
from headwater.engines import ConversionError, Decoder
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.kit.errors import HeadwaterError, Unavailable
from headwater.vault.manifest import ManifestTable

log = structlog.get_logger()
_MOST_ASKED = 65_536


class ColumnServer:
    """Serves columns of a snapshot to a sandbox, and records the first error."""

    def __init__(self, opened: OpenSnapshot, control: socket.socket, *, as_text: bool) -> None:
        self._opened, self._control, self._as_text = opened, control, as_text
        self._tables = [table for table in opened.manifest.tables if table.columns]
        self._decoders = ThreadPoolExecutor(2, thread_name_prefix="vault-decode")
        self._thread = threading.Thread(target=self._listen, daemon=True, name="extract-columns")
        self.error: HeadwaterError | None = None
        self.bytes = 0

    def table_schemas(self) -> list[dict[str, Any]]:
        """Return the tables for the sandbox; names that differ only in case get an underscore appended."""
        taken: set[tuple[str, str]] = set()
        schemas = []
        for table in self._tables:
            name = table.name
            while ((table.schema or "").casefold(), name.casefold()) in taken:
                name += "_"
            taken.add(((table.schema or "").casefold(), name.casefold()))
            columns = self._schema(table, range(len(self._opened.readable(table))))
            schemas.append({"schema": table.schema, "name": name, "columns": columns.serialize().to_pybytes().hex()})
        return schemas

    def start(self) -> None:
        """Start to listen for requests."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the sandbox has ended; blocks until no thread reads from the vault."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._control.close()
        self._decoders.shutdown(wait=True, cancel_futures=True)

    def _schema(self, table: ManifestTable, indexes: Sequence[int]) -> Any:
        taken: set[str] = set()
        names = []
        for column in self._opened.readable(table):
            name = column.name
            while name.casefold() in taken:
                name += "_"
            taken.add(name.casefold())
            names.append(name)
        decoders = self._opened.decoders(table)
        return pa.schema(
            [(names[position], pa.string() if self._as_text else decoders[position].type) for position in indexes]
        )

    def _listen(self) -> None:
        scans = []
        while True:
            try:
                asked, files, _, _ = socket.recv_fds(self._control, _MOST_ASKED, 1)
            except OSError:
                break
            if not asked or not files:
                break
            number, indexes = json.loads(asked)
            scan = threading.Thread(
                target=self._give, args=(self._tables[number], indexes, socket.socket(fileno=files[0])), daemon=True
            )
            scan.start()
            scans.append(scan)
        for scan in scans:
            scan.join()

    def _give(self, table: ManifestTable, indexes: list[int], to: socket.socket) -> None:
        """Write columns of a table to a socket, until the end or until the sandbox stops reading."""
        with to, contextlib.suppress(BrokenPipeError, ConnectionResetError), to.makefile("wb") as file:
            try:
                self._write(table, indexes, file)
            except (BrokenPipeError, ConnectionResetError):
                raise
            except Exception as error:
                # The sandbox cannot tell that data is missing, so the query must end with this error.
                if not isinstance(error, HeadwaterError):
                    log.exception("extract.column_failed", table=manifest_tables.display_name(table))
                    error = Unavailable("The snapshot could not be read.", hint="Verify the snapshot.")
                self.error = self.error or error

    def _write(self, table: ManifestTable, indexes: list[int], file: Any) -> None:
        decoders, schema = self._opened.decoders(table), self._schema(table, indexes)
        rows = self._opened.rows(table, self._decoders, indexes)
        stream = pa.ipc.new_stream(file, schema)
        try:
            for batch in rows:
                self.bytes += batch.nbytes
                columns = [
                    self._read(table, position, decoders[position], batch.column(at))
                    for at, position in enumerate(indexes)
                ]
                record_batch = pa.record_batch(columns, schema=schema) if columns else batch
                stream.write_batch(record_batch)
                file.flush()
        finally:
            rows.close()  # type: ignore[attr-defined]
        stream.close()

    def _read(self, table: ManifestTable, column: int, decoder: Decoder, texts: Any) -> Any:
        if self._as_text:
            return decoder.text(texts)
        try:
            return decoder.values(texts)
        except ConversionError as error:
            name = f"{manifest_tables.display_name(table)}.{self._opened.readable(table)[column].name}"
            raise QueryError(
                f"{name} contains {str(error)!r}, which the type {decoder.type} cannot represent.",
                hint="Read all columns as text (as_text, or --text), and cast the ones you need.",
            ) from error

"""Patches of MySQL and MariaDB: foreign keys are not checked meanwhile; triggers fire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from headwater.engines import PatchSupport, SnapshotColumn, SnapshotTable
from headwater.engines.mysql import history
from headwater.engines.mysql.bulk_load import SETTINGS, column_constants
from headwater.engines.mysql.ddl import quote
from headwater.engines.mysql.snapshot_reader import text_expression

_NULL = rb"\N"


class MysqlPatches(PatchSupport):
    """The statements of a patch."""

    def begin(self, tables: Sequence[SnapshotTable]) -> bytes:
        settings = "".join(f"{setting};\n" for setting in SETTINGS if "unique_checks" not in setting)
        return f"{settings}START TRANSACTION;\n".encode()

    def end(self, tables: Sequence[SnapshotTable]) -> bytes:
        return b"COMMIT;\nSET SESSION foreign_key_checks = 1;\n"

    def can_patch(self, table: SnapshotTable) -> bool:
        return not history.is_history(table)

    def target(self, table: SnapshotTable) -> str:
        return quote(table.name)

    def insert_head(self, table: SnapshotTable) -> str:
        names = ", ".join(quote(column.name) for column in table.columns if not column.hidden)
        return f"INSERT INTO {quote(table.name)} ({names}) VALUES\n"

    def name(self, column: SnapshotColumn) -> str:
        return quote(column.name)

    def constants(self, column: SnapshotColumn, values: Iterable[bytes | None]) -> list[bytes]:
        texts: list[bytes] = column_constants(column, pa.array(list(values), pa.binary())).to_pylist()
        # The program mysql changes both characters unless they are escaped.
        return [text.replace(b"\0", b"\\0").replace(b"\r", b"\\r") for text in texts]

    def delete_one(self, table: SnapshotTable, values: Sequence[bytes | None]) -> bytes:
        visible = [column for column in table.columns if not column.hidden]
        conditions = " AND ".join(
            f"CAST({text_expression(column)} AS BINARY) = x'{(_NULL if value is None else value).hex()}'"
            for column, value in zip(visible, values, strict=True)
        )
        return f"DELETE FROM {quote(table.name)} WHERE {conditions} LIMIT 1;\n".encode()  # noqa: S608 (quoted)

    def changes_by_itself(self, column: SnapshotColumn) -> bool:
        return column.type.lower().startswith(("timestamp", "datetime"))

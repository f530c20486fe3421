"""The process in which DuckDB runs queries on a snapshot.

It has no key, no secret and no connection, and it can open no file. It has only two sockets to the server that started
it: over them it receives its task and the columns that the statement reads, and sends the result. The process ends
after one statement.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import resource
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.acero  # what is not imported here cannot be any more when files are shut
import pyarrow.dataset
import pyarrow.ipc

_CREATE_RULES, _RESTRICT_SELF, _NO_NEW_PRIVILEGES = 444, 446, 38
ROWS = 2048
PIECE_BYTES = 16 * 2**20
_EXPLAIN = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*EXPLAIN\s+(?:ANALYZE\b\s*)?(?:\([^()]*\)\s*)?", re.IGNORECASE | re.DOTALL
)
_SHOW = re.compile(r"\s*SHOW\s+(?:ALL\s+)?TABLES\s*;?\s*", re.IGNORECASE)
_TABLES = """
SELECT schema_name AS schema, view_name AS name FROM duckdb_views()
WHERE NOT internal AND NOT temporary ORDER BY ALL
"""
_PLACE = re.compile(r"\nLINE (\d+): (.*)\n( *)\^", re.DOTALL)
# JSON can represent values of these types; values of all others are sent as DuckDB's text for them.
_PLAIN = frozenset(
    {
        "BOOLEAN",
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "FLOAT",
        "DOUBLE",
        "VARCHAR",
        "HUGEINT",
        "UHUGEINT",
    }
)
# Types that Arrow and Parquet files cannot store.
_UNTYPED = re.compile(r"\b(?:INTERVAL|BIT|TIME WITH TIME ZONE|TIMETZ|UNION|VARIANT|BIGNUM|UHUGEINT|GEOMETRY)\b")
# These settings forbid access to files, the network and extensions; `lock_configuration` makes them final.
_SETTINGS = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET python_enable_replacements = false",
    "SET python_scan_all_frames = false",
    "SET temp_directory = ''",
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class StatementRefused(Exception):
    """The statement is not allowed: it is not a single SELECT, or its result cannot be sent."""


class Pages(pyarrow.dataset.Dataset):  # type: ignore[misc]
    """A table that requests only those columns from the server that a statement reads."""

    def __init__(self, control: socket.socket, number: int, schema: pa.Schema) -> None:
        self._control, self._number, self._columns = control, number, schema

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table."""
        return self._columns

    def scanner(self, columns: list[str] | None = None, filter: Any = None, **_: Any) -> Any:
        """Request some columns from the server; the filter is applied in this process."""
        names = list(self._columns.names if columns is None else columns)
        if filter is not None:
            names += [name for name in self._columns.names if name not in names and _needs(filter, name, self._columns)]
        indexes = [self._columns.get_field_index(name) for name in names]
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [json.dumps([self._number, indexes]).encode()], [theirs.fileno()])
        reader = pa.ipc.open_stream(ours.makefile("rb"))
        ours.close()  # the file keeps it open
        return pyarrow.dataset.Scanner.from_batches(reader, columns=columns or None, filter=filter)


def _needs(condition: Any, name: str, schema: pa.Schema) -> bool:
    """Return True if a condition uses a column: then it cannot be evaluated without the column."""
    try:
        schema.remove(schema.get_field_index(name)).empty_table().filter(condition)
    except pa.ArrowInvalid:
        return True
    return False


def main() -> None:
    """Receive a task, run its statement, and send the result."""
    control, wire = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    for limit, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    order_file, out = wire.makefile("rb"), wire.makefile("wb")
    order = json.loads(order_file.readline())
    try:
        _answer(control, order, out)
        end: dict[str, Any] = {}
    except (duckdb.Error, StatementRefused, pa.ArrowException, MemoryError) as error:
        end = _problem(error, order["text"])
    out.write(b"\n" + json.dumps(end).encode() + b"\n")
    out.flush()
    os._exit(0)  # nothing needs cleaning up: everything ends with the process


def _answer(control: socket.socket, order: dict[str, Any], out: Any) -> None:
    connection = _opened(control, order)
    _check(connection, order["text"])
    relation = connection.sql(_TABLES if _SHOW.fullmatch(order["text"]) else order["text"])
    if relation is None:
        raise StatementRefused("The statement returns no rows.")
    names, types = list(relation.columns), [str(type_) for type_ in relation.types]
    spelled = [type_ not in _PLAIN if order["cells"] else bool(_UNTYPED.search(type_)) for type_ in types]
    if any(spelled):
        cells = [_cell(index, types[index - 1]) if as_text else f"#{index}" for index, as_text in enumerate(spelled, 1)]
        relation = relation.project(", ".join(cells))
    reader = relation.to_arrow_reader(ROWS)
    out.write(json.dumps({"columns": list(zip(names, types, strict=True))}).encode() + b"\n")
    fields = [pa.field(str(index), _flat(field.type)) for index, field in enumerate(reader.schema)]
    with pa.ipc.new_stream(out, pa.schema(fields)) as stream:
        for batch in _batches(reader):
            columns = [_plain(column) for column in batch.columns]
            for piece in _pieces(pa.record_batch(columns, schema=pa.schema(fields))):
                stream.write_batch(piece)
                out.flush()


def _batches(reader: Any) -> Iterator[Any]:
    while True:
        try:
            yield reader.read_next_batch()
        except StopIteration:
            return


def _pieces(batch: Any) -> Iterator[Any]:
    """Split a batch into pieces of limited size, so that the server can hold several of them.

    Raises:
        StatementRefused: a single row is larger than the limit.
    """
    if batch.nbytes <= PIECE_BYTES:
        yield batch
    elif batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _pieces(batch.slice(0, half))
        yield from _pieces(batch.slice(half))
    else:
        raise StatementRefused(
            f"A row of the result has {batch.nbytes:,} bytes, but at most {PIECE_BYTES:,} are allowed."
        )


def _flat(type_: Any) -> Any:
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _plain(column: Any) -> Any:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _cell(column: int, type_: str) -> str:
    if type_ == "BLOB":
        return f"'\\x' || lower(hex(#{column}))"
    return f"CAST(#{column} AS VARCHAR)"


def _opened(control: socket.socket, order: dict[str, Any]) -> Any:
    """Return an in-memory database with a view for each table, and without access to anything outside."""
    given = {"memory_limit": f"{order['memory_mb']}MB", "threads": order["threads"]}
    connection = duckdb.connect(":memory:", config=given)
    schemas: list[str] = []
    for number, table in enumerate(order["tables"]):
        columns = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(table["columns"])))
        connection.register(f"__pages_{number}", Pages(control, number, columns))
        schema = table["schema"] or "main"
        if schema not in schemas:
            schemas.append(schema)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(schema)}")
        view_name = f"{_quoted(schema)}.{_quoted(table['name'])}"
        connection.execute(f"CREATE VIEW {view_name} AS SELECT * FROM __pages_{number}")  # noqa: S608 (quoted)
    path = ",".join(
        _quoted(schema_name) for schema_name in sorted(schemas, key=lambda schema_name: schema_name != "public")
    )
    if path:
        text = path.replace("'", "''")
        connection.execute(f"SET search_path = '{text}'")
    for setting in _SETTINGS:
        connection.execute(setting)
    shut_files()
    return connection


def shut_files() -> None:
    """Forbid this process to open files and ports from now on, if the kernel supports it (Landlock, Linux 5.13)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not sys.platform.startswith("linux") or (version := libc.syscall(_CREATE_RULES, None, 0, 1)) < 1:
        return
    # Each version of Landlock knows more kinds of access: to files, and since version 4 also to ports.
    files = (1 << (13, 14, 15)[min(version, 3) - 1]) - 1
    rules = struct.pack("<QQ", files, 3) if version >= 4 else struct.pack("<Q", files)
    held = libc.syscall(_CREATE_RULES, rules, len(rules), 0)
    if held >= 0:
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.syscall(_RESTRICT_SELF, held, 0)
        os.close(held)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _check(connection: Any, text: str) -> None:
    """Raise StatementRefused unless a text is one statement that only reads."""
    statements = connection.extract_statements(text)
    if len(statements) != 1:
        raise StatementRefused(
            "There is nothing to run." if not statements else "Only one statement can be run at a time."
        )
    kind = statements[0].type.name
    if kind == "EXPLAIN":
        inner = _EXPLAIN.sub("", text, count=1)
        inner_statements = connection.extract_statements(inner) if inner != text else []
        kind = inner_statements[0].type.name if len(inner_statements) == 1 else "EXPLAIN"
    if kind == "MULTI":
        raise StatementRefused("PIVOT without a list of values is not supported: list the values with IN (…).")
    if kind != "SELECT":
        raise StatementRefused(f"Snapshots are read-only: {kind} statements cannot be run.")


def _problem(error: Exception, text: str) -> dict[str, Any]:
    message = str(error)
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return {"error": "The query exceeded its memory limit.", "hint": "Query fewer rows or columns at a time."}
    match = _PLACE.search(message)
    problem: dict[str, Any] = {"error": message[: match.start()].strip() if match else message.strip()}
    if isinstance(error, duckdb.BinderException) and "VARCHAR" in message:
        problem["hint"] = (
            "Columns that no DuckDB type can hold without loss, such as numeric without a scale, are read as text: "
            "cast them, as in sum(price::decimal(38, 4))."
        )
    if match:
        line, line_text, spaces = int(match[1]), match[2], match[3]
        lines = text.split("\n")
        column = len(spaces) - len(f"LINE {line}: ")
        if line <= len(lines) and line_text == lines[line - 1] and column >= 0:
            problem["position"] = sum(len(earlier) + 1 for earlier in lines[: line - 1]) + column
    return problem


if __name__ == "__main__":
    main()

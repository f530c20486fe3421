"""The job of an import: loads the rows of a file into a table in one transaction, and reports each bad row."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.results import QueryError
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer import files
from headwater.core.transfer.codec import ValueConversionError, decoder, encoder
from headwater.core.transfer.files import Line
from headwater.engines import Columns, drop_all
from headwater.features.databases.service import schema_cache
from headwater.features.jobs.context import Attempt, Write
from headwater.features.query.service import statement_audit
from headwater.features.query.service.statement_audit import Loaded
from headwater.features.transfers import file_store
from headwater.features.transfers.service import copy_rows, imports, scripts, transfers
from headwater.features.transfers.service.copy_rows import CopyEndpoint
from headwater.features.transfers.service.scripts import ScriptReport
from headwater.features.transfers.service.transfers import TransferAttempt
from headwater.kit.errors import BadInput, Conflict, Unreadable

SAMPLE_ERRORS, MAX_ERRORS = 50, 10_000
# Kinds whose text the database itself parses.
_RAW = frozenset({"array", "other", "interval", "enum", "any"})


@dataclass(slots=True)
class Problems:
    """The rows that were not imported: all are counted, the first ones listed in a file, and a few in the result."""

    path: Path
    count: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)
    bad_rows: list[list[Any]] = field(default_factory=list)

    def add(self, row: int, column: str, sentence: str) -> None:
        """Record an error of a row."""
        self.count += 1
        if self.count <= SAMPLE_ERRORS:
            self.samples.append({"row": row, "column": column, "sentence": sentence})
        if self.count <= MAX_ERRORS:
            self.bad_rows.append([row, column, sentence])

    def write(self) -> None:
        """Write the report of errors."""
        with self.path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(["row", "column", "what is wrong"])
            writer.writerows(self.bad_rows)


async def run_job(attempt: Attempt) -> Write:
    """Run the job of an import: all rows, or none if a bad row stops it."""
    working = await transfers.take(attempt)
    row = working.transfer
    working.unit = "bytes"
    target = await working.reach(row.database_id, write=True)
    path = file_store.path_of(working.settings, row.id, "upload")
    if not path.exists():
        raise Unreadable(f"The uploaded file {row.filename} no longer exists.", hint="Upload it again.")
    if row.created.get("committing") and not row.request.get("create"):
        raise Conflict(
            f"The worker died during the commit: {row.created['committing']:,} rows may have been imported or not.",
            hint="Check the table before you import the file again.",
        )
    problems = Problems(file_store.path_of(working.settings, row.id, "errors"))
    try:
        async with AsyncExitStack() as stack:
            side = await working.open(stack, target)
            if working.created:
                await drop_all(side.loads, working.created)
                working.created = []
            report: ScriptReport | None = None
            if row.preview["format"] in files.SCRIPTS:
                report = await scripts.run(side, path, row.request["on_error"], working, problems.add)
            rows = report.rows if report else await _Import(side, working, problems, path).run()
    except BaseException:
        problems.write()
        await transfers.clear_after(working, target)
        await working.note(result=_result(0, problems))
        raise
    problems.write()
    path.unlink(missing_ok=True)
    attempt.note(f"Imported {rows:,} rows; {problems.count:,} rows were not imported.")
    if report and (report.skipped_count or report.changed_count):
        attempt.note(f"Statements that were left out: {report.skipped_count:,}; changed: {report.changed_count:,}.")
    result = _result(rows, problems) | (report.as_result() if report else {})

    async def write(db: AsyncSession) -> None:
        await transfers.finish(db, working, result)
        loaded = Loaded([str(row.request.get("table") or "the database")], rows)
        statement_audit.add_load(db, attempt.author, target, "import", loaded)
        if report:
            statement_audit.add(db, attempt.author, target, "import", report.tally)
        await schema_cache.forget(db, target.id)

    return write


def _result(rows: int, problems: Problems) -> dict[str, Any]:
    return {"rows": rows, "bad_rows": problems.count, "errors": problems.samples}


class _Import:
    """The state of one import: its target, its columns and its progress."""

    def __init__(self, side: CopyEndpoint, working: TransferAttempt, problems: Problems, path: Path) -> None:
        self._side, self._working, self._problems, self._path = side, working, problems, path
        self._request = working.transfer.request
        self._shape = imports.shape(working.transfer.preview)
        self._positions = [self._shape.columns.index(column["source"]) for column in self._request["columns"]]
        self._targets = [column["target"] for column in self._request["columns"]]
        self._skips = self._request["on_error"] == "skip"
        self._makers: list[tuple[Any, Any]] = []
        self._schema = Schema()
        self._rows = 0

    async def run(self) -> int:
        """Import all rows; return their number."""
        side, quote = self._side, self._side.engine.quote
        await side.loads.begin_load()
        relation = await self._relation()
        dialect = side.engine.dialect
        columns: list[tuple[str, str]] = []
        for name in self._targets:
            column = relation.column(name)
            assert column is not None
            columns.append((quote(name), column.type))
            kind = _kind(dialect, self._schema.base_type(column.type))
            encode = _array_encoder(kind, dialect) or encoder(dialect, _of_text(kind))
            self._makers.append((decoder(None, _of_text(kind)), encode))
        table_name = quote(relation.schema, relation.name)
        await copy_rows.run(side.session, "BEGIN", self._working)
        async for batch in self._batches():
            ready = await asyncio.to_thread(self._prepared, batch)
            await self._load(table_name, columns, ready)
        counters = [
            (table_name, quote(item.name)) for item in relation.columns if item.name in self._targets and _counts(item)
        ]
        await side.loads.finish_load(counters)
        self._working.report("rows", self._rows, self._rows, "Committing")
        await self._working.committing(self._rows)
        await copy_rows.run(side.session, "COMMIT", self._working)
        return self._rows

    async def _relation(self) -> Relation:
        """Return the target table; create it first if requested."""
        side, request = self._side, self._request
        schema = self._schema = await side.engine.inspect(side.session)
        relations = [item for item in schema if item.name == request["table"] and item.schema == request["schema"]]
        if not request["create"]:
            if not relations:
                raise Conflict(f"The table {request['table']} does not exist any more.", hint="Start the import again.")
            return relations[0]
        if schema.relation(request["table"], request["schema"]):
            raise Conflict(f"The table {request['table']} already exists.")
        columns = tuple(Column(item["target"], item["type"]) for item in request["columns"])
        relation = Relation(request["table"], columns, request["schema"])
        await self._working.making("table", side.engine.quote(relation.schema, relation.name))
        # Its schema exists if another table is in it.
        neighbour = next((item for item in schema if item.kind == "table" and item.schema == relation.schema), None)
        there = set(side.engine.ddl(Schema((neighbour,)))) if neighbour else set()
        for statement in side.engine.ddl(Schema((relation,))):
            if statement not in there:
                await copy_rows.run(side.session, statement, self._working)
        return relation

    async def _batches(self) -> AsyncIterator[list[Line]]:
        lines: Iterator[Line] = files.lines(self._path, self._shape)
        size = self._path.stat().st_size
        text = self._shape.format in {"csv", "ndjson"}
        while batch := await asyncio.to_thread(lambda: list(islice(lines, files.BATCH))):
            yield batch
            message = f"{self._rows:,} rows" + (f", {self._problems.count:,} not" if self._problems.count else "")
            last = batch[-1]
            self._working.report("bytes" if text else "rows", last.at, size if text else 0, message)

    def _prepared(self, batch: list[Line]) -> list[tuple[int, list[Any]]]:
        """Return the rows to load, each with its number; bad rows are reported."""
        ready = []
        for line in batch:
            if line.wrong:
                self._bad(line.number, "", line.wrong)
                continue
            values = self._values(line)
            if values is not None:
                ready.append((line.number, values))
        return ready

    def _values(self, line: Line) -> list[Any] | None:
        values: list[Any] = []
        dialect = self._side.engine.dialect
        for position, name, (decode, encode) in zip(self._positions, self._targets, self._makers, strict=True):
            try:
                value = encode(decode(line.values[position]))
                if isinstance(value, str) and "\0" in value and not dialect.stores_zero_characters:
                    raise ValueError(f"The text has a zero character, which {dialect.display_name} cannot store")
                values.append(value)
            except (ValueConversionError, ValueError) as error:
                self._bad(line.number, name, f"{error}.")
                return None
        return values

    async def _load(self, where: str, columns: Columns, rows: list[tuple[int, list[Any]]]) -> None:
        """Load rows; if the database refuses some, halve the batch until those are found."""
        if not rows:
            return
        try:
            work = self._side.loads.load(where, columns, [values for _, values in rows])
            await copy_rows.guarded(work, self._working, self._side.session)
            self._rows += len(rows)
        except QueryError as error:
            if len(rows) == 1:
                detail = f" {error.detail.splitlines()[0]}" if error.detail else ""
                self._bad(rows[0][0], "", f"{error.message}{detail}")
                return
            half = len(rows) // 2
            await self._load(where, columns, rows[:half])
            await self._load(where, columns, rows[half:])

    def _bad(self, row: int, column: str, sentence: str) -> None:
        self._problems.add(row, column, sentence)
        if not self._skips:
            where = f"Row {row}" + (f", column {column}" if column else "")
            raise BadInput(f"{where}: {sentence}", hint="Nothing was imported. Correct the row, or skip bad rows.")


def _kind(dialect: Dialect, type_: str) -> ValueKind:
    assert dialect.types and dialect.types.read
    return dialect.types.read(type_)


def _of_text(kind: ValueKind) -> ValueKind:
    """Return the kind by which a file's value is read: text, where only the database knows what is valid."""
    return ValueKind("text", written=kind.written) if kind.name in _RAW else kind


def _array_encoder(kind: ValueKind, dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return the function that makes a JSON array of a file the engine's own text; None if that is not needed."""
    json_array = dialect.types.json_array if dialect.types else None
    if kind.name != "array" or json_array is None:
        return None
    return lambda value: (json_array(value, kind) if isinstance(value, str) else None) or value


def _counts(column: Column) -> bool:
    return column.identity or (column.default or "").startswith("nextval(")

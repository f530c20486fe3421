"""The commands `headwater columns` and `headwater tables`: what is unused, never read or never written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from headwater.core.lineage.lookup import relation_named
from headwater.core.lineage.questions import formats
from headwater.core.lineage.questions.column_use import ColumnUse, TableUse, UseState, columns_in_use, tables_in_use
from headwater.core.lineage.questions.counts import count_of
from headwater.features.codebases.commands.local import JobsOption, NoCacheOption, PathArgument, write_report
from headwater.features.codebases.commands.scan_runner import run_scan
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal

UnusedOption = Annotated[bool, typer.Option("--unused", help="Only those that nothing uses.")]
NeverReadOption = Annotated[bool, typer.Option("--never-read", help="Only those that are written, but never read.")]
NeverWrittenOption = Annotated[
    bool, typer.Option("--never-written", help="Only those that are read, but never written.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")]
OutOption = Annotated[Path | None, typer.Option(help="Also write a file: .json, .csv, .html or .sarif.")]
_FORMATS: dict[str, formats.Format] = {".json": "json", ".csv": "csv", ".html": "html", ".sarif": "sarif"}


def register(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("columns")(columns)
    app.command("tables")(tables)


def columns(
    path: PathArgument,
    unused: UnusedOption = False,
    never_read: NeverReadOption = False,
    never_written: NeverWrittenOption = False,
    table: Annotated[str | None, typer.Option(help="Only the columns of this table.")] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    out: OutOption = None,
    processes: JobsOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """List the columns of a codebase and how each is used, or those that are unused, never read or never written."""
    printed, written = printed_format(as_json=as_json, as_csv=as_csv), format_of(out)
    states = _states(unused=unused, never_read=never_read, never_written=never_written)
    scan = run_scan(path, processes=processes, use_cache=not no_cache)
    wanted = relation_named(scan.schema, table).name if table is not None else None
    listed = [
        item
        for item in columns_in_use(scan.schema, count_of(scan.usages))
        if (not states or item.state in states) and wanted in (None, item.table_name)
    ]
    answer = formats.answer(f"Columns of {scan.source}", listed, ColumnUse)
    emit(answer, printed, (out, written), _column_table(listed))


def tables(
    path: PathArgument,
    unused: UnusedOption = False,
    never_read: NeverReadOption = False,
    never_written: NeverWrittenOption = False,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    out: OutOption = None,
    processes: JobsOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """List the tables of a codebase and how each is used, or those that are unused, never read or never written."""
    printed, written = printed_format(as_json=as_json, as_csv=as_csv), format_of(out)
    states = _states(unused=unused, never_read=never_read, never_written=never_written)
    scan = run_scan(path, processes=processes, use_cache=not no_cache)
    every = tables_in_use(scan.schema, count_of(scan.usages))
    listed = [item for item in every if not states or item.state in states]
    answer = formats.answer(f"Tables of {scan.source}", listed, TableUse)
    emit(answer, printed, (out, written), _table_table(listed))


def printed_format(*, as_json: bool, as_csv: bool) -> formats.Format | None:
    """Return the format in which an answer is printed, None for a table."""
    if as_json and as_csv:
        raise BadInput("Only one of --json and --csv can be printed.")
    return "json" if as_json else "csv" if as_csv else None


def format_of(out: Path | None) -> formats.Format | None:
    """Return the format of a file by its suffix."""
    if out is None:
        return None
    if out.suffix.lower() not in _FORMATS:
        raise BadInput(f"Answers can be written as {', '.join(_FORMATS)}, not as {out.suffix or out.name}.")
    return _FORMATS[out.suffix.lower()]


def emit(
    answer: formats.AnswerFile,
    printed: formats.Format | None,
    file: tuple[Path | None, formats.Format | None],
    table: Table,
) -> None:
    """Print an answer, and write it to a file if one is named."""
    out, written = file
    if out is not None and written is not None:
        write_report(out, formats.WRITERS[written](answer))
    if printed is not None:
        typer.echo(formats.WRITERS[printed](answer), nl=False)
        return
    console = terminal()
    console.print(f"[bold]{answer.title}[/bold]  {len(answer.items):,} listed", highlight=False)
    if answer.items:
        console.print(table)
    if out is not None:
        console.print(f"Written to {out}", highlight=False)


def _states(*, unused: bool, never_read: bool, never_written: bool) -> set[UseState]:
    asked: dict[UseState, bool] = {"unused": unused, "never_read": never_read, "never_written": never_written}
    return {state for state, is_asked in asked.items() if is_asked}


def _column_table(items: list[ColumnUse]) -> Table:
    table = Table("Column", "Type", "Use", "Certainty", "Reason", box=None, pad_edge=False, header_style="dim")
    for item in items:
        table.add_row(f"{item.table_name}.{item.column_name}", item.type, *_words(item))
    return table


def _table_table(items: list[TableUse]) -> Table:
    table = Table("Table", "Columns", "Use", "Certainty", "Reason", box=None, pad_edge=False, header_style="dim")
    for item in items:
        table.add_row(item.table_name, str(item.columns), *_words(item))
    return table


def _words(item: Any) -> tuple[str, str, str]:
    return item.state.replace("_", " "), item.certainty, item.reason

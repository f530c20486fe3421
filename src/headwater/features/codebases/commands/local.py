"""The commands `headwater scan` and `headwater usages`: the column map of a folder or archive, without a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headwater.catalog.usages import USAGE_TYPES, Usage
from headwater.core.lineage import report as reports
from headwater.core.lineage.limits import REASONS
from headwater.core.lineage.lookup import column_named
from headwater.core.lineage.questions.counts import WRITES
from headwater.core.lineage.result import ScanResult
from headwater.features.codebases.commands.missed import print_missed
from headwater.features.codebases.commands.push import Push, push_codebase
from headwater.features.codebases.commands.scan_runner import run_scan
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal

_WRITERS: dict[str, Callable[[reports.Report], bytes]] = {
    ".json": reports.to_json,
    ".csv": lambda report: reports.to_csv(report.usages),
    ".html": reports.to_html,
}
PathArgument = Annotated[Path, typer.Argument(help="A folder, git checkout, ZIP or tar archive.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
JobsOption = Annotated[int | None, typer.Option("--processes", min=1, help="Maximum number of processes.")]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Do not use the cache of earlier scans.")]


def register(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("scan")(scan)
    app.command("usages")(usages)


def scan(
    path: PathArgument,
    as_json: JsonOption = False,
    out: Annotated[Path | None, typer.Option(help="Write a report: .json, .csv or .html.")] = None,
    processes: JobsOption = None,
    no_cache: NoCacheOption = False,
    push: Annotated[bool, typer.Option("--push", help="Upload the files, and let the server scan them.")] = False,
    project: Annotated[str | None, typer.Option(help="With --push: name or id of the project.")] = None,
    codebase: Annotated[str | None, typer.Option(help="With --push: its name; by default that of the folder.")] = None,
    commit: Annotated[
        str | None, typer.Option(help="With --push: the commit; by default that of the checkout.")
    ] = None,
    branch: Annotated[str | None, typer.Option(help="With --push: its branch; by default that of CI or git.")] = None,
) -> None:
    """Scan a codebase: list its tables and columns, and count their usages; with --push, on the server."""
    if push:
        if out is not None or processes is not None or no_cache:
            raise BadInput(
                "--out, --processes and --no-cache are about a scan on this machine.", hint="Leave out --push."
            )
        push_codebase(Push(path, project, codebase, commit, branch), as_json)
        return
    if project or codebase or commit or branch:
        raise BadInput("--project, --codebase, --commit and --branch need --push.")
    write = _writer(out)
    result = run_scan(path, processes=processes, use_cache=not no_cache)
    report = reports.report_of(result)
    if out is not None and write is not None:
        write_report(out, write(report))
    if as_json:
        typer.echo(reports.to_json(report), nl=False)
    else:
        _print_summary(result, terminal())
        if out is not None:
            terminal().print(f"Report written to {out}", highlight=False)


def usages(
    path: PathArgument,
    column: Annotated[str, typer.Argument(metavar="TABLE.COLUMN", help="For example users.email.", show_default=False)],
    as_json: JsonOption = False,
    implicit: Annotated[bool, typer.Option("--implicit", help="Also list SELECT * and whole-row loads.")] = False,
    processes: JobsOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """List every line in a codebase that uses a column."""
    result = run_scan(path, processes=processes, use_cache=not no_cache)
    relation, match = column_named(result.schema, column)
    table_name, column_name = relation.name, match.name
    own = [u for u in result.usages if u.table_name == table_name and u.column_name in (column_name, "*")]
    listed = [usage for usage in own if implicit or usage.sub_type != "implicit"]
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(listed), indent=1))
        return
    _print_usages(f"{table_name}.{column_name}", listed, len(own) - len(listed), terminal())


def _writer(out: Path | None) -> Callable[[reports.Report], bytes] | None:
    if out is None:
        return None
    if out.suffix not in _WRITERS:
        raise BadInput(f"Reports can be written as {', '.join(_WRITERS)}, not as {out.suffix or out.name}.")
    return _WRITERS[out.suffix]


def write_report(out: Path, content: bytes) -> None:
    """Write a report.

    Raises:
        BadInput: the file cannot be written.
    """
    try:
        out.write_bytes(content)
    except OSError as error:
        raise BadInput(f"The report cannot be written to {out}: {error.strerror}.") from error


def _print_summary(result: ScanResult, console: Console) -> None:
    counts = result.file_counts
    console.print(
        f"[bold]{result.source}[/bold]  {counts['scanned']:,} of {counts['total']:,} files read, "
        f"{len(result.schema.relations)} tables, {sum(len(r.columns) for r in result.schema):,} columns, "
        f"{len(result.usages):,} usages in {result.seconds:.1f} s",
        highlight=False,
    )
    console.print(_languages(result))
    if result.schema.relations:
        console.print(_tables(result))
    for reader in result.readers:
        console.print(f"{reader.reader}: {reader.models} in {reader.path}", highlight=False)
    skipped = Counter(file.reason for file in result.skipped)
    if skipped:
        parts = ", ".join(f"{count:,} {REASONS.get(reason, reason)}" for reason, count in skipped.most_common(6))
        console.print(f"[dim]Skipped: {parts}[/dim]", highlight=False)
    print_missed(result.not_understood, console, rest="--json")


def _languages(result: ScanResult) -> Table:
    table = Table("Language", box=None, pad_edge=False, header_style="dim")
    for title in ("Files", "Lines", "Usages", "Errors"):
        table.add_column(title, justify="right")
    for row in result.languages:
        usages = f"{row.usages:,}" if row.supported else "[dim]not supported yet[/dim]"
        table.add_row(row.language, f"{row.files:,}", f"{row.lines:,}", usages, f"{row.errors:,}" if row.errors else "")
    return table


def _tables(result: ScanResult) -> Table:
    explicit = [usage for usage in result.usages if usage.sub_type != "implicit"]
    counts = Counter((usage.table_name, usage.usage_type) for usage in explicit)
    table = Table("Table", box=None, pad_edge=False, header_style="dim")
    for title in ("Columns", *USAGE_TYPES):
        table.add_column(title, justify="right")
    order = sorted(result.schema, key=lambda r: -sum(counts[r.name, kind] for kind in USAGE_TYPES))
    for relation in order:
        cells = [f"{counts[relation.name, kind]:,}" if counts[relation.name, kind] else "·" for kind in USAGE_TYPES]
        table.add_row(relation.name, str(len(relation.columns)), *cells)
    return table


def _print_usages(name: str, usages: list[Usage], hidden: int, console: Console) -> None:
    files = len({usage.file_path for usage in usages})
    console.print(f"[bold]{name}[/bold]  {len(usages)} usages in {files} files", highlight=False)
    table = Table("Kind", "Where", "In", "Code", box=None, pad_edge=False, header_style="dim")
    for usage in usages:
        kind = f"{usage.usage_type} ({usage.sub_type})" if usage.sub_type else usage.usage_type
        location = f"{usage.file_path}:{usage.line_number}"
        code = usage.code_snippet.split("\n")[0].strip()[:100]
        table.add_row(kind, Text(location), Text(usage.symbol or "·"), Text(code))
    if usages:
        console.print(table)
    _print_writers(usages, console)
    if hidden:
        console.print(f"[dim]{hidden} more usages load the whole row; list them with --implicit.[/dim]")


def _print_writers(usages: list[Usage], console: Console) -> None:
    """Print the functions that write a column, most frequent first."""
    writers = Counter((u.symbol, u.file_path) for u in usages if u.usage_type in WRITES)
    if not writers:
        return
    console.print("[bold]Written by[/bold]")
    for (symbol, path), number in writers.most_common():
        times = f"{number} places" if number > 1 else "1 place"
        console.print(Text(f"  {symbol or 'the file itself'}  {path}  {times}"), highlight=False, soft_wrap=True)

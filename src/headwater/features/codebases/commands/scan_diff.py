"""The command `headwater scan-diff`: which usages, tables and columns appeared or disappeared, without a server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headwater.core.lineage.questions.scan_diff import (
    Changes,
    DiffUsage,
    ScanDiff,
    ScanState,
    difference,
    state_of,
    to_json,
    to_markdown,
)
from headwater.core.lineage.result import ScanResult
from headwater.features.codebases.commands.local import JobsOption, NoCacheOption, PathArgument
from headwater.features.codebases.commands.scan_runner import run_scan
from headwater.kit import git
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("scan-diff")(scan_diff)


def scan_diff(
    path: PathArgument,
    after: Annotated[Path | None, typer.Argument(help="The later one, if there is no --since.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="REVISION", help="Compare the folder with this git revision of it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    processes: JobsOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """List the usages, tables and columns that appeared or disappeared from one codebase to a later one."""
    if as_json and as_markdown:
        raise BadInput("Only one of --json and --markdown can be printed.")
    scan = partial(run_scan, processes=processes, use_cache=not no_cache)
    if (after is None) == (since is None):
        hint = "For example: headwater scan-diff old new, or headwater scan-diff . --since main."
        raise BadInput("Say what to compare with: a later folder, or a revision by --since.", hint=hint)
    if since is not None:
        diff = difference(_revision(path, since, scan), state_of(scan(path), path.resolve().name))
    else:
        assert after is not None
        diff = difference(state_of(scan(path)), state_of(scan(after)))
    if as_json or as_markdown:
        typer.echo((to_json if as_json else to_markdown)(diff), nl=False)
    else:
        _print(diff, terminal())


def _revision(path: Path, since: str, scan: Callable[[Path], ScanResult]) -> ScanState:
    with git.revision(path, since) as revision:
        return state_of(scan(revision.folder), since)


def _print(diff: ScanDiff, console: Console) -> None:
    console.print(f"[bold]{diff.before} → {diff.after}[/bold]", highlight=False)
    if diff.is_empty:
        console.print("Nothing has changed.")
    for title, changes in (("Appeared", diff.appeared), ("Disappeared", diff.disappeared)):
        if changes != Changes():
            _print_changes(title, changes, console)


def _print_changes(title: str, changes: Changes, console: Console) -> None:
    console.print(f"\n[bold]{title}[/bold]  {len(changes.usages):,} usages", highlight=False)
    for noun, names in (("tables", changes.tables), ("columns", changes.columns)):
        if names:
            console.print(Text(f"{noun}: {', '.join(names)}"), highlight=False, soft_wrap=True)
    if changes.usages:
        console.print(_table(changes.usages))


def _table(usages: tuple[DiffUsage, ...]) -> Table:
    table = Table("Column", "Kind", "Where", "In", "Code", box=None, pad_edge=False, header_style="dim")
    for usage in usages:
        code = usage.code_snippet.split("\n")[0].strip()[:100]
        where = Text(f"{usage.file_path}:{usage.line_number}")
        name = f"{usage.table_name}.{usage.column_name}"
        table.add_row(name, usage.usage_type, where, Text(usage.symbol or "·"), Text(code))
    return table

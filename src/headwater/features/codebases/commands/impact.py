"""The command `headwater impact`: what breaks in a code base when its schema changes, without a server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headwater.catalog import changes as c
from headwater.core.diff import Side, compare
from headwater.core.lineage.impact import formats, requests, revisions
from headwater.core.lineage.impact.code import of_scan
from headwater.core.lineage.impact.report import LEVELS, Certainty, ImpactReport, impact_of, reached_by
from headwater.core.lineage.result import ScanResult, SchemaResult
from headwater.features.codebases.commands.local import JobsOption, NoCacheOption, PathArgument, write_report
from headwater.features.codebases.commands.scan_runner import run_scan, run_schema
from headwater.features.codebases.service.sides import side_of
from headwater.kit import git
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal

_NOTICED = (c.DropTable, c.DropColumn, c.AddColumn, c.AlterType, c.SetNullable)
_TITLES = {"breaks": "breaks", "may_break": "may break", "carries": "carries"}


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("impact")(impact)


def impact(
    path: PathArgument,
    column: Annotated[str | None, typer.Option(metavar="TABLE.COLUMN", help="The column that changes.")] = None,
    table: Annotated[str | None, typer.Option(help="The table that changes.")] = None,
    rename: Annotated[str | None, typer.Option(metavar="NEW", help="Rename it.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Drop it.")] = False,
    type_: Annotated[str | None, typer.Option("--type", help="Change the type of the column.")] = None,
    not_null: Annotated[bool, typer.Option("--not-null", help="Forbid NULL in the column.")] = False,
    change: Annotated[str | None, typer.Option(metavar="SQL", help="For example ALTER TABLE … .")] = None,
    migration: Annotated[Path | None, typer.Option(help="An SQL migration to come; the scan leaves it out.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION", help="What the models changed since this git revision; lines edited since are left out."
        ),
    ] = None,
    before: Annotated[Path | None, typer.Option("--from", help="The schema before: a folder or file.")] = None,
    after: Annotated[Path | None, typer.Option("--to", help="The schema after: a folder or file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF, for code scanning.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    out: Annotated[list[Path] | None, typer.Option(help="Also write a file: .json, .sarif or .md.")] = None,
    fail_on: Annotated[
        Literal["breaks", "may_break", "carries"] | None,
        typer.Option(help="Exit with 1 if a line of this certainty or a higher one is listed."),
    ] = None,
    processes: JobsOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """List what breaks in a codebase when a column or table changes, riskiest first."""
    printed = _printed(as_json=as_json, as_sarif=as_sarif, as_markdown=as_markdown)
    files = [(file, _format_of(file)) for file in out or ()]
    _check_one((column, table, change, migration, since, before), after)
    scanned = partial(run_scan, processes=processes, use_cache=not no_cache, keep_texts=True)
    if since is not None:
        report = _since(path, since, scanned)
    else:
        scan = scanned(path, without=_inside(path, migration) if migration is not None else frozenset())
        if before is not None and after is not None:
            old = run_schema(before)
            asked = _between(side_of(old.schema, has_models=old.has_models), run_schema(after))
        else:
            wanted = requests.ColumnChange(rename, drop, type_, not_null)
            sql = change if migration is None else _text_of(migration)
            asked = requests.requested(scan.schema, requests.ChangeRequest(column, table, sql, wanted))
        report = impact_of(asked, of_scan(scan))
    for file, name in files:
        write_report(file, formats.WRITERS[name](report))
    if printed is None:
        _print(report, terminal())
    else:
        typer.echo(formats.WRITERS[printed](report), nl=False)
    if fail_on is not None and _is_reached(report, fail_on):
        raise typer.Exit(1)


def _printed(*, as_json: bool, as_sarif: bool, as_markdown: bool) -> formats.Format | None:
    if as_json + as_sarif + as_markdown > 1:
        raise BadInput("Only one of --json, --sarif and --markdown can be printed.")
    return "json" if as_json else "sarif" if as_sarif else "markdown" if as_markdown else None


def _format_of(file: Path) -> formats.Format:
    names: dict[str, formats.Format] = {".json": "json", ".sarif": "sarif", ".md": "markdown"}
    name = names.get(file.suffix.lower())
    if name is None:
        raise BadInput(f"{file.name} has none of the known suffixes.", hint="One of .json, .sarif and .md.")
    return name


def _since(path: Path, name: str, scanned: Callable[[Path], ScanResult]) -> ImpactReport:
    """Return what the changes of the models since a revision break in lines that have not been edited since.

    Paths are relative to the top of the checkout, as git and code scanning have them.
    """
    with git.revision(path, name) as revision:
        scan = scanned(revision.folder)

        def current(old: str) -> tuple[str, bytes] | None:
            new = revision.moved.get(old, old)
            if new is None or not (path / new).is_file():
                return None
            return revision.prefix + new, (path / new).read_bytes()

        asked = _between(side_of(scan.schema, has_models=bool(scan.models)), run_schema(path))
        return revisions.still_open(impact_of(asked, of_scan(scan)), scan.texts, current)


def _between(before: Side, after: SchemaResult) -> requests.Requested:
    """Return what code can notice of the changes from one schema to another; renamed columns count as dropped."""
    changes = compare(before, side_of(after.schema, has_models=after.has_models)).changes
    return requests.Requested(tuple(change for change in changes if isinstance(change, _NOTICED)))


def _check_one(ways: tuple[object, ...], after: Path | None) -> None:
    """Check that the change is given in exactly one way; the last one is the schema before."""
    if sum(way is not None for way in ways) != 1 or (ways[-1] is None) != (after is None):
        hint = "One of --column, --table, --change, --migration, --since, or --from with --to."
        raise BadInput("Say which change of the schema is meant.", hint=hint)


def _inside(path: Path, migration: Path) -> frozenset[str]:
    """Return the path of a migration in the folder that is scanned: the change that it makes is still to come."""
    folder, file = path.resolve(), migration.resolve()
    return frozenset({file.relative_to(folder).as_posix()}) if file.is_relative_to(folder) else frozenset()


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The migration {path} cannot be read.", hint="It must be a text file with SQL.") from error


def _is_reached(report: ImpactReport, level: Certainty) -> bool:
    worst = report.worst()
    return worst is not None and LEVELS.index(worst) <= LEVELS.index(level)


def _print(report: ImpactReport, console: Console) -> None:
    if not report.change:
        console.print("The schema has not changed.")
    for sentence in report.change:
        console.print(f"[bold]{sentence}[/bold]", highlight=False)
    if not report.breaks and report.change:
        console.print("No line of the code is seen to break.")
    elif report.breaks:
        table = Table("Risk", "Certainty", "Where", "Code", box=None, pad_edge=False, header_style="dim")
        if any(item.endpoints for item in report.breaks):
            table.add_column("Reached by")
        for item in report.breaks:
            cells = [Text(f"{item.file_path}:{item.line_number}"), Text(item.code_snippet[:100])]
            cells += [Text(reached_by(item))] if len(table.columns) > len(cells) + 2 else []
            table.add_row(str(item.risk), _TITLES[item.certainty], *cells)
        console.print(table)
    if report.updated:
        console.print(f"{report.updated} more lines have been edited since.", style="dim", highlight=False)
    for dependent in report.schema:
        console.print(f"{dependent.kind} {dependent.name}: {dependent.reason}", highlight=False, markup=False)
    for text in report.unseen:
        console.print(f"Not seen: {text}", style="dim", highlight=False, markup=False)

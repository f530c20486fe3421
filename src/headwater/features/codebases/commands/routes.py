"""The command `headwater endpoints`: the HTTP endpoints of a codebase and the columns that each one uses."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headwater.core.lineage.lookup import column_named
from headwater.features.codebases.commands.local import JobsOption, JsonOption, NoCacheOption, PathArgument
from headwater.features.codebases.commands.scan_runner import run_scan
from headwater.kit.terminal import terminal


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("endpoints")(endpoints)


def endpoints(
    path: PathArgument,
    column: Annotated[
        str | None, typer.Option(metavar="TABLE.COLUMN", help="Only endpoints that use this column, each with the way.")
    ] = None,
    as_json: JsonOption = False,
    implicit: Annotated[bool, typer.Option("--implicit", help="Also count whole-row loads as reads.")] = False,
    processes: JobsOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """List the HTTP endpoints of a codebase, and the columns that each one reads and writes."""
    from headwater.core.lineage.endpoints.columns import columns_by_endpoint  # it imports the interpreter

    result = run_scan(path, processes=processes, use_cache=not no_cache)
    known = zip(result.endpoints, columns_by_endpoint(result.endpoints, result.usages, implicit=implicit), strict=True)
    listed = list(known)
    if column is not None:
        relation, match = column_named(result.schema, column)
        name = (relation.name, match.name)
        own = {name, (relation.name, "*")}  # deleting a row ends its columns
        chosen = ((e, tuple(use for use in uses if (use.table_name, use.column_name) in own)) for e, uses in listed)
        listed = [(endpoint, uses) for endpoint, uses in chosen if uses]
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode([_document(*row) for row in listed]), indent=1))
    elif column is not None:
        _print_ways(f"{name[0]}.{name[1]}", listed, terminal())
    else:
        _print_all(listed, terminal())


def _document(endpoint: Any, uses: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "method": endpoint.method,
        "path": endpoint.path,
        "framework": endpoint.framework,
        "handler": endpoint.handler,
        "file_path": endpoint.file_path,
        "line_number": endpoint.line_number,
        "columns": [
            {
                "table_name": use.table_name,
                "column_name": use.column_name,
                "usage_types": use.usage_types,
                "usages": use.usages,
                "chain": msgspec.to_builtins(use.shortest.chain),
            }
            for use in uses
        ],
    }


def _print_all(listed: list[tuple[Any, tuple[Any, ...]]], console: Console) -> None:
    console.print(f"[bold]{len(listed):,} endpoints[/bold]", highlight=False)
    table = Table("Method", "Path", box=None, pad_edge=False, header_style="dim")
    for title in ("Reads", "Writes"):
        table.add_column(title, justify="right")
    table.add_column("Declared in")
    for endpoint, uses in listed:
        reads, writes = sum(use.reads for use in uses), sum(use.writes for use in uses)
        declared = Text(f"{endpoint.file_path}:{endpoint.line_number}", overflow="fold")
        path = Text(endpoint.path, overflow="fold")
        table.add_row(endpoint.method, path, f"{reads:,}" if reads else "·", f"{writes:,}" if writes else "·", declared)
    if listed:
        console.print(table)


def _print_ways(name: str, listed: list[tuple[Any, tuple[Any, ...]]], console: Console) -> None:
    console.print(f"[bold]{name}[/bold]  used by {len(listed):,} endpoints", highlight=False)
    table = Table("Method", "Path", "Usages", "Through", box=None, pad_edge=False, header_style="dim")
    for endpoint, uses in listed:
        steps = " → ".join(step.symbol or step.file_path for step in uses[0].shortest.chain)
        kinds = ", ".join(uses[0].usage_types)
        table.add_row(endpoint.method, Text(endpoint.path, overflow="fold"), kinds, Text(steps, overflow="fold"))
    if listed:
        console.print(table)

"""The command `headwater schema`: prints the Schema of any source in any format, without a server."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from headwater.catalog.model import Relation, Schema
from headwater.core import notation, sources
from headwater.core.lineage.result import SchemaResult
from headwater.features.codebases.commands.missed import print_missed
from headwater.features.codebases.commands.scan_runner import run_schema
from headwater.kit.terminal import PIPE_WIDTH, terminal


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("schema")(schema)


def schema(
    source: Annotated[str, typer.Argument(help="A folder, archive, file or database URL.", show_default=False)],
    notation_name: Annotated[
        str | None, typer.Option("--format", help=f"Output format: {', '.join(notation.FORMATS)} (default: a table).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
) -> None:
    """Show the tables and columns of a source, and what of it was not understood."""
    chosen = "json" if as_json else notation_name
    if chosen is not None and chosen not in notation.FORMATS:
        notation.write(Schema(), chosen)
    result = sources.read(source, run_schema, SchemaResult)
    if chosen:
        typer.echo(notation.write(result.schema, chosen, result.not_understood), nl=False)
    else:
        _print(result.schema, terminal())
    if chosen != "json":
        console = Console(stderr=True) if sys.stderr.isatty() else Console(stderr=True, width=PIPE_WIDTH)
        print_missed(result.not_understood, console, rest="--json")
    if result.not_understood and not (result.schema.relations or result.schema.enums):
        raise typer.Exit(1)


def _print(schema: Schema, console: Console) -> None:
    columns = sum(len(relation.columns) for relation in schema)
    console.print(f"[bold]{schema.source}[/bold]  {len(schema.relations)} tables, {columns:,} columns", highlight=False)
    for relation in schema:
        console.print()
        console.print(_table(relation))


def _table(relation: Relation) -> Table:
    origin = relation.origins[0] if relation.origins else None
    title = f"[bold]{relation.qualified_name}[/bold]" + (f"  [dim]{origin.file}:{origin.line}[/dim]" if origin else "")
    table = Table(title, "Type", "Null", "Key", "References", box=None, pad_edge=False, header_style="")
    for column in relation.columns:
        target = relation.references(column.name)
        table.add_row(
            column.name,
            column.type,
            "null" if column.nullable else "",
            "pk" if column.name in relation.primary_key else "",
            ".".join(part for part in target if part) if target else "",
        )
    return table

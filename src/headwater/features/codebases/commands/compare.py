"""The command `headwater compare`: tables that several code bases share, and where their definitions diverge."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from headwater.core import sources
from headwater.core.lineage.questions.shared_tables import NamedSchema, SharedTable, shared_tables
from headwater.core.lineage.result import SchemaResult
from headwater.features.codebases.commands.scan_runner import run_schema
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("compare")(compare)


def compare(
    source: Annotated[
        list[str], typer.Argument(help="Two or more folders, archives, files or database URLs.", show_default=False)
    ],
    all_: Annotated[
        bool, typer.Option("--all", help="Also list shared tables whose definitions are the same.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """List the tables that several codebases share, and the columns that they define in different ways."""
    if len(source) < 2:
        raise BadInput("There is nothing to compare with.", hint="Give two or more sources.")
    schemas = [sources.read(text, run_schema, SchemaResult).schema for text in source]
    names = _names(source, [schema.source for schema in schemas])
    every = shared_tables([NamedSchema(name, schema) for name, schema in zip(names, schemas, strict=True)])
    listed = [table for table in every if all_ or table.divergences]
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(listed), indent=1))
    else:
        _print(every, listed, terminal())


def _names(texts: list[str], labels: list[str]) -> list[str]:
    """Return what users call each source: never a URL, which may have a password."""
    parsed = [sources.parse(text) for text in texts]
    paths = [source.path.resolve() if source.kind == "path" else None for source in parsed]
    names = [path.name if path else name for path, name in zip(paths, labels, strict=True)]
    counts = Counter(names)
    return [
        name if counts[name] == 1 else f"{path.parent.name}/{name}" if path else f"{name} ({at + 1})"
        for at, (name, path) in enumerate(zip(names, paths, strict=True))
    ]


def _print(every: list[SharedTable], listed: list[SharedTable], console: Console) -> None:
    divergent = sum(bool(table.divergences) for table in every)
    console.print(f"[bold]{len(every):,} shared tables[/bold], {divergent:,} with divergent columns", highlight=False)
    for shared in listed:
        table = Table(f"[bold]{shared.table_name}[/bold]", *shared.codebases, box=None, pad_edge=False, header_style="")
        for item in shared.divergences:
            table.add_row(item.column_name, *(one.definition or "[dim]absent[/dim]" for one in item.definitions))
        console.print()
        console.print(table)
        console.print(f"[dim]{shared.same_columns} columns are the same[/dim]", highlight=False)

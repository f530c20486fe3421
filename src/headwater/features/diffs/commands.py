"""`headwater diff A B`: what differs between two databases or snapshots, by table or row by row."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer
from rich.table import Table
from rich.text import Text

from headwater.features.accounts.api_client import ApiClient, patience, remote, show_one
from headwater.features.databases.commands import JsonOption, find_database, names
from headwater.features.snapshots.commands.references import find_snapshot
from headwater.kit.errors import NotFound
from headwater.kit.terminal import terminal

Kind = Literal["added", "removed", "changed"]
Form = Literal["ndjson", "csv"]
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_COLORS = {"added": "green", "removed": "red", "changed": "yellow"}
Side = Annotated[
    str, typer.Argument(help="A database, DB#latest, DB#TIME, DB#LABEL or the id of a snapshot.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff")(diff)


def diff(
    a: Side,
    b: Side,
    table: Annotated[str | None, typer.Option(help="Show the rows of this table that differ.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only such changes (with --table).")] = None,
    limit: Annotated[int, typer.Option(help="Number of rows to show (with --table).", min=1, max=1000)] = 50,
    tables: Annotated[str | None, typer.Option(help="Only these tables, separated by commas.")] = None,
    columns: Annotated[
        str | None, typer.Option(help="Only these columns, and those of keys, separated by commas.")
    ] = None,
    ignore_columns: Annotated[str | None, typer.Option(help="Not these columns, separated by commas.")] = None,
    seconds: Annotated[int, typer.Option(help="Stop comparing after so long.", min=1, max=300)] = 60,
    sql: Annotated[bool, typer.Option("--sql", help="Print SQL that makes the rows of A equal to those of B.")] = False,
    changes: Annotated[Form | None, typer.Option(help="Print all changes in this format.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the rows of two databases or snapshots, from A to B. The exit code is 1 if they differ.

    With --sql or --changes it is 0, and the output is complete or there is none.
    """
    with remote() as server:
        params: dict[str, Any] = {
            "seconds": seconds,
            "columns": names(columns) or [],
            "ignore": names(ignore_columns) or [],
        }
        path = f"/differences/{_side(server, a)}/{_side(server, b)}"
        if sql or changes:
            _export(server, path, params | {"tables": names(tables) or [], "format": "sql" if sql else changes})
            return
        if table is None:
            answer = _tables(server, path, params | {"tables": names(tables) or []})
        else:
            params |= {"table": table, "limit": limit} | ({"kind": kind} if kind else {})
            answer = server.call("GET", f"{path}/rows", params=params, timeout=patience(seconds))
    if as_json:
        show_one(answer, (), True)
    elif table is None:
        _print_tables(answer["tables"])
    else:
        _print_rows(answer)
    differs = answer["changes"] if table else any(each["status"] != "equal" for each in answer["tables"])
    raise typer.Exit(1 if differs else 0)


def _side(server: ApiClient, text: str) -> str:
    """Return the side that a reference names, as the server writes it: a database as it is now, or a snapshot."""
    if "#" in text:
        return f"snapshot:{find_snapshot(server, text)['id']}"
    try:
        return f"database:{find_database(server, text)['id']}"
    except NotFound:
        if len(text) != 36 or text.count("-") != 4:
            raise
    return f"snapshot:{find_snapshot(server, text)['id']}"


def _export(server: ApiClient, path: str, params: dict[str, Any]) -> None:
    for piece in server.download(f"{path}/export", params=params, timeout=patience(params["seconds"])):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _tables(server: ApiClient, path: str, params: dict[str, Any]) -> Any:
    return server.call("GET", path, params=params, timeout=patience(params["seconds"]))


def _print_tables(tables: list[Any]) -> None:
    """Print the tables that differ, and say how many are equal."""
    different = [each for each in tables if each["status"] != "equal"]
    if different:
        grid = Table("table", "", "added", "removed", "changed", "columns", box=None, header_style="bold")
        for each in different:
            least = "" if each["exact"] else "≥ "
            counts = (f"{least}{each[name]:,}" for name in ("added", "removed", "changed"))
            columns = ", ".join(f"{name} {count:,}" for name, count in each["columns"].items())
            grid.add_row(
                each["name"], "" if each["status"] == "changed" else f"table {each['status']}", *counts, columns
            )
        terminal().print(grid)
    for each in tables:
        for note in each["notes"]:
            typer.echo(f"{each['name']}: {note}", err=True)
    equal = len(tables) - len(different)
    typer.echo(f"{len(different)} of {len(tables)} tables differ; {equal} are equal.", err=True)


def _print_rows(answer: Any) -> None:
    """Print the rows side by side: a changed value as `before → after`."""
    grid = Table("", *(column["name"] for column in answer["columns"]), box=None, header_style="bold")
    for change in answer["changes"]:
        color = _COLORS[change["kind"]]
        grid.add_row(Text(_SIGNS[change["kind"]], color), *_cells(change, len(answer["columns"]), color))
    terminal().print(grid)
    if answer["next"]:
        typer.echo("There are more rows: use --limit, or --json and its cursor.", err=True)
    if not answer["complete"]:
        typer.echo("Not all rows were compared in time: use --seconds.", err=True)


def _cells(change: Any, columns: int, color: str) -> list[Text]:
    if change["kind"] != "changed":
        return [Text(_shown(cell), color) for cell in change["after"] or change["before"]]
    before, after = change["before"], change["after"]
    return [
        Text(f"{_shown(before[at])} → {_shown(after[at])}", color)
        if at in change["touched"]
        else Text(_shown(after[at]))
        for at in range(columns)
    ]


def _shown(cell: object) -> str:
    return "NULL" if cell is None else str(cell)

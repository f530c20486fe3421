"""Prints results and errors of queries on a terminal."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from headwater.catalog.effects import explain


def print_result(console: Console, result: Any) -> None:
    """Print the result of one statement."""
    for notice in result["notices"]:
        console.print(notice, style="dim", markup=False, highlight=False)
    if result["columns"] is None:
        count = "" if result["affected"] is None else f" {result['affected']:,}"
        console.print(f"{result['command']}{count}", highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    for column in result["columns"]:
        table.add_column(column["name"], justify="right" if column["kind"] == "number" else "left")
    for row in result["rows"]:
        table.add_row(*(_cell(value) for value in row))
    console.print(table, markup=False)
    more = " and more; use --max-rows or an export" if result["truncated"] else ""
    console.print(
        f"({len(result['rows']):,} rows{more}, {result['milliseconds']:.0f} ms)", style="dim", highlight=False
    )


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value)


def print_effects(outcome: Any, text: str) -> None:
    """Say what became of a run: its open transaction, and the statements before an error."""
    results = outcome["results"]
    writes = any(result["columns"] is None for result in results)
    if outcome["rolled_back"]:
        typer.echo("The open transaction was rolled back.", err=True)
    if outcome["error"] and writes and any(result["effect"] == "committed" for result in results):
        effects = {
            result["statement"] + 1: (result["effect"], text[result["start"] : result["end"]]) for result in results
        }
        typer.echo(f"  {explain((number, *each) for number, each in effects.items())}", err=True)


def print_error(error: Any, text: str) -> None:
    """Print the error of a statement, with a mark under its position."""
    typer.echo(f"Error: {error['message']}", err=True)
    if error["position"] is not None:
        start = text.rfind("\n", 0, error["position"]) + 1
        line = text[start:].split("\n", 1)[0]
        number = text.count("\n", 0, start) + 1
        typer.echo(
            f"  line {number}: {line}\n{' ' * (len(f'  line {number}: ') + error['position'] - start)}^", err=True
        )
    for part in (error["detail"], error["hint"]):
        if part:
            typer.echo(f"  {part}", err=True)

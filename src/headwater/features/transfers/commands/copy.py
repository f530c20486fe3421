"""The command `headwater db copy`: copies a database to another one, of the same or another engine."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from headwater.features.accounts.api_client import ApiClient, remote, show_one
from headwater.features.databases.commands import JsonOption, NameArgument, TablesOption, find_database, names
from headwater.features.jobs.follow import finish
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal

SEVERITIES = {"left_out": "left out", "changed": "changed", "risk": "may be refused"}

ZeroDatesOption = Annotated[
    Literal["null", "refuse"],
    typer.Option("--zero-dates", help="What becomes of dates such as 0000-00-00 of MySQL in other engines."),
]
Tinyint1Option = Annotated[
    Literal["boolean", "number"],
    typer.Option("--tinyint1", help="What tinyint(1) of MySQL becomes; with other values than 0 and 1 it is a number."),
]


def copy(
    source: NameArgument,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Target database.", show_default=False)],
    tables: TablesOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept all losses without asking.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would change.")] = False,
    zero_dates: ZeroDatesOption = "null",
    tinyint1: Tinyint1Option = "boolean",
    as_json: JsonOption = False,
) -> None:
    """Copy tables with their rows to another database, of the same or another engine."""
    with remote() as server:
        left, right = find_database(server, source), find_database(server, target)
        path = f"/databases/{left['id']}/copies"
        body = {"tables": names(tables), "zero_dates": zero_dates, "tinyint1": tinyint1}
        carry_out(server, path, right, body, yes=yes, plan=plan, as_json=as_json)


def carry_out(
    server: ApiClient, path: str, target: Any, request: dict[str, Any], *, yes: bool, plan: bool, as_json: bool
) -> None:
    """Show the plan of a copy, ask for confirmation, start it and follow it to its end."""
    body: dict[str, Any] = {"target_id": target["id"], **request}
    plan_json = server.call("POST", f"{path}/plan", json=body)
    if plan and as_json:
        show_one(plan_json, (), True)
        return
    if not as_json:
        _show_plan(plan_json)
    if plan:
        return
    _accept(plan_json, target, yes, as_json)
    body |= {"accepted": True, "confirmed": True}
    started = server.call("POST", path, json=body)
    done = finish(server, started["job"]["id"], f"/transfers/{started['id']}")
    if as_json:
        show_one(done, (), True)
    else:
        _show_comparison(done["tables"])
        for sentence in done["refused"]:
            terminal().print(f"Not copied: {sentence}.", markup=False)
    if done["outcome"] != "equal":
        raise typer.Exit(1)


def _accept(plan: Any, target: Any, yes: bool, as_json: bool) -> None:
    """Ask to accept the losses and the write to a protected target; with --json, raise BadInput instead."""
    if yes or (not plan["losses"] and not target["protected"]):
        return
    what = f"{len(plan['losses'])} things will be lost or changed." if plan["losses"] else ""
    what = f"{what} {target['name']} is protected.".strip() if target["protected"] else what
    if as_json:
        raise BadInput(what, hint="Check the plan with --plan, then accept it with --yes.")
    if not typer.confirm(f"{what} Copy?"):
        raise typer.Exit(1)


def _show_plan(plan: Any) -> None:
    console = terminal()
    names = [table["target"] for table in plan["tables"]]
    console.print(f"{len(names)} {'table' if len(names) == 1 else 'tables'}: {', '.join(names)}")
    if not plan["losses"]:
        console.print("Nothing will be lost.")
        return
    table = Table("", "table", "what", "", box=None, pad_edge=False)
    for loss in plan["losses"]:
        table.add_row(SEVERITIES[loss["severity"]], loss["table"], loss["object"], loss["sentence"])
    console.print(table)


def _show_comparison(tables: list[Any]) -> None:
    table = Table("table", "source rows", "target rows", "checksum", "", box=None, pad_edge=False)
    for row in tables:
        table.add_row(
            row["target"],
            f"{row['source_rows']:,}",
            f"{row['target_rows']:,}",
            row["target_checksum"][:12],
            "same" if row["same"] else "DIFFERENT",
        )
    terminal().print(table)

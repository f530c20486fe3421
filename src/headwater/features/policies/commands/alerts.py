"""`headwater alerts list` and `acknowledge`."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.features.accounts.api_client import remote, show, show_one
from headwater.features.databases.commands import JsonOption, find_database

LIST = ("last_at", "database_name", "kind", "status", "times", "message", "id")


def list_(
    database: Annotated[str | None, typer.Option("--database", help="Name or id of a database.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Include closed alerts.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List open alerts, newest first. Exits with 1 if there are any."""
    with remote() as server:
        query = {} if every else {"status": "open"}
        if database:
            query["database_id"] = find_database(server, database)["id"]
        rows = server.every("/alerts", **query)
        show(rows, LIST, as_json)
    if any(row["status"] == "open" for row in rows):
        raise typer.Exit(1)


def acknowledge(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="Id of the alert.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Acknowledge an alert."""
    with remote() as server:
        show_one(server.call("POST", f"/alerts/{alert}/acknowledge"), LIST, as_json)

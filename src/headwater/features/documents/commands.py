"""The command `headwater entries`: documents and keys of a database."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import remote, show
from headwater.features.databases.commands import JsonOption, NameArgument, find_database

HOLDERS = ("name", "kind", "count")
KEYS = ("id", "type", "size_bytes", "seconds_left")


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("entries")(entries)


def entries(
    name: NameArgument,
    holder: Annotated[str, typer.Argument(help="The collection (default: list collections or keys).")] = "",
    filter_: Annotated[str, typer.Option("--filter", help="Filter document, or a key pattern such as user:*.")] = "",
    sort: Annotated[str, typer.Option(help='Sort order of documents, such as {"total": -1}.')] = "",
    limit: Annotated[int, typer.Option(help="Maximum number of entries.", min=1, max=1000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the documents of a collection, or keys."""
    with remote() as server:
        path = f"/databases/{find_database(server, name)['id']}"
        holders: Any = server.call("GET", f"{path}/holders")
        keys = [entry["kind"] for entry in holders] == ["keys"]
        if not holder and not keys:
            show(holders, HOLDERS, as_json)
            return
        body = {"holder": holder, "filter": filter_, "sort": sort, "limit": limit}
        page: Any = server.call("POST", f"{path}/entries", json=body)
        if keys or as_json:
            show(page["items"], KEYS, as_json)
            return
        for entry in page["items"]:
            typer.echo(entry["body"])

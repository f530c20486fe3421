"""The commands `headwater audit`, over the HTTP API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.kit.errors import BadInput, did_you_mean

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ActionOption = Annotated[str, typer.Option(help="Start of the action's name, such as `statement.` or `auth.`.")]
PersonOption = Annotated[str, typer.Option(help="Address of the person.")]
DatabaseOption = Annotated[str, typer.Option(help="Id or name of a database.")]
OutcomeOption = Annotated[str, typer.Option(help="ok, failed, cancelled, rolled_back, open or refused.")]
SearchOption = Annotated[str, typer.Option(help="Starts of words of the entry.")]
SinceOption = Annotated[str, typer.Option(help="Not before this moment: `2026-11-21` or `2026-11-21T10:00:00Z`.")]
UntilOption = Annotated[str, typer.Option(help="Before this moment.")]
VERIFY_SECONDS = 3600.0
ENTRY = ("at", "actor.email", "door", "action", "outcome", "resource.name", "details.statement", "ip")
CHAIN = ("organization", "entries", "first", "last", "unsealed", "broken.position", "broken.reason", "head")


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="The audit log: who did what, when and from where.", no_args_is_help=True)
    group.command("list")(list_entries)
    group.command("export")(export_entries)
    group.command("verify")(verify_chains)
    app.add_typer(group, name="audit")


def list_entries(
    action: ActionOption = "",
    person: PersonOption = "",
    database: DatabaseOption = "",
    outcome: OutcomeOption = "",
    search: SearchOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many entries.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List entries of the audit log, newest first."""
    with remote() as server:
        query = _query(
            server, database, action=action, person=person, outcome=outcome, search=search, since=since, until=until
        )
        show(server.call("GET", "/audit", params=query | {"limit": limit})["items"], ENTRY, as_json)


def export_entries(
    file: Annotated[Path | None, typer.Argument(help="File to write; without it, standard output.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="csv or ndjson; NDJSON has all that is needed to check the chain.")
    ] = "",
    action: ActionOption = "",
    person: PersonOption = "",
    database: DatabaseOption = "",
    outcome: OutcomeOption = "",
    search: SearchOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="The same as `--format ndjson`.")] = False,
) -> None:
    """Export entries of the audit log."""
    chosen = form or ("ndjson" if as_json or (file and file.suffix in {".ndjson", ".jsonl"}) else "csv")
    with remote() as server:
        query = _query(
            server, database, action=action, person=person, outcome=outcome, search=search, since=since, until=until
        )
        chunks = server.download("/audit/export", params=query | {"format": chosen})
        if file is None:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            return
        try:
            with file.open("wb") as out:
                out.writelines(chunks)
        except OSError as error:
            raise BadInput(f"{file} cannot be written: {error.strerror}.") from error


def verify_chains(
    expect: Annotated[
        str, typer.Option(help="POSITION:HASH from an earlier check, which must still be part of a chain.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Compute the hash chains of the audit log again; exit with 1 if an entry was changed or is missing."""
    position, _, hashed = expect.partition(":")
    if expect and not (position.isdecimal() and hashed):
        raise BadInput(
            "--expect needs a position and a hash.",
            hint="Write it as 120:9f86d0…, as an earlier check has printed them.",
        )
    with remote() as server:
        result = server.call(
            "GET", "/audit/verification", params={"position": position, "hash": hashed} if expect else {}
        )
    if as_json:
        show_one(result, (), as_json)
    else:
        show(result["chains"], CHAIN, as_json)
    if not result["intact"]:
        raise typer.Exit(1)


def _query(server: ApiClient, database: str, **given: str) -> dict[str, Any]:
    query: dict[str, Any] = {name: value for name, value in given.items() if value}
    if database:
        ids = {row[name]: row["id"] for row in _databases(server) for name in ("id", "name")}
        if database not in ids:
            raise BadInput(f"There is no database {database}.", hint=did_you_mean(database, ids))
        query["database_id"] = ids[database]
    return query


def _databases(server: ApiClient) -> list[Any]:
    return [
        row for project in server.every("/projects") for row in server.every(f"/projects/{project['id']}/databases")
    ]

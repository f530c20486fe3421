"""The commands `headwater keys`, over the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.kit.errors import BadInput, did_you_mean

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
KeyArgument = Annotated[str, typer.Argument(help="Id of the key.", show_default=False)]
KEY = ("id", "name", "prefix", "scopes", "limited_to", "addresses", "expires_at", "last_used_at", "revoked_at")


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="List, create, rotate and revoke API keys.", no_args_is_help=True)
    group.command("list")(list_keys)
    group.command("create")(create_key)
    group.command("rotate")(rotate_key)
    group.command("revoke")(revoke_key)
    app.add_typer(group, name="keys")


def list_keys(as_json: JsonOption = False) -> None:
    """List your API keys, newest first."""
    with remote() as server:
        show(server.every("/keys"), KEY, as_json)


def create_key(
    name: Annotated[str, typer.Argument(help="Description.", show_default=False)],
    scope: Annotated[list[str] | None, typer.Option(help="read, write or admin; can be given several times.")] = None,
    days: Annotated[int | None, typer.Option(help="Days until it expires (default: never).")] = None,
    project: Annotated[str | None, typer.Option(help="Name or id of the only project that it reaches.")] = None,
    database: Annotated[str | None, typer.Option(help="Name or id of the only database that it reaches.")] = None,
    address: Annotated[
        list[str] | None, typer.Option(help="Network in which it is valid (CIDR); can be given several times.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create an API key. Its secret is shown only once."""
    wanted = {"name": name, "scopes": scope or ["read"], "expires_in_days": days, "addresses": address or []}
    with remote() as server:
        home = _project(server, project) if project else None
        if database:
            created = server.call("POST", f"/databases/{_database(server, database, home)}/keys", json=wanted)
        else:
            created = server.call("POST", "/keys", json=wanted | {"project_id": home})
        show_one(created, ("key.id", "key.name", "key.scopes", "key.limited_to", "key.addresses", "secret"), as_json)


def rotate_key(
    key_id: KeyArgument,
    overlap_hours: Annotated[int, typer.Option(help="How long the old key stays valid.")] = 24,
    as_json: JsonOption = False,
) -> None:
    """Replace an API key by a new one that may do the same. The new secret is shown only once."""
    with remote() as server:
        rotated = server.call("POST", f"/keys/{key_id}/rotation", json={"overlap_hours": overlap_hours})
        show_one(rotated, ("key.id", "key.name", "key.expires_at", "previous.expires_at", "secret"), as_json)


def revoke_key(key_id: KeyArgument, as_json: JsonOption = False) -> None:
    """Revoke an API key."""
    with remote() as server:
        server.call("DELETE", f"/keys/{key_id}")
        show_one({"revoked": key_id}, ("revoked",), as_json)


def _project(server: ApiClient, wanted: str) -> str:
    """Return the id of a project by its name or id."""
    return _single("project", wanted, [(row["id"], row["name"]) for row in server.every("/projects")])


def _database(server: ApiClient, wanted: str, project: str | None) -> str:
    """Return the id of a database by its name or id, in a project or in all."""
    homes = [project] if project else [str(row["id"]) for row in server.every("/projects")]
    rows = [row for home in homes for row in server.every(f"/projects/{home}/databases")]
    return _single("database", wanted, [(row["id"], row["name"]) for row in rows])


def _single(kind: str, wanted: str, rows: list[tuple[str, str]]) -> str:
    matching = [id_ for id_, name in rows if wanted in {id_, name}]
    if len(matching) > 1:
        raise BadInput(f"{len(matching)} {kind}s are named {wanted}.", hint=f"Use the id: {', '.join(matching)}.")
    if not matching:
        raise BadInput(f"There is no {kind} {wanted}.", hint=did_you_mean(wanted, [name for _, name in rows]))
    return matching[0]

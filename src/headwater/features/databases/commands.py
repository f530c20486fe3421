"""The commands `headwater db`, over the HTTP API."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.kit.errors import BadInput, HeadwaterError, NotFound, did_you_mean

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
TablesOption = Annotated[str | None, typer.Option(help="Only these tables, separated by commas.")]
NameArgument = Annotated[str, typer.Argument(metavar="DB", help="Name or id of the database.", show_default=False)]
ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Name or id of the project; not needed if there is only one.")
]
LIST = ("name", "engine", "state", "size_bytes", "tables", "origin", "id")
ONE = ("name", "id", "engine", "origin", "state", "state_reason", "size_bytes", "tables", "protected", "created_at")


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Create, connect and manage databases.", no_args_is_help=True)
    managed = (start, sleep, stop, delete, restore, url, tls, reset_password)
    for command in (list_, create, connect, show_database, *managed, test):
        name = command.__name__.rstrip("_").replace("_database", "").replace("_", "-")
        group.command(name)(command)
    app.add_typer(group, name="db")


def list_(
    project: ProjectOption = None,
    deleted: Annotated[bool, typer.Option(help="List deleted databases that can be restored.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List databases, newest first."""
    with remote() as server:
        projects = [find_project(server, project)] if project else server.every("/projects")
        rows = [
            row
            for item in projects
            for row in server.every(f"/projects/{item['id']}/databases", deleted="true" if deleted else "false")
        ]
        show(rows, LIST, as_json)


def create(
    name: Annotated[str, typer.Argument(help="Name.", show_default=False)],
    engine: Annotated[str | None, typer.Option(help="postgresql (default), mysql, sqlite or redis.")] = None,
    project: ProjectOption = None,
    option: Annotated[list[str] | None, typer.Option(help="Option of the engine: name=value.")] = None,
    sleep_after: Annotated[int, typer.Option(help="Idle seconds until it sleeps; 0: never.")] = 300,
    protected: Annotated[bool, typer.Option(help="Ask before every write, and refuse to delete it.")] = False,
    require_tls: Annotated[bool, typer.Option("--require-tls", help="Refuse clients that do not use TLS.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Create a database and wait until it is running."""
    body = {
        "name": name,
        **({"engine": engine} if engine else {}),
        "options": _options(option or []),
        "sleep_after_seconds": sleep_after,
        "protected": protected,
        "tls_required": require_tls,
    }
    with remote() as server:
        path = f"/projects/{find_project(server, project)['id']}/databases"
        database = server.call("POST", path, json=body, params={"wait": 60})
        if database["state"] == "failed":
            raise HeadwaterError(f"{name} could not be created: {database['state_reason']}")
        database["url"] = server.call("POST", f"/databases/{database['id']}/credentials")["url"]
        show_one(database, (*ONE[:5], "url") if database["url"] else ONE[:5], as_json)


def connect(
    name: Annotated[str, typer.Argument(help="Name.", show_default=False)],
    address: Annotated[str, typer.Argument(metavar="URL", help="postgresql://user:password@host/database")],
    project: ProjectOption = None,
    ca: Annotated[Path | None, typer.Option(help="PEM file of the CA of its certificate.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="PEM file of a client certificate.")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file of the client certificate's key.")] = None,
    tls: Annotated[str | None, typer.Option(help="TLS: off, prefer, require, verify-ca or verify-full.")] = None,
    ssh: Annotated[str | None, typer.Option(help="SSH tunnel: user@host[:port].")] = None,
    ssh_key: Annotated[
        Path | None, typer.Option(help="Private key file for the SSH host (default: SSH agent).")
    ] = None,
    ssh_host_key: Annotated[str | None, typer.Option(help="Pinned host key, or its SHA256 fingerprint.")] = None,
    read_only: Annotated[bool, typer.Option(help="Allow only read-only access.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Test a connection to an existing database and save it."""
    connection: dict[str, Any] = {"url": address}
    if tls or ca or certificate:
        connection["tls"] = {"mode": tls or "verify-full"} | _texts(ca=ca, certificate=certificate, key=key)
    if ssh:
        connection["ssh"] = _ssh(ssh) | _texts(private_key=ssh_key)
        connection["ssh"] |= {"host_key": ssh_host_key, "use_agent": ssh_key is None}
    with remote() as server:
        path = f"/projects/{find_project(server, project)['id']}/connections"
        body = {"name": name, "connection": connection, "read_only": read_only}
        show_one(server.call("POST", path, json=body), ONE, as_json)


def show_database(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show a database."""
    with remote() as server:
        show_one(find_database(server, name), ONE, as_json)


def start(name: NameArgument, as_json: JsonOption = False) -> None:
    """Start a database and let it wake on connect again."""
    _steer(name, "running", as_json)


def sleep(name: NameArgument, as_json: JsonOption = False) -> None:
    """Put a database to sleep until a client connects."""
    _steer(name, "asleep", as_json)


def stop(name: NameArgument, as_json: JsonOption = False) -> None:
    """Stop a database until you start it again."""
    _steer(name, "stopped", as_json)


def delete(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    now: Annotated[bool, typer.Option(help="Destroy it now. This cannot be undone.")] = False,
) -> None:
    """Delete a database. A managed database can be restored for seven days."""
    with remote() as server:
        database = find_database(server, name, deleted=now)
        if not yes and not typer.confirm(f"Delete {database['name']} ({database['engine']})?"):
            raise typer.Exit(1)
        if not database["deleted_at"]:
            server.call("DELETE", f"/databases/{database['id']}")
        if now and database["origin"] == "managed":
            server.call("POST", f"/databases/{database['id']}/deletion/complete")
    typer.echo(f"{database['name']} is deleted." + ("" if now else f" Undo: headwater db restore {database['id']}"))


def restore(name: NameArgument, as_json: JsonOption = False) -> None:
    """Restore a deleted database."""
    with remote() as server:
        database = find_database(server, name, deleted=True)
        show_one(server.call("POST", f"/databases/{database['id']}/deletion/undo"), ONE, as_json)


def url(name: NameArgument, as_json: JsonOption = False) -> None:
    """Print the URL of a managed database for other clients."""
    with remote() as server:
        credentials = server.call("POST", f"/databases/{find_database(server, name)['id']}/credentials")
    if as_json:
        show_one(credentials, (), True)
    elif credentials["url"] is None:
        raise BadInput(f"{name} is a file that only Headwater can open.", hint=f"Use `{credentials['command']}`.")
    else:
        typer.echo(credentials["url"])


def tls(
    name: NameArgument,
    policy: Annotated[str, typer.Argument(metavar="required|optional", help="Whether clients must use TLS.")],
    as_json: JsonOption = False,
) -> None:
    """Require TLS of the clients of a managed database, or allow plain text again."""
    if policy not in {"required", "optional"}:
        raise BadInput(f"{policy!r} is not a TLS policy.", hint="Choose required or optional.")
    with remote() as server:
        path = f"/databases/{find_database(server, name)['id']}"
        show_one(
            server.call("PATCH", path, json={"tls_required": policy == "required"}), (*ONE, "tls_required"), as_json
        )


def reset_password(name: NameArgument, as_json: JsonOption = False) -> None:
    """Set a new password of a managed database's owner, and print the new URL."""
    with remote() as server:
        credentials = server.call("POST", f"/databases/{find_database(server, name)['id']}/credentials/reset")
    if as_json:
        show_one(credentials, (), True)
    else:
        typer.echo(credentials["url"])


def test(name: NameArgument, as_json: JsonOption = False) -> None:
    """Test the connection of a database."""
    with remote() as server:
        result = server.call("POST", f"/databases/{find_database(server, name)['id']}/test")
        show_one(result, ("ok", "error", "hint", "facts.product", "facts.version", "facts.latency_ms"), as_json)
    if not result["ok"]:
        raise typer.Exit(1)


def find_project(server: ApiClient, wanted: str | None) -> Any:
    """Return a project by name or id; without either, the only project that is not a sample."""
    projects = server.every("/projects")
    if wanted is None:
        own = [row for row in projects if not row.get("is_sample")] or projects
        if len(own) == 1:
            return own[0]
        count = Counter(row["name"] for row in own)
        choices = ", ".join(row["name"] if count[row["name"]] == 1 else row["id"] for row in own)
        raise BadInput(f"There are {len(own)} projects.", hint=f"Choose one with --project: {choices}.")
    items = [row for row in projects if wanted in {row["id"], row["name"]}]
    if len(items) > 1:
        ids = ", ".join(row["id"] for row in items)
        raise BadInput(f"{len(items)} projects are named {wanted}.", hint=f"Use the id instead: {ids}.")
    if not items:
        raise NotFound(f"There is no project {wanted}.", hint=did_you_mean(wanted, (row["name"] for row in projects)))
    return items[0]


def find_database(server: ApiClient, wanted: str, *, deleted: bool = False) -> Any:
    """Return a database by name or id, or a branch by `PARENT@NAME`."""
    if "@" in wanted:
        return _find_branch(server, wanted)
    rows = [
        row
        for project in server.every("/projects")
        for gone in ({"false", "true"} if deleted else {"false"})
        for row in server.every(f"/projects/{project['id']}/databases", deleted=gone)
    ]
    items = [row for row in rows if wanted in {row["id"], row["name"]}]
    if len(items) > 1:
        ids = ", ".join(row["id"] for row in items)
        raise BadInput(f"{len(items)} databases are named {wanted}.", hint=f"Use the id instead: {ids}.")
    if not items:
        raise NotFound(
            f"There is no database named {wanted!r}.", hint=did_you_mean(wanted, (row["name"] for row in rows))
        )
    return items[0]


def _find_branch(server: ApiClient, wanted: str) -> Any:
    """Return the database of the branch `PARENT@NAME`; the parent may be a branch, too."""
    parent, _, name = wanted.rpartition("@")
    database = find_database(server, parent)
    branches = server.every(f"/databases/{database['id']}/branches")
    for row in branches:
        if row["name"] == name and row["database_id"]:
            return server.call("GET", f"/databases/{row['database_id']}")
    raise NotFound(f"There is no branch {wanted!r}.", hint=did_you_mean(name, (row["name"] for row in branches)))


def names(text: str | None) -> list[str] | None:
    """Return the names in a list separated by commas, or None for all."""
    return [name.strip() for name in (text or "").split(",") if name.strip()] or None


def _steer(name: str, state: str, as_json: bool) -> None:
    with remote() as server:
        path = f"/databases/{find_database(server, name)['id']}/desired"
        show_one(server.call("PUT", path, json={"state": state}, params={"wait": 30}), ONE, as_json)


def _options(given: list[str]) -> dict[str, str]:
    wrong = [item for item in given if "=" not in item]
    if wrong:
        raise BadInput(f"{wrong[0]!r} is not an option.", hint="Write name=value.")
    return dict(item.split("=", 1) for item in given)


def _texts(**files: Path | None) -> dict[str, str]:
    texts = {}
    for name, path in files.items():
        if path is not None:
            try:
                texts[name] = path.read_text()
            except (OSError, UnicodeDecodeError) as error:
                raise BadInput(f"{path} cannot be read.") from error
    return texts


def _ssh(text: str) -> dict[str, Any]:
    user, _, address = text.rpartition("@")
    host, _, port = address.partition(":")
    if not user or not host or (port and not port.isdigit()):
        raise BadInput(f"{text!r} is not an SSH host.", hint="Write user@host or user@host:port.")
    return {"user": user, "host": host, "port": int(port or 22)}

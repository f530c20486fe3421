"""`headwater vault`: where snapshots are stored, how they are compressed, and which keys open the vault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.features.databases.commands import JsonOption, ProjectOption, find_project
from headwater.features.snapshots.commands.opened_vault import show_opened
from headwater.features.snapshots.commands.vault_input import (
    AccessKey,
    Bucket,
    Endpoint,
    Existing,
    Location,
    OrganizationOption,
    PassphraseFile,
    Prefix,
    Region,
    SecretKeyFile,
    organization_path,
    secret,
    storage,
)
from headwater.kit.errors import BadInput

LIST = ("kind", "folder", "bucket", "prefix", "current", "read_only", "snapshots", "new_bytes", "id")
ONE = (
    "kind",
    "folder",
    "bucket",
    "prefix",
    "endpoint",
    "region",
    "access_key",
    "codec",
    "level",
    "snapshots",
    "raw_bytes",
    "stored_bytes",
    "new_bytes",
)


def show_vault(organization: OrganizationOption = None, as_json: JsonOption = False) -> None:
    """Show where new snapshots are stored, and how much space existing ones use."""
    with remote() as server:
        show_one(server.call("GET", _path(server, organization)), ONE, as_json)


def list_(organization: OrganizationOption = None, as_json: JsonOption = False) -> None:
    """List the vaults, the one for new snapshots first."""
    with remote() as server:
        show(server.call("GET", f"{organization_path(server, organization)}/vaults"), LIST, as_json)


def use(
    location: Location,
    bucket: Bucket = "",
    prefix: Prefix = "",
    endpoint: Endpoint = "",
    region: Region = "us-east-1",
    access_key: AccessKey = "",
    secret_key_file: SecretKeyFile = None,
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose where new snapshots are stored. The location is tested first; existing snapshots are not moved."""
    options = {"bucket": bucket, "prefix": prefix, "endpoint": endpoint, "region": region, "access_key": access_key}
    body = storage(location, options, secret_key_file)
    with remote() as server:
        show_one(server.call("PUT", _path(server, organization), json=body), ONE, as_json)


def open_(
    location: Existing,
    bucket: Bucket = "",
    prefix: Prefix = "",
    endpoint: Endpoint = "",
    region: Region = "us-east-1",
    access_key: AccessKey = "",
    secret_key_file: SecretKeyFile = None,
    passphrase_file: PassphraseFile = None,
    key_file: Annotated[
        Path | None, typer.Option(help="The envelope.key of the Headwater that wrote the vault.", show_default=False)
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Write nothing into the vault.")] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Ignore snapshots that the other Headwater was taking.")
    ] = False,
    former_organization: Annotated[
        str | None,
        typer.Option(help="Id of the organization in the other Headwater, if --key-file asks for it."),
    ] = None,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a vault that another Headwater wrote, and add its snapshots. Asks for the passphrase unless a file has it.

    It becomes the vault for new snapshots if there are none yet. Exits with 1 if a snapshot is damaged.
    """
    options = {"bucket": bucket, "prefix": prefix, "endpoint": endpoint, "region": region, "access_key": access_key}
    if passphrase_file and key_file:
        raise BadInput("Use either --passphrase-file or --key-file.")
    body: dict[str, Any] = dict(storage(location, options, secret_key_file))
    if key_file:
        body["key"] = secret("Key", key_file, "--key-file")
    else:
        body["passphrase"] = secret("Passphrase", passphrase_file, "--passphrase-file")
    body |= {"read_only": read_only, "take_over": take_over, "former_organization_id": former_organization}
    with remote() as server:
        body["project_id"] = find_project(server, project)["id"] if project else None
        opened = server.call("POST", f"{organization_path(server, organization)}/vaults", json=body)
    show_opened(opened, as_json)


def close(
    vault: Annotated[str, typer.Argument(help="Its folder, bucket/prefix or id, see `list`.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close a vault: its snapshots leave the lists here. Nothing in it is deleted, and it can be opened again."""
    with remote() as server:
        path = f"{organization_path(server, organization)}/vaults"
        row = _chosen(server.call("GET", path), vault)
        question = f"{row['snapshots']} snapshots leave the lists here, and stay in the vault. Close it?"
        if as_json and not yes:
            raise BadInput(question.removesuffix(" Close it?"), hint="Close it with --yes.")
        if not yes and not typer.confirm(question):
            raise typer.Exit(1)
        server.call("DELETE", f"{path}/{row['id']}")
    if as_json:
        show_one(row, (), as_json)
    else:
        typer.echo(f"Closed. {row['snapshots']} snapshots stay in the vault.")


def _chosen(rows: list[Any], wanted: str) -> Any:
    """Return the vault with an id or location; raise BadInput if there is none, or several."""
    folder = str(Path(wanted).expanduser().absolute())
    fitting = [
        row
        for row in rows
        if wanted in {row["id"], "/".join(filter(None, (row["bucket"], row["prefix"])))} or folder == row["folder"]
    ]
    if len(fitting) != 1:
        problem = "Several vaults are at this location." if fitting else f"There is no vault {wanted!r} here."
        raise BadInput(problem, hint="Name it by its id: headwater vault list.")
    return fitting[0]


def compress(
    codec: Annotated[Literal["zstd", "gzip", "deflate", "lz4", "none"], typer.Argument(help="zstd is the default.")],
    level: Annotated[int, typer.Argument(help="zstd 1 to 19, gzip and deflate 1 to 9, the others 0.")] = 0,
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose the compression of new pages. Existing pages are not recompressed."""
    with remote() as server:
        body = {"codec": codec, "level": level}
        show_one(server.call("PUT", f"{_path(server, organization)}/compression", json=body), ONE, as_json)


def usage(organization: OrganizationOption = None, as_json: JsonOption = False) -> None:
    """Measure how much storage the vault uses."""
    with remote() as server:
        measured = server.call("GET", f"{_path(server, organization)}/usage")
        show_one(measured, ("packs", "bytes", "snapshots"), as_json)


def keys(organization: OrganizationOption = None, as_json: JsonOption = False) -> None:
    """List the keys of the vault."""
    with remote() as server:
        show(server.call("GET", f"{_path(server, organization)}/keys"), ("id", "kind", "label"), as_json)


def add_passphrase(
    label: Annotated[str, typer.Option(help="Label, for example where the passphrase is kept.")] = "",
    passphrase_file: PassphraseFile = None,
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a passphrase that opens the vault without this Headwater. Asks for it unless a file has it."""
    passphrase = secret("Passphrase", passphrase_file, "--passphrase-file", confirm=True)
    with remote() as server:
        body = {"passphrase": passphrase, "label": label}
        key = server.call("POST", f"{_path(server, organization)}/keys", json=body)
        show_one(key, ("id", "kind", "label"), as_json)


def remove_key(
    key: Annotated[str, typer.Argument(help="Id of the key.", show_default=False)],
    organization: OrganizationOption = None,
) -> None:
    """Remove a key of the vault. The key of this Headwater cannot be removed."""
    with remote() as server:
        server.call("DELETE", f"{_path(server, organization)}/keys/{key}")
    typer.echo("Removed.")


def _path(server: ApiClient, wanted: str | None) -> str:
    return f"{organization_path(server, wanted)}/vault"

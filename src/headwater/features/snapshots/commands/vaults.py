"""`headwater vault`: where snapshots are stored, how they are compressed, and which keys open the vault."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.features.databases.commands import JsonOption
from headwater.kit.errors import BadInput, NotFound, did_you_mean

OrganizationOption = Annotated[
    str | None, typer.Option("--organization", help="Name or id; not needed if there is only one.", show_default=False)
]
ONE = (
    "kind",
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


def use(
    kind: Annotated[Literal["local", "s3"], typer.Argument(help="local (disk of this Headwater) or s3 (a bucket).")],
    bucket: Annotated[str, typer.Option(help="S3 (or S3-compatible) bucket.")] = "",
    prefix: Annotated[str, typer.Option(help="Folder in the bucket.")] = "",
    endpoint: Annotated[str, typer.Option(help="Address of the S3 service (default: Amazon).")] = "",
    region: Annotated[str, typer.Option(help="Region of the bucket.")] = "us-east-1",
    access_key: Annotated[str, typer.Option(help="Access key; asks for the secret key.")] = "",
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose where new snapshots are stored. The location is tested first; existing snapshots are not moved."""
    body = {
        "kind": kind,
        "bucket": bucket,
        "prefix": prefix,
        "endpoint": endpoint,
        "region": region,
        "access_key": access_key,
        "secret_key": "",
    }
    if kind == "s3":
        if not bucket or not access_key:
            raise BadInput("A bucket needs --bucket and --access-key.")
        body["secret_key"] = typer.prompt("Secret key", hide_input=True)
    with remote() as server:
        show_one(server.call("PUT", _path(server, organization), json=body), ONE, as_json)


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
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a passphrase that opens the vault without this Headwater. Asks for it."""
    passphrase = typer.prompt("Passphrase", hide_input=True)
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
    every: list[Any] = server.call("GET", "/organizations")["items"]
    if wanted is None and len(every) > 1:
        names = ", ".join(item["name"] for item in every)
        raise BadInput("You are in several organizations.", hint=f"Choose one with --organization: {names}")
    items = [item for item in every if wanted in {None, item["id"], item["name"]}]
    if not items:
        hint = did_you_mean(wanted or "", {item["name"] for item in every})
        raise NotFound(f"There is no organization {wanted!r}.", hint=hint)
    return f"/organizations/{items[0]['id']}/vault"

"""The commands `headwater account passkeys`, over the HTTP API; a browser creates and uses them."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.features.accounts.api_client import remote, show, show_one

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
PASSKEY = ("id", "name", "host", "is_synced", "created_at", "last_used_at")


def register(account: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Passkeys with which you sign in; the web app creates them.", no_args_is_help=True)
    group.command("list")(list_passkeys)
    group.command("delete")(delete_passkey)
    account.add_typer(group, name="passkeys")


def list_passkeys(as_json: JsonOption = False) -> None:
    """List your passkeys."""
    with remote() as server:
        show(server.every("/auth/passkeys"), PASSKEY, as_json)


def delete_passkey(
    passkey_id: Annotated[str, typer.Argument(help="Id of the passkey.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Delete a passkey; the last way in which you can sign in stays. All your sessions in browsers end."""
    with remote() as server:
        server.call("DELETE", f"/auth/passkeys/{passkey_id}")
        show_one({"deleted": passkey_id}, ("deleted",), as_json)

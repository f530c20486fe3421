"""The commands `headwater account identities`, over the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.features.accounts.api_client import remote, show, show_one

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
IDENTITY = ("id", "provider_name", "email", "created_at", "last_used_at")


def register(account: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Identities at providers with which you sign in.", no_args_is_help=True)
    group.command("list")(list_identities)
    group.command("unlink")(unlink)
    account.add_typer(group, name="identities")


def list_identities(as_json: JsonOption = False) -> None:
    """List the identities that are linked to your account."""
    with remote() as server:
        show(server.every("/auth/identities"), IDENTITY, as_json)


def unlink(
    identity_id: Annotated[str, typer.Argument(help="Id of the identity.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Unlink an identity; the last way in which you can sign in stays."""
    with remote() as server:
        server.call("DELETE", f"/auth/identities/{identity_id}")
        show_one({"unlinked": identity_id}, ("unlinked",), as_json)

"""The commands `headwater users` of the administrator, over the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.kit.errors import BadInput, did_you_mean

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
EmailArgument = Annotated[str, typer.Argument(help="Address of the account.", show_default=False)]
USER = ("id", "email", "name", "is_admin", "has_second_factor", "last_seen_at", "deactivated_at", "deletion_at")
SESSION = ("id", "device", "ip", "created_at", "last_seen_at", "expires_at")


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Accounts of the instance, for its administrator.", no_args_is_help=True)
    group.command("list")(list_users)
    group.command("reset-link")(make_reset_link)
    group.command("email-link")(make_email_link)
    group.command("end-sessions")(end_sessions)
    group.command("remove-second-factor")(remove_second_factor)
    group.command("sessions")(list_sessions)
    group.command("deactivate")(deactivate)
    group.command("activate")(activate)
    group.command("administrator")(set_administrator)
    app.add_typer(group, name="users")


def list_users(
    search: Annotated[str, typer.Option(help="Part of the name or address.")] = "", as_json: JsonOption = False
) -> None:
    """List the accounts of the instance, newest first."""
    with remote() as server:
        show(server.every("/users", search=search), USER, as_json)


def make_reset_link(email: EmailArgument, as_json: JsonOption = False) -> None:
    """Make a link with which a user sets a new password, within an hour; it ends all their sessions.

    API keys stay valid, and are named; the page of the link offers to revoke them.
    """
    with remote() as server:
        link = server.call("POST", f"{_user(server, email)}/reset-link")
        show_one(link, ("url", "expires_at", "api_keys"), as_json)


def make_email_link(
    email: EmailArgument,
    new: Annotated[str, typer.Argument(help="The new address.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Make a link with which a user confirms a new address, within an hour; it ends all their sessions."""
    with remote() as server:
        link = server.call("POST", f"{_user(server, email)}/email-link", json={"email": new})
        show_one(link, ("url", "expires_at"), as_json)


def end_sessions(email: EmailArgument, as_json: JsonOption = False) -> None:
    """End all sessions of a user; API keys stay valid."""
    with remote() as server:
        show_one(server.call("DELETE", f"{_user(server, email)}/sessions"), ("ended",), as_json)


def remove_second_factor(email: EmailArgument, as_json: JsonOption = False) -> None:
    """Turn off the second factor of a user who has lost it."""
    with remote() as server:
        server.call("DELETE", f"{_user(server, email)}/second-factor")
        show_one({"removed": email}, ("removed",), as_json)


def list_sessions(email: EmailArgument, as_json: JsonOption = False) -> None:
    """List the active sessions of a user, newest first."""
    with remote() as server:
        show(server.every(f"{_user(server, email)}/sessions"), SESSION, as_json)


def deactivate(email: EmailArgument, as_json: JsonOption = False) -> None:
    """Deactivate an account: its sessions end, its API keys are refused."""
    _change(email, {"active": False}, as_json)


def activate(email: EmailArgument, as_json: JsonOption = False) -> None:
    """Activate an account again, also one that is about to be deleted."""
    _change(email, {"active": True}, as_json)


def set_administrator(
    email: EmailArgument,
    is_admin: Annotated[bool, typer.Argument(help="true or false.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Make a user an administrator of the instance, or no longer."""
    _change(email, {"is_admin": is_admin}, as_json)


def _change(email: str, change: dict[str, bool], as_json: bool) -> None:
    with remote() as server:
        show_one(server.call("PATCH", _user(server, email), json=change), USER, as_json)


def _user(server: ApiClient, email: str) -> str:
    """Return the path of the account with an address."""
    ids = {row["email"]: str(row["id"]) for row in server.every("/users", search=email)}
    if email.lower() not in ids:
        raise BadInput(f"There is no account {email}.", hint=did_you_mean(email, ids))
    return f"/users/{ids[email.lower()]}"

"""The commands `headwater login`, `projects`, `keys`, `account`, `members`, `users` and `audit`, over the HTTP API."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import Annotated

import typer

from headwater.features.accounts.api_client import (
    DEFAULT_URL,
    ApiClient,
    ApiRefusal,
    SavedLogin,
    remote,
    save_login,
    show,
    show_one,
)
from headwater.features.accounts.commands import (
    audit,
    browser_login,
    identities,
    keys,
    members,
    passkeys,
    second_factor,
    users,
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
PROJECT = ("id", "name", "role", "codebase_count", "table_count", "column_count", "usage_count")
KEY_DAYS = 365


def register(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(login)
    projects = typer.Typer(help="List and create projects.", no_args_is_help=True)
    projects.command("list")(list_projects)
    projects.command("create")(create_project)
    app.add_typer(projects, name="projects")
    keys.register(app)
    account = typer.Typer(help="Your name, password, address, ways to sign in, and sessions.", no_args_is_help=True)
    account.command("rename")(rename)
    account.command("password")(change_password)
    account.command("email")(change_email)
    account.command("end-sessions")(end_sessions)
    account.command("deactivate")(deactivate)
    identities.register(account)
    passkeys.register(account)
    second_factor.register(account)
    app.add_typer(account, name="account")
    members.register(app)
    users.register(app)
    audit.register(app)


def login(
    url: Annotated[str, typer.Argument(help="Address of the server.")] = DEFAULT_URL,
    email: Annotated[
        str | None, typer.Option(help="Sign in here with this address instead of a browser; asks for the password.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Use this API key instead of a browser.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign in to a server in a browser, on any machine, and save an API key for the other commands."""
    with closing(ApiClient(url.rstrip("/"))) as server:
        if key is None:
            key = _key_by_password(server, email) if email else browser_login.key_by_browser(server)
        server.authorize(key)
        me = server.call("GET", "/auth/me")
        file = save_login(SavedLogin(server.url, key))
    show_one(
        {"server": server.url, "user": me["user"]["email"], "saved_to": str(file)},
        ("server", "user", "saved_to"),
        as_json,
    )


def _key_by_password(server: ApiClient, email: str) -> str:
    password = typer.prompt("Password", hide_input=True)
    body = {"email": email, "password": password}
    try:
        signed_in = server.call("POST", "/auth/login", json=body)
    except ApiRefusal as refusal:
        if refusal.problem != "second_factor":
            raise
        body["code"] = typer.prompt("Code of your authenticator app, or a recovery code")
        signed_in = server.call("POST", "/auth/login", json=body)
    server.authorize(signed_in["access_token"])
    wanted = {
        "name": f"Command line on {socket.gethostname()}"[:200],
        "scopes": ["read", "write", "admin"],
        "expires_in_days": KEY_DAYS,
    }
    created = server.call("POST", "/keys", json=wanted)
    server.call("POST", "/auth/logout")
    return str(created["secret"])


def list_projects(as_json: JsonOption = False) -> None:
    """List your projects, newest first."""
    with remote() as server:
        show(server.every("/projects"), PROJECT, as_json)


def create_project(
    name: Annotated[str, typer.Argument(help="Name of the project.", show_default=False)],
    description: Annotated[str, typer.Option(help="Description.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Create a project."""
    with remote() as server:
        project = server.call("POST", "/projects", json={"name": name, "description": description})
        show_one(project, ("id", "name", "description"), as_json)


def rename(
    name: Annotated[str, typer.Argument(help="Your new name.", show_default=False)], as_json: JsonOption = False
) -> None:
    """Change your name."""
    with remote() as server:
        show_one(server.call("PATCH", "/auth/me", json={"name": name}), ("id", "email", "name"), as_json)


def change_password(as_json: JsonOption = False) -> None:
    """Change your password, which is asked for; all your sessions in browsers end, API keys stay valid."""
    with remote() as server:
        for rule in server.call("GET", "/instance")["password_rules"]:
            typer.echo(f"- {rule}", err=True)
        current = typer.prompt("Current password", hide_input=True, err=True)
        new = typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
        server.call("PUT", "/auth/password", json={"current": current, "new": new})
        show_one({"changed": True}, ("changed",), as_json)


def change_email(
    email: Annotated[str, typer.Argument(help="Your new address.", show_default=False)], as_json: JsonOption = False
) -> None:
    """Change your address: you get a mail with a link that confirms it, and ends all your sessions."""
    with remote() as server:
        password = typer.prompt("Password", hide_input=True, err=True)
        server.call("POST", "/auth/email", json={"email": email, "password": password})
        show_one({"mailed": email}, ("mailed",), as_json)


def end_sessions(as_json: JsonOption = False) -> None:
    """End all your sessions in browsers; API keys stay valid."""
    with remote() as server:
        show_one(server.call("DELETE", "/auth/sessions"), ("ended",), as_json)


def deactivate(as_json: JsonOption = False) -> None:
    """Deactivate your account, which an administrator can activate again; asks for your password."""
    with remote() as server:
        password = typer.prompt("Password", hide_input=True, err=True)
        server.call("POST", "/auth/deactivation", json={"password": password})
        show_one({"deactivated": True}, ("deactivated",), as_json)

"""The commands `headwater account second-factor`, over the HTTP API."""

from __future__ import annotations

from typing import Annotated

import segno
import typer

from headwater.features.accounts.api_client import remote, show_one

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
PATH = "/auth/second-factor"


def register(account: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Turn the second factor of your account on and off.", no_args_is_help=True)
    group.command("status")(show_status)
    group.command("enable")(enable)
    group.command("disable")(disable)
    group.command("recovery-codes")(renew_recovery_codes)
    account.add_typer(group, name="second-factor")


def show_status(as_json: JsonOption = False) -> None:
    """Show whether your account has a second factor, and how many recovery codes are left."""
    with remote() as server:
        show_one(server.call("GET", PATH), ("enabled", "since", "recovery_codes"), as_json)


def enable(as_json: JsonOption = False) -> None:
    """Turn the second factor on: shows a QR code for your authenticator app, and asks for its first code."""
    with remote() as server:
        enrolment = server.call("POST", PATH, json={"password": _password()})
        typer.echo("Scan this code with your authenticator app, or enter the secret:", err=True)
        for row in segno.make(enrolment["uri"], error="m").matrix_iter(border=2):
            typer.echo("".join("  " if dark else "██" for dark in row), err=True)
        typer.echo(enrolment["secret"], err=True)
        code = typer.prompt("Code", err=True)
        confirmed = server.call("POST", f"{PATH}/confirmation", json={"code": code})
        _show_codes(confirmed, as_json)


def disable(as_json: JsonOption = False) -> None:
    """Turn the second factor off; all your sessions in browsers end."""
    with remote() as server:
        server.call("POST", f"{PATH}/removal", json={"password": _password()})
        show_one({"enabled": False}, ("enabled",), as_json)


def renew_recovery_codes(as_json: JsonOption = False) -> None:
    """Replace your recovery codes; those from before are no longer valid."""
    with remote() as server:
        _show_codes(server.call("POST", f"{PATH}/recovery-codes", json={"password": _password()}), as_json)


def _password() -> str:
    return str(typer.prompt("Password", hide_input=True, err=True))


def _show_codes(answer: dict[str, list[str]], as_json: bool) -> None:
    if not as_json:
        typer.echo("Keep these recovery codes; each replaces a code of your app once:", err=True)
    show_one(answer, ("recovery_codes",), as_json)

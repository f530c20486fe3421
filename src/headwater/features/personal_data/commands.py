"""The commands `headwater account belongings`, `delete`, `export`, over the HTTP API."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.kit.errors import BadInput, HeadwaterError, did_you_mean

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
OWNED = ("id", "name", "is_personal", "counts", "needs_confirmation")


def register(app: typer.Typer) -> None:
    """Register the commands in the group `account`, which the feature `accounts` has registered."""
    group = next(registered.typer_instance for registered in app.registered_groups if registered.name == "account")
    assert group is not None
    group.command("belongings")(show_belongings)
    group.command("delete")(delete_account)
    group.command("export")(export_data)


def show_belongings(as_json: JsonOption = False) -> None:
    """Show the organizations that only you own, which `account delete` asks about."""
    with remote() as server:
        belongings = server.call("GET", "/auth/belongings")
        show(belongings["owned"], OWNED, as_json)


def delete_account(
    hand_over: Annotated[
        list[str] | None, typer.Option(help="ORGANIZATION=EMAIL: this member becomes its owner.")
    ] = None,
    delete: Annotated[
        list[str] | None, typer.Option(help="Name of an organization that is deleted with all its databases.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Delete your account after a grace period, in which signing in keeps it; asks for your password."""
    with remote() as server:
        owned = server.call("GET", "/auth/belongings")["owned"]
        choices = [_handed_over(owned, text) for text in hand_over or []]
        choices += [{"organization_id": _owned(owned, name)["id"], "confirmation": name} for name in delete or []]
        decided = {choice["organization_id"] for choice in choices}
        if missing := [row["name"] for row in owned if row["id"] not in decided]:
            hint = f"--hand-over '{missing[0]}=EMAIL' or --delete '{missing[0]}'."
            raise BadInput(f"Decide what happens to {', '.join(missing)}.", hint=hint)
        password = typer.prompt("Password", hide_input=True, err=True)
        body = {"organizations": choices, "password": password}
        show_one(server.call("POST", "/auth/deletion", json=body), ("deletion_at",), as_json)


def export_data(
    output: Annotated[Path, typer.Option(help="File to write.")] = Path("headwater-personal-data.zip"),
    as_json: JsonOption = False,
) -> None:
    """Download what is stored about you, as a ZIP of JSON files; asks for your password."""
    with remote() as server:
        password = typer.prompt("Password", hide_input=True, err=True)
        started = server.call("POST", "/auth/exports", json={"password": password})
        _wait(server, started["id"])
        link = server.call("POST", f"/auth/exports/{started['id']}/links")
        with output.open("wb") as out:
            for chunk in server.download(link["url"].removeprefix("/api/v1")):
                out.write(chunk)
        show_one({"file": str(output), "bytes": output.stat().st_size}, ("file", "bytes"), as_json)


def _wait(server: ApiClient, export_id: str, seconds: float = 600.0) -> None:
    """Wait until an export has ended, or raise an error."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = next(row for row in server.call("GET", "/auth/exports")["items"] if row["id"] == export_id)
        if job["available"]:
            return
        if job["state"] in {"failed", "cancelled"}:
            raise HeadwaterError(f"The export has {job['state']}.", hint=f"headwater jobs show {export_id}")
        time.sleep(0.5)
    raise HeadwaterError("The export has not ended.", hint="Is a worker running?")


def _handed_over(owned: list[dict[str, Any]], text: str) -> dict[str, Any]:
    name, _, email = text.rpartition("=")
    organization = _owned(owned, name)
    successors = {row["email"]: row["user_id"] for row in organization["successors"]}
    if email.lower() not in successors:
        raise BadInput(f"{email} is no other member of {name}.", hint=did_you_mean(email, successors))
    return {"organization_id": organization["id"], "successor_id": successors[email.lower()]}


def _owned(owned: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    matching = [row for row in owned if wanted in {row["id"], row["name"]}]
    if len(matching) != 1:
        names = [row["name"] for row in owned]
        raise BadInput(f"You own no single organization {wanted!r} alone.", hint=did_you_mean(wanted, names))
    return matching[0]

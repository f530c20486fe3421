"""Prints what an opened vault holds."""

from __future__ import annotations

from typing import Any

import typer

from headwater.features.accounts.api_client import show, show_one

FIELDS = ("taken_at", "database_name", "engine", "organization", "label", "rows", "stored_bytes", "state", "id")


def show_opened(opened: Any, as_json: bool) -> None:
    """Print the snapshots of an opened vault; exit with 1 if one of them is not whole."""
    snapshots, vault = opened["snapshots"], opened["vault"]
    broken = [snapshot for snapshot in snapshots if snapshot["state"] != "whole"]
    if as_json:
        show_one(opened, (), as_json)
    else:
        show([_readable(snapshot) for snapshot in snapshots], FIELDS, as_json)
        typer.echo(f"{len(snapshots)} snapshots, {opened['added']} of them added here.")
        for snapshot in broken:
            typer.echo(f"{snapshot['id']} is {snapshot['state']}: {snapshot['problem']}")
        if count := opened["recovery_manifests"]:
            typer.echo(f"{count} base backups and logs of point-in-time recovery are in the vault; they are not used.")
        typer.echo(_purpose(vault))
    if broken:
        raise typer.Exit(1)


def _purpose(vault: Any) -> str:
    if vault["read_only"]:
        return "The vault is open read-only. To store new snapshots there: headwater vault use."
    return "New snapshots are stored in this vault." if vault["current"] else "New snapshots are stored elsewhere."


def _readable(snapshot: Any) -> Any:
    """Return a snapshot with a word for what its manifest does not say."""
    return {name: "unknown" if value is None else value for name, value in snapshot.items()}

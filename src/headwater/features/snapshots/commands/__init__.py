"""`headwater snapshot` and `headwater vault`: snapshots on a server, over its HTTP API."""

from __future__ import annotations

import typer

from headwater.features.snapshots.commands import restore, snapshots, vaults


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Create, restore, verify and delete snapshots (backups) of databases.", no_args_is_help=True
    )
    for command in (
        snapshots.create,
        snapshots.list_,
        snapshots.show_snapshot,
        snapshots.verify,
        snapshots.hold,
        snapshots.delete,
    ):
        group.command(command.__name__.rstrip("_").replace("_snapshot", ""))(command)
    group.command("restore")(restore.restore)
    group.command("drill")(restore.drill)
    app.add_typer(group, name="snapshot")
    app.add_typer(_vault(), name="vault")


def _vault() -> typer.Typer:
    group = typer.Typer(
        help="Vaults: where snapshots are stored, how they are compressed, and which keys open them.",
        no_args_is_help=True,
    )
    group.command("show")(vaults.show_vault)
    group.command("list")(vaults.list_)
    group.command("open")(vaults.open_)
    group.command("close")(vaults.close)
    for command in (vaults.use, vaults.compress, vaults.usage, vaults.keys, vaults.add_passphrase, vaults.remove_key):
        group.command(command.__name__.replace("_", "-"))(command)
    return group

"""`headwater keys rotate-master`: works on the home folder of this machine, with or without a running Headwater."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the group `keys`, if it is there."""
    for group in app.registered_groups:
        if group.name == "keys" and group.typer_instance:
            group.typer_instance.command("rotate-master")(rotate_master)


def rotate_master(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Replace the master key (envelope.key) of the Headwater on this machine, and encrypt all its secrets anew.

    Also finishes a rotation that was interrupted. Exits with 1 if something still needs the previous key, which is
    then kept as envelope.key.old-ID.
    """
    from headwater.entrypoints import local_store
    from headwater.entrypoints.key_rotation import RotationResult, rotate
    from headwater.features.accounts.api_client import show_one
    from headwater.kit.settings import settings

    async def run() -> RotationResult:
        async with local_store.opened(settings()) as context:
            return await rotate(context)

    result = asyncio.run(run())
    row = {"key_id": result.key_id, "resumed": result.resumed, "complete": result.complete, "problems": result.problems}
    show_one(row, ("key_id", "resumed", "complete"), as_json)
    if not as_json:
        for problem in result.problems:
            typer.echo(problem)
        if result.complete:
            typer.echo("Copy the new envelope.key to where you keep the old one.")
        else:
            typer.echo("The previous key is kept. Solve these problems, then run this command again.")
    if not result.complete:
        raise typer.Exit(1)

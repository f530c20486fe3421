"""`headwater db copy`, `db import`, `db export`."""

from __future__ import annotations

import typer

from headwater.features.transfers.commands import copy, files


def register(app: typer.Typer) -> None:
    """Add the commands to the group `db`, which the room of databases has made."""
    group = next(registered.typer_instance for registered in app.registered_groups if registered.name == "db")
    assert group is not None
    group.command("copy")(copy.copy)
    group.command("import")(files.import_)
    group.command("export")(files.export)

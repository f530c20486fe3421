"""`headwater db copy`, `db import`, `db export`."""

from __future__ import annotations

import typer

from headwater.features.transfers.commands import copy, files


def register(app: typer.Typer) -> None:
    """Add the commands to the group `db`, which the room of databases has made."""
    group = next(one.typer_instance for one in app.registered_groups if one.name == "db")
    assert group is not None
    group.command("copy")(copy.copy)
    group.command("import")(files.import_)
    group.command("export")(files.export)

"""The commands `headwater db copy`, `db import` and `db export`."""

from __future__ import annotations

import typer

from headwater.features.transfers.commands import copy, files


def register(app: typer.Typer) -> None:
    """Register the commands in the group `db`, which the feature `databases` has registered."""
    group = next(registered.typer_instance for registered in app.registered_groups if registered.name == "db")
    assert group is not None
    group.command("copy")(copy.copy)
    group.command("import")(files.import_)
    group.command("export")(files.export)

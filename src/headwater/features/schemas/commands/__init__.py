"""The commands `schema` and `drift`, which need no server."""

from __future__ import annotations

import typer

from headwater.features.schemas.commands import drift, schema


def register(app: typer.Typer) -> None:
    """Register the commands of this feature."""
    schema.register(app)
    drift.register(app)

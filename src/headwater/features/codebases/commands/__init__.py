"""The commands `headwater scan` and `headwater usages`, which need no server, and `headwater codebases`."""

from __future__ import annotations

import typer

from headwater.features.codebases.commands import local, remote


def register(app: typer.Typer) -> None:
    """Register the commands of this feature."""
    local.register(app)
    remote.register(app)

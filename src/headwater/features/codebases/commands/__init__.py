"""`headwater scan` and `headwater usages`, which need no server, and `headwater codebases`, which speaks to one."""

from __future__ import annotations

import typer

from headwater.features.codebases.commands import local, remote


def register(app: typer.Typer) -> None:
    """Add the commands of this feature."""
    local.register(app)
    remote.register(app)

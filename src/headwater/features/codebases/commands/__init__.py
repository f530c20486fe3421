"""The commands that need no server (`scan`, `usages`, `impact`, `columns`, `tables`, …), and `headwater codebases`."""

from __future__ import annotations

import typer

from headwater.features.codebases.commands import (
    compare,
    impact,
    local,
    personal,
    questions,
    remote,
    routes,
    scan_diff,
)


def register(app: typer.Typer) -> None:
    """Register the commands of this feature."""
    local.register(app)
    impact.register(app)
    questions.register(app)
    personal.register(app)
    scan_diff.register(app)
    compare.register(app)
    routes.register(app)
    remote.register(app)

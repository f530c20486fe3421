"""Options of several commands about codebases on a server."""

from __future__ import annotations

from typing import Annotated

import typer

ProjectOption = Annotated[str, typer.Option("--project", help="Name or id of the project.", show_default=False)]
CodebaseArgument = Annotated[str, typer.Argument(help="Name or id of the codebase.", show_default=False)]

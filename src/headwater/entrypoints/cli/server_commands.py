"""The commands that run Headwater: `up`, `serve`, `worker`, `proxy`, `openapi`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from headwater.kit.settings import settings


def register(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(up)
    app.command()(serve)
    app.command()(worker)
    app.command()(proxy)
    app.command()(openapi)


def up(
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    servers: Annotated[int | None, typer.Option(help="Number of server processes to start.", min=1, max=8)] = None,
    workers: Annotated[int | None, typer.Option(help="Number of worker processes to start.", min=0, max=64)] = None,
) -> None:
    """Run the store, the servers, the workers and the proxy until Ctrl-C."""
    from headwater.entrypoints.server.up import run
    from headwater.kit import logs

    given = {"port": port, "host": host, "servers": servers, "workers": workers}
    chosen = settings().model_copy(update={key: value for key, value in given.items() if value is not None})
    logs.configure(chosen.log_level, chosen.log_format)
    run(chosen, lambda text: typer.echo(text))


def serve() -> None:
    """Run only the HTTP server, with an existing store."""
    from headwater.entrypoints.server.run import main

    main()


def worker() -> None:
    """Run another worker on the same store."""
    from headwater.entrypoints.worker.run import main

    main()


def proxy() -> None:
    """Run the database supervisor and the proxy of this host, with an existing store."""
    from headwater.entrypoints.proxy.run import main

    main()


def openapi(
    out: Annotated[Path | None, typer.Option(help="File to write (default: stdout).")] = None,
) -> None:
    """Print the OpenAPI 3.1 description of the HTTP API. Needs no server."""
    from headwater.entrypoints.server.app import build

    text = json.dumps(build().openapi(), indent=2)
    if out:
        out.write_text(text + "\n")
    else:
        typer.echo(text)

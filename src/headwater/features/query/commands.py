"""The command `headwater sql`: run statements on a database, or open a shell with completion and history."""

from __future__ import annotations

import contextlib
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from headwater.features.accounts.api_client import ApiClient, patience, remote, show_one
from headwater.features.databases.commands import NameArgument, find_database
from headwater.features.query.output import print_effects, print_error, print_result
from headwater.kit.errors import BadInput, HeadwaterError
from headwater.kit.terminal import terminal

CANCEL_ATTEMPTS = 10
EXPORT_SECONDS = 24 * 3600.0
Form = Literal["table", "json", "ndjson", "csv", "arrow", "parquet"]


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("sql")(sql)


def sql(
    name: NameArgument,
    text: Annotated[
        str | None, typer.Argument(metavar="SQL", help="Statements to run (default: open a shell).")
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", help="Output format; all but `table` print the whole result.")
    ] = "table",
    file: Annotated[Path | None, typer.Option("--file", "-f", help="File with statements to run.")] = None,
    max_rows: Annotated[int, typer.Option(help="Maximum number of rows in a table.", min=1, max=100_000)] = 1000,
    seconds: Annotated[int, typer.Option(help="Time limit of the run.", min=1, max=3600)] = 3600,
    confirm: Annotated[bool, typer.Option(help="Allow writes to a protected database.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole response as JSON.")] = False,
) -> None:
    """Run statements on a database, or open a shell.

    Each command is a session: a transaction that it leaves open is rolled back, and settings end with it. In the shell,
    transactions stay open until COMMIT or ROLLBACK; the prompt shows `*` then. Ctrl-C cancels the statement on the
    server, and the exit code is 130.
    """
    if file is not None:
        text = _read(file)
    if text == "-" or (text is None and not sys.stdin.isatty()):
        text = sys.stdin.read()
    with remote() as server:
        database = find_database(server, name)
        if text is None:
            from headwater.features.query.shell import Shell  # imports the line editor, which only the shell needs

            Shell(server, database, Console()).run()
        elif form == "table" or as_json:
            body = {"text": text, "max_rows": max_rows, "confirmed": confirm, "seconds": seconds}
            _run(server, database, body, as_json)
        else:
            _export(server, database, text, form)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error


@contextlib.contextmanager
def _cancelled_by_interrupt(server: ApiClient, database: Any) -> Iterator[str]:
    """Yield the id of a run; Ctrl-C cancels it on the server, and ends this program as a signal does."""
    run_id = str(uuid.uuid4())
    try:
        yield run_id
    except KeyboardInterrupt:
        for _ in range(CANCEL_ATTEMPTS):  # the server may have received the request, but not begun
            with contextlib.suppress(HeadwaterError):
                server.call("POST", f"/databases/{database['id']}/runs/{run_id}/cancel")
                typer.echo("Cancelled.", err=True)
                break
            time.sleep(0.2)
        raise typer.Exit(130) from None


def _run(server: ApiClient, database: Any, body: dict[str, Any], as_json: bool) -> None:
    text = body["text"]
    with _cancelled_by_interrupt(server, database) as run_id:
        path, waits = f"/databases/{database['id']}/query", patience(body["seconds"])
        answer = server.call("POST", path, json=body | {"run_id": run_id}, timeout=waits)
    if as_json:
        show_one(answer, (), True)
    else:
        console = terminal()
        for result in answer["results"]:
            print_result(console, result)
        if answer["error"]:
            print_error(answer["error"], text)
        print_effects(answer, text)
    if answer["error"]:
        raise typer.Exit(1)


def _export(server: ApiClient, database: Any, text: str, form: str) -> None:
    out = sys.stdout.buffer
    if form in {"arrow", "parquet"} and sys.stdout.isatty():
        raise BadInput(
            f"{form} is binary and cannot be printed to a terminal.", hint="Redirect it to a file: > result." + form
        )
    path, body = f"/databases/{database['id']}/export", {"text": text, "format": form}
    try:
        with _cancelled_by_interrupt(server, database) as run_id:
            for chunk in server.stream(path, body | {"run_id": run_id}, EXPORT_SECONDS):
                out.write(chunk)
            out.flush()
    except BrokenPipeError as error:
        raise HeadwaterError("The program that reads the output has exited.") from error

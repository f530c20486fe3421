"""`headwater snapshot query`, `rows`, `export`, `link`, `links`, `copy`: read snapshots without restoring them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import typer

from headwater.features.accounts.api_client import remote, show, show_one
from headwater.features.databases.commands import JsonOption, TablesOption, find_database, names
from headwater.features.query.output import print_error, print_result
from headwater.features.snapshots.commands.references import SnapshotArgument, find_snapshot
from headwater.features.transfers.commands.copy import Tinyint1Option, ZeroDatesOption, carry_out
from headwater.kit import durations
from headwater.kit.errors import BadInput, HeadwaterError
from headwater.kit.terminal import terminal

ResultForm = Literal["table", "json", "ndjson", "csv", "arrow", "parquet"]
FileForm = Literal["sql", "json", "ndjson", "csv", "parquet", "arrow"]
FileFormOption = Annotated[FileForm, typer.Option("--format", help="Format of the file; `sql` recreates the database.")]
LINKS = ("id", "format", "tables", "by", "created_at", "expires_at", "uses", "used_at")
_BINARY = frozenset({"arrow", "parquet"})


def register(app: typer.Typer) -> None:
    """Add the commands to the group `snapshot`, which the feature `snapshots` creates."""
    group = next(registered.typer_instance for registered in app.registered_groups if registered.name == "snapshot")
    assert group is not None
    for name, command in (("query", query), ("rows", rows), ("export", export), ("link", link), ("copy", copy)):
        group.command(name)(command)
    links = typer.Typer(help="List and revoke the download links of a snapshot.", no_args_is_help=True)
    links.command("list")(list_links)
    links.command("revoke")(revoke_link)
    group.add_typer(links, name="links")


def query(
    snapshot: SnapshotArgument,
    text: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT in DuckDB's SQL; - reads it from stdin.")],
    form: Annotated[
        ResultForm, typer.Option("--format", help="Output format; all but `table` print the whole result.")
    ] = "table",
    max_rows: Annotated[int, typer.Option(help="Maximum number of rows in a table.", min=1, max=100_000)] = 1000,
    seconds: Annotated[float, typer.Option(help="Time limit of a table.", min=0.1, max=3600)] = 60,
    as_text: Annotated[
        bool, typer.Option("--text", help="Read all columns as text, which can hold every value.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole response as JSON.")] = False,
) -> None:
    """Run SQL on a snapshot without restoring it. Reads only the columns that the query names."""
    statement = sys.stdin.read() if text == "-" else text
    with remote() as server:
        path = f"/snapshots/{find_snapshot(server, snapshot)['id']}/query"
        body: dict[str, Any] = {"text": statement, "as_text": as_text}
        if form != "table" and not as_json:
            _print(server.stream(f"{path}/export", body | {"format": form}), form in _BINARY)
            return
        answer = server.call("POST", path, json=body | {"max_rows": max_rows, "seconds": seconds})
    if as_json:
        show_one(answer, (), True)
    else:
        for result in answer["results"]:
            print_result(terminal(), result)
    if answer["error"]:
        if not as_json:
            print_error(answer["error"], statement)
        raise typer.Exit(1)


def rows(
    snapshot: SnapshotArgument,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Name of the table, with or without its schema.")],
    skip: Annotated[int, typer.Option(help="Number of rows to skip.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="Number of rows to show.", min=1, max=1000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the rows of a table in a snapshot."""
    with remote() as server:
        path = f"/snapshots/{find_snapshot(server, snapshot)['id']}/tables/{quote(table, safe='')}/rows"
        page = server.call("GET", path, params={"skip": skip, "limit": limit})
    if as_json:
        show_one(page, (), True)
        return
    result = {"notices": [], "columns": page["columns"], "rows": page["rows"], "truncated": False}
    print_result(terminal(), result | {"milliseconds": page["milliseconds"]})
    typer.echo(f"Rows {skip + 1:,} to {skip + len(page['rows']):,} of {page['count']:,}.", err=True)


def export(
    snapshot: SnapshotArgument,
    form: FileFormOption = "sql",
    tables: TablesOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write (default: stdout).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Export a snapshot, or some of its tables, to a file: an SQL script, or rows (a ZIP for several tables)."""
    if as_json and output is None:
        raise BadInput(
            "With --json, the exported file cannot be printed to stdout.",
            hint="Write the file with -o.",
        )
    with remote() as server:
        row = find_snapshot(server, snapshot)
        query_ = urlencode({"format": form} | ({"tables": names(tables)} if tables else {}), doseq=True)
        pieces = server.download(f"/snapshots/{row['id']}/export?{query_}")
        if output is None:
            _print(pieces, form != "sql" and (form in _BINARY or len(names(tables) or ()) != 1))
            return
        size = _write(pieces, output)
    if as_json:
        show_one({"file": str(output), "bytes": size, "format": form}, (), True)
    else:
        typer.echo(f"{output}: {size:,} bytes.")


def link(
    snapshot: SnapshotArgument,
    form: FileFormOption = "sql",
    tables: TablesOption = None,
    expires_in: Annotated[str, typer.Option("--expires-in", help="Lifetime: 30m, 12h, or at most 7d.")] = "1h",
    as_json: JsonOption = False,
) -> None:
    """Create a download link to a file of a snapshot. Anybody who has it can use it until it expires or is revoked."""
    body = {"format": form, "tables": names(tables), "expires_in": durations.seconds(expires_in)}
    with remote() as server:
        created = server.call("POST", f"/snapshots/{find_snapshot(server, snapshot)['id']}/links", json=body)
        created["url"] = server.url + created["url"]
    if as_json:
        show_one(created, (), True)
    else:
        typer.echo(created["url"])
        typer.echo(f"Anybody who has this link can use it until {created['expires_at']}.", err=True)


def list_links(snapshot: SnapshotArgument, as_json: JsonOption = False) -> None:
    """List the valid links to a snapshot, newest first. The address of a link is shown only when it is created."""
    with remote() as server:
        show(server.every(f"/snapshots/{find_snapshot(server, snapshot)['id']}/links"), LINKS, as_json)


def revoke_link(
    snapshot: SnapshotArgument, link: Annotated[str, typer.Argument(metavar="LINK", help="Id of the link.")]
) -> None:
    """Revoke a link. Admins can revoke anybody's, others only their own."""
    with remote() as server:
        server.call("DELETE", f"/snapshots/{find_snapshot(server, snapshot)['id']}/links/{quote(link, safe='')}")
    typer.echo(f"The link {link} is revoked.")


def copy(
    snapshot: SnapshotArgument,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Target database.", show_default=False)],
    tables: TablesOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept all losses without asking.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would change.")] = False,
    zero_dates: ZeroDatesOption = "null",
    tinyint1: Tinyint1Option = "boolean",
    as_json: JsonOption = False,
) -> None:
    """Copy a snapshot, or some of its tables, to another database of any engine."""
    with remote() as server:
        right = find_database(server, target)
        path = f"/snapshots/{find_snapshot(server, snapshot)['id']}/copies"
        body = {"tables": names(tables), "zero_dates": zero_dates, "tinyint1": tinyint1}
        carry_out(server, path, right, body, yes=yes, plan=plan, as_json=as_json)


def _print(pieces: Iterator[bytes], binary: bool) -> None:
    if binary and sys.stdout.isatty():
        raise BadInput(
            "This format is binary and cannot be printed to a terminal.", hint="Write it to a file: -o FILE, or > FILE"
        )
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise HeadwaterError("The program that reads the output has stopped.") from error


def _write(pieces: Iterator[bytes], output: Path) -> int:
    """Write a file atomically and return its size."""
    part = output.with_name(f"{output.name}.part")
    size = 0
    try:
        with part.open("wb") as file:
            for piece in pieces:
                size += file.write(piece)
        part.replace(output)
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return size

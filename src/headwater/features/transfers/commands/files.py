"""The commands `headwater db import` and `headwater db export`."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import typer
from rich.table import Table

from headwater.features.accounts.api_client import ApiClient, remote, show_one
from headwater.features.databases.commands import JsonOption, NameArgument, TablesOption, find_database, names
from headwater.features.jobs.follow import finish
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal

ROWS = frozenset({".csv", ".tsv", ".tab", ".txt", ".ndjson", ".jsonl", ".json", ".parquet", ".pq"})
# How many of the statements that were left out are shown.
SHOWN = 20


def import_(
    name: NameArgument,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV, NDJSON, JSON, Parquet, SQL, an archive of pg_dump, or a folder.", show_default=False
        ),
    ],
    table: Annotated[
        str, typer.Option(help="Target table, with its schema if needed: schema.table; not needed for SQL.")
    ] = "",
    create: Annotated[
        bool, typer.Option("--create", help="Create the table, with types inferred from a sample.")
    ] = False,
    type_: Annotated[list[str] | None, typer.Option("--type", help="Type of a column: name=type.")] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of a CSV file; detected if omitted.")] = "",
    delimiter: Annotated[str, typer.Option(help="Delimiter of a CSV file; detected if omitted.")] = "",
    quote: Annotated[str, typer.Option(help="Quote of a CSV file.")] = '"',
    null: Annotated[str, typer.Option(help="Unquoted text that means NULL in a CSV file, such as \\N.")] = "",
    skip_errors: Annotated[bool, typer.Option("--skip-errors", help="Skip bad rows and report them.")] = False,
    confirm: Annotated[bool, typer.Option(help="Allow writes to a protected database.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import a file into a table, or load a script or dump: all of it, or nothing if something is bad.

    Of a folder or ZIP, the script is loaded that includes the other files.
    """
    if not file.exists():
        raise BadInput(f"There is no file {file}.")
    if not table and file.suffix.lower() in ROWS:
        raise BadInput("Choose the target table with --table.", hint="Use --create to create it.")
    with remote() as server:
        database = find_database(server, name)
        with _opened(file) as content:
            files = {"file": (f"{file.resolve().name}.zip" if file.is_dir() else file.name, content)}
            asked = {"encoding": encoding, "delimiter": delimiter.replace("\\t", "\t"), "quote": quote, "null": null}
            preview = server.call("POST", f"/databases/{database['id']}/imports", files=files, params=asked)
        _tell_encoding(file, preview, encoding)
        body: dict[str, Any] = {
            "table": table,
            "create": create,
            "on_error": "skip" if skip_errors else "stop",
            "confirmed": confirm,
            "columns": _columns(preview, type_ or []),
        }
        started = server.call("POST", f"/imports/{preview['transfer']['id']}/start", json=body)
        done = finish(server, started["job"]["id"], f"/transfers/{started['id']}")
    if as_json:
        show_one(done, (), True)
    else:
        _show(done["result"])


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """Open a file, or a folder as a ZIP of all its files but hidden ones."""
    if not file.is_dir():
        with file.open("rb") as content:
            yield content
        return
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(file.rglob("*")):
                name = path.relative_to(file)
                if path.is_file() and not any(part.startswith(".") for part in name.parts):
                    archive.write(path, name.as_posix())
        packed.seek(0)
        yield packed


def export(
    name: NameArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="ZIP file to write.", show_default=False)],
    form: Annotated[
        Literal["csv", "ndjson", "parquet", "sql"], typer.Option("--format", help="Format of each file.")
    ] = "csv",
    tables: TablesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Export tables as files in a ZIP, all from one consistent moment."""
    with remote() as server:
        body = {"tables": names(tables), "format": form}
        path = f"/databases/{find_database(server, name)['id']}/exports"
        started = server.call("POST", path, json=body)
        done = finish(server, started["job"]["id"], f"/transfers/{started['id']}")
        _save(server, done["id"], output)
    if as_json:
        show_one(done, (), True)
    else:
        rows = sum(item["rows"] for item in done["result"]["files"])
        typer.echo(f"{output}: {len(done['result']['files'])} tables, {rows:,} rows")


def _columns(preview: Any, types: list[str]) -> list[dict[str, str]]:
    wrong = [type_ for type_ in types if "=" not in type_]
    if wrong:
        raise BadInput(f"{wrong[0]!r} is not a column type.", hint="Write --type name=type.")
    chosen = dict(item.split("=", 1) for item in types)
    return [
        {"source": item["name"], "target": item["name"], "type": chosen.get(item["name"], item["type"])}
        for item in preview["columns"]
    ]


def _tell_encoding(file: Path, preview: Any, chosen: str) -> None:
    csv = preview["csv"]
    if csv and not chosen and not csv["encoding"].startswith("utf-8"):
        typer.echo(f"{file.name} is read as {csv['encoding']}, because it is not UTF-8 (see --encoding).", err=True)


def _show(result: Any) -> None:
    typer.echo(f"{result['rows']:,} rows imported" + (f", {result['bad_rows']:,} not" if result["bad_rows"] else ""))
    if result["errors"]:
        table = Table("row", "column", "what is wrong", box=None, pad_edge=False)
        for problem in result["errors"]:
            table.add_row(str(problem["row"]), problem["column"], problem["sentence"])
        terminal().print(table)
    for kind, sentence in (("skipped", "left out"), ("changed", "changed")):
        _show_notes(result.get(kind, []), result.get(f"{kind}_count", 0), sentence)
    for note in result.get("notes", []):
        typer.echo(note)


def _show_notes(notes: list[Any], count: int, sentence: str) -> None:
    if not notes:
        return
    typer.echo(f"{count:,} {'statement was' if count == 1 else 'statements were'} {sentence}:")
    table = Table("line", "statement", "why", box=None, pad_edge=False)
    for note in notes[:SHOWN]:
        table.add_row(str(note["line"]), note["text"][:60], note["reason"])
    terminal().print(table)
    if count > SHOWN:
        typer.echo(f"{count - SHOWN:,} more: use --json to see them.")


def _save(server: ApiClient, transfer_id: str, output: Path) -> None:
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as out:
            for chunk in server.download(f"/transfers/{transfer_id}/file"):
                out.write(chunk)
        part.replace(output)
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)

"""The command `headwater personal-data`: which columns hold personal data, and the code that touches them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from headwater.catalog.model import Schema
from headwater.core import sources
from headwater.core.lineage.questions import formats
from headwater.core.lineage.questions.data_classes import rules
from headwater.core.lineage.questions.personal_data import PersonalDataUse, files_of, personal_data
from headwater.core.lineage.result import ScanResult
from headwater.features.codebases.commands.local import JobsOption, NoCacheOption
from headwater.features.codebases.commands.questions import (
    CsvOption,
    JsonOption,
    OutOption,
    emit,
    format_of,
    printed_format,
)
from headwater.features.codebases.commands.scan_runner import run_scan, run_schema
from headwater.kit.errors import BadInput, did_you_mean
from headwater.readers import Half

_FILES = 2


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("personal-data")(list_personal_data)


def list_personal_data(
    source: Annotated[str, typer.Argument(help="A folder, archive or database URL.", show_default=False)],
    class_name: Annotated[str | None, typer.Option("--class", help="Only this class, such as email.")] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    out: OutOption = None,
    processes: JobsOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """List the columns with personal data by class, and the files that read and write them (not of a database)."""
    printed, written = printed_format(as_json=as_json, as_csv=as_csv), format_of(out)
    if written == "sarif":
        raise BadInput("Personal data is no finding: write it as .json, .csv or .html.")
    order = [item.name for item in rules().classes]
    if class_name is not None and class_name not in order:
        raise BadInput(f"There is no class {class_name}.", hint=did_you_mean(class_name, order) or ", ".join(order))
    scan = partial(run_scan, processes=processes, use_cache=not no_cache)
    name, items = sources.read(source, partial(_of_code, scan), _of_schema)
    listed = [item for item in items if class_name in (None, item.data_class)]
    listed.sort(key=lambda item: order.index(item.data_class))
    emit(formats.answer(f"Personal data in {name}", listed, PersonalDataUse), printed, (out, written), _table(listed))


def _of_code(scan: Callable[[Path], ScanResult], path: Path, half: Half | None) -> tuple[str, list[PersonalDataUse]]:
    """Return the columns of a code base with their usages; of one half of it only the columns."""
    if half is not None:
        return _of_schema(run_schema(path, half).schema)
    scanned = scan(path)
    return scanned.source, personal_data(scanned.schema, files_of(scanned.usages))


def _of_schema(schema: Schema) -> tuple[str, list[PersonalDataUse]]:
    return schema.source, personal_data(schema)


def _table(items: list[PersonalDataUse]) -> Table:
    heads = ("Column", "Type", "Certainty", "Read", "Written", "In")
    table = Table(*heads, box=None, pad_edge=False, header_style="dim")
    for title, group in groupby(items, key=lambda item: (item.title, item.special)):
        table.add_row(Text(f"{title[0]}{' (special category)' if title[1] else ''}", style="bold"))
        for item in group:
            files = list(dict.fromkeys((*item.written_in, *item.read_in)))
            more = f" and {len(files) - _FILES} more" if len(files) > _FILES else ""
            name = f"  {item.table_name}.{item.column_name}"
            cells = (str(item.reads or "·"), str(item.writes or "·"), ", ".join(files[:_FILES]) + more)
            table.add_row(name, item.type, item.certainty, *cells)
    return table

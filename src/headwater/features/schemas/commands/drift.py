"""The command `headwater drift`: what differs between two schemas, such as models and a database, without a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headwater.catalog import changes as c
from headwater.catalog.model import Schema
from headwater.core import sources
from headwater.core.diff import SchemaDiff, Side, compare, report
from headwater.engines import all_engines, engine
from headwater.features.schemas.commands.side_sources import side_of
from headwater.kit.errors import BadInput, NotFound, did_you_mean
from headwater.kit.terminal import terminal
from headwater.readers import bookkeeping_tables


def register(app: typer.Typer) -> None:
    """Register the command."""
    app.command("drift")(drift)


def drift(
    a: Annotated[str, typer.Argument(metavar="A", help="A folder, archive, file or database URL.", show_default=False)],
    b: Annotated[
        str | None,
        typer.Argument(
            metavar="[B]", help="What A should be; without it, A's models are compared with its migrations."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="TABLE", help="Leave out tables of this name; * and ? are wildcards.")
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(metavar="OLD=NEW", help="Confirm a rename: users.email=mail, or users=people."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the statements that make A into B.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    dialect: Annotated[
        str | None,
        typer.Option(help="The dialect of SQL files, and of --sql (default: it is recognised)."),
    ] = None,
) -> None:
    """List what differs between two schemas; exit with 1 if something does.

    models:PATH and migrations:PATH are the two halves of a codebase.
    """
    if as_json + as_sql + as_markdown > 1:
        raise BadInput("Only one of --json, --sql and --markdown can be printed.")
    (left, name_a), (right, name_b) = (side_of(text, dialect) for text in _both(a, b))
    renames = [_confirmed(text, left.schema) for text in rename or ()]
    diff = compare(left, right, renames=renames, ignored=(*bookkeeping_tables(), *(ignore or ())))
    result = report.report_of(diff, (name_a, name_b))
    if as_sql:
        typer.echo(_sql(diff, left, right, dialect), nl=False)
    elif as_json or as_markdown:
        typer.echo((report.to_json if as_json else report.to_markdown)(result), nl=False)
    else:
        _print(result, terminal())
    if result.differences:
        raise typer.Exit(1)


def _both(a: str, b: str | None) -> tuple[str, str]:
    if b is not None:
        return a, b
    source = sources.parse(a)
    if source.kind != "path" or source.half is not None:
        raise BadInput("Say what A is compared with.", hint="Without B, A is the folder of a codebase.")
    return f"migrations:{a}", f"models:{a}"


def _confirmed(text: str, schema: Schema) -> c.RenameTable | c.RenameColumn:
    old, equals, new = text.partition("=")
    if not equals or not new or not old:
        raise BadInput(f"{text!r} is not a rename.", hint="It looks like users.email=mail, or users=people.")
    whole = schema.relation(old)
    if whole is not None:
        return c.RenameTable(whole.name, whole.schema, new)
    table, _, column = old.rpartition(".")
    relation = schema.relation(table) or schema.relation(table.rpartition(".")[2])
    match = relation.column(column) if relation else None
    if relation is None or match is None:
        names = [column.name for column in relation.columns] if relation else [each.name for each in schema]
        raise NotFound(f"A has no {old}.", hint=did_you_mean(column if relation else table or old, names))
    return c.RenameColumn(relation.name, relation.schema, match.name, new)


def _sql(diff: SchemaDiff, a: Side, b: Side, name: str | None) -> str:
    wanted = engine(name).dialect if name else a.dialect or b.dialect
    own = next((each for each in all_engines().values() if each.dialect is wanted), None)
    if own is None:
        raise BadInput("The dialect of A is not known.", hint="Name one with --dialect postgresql, mysql or sqlite.")
    lines: list[str] = []
    for step in own.alter(diff.steps, a.schema):
        lines += [f"-- {hazard.text}" for hazard in step.hazards]
        lines += [f"{statement};" for statement in step.statements]
    return "".join(f"{line}\n" for line in lines)


def _print(result: report.DiffReport, console: Console) -> None:
    console.print(f"[bold]{result.a}[/bold] and [bold]{result.b}[/bold]: {report.counted(result)}", highlight=False)
    if result.differences:
        console.print(_table(result))
    _print_list("Possible renames, to be confirmed with --rename", _renames(result), console)
    _print_list("Not compared", result.not_compared, console)


def _table(result: report.DiffReport) -> Table:
    table = Table("What", "In A", "In B", "Where", box=None, pad_edge=False, header_style="dim")
    for row in result.differences:
        lines = dict.fromkeys(f"{at.file}:{at.line}" for at in (row.at_a, row.at_b) if at)
        table.add_row(report.title(row), Text(row.a or "·"), Text(row.b or "·"), Text(", ".join(lines)))
    return table


def _renames(result: report.DiffReport) -> Sequence[str]:
    return [f"{report.rename_text(item)}  {item.reason}" for item in result.renames]


def _print_list(heading: str, items: Sequence[str], console: Console) -> None:
    if items:
        console.print(f"[dim]{heading}:[/dim]", highlight=False)
    for item in items:
        console.print(Text(f"  {item}"), soft_wrap=True)

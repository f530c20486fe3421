"""A source on the command line as one side of a comparison: code or half of it, a database, SQL, a schema as JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from headwater.core import sources
from headwater.core.diff import Side
from headwater.core.lineage.result import SchemaResult
from headwater.core.notation import document
from headwater.core.sources import live
from headwater.engines import engine
from headwater.features.codebases.commands.scan_runner import run_schema
from headwater.features.codebases.service.sides import side_of as side_of_schema
from headwater.kit.errors import BadInput
from headwater.readers import Half

_HINTS = {
    "migrations": "Migrations in SQL, of Alembic, Rails, Laravel, Knex and Kysely are read.",
    "models": "Only ORM models and schema files are read; name the folder that has them.",
    None: "Name a folder, an archive, a file with SQL or a database that has tables.",
}


def side_of(text: str, dialect: str | None = None) -> tuple[Side, str]:
    """Return the side that a source string names, and what users call it; `dialect` is that of files.

    Raises:
        BadInput: not a source string, an unreadable file, or there is no table in it.
        NotFound: a URL that no installed engine opens, or there is no such dialect.
        Unavailable: a database that cannot be reached.
    """
    source = sources.parse(text)
    if source.kind == "url":
        name, schema = live.read_with_engine(text)
        return Side(schema, engine(name).dialect, "database"), schema.source
    is_json = source.kind == "path" and source.path.suffix.lower() == ".json" and source.path.is_file()
    side = _of_json(source.path) if is_json else _of_code(sources.read(text, run_schema, SchemaResult))
    if dialect is not None and side.kind == "text":  # models are of the dialect of the other side
        side = replace(side, dialect=engine(dialect).dialect)
    return _checked(side, text, source.half), text


def _of_code(result: SchemaResult) -> Side:
    return side_of_schema(result.schema, has_models=result.has_models)


def _of_json(path: Path) -> Side:
    try:
        schema = document.read(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    return side_of_schema(replace(schema, source=path.name), has_models=True)


def _checked(side: Side, text: str, half: Half | None) -> Side:
    if not side.schema.relations:
        raise BadInput(f"No table is declared in {text}.", hint=_HINTS[half])
    return side

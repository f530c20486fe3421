"""PostgreSQL is the judge: a script run by psql leaves what the reader says that it leaves.

Each case is a script of its own in `postgresql/`. Expressions are compared without what PostgreSQL adds when it prints
them: parentheses and casts.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import clusters
from headwater.catalog.model import Column, Relation, Schema
from headwater.core import notation
from headwater.engines import engine, parse_url
from headwater.engines.postgresql.binaries import BUNDLED, programs_of
from headwater.readers import SourceFile, sql
from headwater.readers.sql.postgresql.types import SERIALS

CASES = sorted((Path(__file__).parent / "postgresql").glob("*.sql"))
POSTGRES: Any = engine("postgresql")
_CAST = re.compile(
    r'::(?:\w+\.)?(?:"[^"]+"|\w+)(?: varying| precision| without time zone| with time zone)*(?:\(\d+(?:,\s?\d+)?\))?(?:\[\])?'
)


# What SQL that is written from a Schema does not have yet, with the reason.
NOT_WRITTEN = {
    "from_queries": "the types of expressions are not known, so that such columns of CREATE TABLE AS are texts",
    "inheritance": "an inheriting table gets the default of its parent, even if it has none itself",
}


async def executed(cluster: clusters.Cluster, script: Path) -> Schema:
    """Run a script with psql, and return what the database contains then."""
    url = cluster.clone()
    psql = [programs_of(BUNDLED) / "psql", "-X", "-q", "-f", script, url.partition("?")[0]]
    environment = {"PATH": os.environ["PATH"], "PGSSLMODE": "disable", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(psql, check=True, capture_output=True, text=True, env=environment)
    assert "ERROR" not in done.stderr
    session = await POSTGRES.connect(parse_url(url)[1])
    try:
        return await POSTGRES.inspect(session)
    finally:
        await session.close()


def plain(text: str | None) -> str | None:
    """Return an expression without casts, parentheses and spaces, in lower case."""
    if text is None:
        return None
    return re.sub(r"[()\s]|pg_catalog\.|\bpublic\.", "", _CAST.sub("", text)).lower()


def column_facts(column: Column, relation: Relation) -> tuple[Any, ...]:
    spelled, default = column.type.replace("public.", ""), plain(column.default)
    if column.type in SERIALS:
        spelled = SERIALS[column.type]
        default = plain(f"nextval('{relation.name}_{column.name}_seq')")
    if default is not None:
        default = default.replace('"', "")
    attributes = [pair for pair in column.attrs if pair[0] != "collation" or pair[1] != "pg_catalog.default"]
    extra = [(name, value.replace("pg_catalog.", "")) for name, value in attributes]
    return (
        column.name,
        spelled,
        column.nullable,
        default,
        plain(column.generated),
        column.identity,
        column.comment,
        extra,
    )


def relation_facts(relation: Relation) -> dict[str, Any]:
    return {
        "kind": relation.kind,
        "columns": [column_facts(column, relation) for column in relation.columns],
        "primary_key": relation.primary_key,
        "foreign_keys": {
            key.name: (
                key.columns,
                key.ref_schema or "public",
                key.ref_table,
                key.ref_columns,
                key.on_delete,
                key.on_update,
                key.attrs,
            )
            for key in relation.foreign_keys
        },
        "indexes": {
            index.name: ([plain(each) for each in index.columns], index.unique, plain(index.where), index.comment)
            + ([(name, plain(value)) for name, value in index.attrs],)
            for index in relation.indexes
        },
        "checks": {check.name: (plain(check.expression), check.attrs) for check in relation.checks},
        "comment": relation.comment,
        "attrs": {
            name: plain(value)
            for name, value in relation.attrs
            if not name.startswith(("policy:", "row_security", "storage"))
        },
    }


def facts(schema: Schema) -> dict[str, Any]:
    """Return what two Schemas are compared by, as plain values."""
    relations = {f"{enum.schema or 'public'}.{enum.name}": relation_facts(enum) for enum in schema}
    enums = {f"{enum.schema or 'public'}.{enum.name}": (enum.values, enum.comment) for enum in schema.enums}
    domains = {
        f"{enum.schema or 'public'}.{enum.name}": (enum.type, enum.nullable, plain(enum.default), enum.comment)
        + ({check.name: plain(check.expression) for check in enum.checks},)
        for enum in schema.domains
    }
    return {"relations": relations, "enums": enums, "domains": domains}


def known_types(read: Schema, real: Schema) -> Schema:
    """Return a Schema with the types that the reader does not claim to know: those of a query's expressions."""

    def completed(relation: Relation) -> Relation:
        model = real.relation(relation.name, relation.schema or "public")
        columns = tuple(
            replace(column, type=model.columns[n].type)
            if model and not column.type and n < len(model.columns)
            else column
            for n, column in enumerate(relation.columns)
        )
        return replace(relation, columns=columns)

    return read.map_relations(completed)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
async def test_the_reader_agrees_with_postgresql(case: Path, cluster: clusters.Cluster) -> None:
    real = await executed(cluster, case)
    reading = sql.read(None, [SourceFile(case.name, "sql", case.read_bytes())])  # type: ignore[arg-type]
    assert reading.not_understood == ()
    read, wanted = facts(known_types(reading.schema, real)), facts(real)
    assert read["enums"] == wanted["enums"]
    assert read["domains"] == wanted["domains"]
    assert sorted(read["relations"]) == sorted(wanted["relations"])
    for name, relation in wanted["relations"].items():
        for part, value in relation.items():
            assert read["relations"][name][part] == value, f"{part} of {name}"
    counters = {(sequence.schema, sequence.name, sequence.owned_by) for sequence in real.sequences}
    assert {
        (sequence.schema or "public", sequence.name, sequence.owned_by) for sequence in reading.schema.sequences
    } <= counters


@pytest.mark.parametrize("case", [case for case in CASES if case.stem not in NOT_WRITTEN], ids=lambda path: path.stem)
async def test_sql_that_is_written_from_the_schema_creates_the_same(
    case: Path, cluster: clusters.Cluster, tmp_path: Path
) -> None:
    reading = sql.read(None, [SourceFile(case.name, "sql", case.read_bytes())])  # type: ignore[arg-type]
    written = tmp_path / "written.sql"
    written.write_text(notation.write(reading.schema, "sql"), "utf-8")
    wanted, created = facts(await executed(cluster, case)), facts(await executed(cluster, written))
    assert created["enums"] == wanted["enums"] and created["domains"] == wanted["domains"]
    assert sorted(created["relations"]) == sorted(wanted["relations"])
    for name, relation in wanted["relations"].items():
        for part, value in relation.items():
            assert created["relations"][name][part] == value, f"{part} of {name}"

"""Model files and their tables: each case ends with a file `expected`, one line per table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headwater.kit import plugins
from headwater.testing.readers import CodeBase

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def split(text: str) -> dict[str, str]:
    parts = re.split(r"^--- (\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def describe(reading) -> list[str]:
    return [*(_table(relation) for relation in reading.schema), *(_model(model) for model in reading.models)]


def _table(relation) -> str:
    columns = ", ".join(
        f"{column.name} {column.type or '?'}{'' if column.nullable else '!'}" for column in relation.columns
    )
    keys = "".join(
        f" {'+'.join(key.columns)}->{key.ref_table}.{'+'.join(key.ref_columns)}" for key in relation.foreign_keys
    )
    return f"table {relation.qualified_name}({columns}) key={'+'.join(relation.primary_key)}{keys}"


def _model(model) -> str:
    names = [field.name if field.name == field.column else _field(field) for field in model.fields]
    inherited = [f"{name}<{table}.{column}" for name, (table, column) in model.inherited.items()]
    return f"model {model.name}={model.table}:{model.line} {' '.join([*names, *inherited])}"


def _field(field) -> str:
    if field.column:
        return f"{field.name}={field.column}"
    target = (field.target or "?").rpartition(":")[2] + ("*" if field.many else "")
    middle = f"[{','.join((field.through, *field.through_local, *field.through_remote))}]" if field.through else ""
    return f"{field.name}>{target}({','.join(field.local)}={','.join(field.remote)}){middle}"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_models_match_cases(case):
    files = split(case.read_text("utf-8"))
    expected = files.pop("expected").splitlines()
    named = [name for name in plugins.names("readers") if case.stem.startswith(f"{name}_")]
    reader = plugins.load("readers", max(named, key=len))
    reading = CodeBase(files).read(reader)
    assert describe(reading) == expected
    keys = {model.key for model in reading.models}
    assert {field.target for model in reading.models for field in model.fields if field.target} <= keys

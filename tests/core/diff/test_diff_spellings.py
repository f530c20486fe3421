"""Spellings that differ and mean the same, and those that only look alike: each line of two files is a case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.catalog.model import Column, Relation, Schema
from headwater.core.diff import Side, compare
from headwater.engines import engine

FOLDER = Path(__file__).parent


def cases(file: str) -> Iterator[tuple[str, str, str]]:
    dialect = ""
    for line in (FOLDER / file).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            left, bar, right = line.partition(" | ")
            if bar:
                yield dialect, left.strip(), right.strip()
            else:
                dialect = left.strip()


def side(dialect: str, definition: str, kind: str) -> Side:
    type_, *default = re.split(r"\s+DEFAULT\s+", definition)
    column = Column("c", type_, default=default[0] if default else None)
    return Side(Schema((Relation("t", (column,)),)), engine(dialect).dialect, kind)


@pytest.mark.parametrize(("dialect", "left", "right"), [*cases("same.txt")])
def test_spellings_of_one_column_do_not_differ(dialect: str, left: str, right: str) -> None:
    a, b = side(dialect, left, "text"), side(dialect, right, "database")
    assert compare(a, b).changes == () and compare(b, a).changes == ()


@pytest.mark.parametrize(("dialect", "left", "right"), [*cases("different.txt")])
def test_columns_that_look_alike_differ(dialect: str, left: str, right: str) -> None:
    a, b = side(dialect, left, "text"), side(dialect, right, "database")
    assert len(compare(a, b).changes) == 1 and len(compare(b, a).changes) == 1

"""Columns with personal data: `data_classes.txt` says of each column of its tables what is expected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headwater.catalog.model import Column, ForeignKey, Origin, Relation, Schema
from headwater.core.lineage.questions.data_classes import personal_columns, rules
from headwater.core.lineage.questions.personal_data import FileCount, personal_data

CASES = (Path(__file__).parent / "data_classes.txt").read_text("utf-8")
_LINE = re.compile(r"^  (\S+) (\S+)(?: -> (\w+) (certain|likely))?$")


def tables():
    """Yield (relation, expected) of each table of the cases."""
    for block in CASES.strip().split("\n\n"):
        name, *lines = [line for line in block.splitlines() if not line.startswith("#")]
        matches = [_LINE.match(line) for line in lines]
        columns = tuple(Column(match[1], match[2].replace("~", " ")) for match in matches)
        expected = {match[1]: (match[3], match[4]) for match in matches if match[3]}
        yield Relation(name, columns), expected


@pytest.mark.parametrize(("relation", "expected"), list(tables()), ids=lambda item: getattr(item, "name", ""))
def test_columns_have_the_expected_class(relation, expected):
    named = {item.column_name: (item.data_class, item.certainty) for item in personal_columns(Schema((relation,)))}
    assert named == expected


def test_every_class_has_a_source_and_types():
    for item in rules().classes:
        assert item.source and item.types and (item.certain or item.likely), item.name


def test_a_reference_to_a_row_is_not_personal_and_a_reason_is_given():
    relation = Relation(
        "users",
        (Column("email", "text", origins=(Origin("a.sql", 3),)), Column("name", "text"), Column("address", "text")),
        foreign_keys=(ForeignKey(("address",), "addresses"),),
    )
    answers = personal_columns(Schema((relation,)))
    assert [answer.reason for answer in answers] == [
        "Its name says “email”",
        "Its name says “name” in a table of persons",
    ]
    assert (answers[0].file_path, answers[0].line_number) == ("a.sql", 3)
    assert answers[0].source.startswith("GDPR 4(1)")


def test_personal_data_has_the_files_that_touch_it():
    schema = Schema((Relation("Users", (Column("email", "text"), Column("bio", "text"))),))
    counts = [
        FileCount("users", "email", "filter", "a.py", 2),
        FileCount("users", "Email", "read", "b.py", 3),
        FileCount("users", "email", "update", "a.py", 1),
        FileCount("users", "*", "projection", "c.py", 4),
        FileCount("users", "email", "update", "db/migrations/1.sql", 9),
        FileCount("users", "bio", "read", "d.py", 1),
    ]
    (use,) = personal_data(schema, counts)
    assert (use.reads, use.writes, use.whole_rows) == (5, 1, 4)
    assert (use.read_in, use.written_in) == (("b.py", "a.py"), ("a.py",))

"""The scorer on made-up facts: what counts as right, as missed, as false, and what is not judged."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.score_dynamic import score

from headwater.core.lineage import pipeline

CODE = """from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    name = Column(String)
def show(session):
    user = session.query(User).filter(User.email == "x").one()
    print(user.name)
    return user.email
"""


@pytest.fixture
def result(tmp_path):
    (tmp_path / "app.py").write_text(CODE)
    return pipeline.scan(tmp_path, processes=1)


def truth(**facts):
    return {"how": "", "reads": [], "sets": [], "clauses": [], "lines": {"app.py": [[9, 12]]}} | facts


def test_what_was_seen_and_claimed_is_right(result):
    reads = [["app.py", 11, "show", "users", "name"], ["app.py", 12, "show", "users", "email"]]
    actual = score(truth(reads=reads, clauses=[["app.py", "show", "users", "email", "filter"]]), result)
    assert (actual.precision, actual.recall, actual.judged, actual.wanted) == (1.0, 1.0, 3, 2)


def test_what_was_seen_and_not_claimed_is_missed_and_the_other_way_round_false(result):
    actual = score(
        truth(reads=[["app.py", 11, "show", "users", "id"], ["app.py", 12, "show", "users", "email"]]), result
    )
    assert actual.missed == [("app.py", 11, "show", "users", "id")]
    assert [(usage.line_number, usage.column_name) for usage in actual.false] == [(11, "name")]
    assert (actual.precision, actual.recall) == (0.5, 0.5)


def test_lines_that_never_ran_are_not_judged(result):
    assert score(truth(lines={}), result).judged == 0


def test_implicit_claims_do_not_count(result):
    usages = tuple(msgspec.structs.replace(usage, sub_type="implicit") for usage in result.usages)
    assert score(truth(), msgspec.structs.replace(result, usages=usages)).judged == 0


def test_a_read_elsewhere_in_the_function_is_not_this_read(result):
    actual = score(truth(reads=[["app.py", 12, "show", "users", "name"]]), result)
    assert actual.missed == [("app.py", 12, "show", "users", "name")]
    assert (11, "name") in [(usage.line_number, usage.column_name) for usage in actual.false]


def test_a_clause_is_no_proof_of_a_read(result):
    actual = score(truth(clauses=[["app.py", "show", "users", "name", "filter"]]), result)
    assert "name" not in [usage.column_name for usage in actual.false]
    assert actual.judged == 2

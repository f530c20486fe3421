"""Schemas compared object by object, and the sentence about it."""

from __future__ import annotations

from headwater.catalog.model import Column, Enum, Relation, Routine, Schema
from headwater.core.snapshots.schema_comparison import SchemaComparison, compare, model_objects


def test_objects_that_differ_are_named() -> None:
    first = {("table", "a"): "1", ("table", "b"): "1", ("view", "c"): "1"}
    second = {("table", "a"): "1", ("table", "b"): "2", ("index", "d"): "1"}
    compared = compare(first, second)
    assert compared == SchemaComparison(1, ("table b",), ("view c",), ("index d",))
    assert not compared.is_equal
    assert compared.sentence == "1 object equal, 1 different (table b), 1 missing (view c), 1 extra (index d)"
    assert compare(first, second, whole=False).extra == ()


def test_equivalent_definitions_are_equal() -> None:
    compared = compare({("table", "a"): "x"}, {("table", "a"): "X"}, equivalent=lambda a, b: a.upper() == b.upper())
    assert compared.is_equal


def test_comparison_that_was_not_made_is_not_equal() -> None:
    compared = SchemaComparison(reason="no server")
    assert (compared.is_equal, compared.differing, compared.sentence) == (False, 0, "not compared: no server")


def test_model_objects_differ_by_definition_and_not_by_estimates() -> None:
    table = Relation("t", (Column("id", "int"),), rows=1, size_bytes=10)
    again = Relation("t", (Column("id", "int"),), rows=2, size_bytes=20)
    other = Relation("t", (Column("id", "bigint"),))
    mood = Enum("mood", ("sad",), schema="s")
    f = Routine("f", arguments="a int", definition="SELECT 1")
    objects = model_objects(Schema((table,), (mood,), routines=(f,)))
    assert set(objects) == {("table", "t"), ("type", "s.mood"), ("function", "f(a int)")}
    assert objects == model_objects(Schema((again,), (mood,), routines=(f,)))
    assert objects != model_objects(Schema((other,), (mood,), routines=(f,)))

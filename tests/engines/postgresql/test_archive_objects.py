"""Definitions that servers of different versions print differently mean the same."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.engines.postgresql import archive_plan
from headwater.engines.postgresql.archive_objects import are_equivalent
from headwater.engines.postgresql.schema_archive import ArchivedObject

EQUIVALENT = [
    # PostgreSQL 15 and 18 print the same view.
    (
        "CREATE VIEW public.v AS\n SELECT t.id,\n    t.name\n   FROM public.t\n  WHERE (t.id > 0);\n",
        "CREATE VIEW public.v AS\n SELECT id,\n    name\n   FROM public.t\n  WHERE (id > 0);\n",
    ),
    ("CREATE INDEX i ON public.t USING btree (((a + b)));", "CREATE INDEX i ON public.t USING btree ((a + b));"),
]
DIFFERENT = [
    ("CREATE VIEW v AS SELECT t.id FROM public.t;", "CREATE VIEW v AS SELECT t.other FROM public.t;"),
    ("CREATE VIEW v AS SELECT t.id FROM public.t;", "CREATE VIEW v AS SELECT t.id FROM s.t;"),
    ("CREATE TABLE t (a int NOT NULL);", "CREATE TABLE t (a int);"),
    ("CREATE TABLE t (a int DEFAULT 1);", "CREATE TABLE t (a int DEFAULT 2);"),
    ("CREATE TABLE t (a boolean DEFAULT false);", "CREATE TABLE t (a boolean DEFAULT true);"),
    ("CREATE TABLE t (a int, b int);", "CREATE TABLE t (b int, a int);"),
    ("not SQL 1", "not SQL 2"),
]


@pytest.mark.parametrize(("first", "second"), EQUIVALENT)
def test_equivalent_definitions_are_recognized(first: str, second: str) -> None:
    assert are_equivalent(first, second)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_different_definitions_are_not_equivalent(first: str, second: str) -> None:
    assert not are_equivalent(first, second)


def test_access_method_of_a_partitioned_table_is_set_after_it_was_created() -> None:
    def entry(number: int, kind: str, name: str, create: str, method: str = "", *, partitioned: bool = False) -> Any:
        return ArchivedObject(number, kind, "", name, "pre-data", create, "", method, (), partitioned)

    entries = [
        entry(1, "ACCESS METHOD", "other", "CREATE ACCESS METHOD other …"),
        entry(2, "TABLE", "parted", "CREATE TABLE parted (a int) PARTITION BY LIST (a)", "other", partitioned=True),
        entry(3, "TABLE", "stored", "CREATE TABLE stored (a int)", "other"),
    ]
    plan = archive_plan.plan(entries, {}, [(None, "parted"), (None, "stored")], ())
    statements = [(part.text.split(" (")[0], part.needs) for part in plan.pre_data[len(archive_plan.PREPARE) :]]
    assert statements == [
        ("CREATE ACCESS METHOD other …", ()),
        ("CREATE TABLE parted", ()),
        ("ALTER TABLE parted SET ACCESS METHOD other", (2, 1)),
        ("SET default_table_access_method = other", (1,)),
        ("CREATE TABLE stored", ()),
    ]

"""Which tables an export or a copy takes."""

from __future__ import annotations

from headwater.catalog.model import Relation, Schema
from headwater.features.transfers.service import table_choice


def partition(name: str, parent: str) -> Relation:
    return Relation(name, (), "public", attrs=(("partition_of", parent),))


def test_partitions_come_with_parents_whose_names_have_dots_and_quotes() -> None:
    dotted, quoted, other = (
        Relation("a.b", (), "public"),
        Relation('say "a"', (), "public"),
        Relation("b", (), "public.a"),
    )
    parts = [partition("of_dotted", 'public."a.b"'), partition("of_quoted", 'public."say ""a"""')]
    schema = Schema((dotted, quoted, other, *parts, partition("below", "public.of_quoted")))

    def names(*tables: Relation) -> list[str]:
        return [item.name for item in table_choice.with_partitions(schema, tables)]

    assert names(dotted) == ["a.b", "of_dotted"]
    assert names(quoted) == ['say "a"', "of_quoted", "below"]
    assert names(other) == ["b"]

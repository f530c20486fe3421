"""Tables that code bases share: by name and columns; what diverges in columns, types and nullability."""

from __future__ import annotations

from headwater.catalog.model import DIALECT, Column, Relation, Schema
from headwater.core.lineage.questions.shared_tables import NamedSchema, shared_tables


def schema(name: str, dialect: str = "", kind: str = "table", **tables: str) -> NamedSchema:
    """Return a schema; a column is `name:type`, with `!` behind it if it is not nullable."""
    relations = []
    for table, text in tables.items():
        parts = [part.rstrip("!").split(":") + [part.endswith("!")] for part in text.split()]
        columns = tuple(Column(column, type_, nullable=not required) for column, type_, required in parts)
        relations.append(Relation(table, columns, kind=kind))  # type: ignore[arg-type]
    return NamedSchema(name, Schema(tuple(relations), attrs=((DIALECT, dialect),) if dialect else ()))


def divergences(*schemas: NamedSchema) -> dict[str, tuple[str, ...]]:
    (table,) = shared_tables(schemas)
    return {item.column_name: item.kinds for item in table.divergences}


def test_columns_types_and_nullability_diverge() -> None:
    one = schema("a", users="id:int! email:text! nick:text born:date")
    other = schema("b", Users="id:bigint! email:text fax:text born:text")
    (table,) = shared_tables([one, other])
    assert (table.table_name, table.codebases, table.same_columns) == ("users", ("a", "b"), 1)
    assert {item.column_name: item.kinds for item in table.divergences} == {
        "email": ("nullability",),
        "nick": ("missing",),
        "fax": ("missing",),
        "born": ("type",),
    }
    email = next(item for item in table.divergences if item.column_name == "email")
    assert [one.definition for one in email.definitions] == ["text not null", "text"]


def test_types_are_compared_as_spelled_within_one_dialect() -> None:
    texts = "id:int email:varchar(20)", "id:int email:varchar(50)"
    assert divergences(*(schema(n, "sqlite", users=t) for n, t in zip("ab", texts, strict=True))) == {
        "email": ("type",)
    }
    mixed = schema("a", "sqlite", users=texts[0]), schema("b", users=texts[1])
    assert divergences(*mixed) == {}


def test_tables_of_one_name_that_have_little_in_common_are_not_shared() -> None:
    assert shared_tables([schema("a", items="id:int sku:text price:int"), schema("b", items="id:int body:text")]) != []
    assert (
        shared_tables([schema("a", items="id:int sku:text price:int"), schema("b", items="id:int x:text y:int")]) == []
    )
    assert shared_tables([schema("a", users="id:int")]) == []


def test_three_code_bases_are_compared_in_groups_and_views_are_left_out() -> None:
    own = schema("a", order_lines="id:int book:int")
    same, odd = schema("b", OrderLines="id:int book:int"), schema("c", order_lines="line:int text:text")
    assert [table.codebases for table in shared_tables([own, odd, same])] == [("a", "b")]
    assert shared_tables([own, schema("v", kind="view", order_lines="id:int book:int")]) == []


def test_the_most_divergent_table_is_first() -> None:
    one = schema("a", alike="id:int", users="id:int a:int", zoo="id:int a:int b:int")
    other = schema("b", alike="id:int", users="id:int b:int", zoo="id:int a:int b:int c:int")
    assert [table.table_name for table in shared_tables([one, other])] == ["users", "zoo", "alike"]

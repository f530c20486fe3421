"""Foreign keys, counters, partitions and choices: what a plan changes so that the target accepts every table."""

from __future__ import annotations

import pytest

from core.transfer.dialects import DIALECTS
from headwater.catalog.model import Check, Column, ForeignKey, Index, Relation, Schema
from headwater.catalog.value_kinds import ObservedValues, ValueKind
from headwater.core.transfer import key_types, mapping
from headwater.core.transfer.choices import CopyChoices
from headwater.core.transfer.plan import CopyPlan
from headwater.kit.errors import BadInput


def plan_of(source: str, target: str, *tables: Relation) -> CopyPlan:
    return mapping.plan(Schema(tables), DIALECTS[source], DIALECTS[target])


def said(plan: CopyPlan) -> set[tuple[str, str, str, str]]:
    return {(loss.severity, loss.table, loss.object, loss.sentence) for loss in plan.losses}


def types(plan: CopyPlan) -> dict[str, list[str]]:
    return {table.name: [column.type for column in table.columns] for table in plan.schema}


def referring(type_: str, referred: str, source: str, target: str) -> CopyPlan:
    users = Relation("users", (Column("id", referred, False),), primary_key=("id",))
    key = ForeignKey(("user_id",), "users", ("id",), "fk")
    return plan_of(source, target, users, Relation("mails", (Column("user_id", type_),), foreign_keys=(key,)))


@pytest.mark.parametrize(
    ("source", "target", "type_", "referred", "made"),
    [
        ("postgres", "mysql", "bigint", "integer", ["bigint", "bigint"]),
        ("postgres", "mysql", "integer", "bigint", ["bigint", "bigint"]),
        ("postgres", "mysql", "smallint", "integer", ["int", "int"]),
        ("postgres", "mysql", "numeric(10,2)", "integer", ["decimal(12,2)", "decimal(12,2)"]),
        ("postgres", "mysql", "text", "character varying(40)", ["varchar(255)", "varchar(40)"]),
        ("postgres", "postgres", "bigint", "integer", ["bigint", "integer"]),
        ("mysql", "postgres", "int", "bigint", ["integer", "bigint"]),
        ("sqlite", "postgres", "NUMERIC(9,0)", "INTEGER", ["numeric(20,0)", "numeric(20,0)"]),
        ("sqlite", "postgres", "TEXT", "UUID", ["text", "text"]),
        ("sqlite", "mysql", "INT", "INTEGER", ["bigint", "bigint"]),
    ],
)
def test_columns_of_a_foreign_key_get_types_that_the_target_compares(
    source: str, target: str, type_: str, referred: str, made: list[str]
) -> None:
    plan = referring(type_, referred, source, target)
    assert [types(plan)["mails"][0], types(plan)["users"][0]] == made
    assert [key.ref_table for key in plan.schema.relations[1].foreign_keys] == ["users"]


def test_widened_column_is_told() -> None:
    plan = referring("bigint", "integer", "postgres", "mysql")
    assert ("changed", "users", "id", "becomes bigint, as the columns that foreign keys connect to it") in said(plan)


def test_chain_of_foreign_keys_gets_one_type() -> None:
    a = Relation("a", (Column("id", "smallint"),), primary_key=("id",))
    b = Relation("b", (Column("id", "integer"),), primary_key=("id",), foreign_keys=(ForeignKey(("id",), "a"),))
    c = Relation("c", (Column("b_id", "bigint"),), foreign_keys=(ForeignKey(("b_id",), "b"),))
    assert types(plan_of("postgres", "mysql", c, b, a)) == {"c": ["bigint"], "b": ["bigint"], "a": ["bigint"]}


def test_foreign_key_between_types_that_cannot_be_compared_is_left_out() -> None:
    plan = referring("DATE", "INTEGER", "sqlite", "postgres")
    assert plan.schema.relations[1].foreign_keys == ()
    sentence = "a foreign key between columns of different types (DATE and INTEGER)"
    assert ("left_out", "mails", "fk", sentence) in said(plan)


@pytest.mark.parametrize(
    ("kinds", "wide"),
    [
        ([ValueKind("integer", 32, unsigned=True), ValueKind("integer", 32)], ValueKind("integer", 64)),
        ([ValueKind("integer", 64, unsigned=True), ValueKind("integer", 32)], ValueKind("decimal", 20, 0)),
        ([ValueKind("integer", 8, unsigned=True)] * 2, ValueKind("integer", 8, unsigned=True)),
        ([ValueKind("decimal", 5, 2), ValueKind("decimal", 6, 0)], ValueKind("decimal", 8, 2)),
        ([ValueKind("decimal"), ValueKind("integer", 32)], ValueKind("decimal")),
        ([ValueKind("boolean"), ValueKind("integer", 32)], None),
    ],
)
def test_widest_kind_has_the_values_of_all(kinds: list[ValueKind], wide: ValueKind | None) -> None:
    assert key_types.widest(kinds) == wide


def test_referred_columns_get_what_the_target_requires() -> None:
    users = Relation("users", (Column("id", "int"), Column("code", "int")), indexes=(Index("i", ("code",)),))
    key = ForeignKey(("code",), "users", ("code",), "fk")
    mails = Relation("mails", (Column("code", "int"),), foreign_keys=(key,))
    plan = plan_of("mysql", "postgres", users, mails)
    assert plan.schema.relations[1].foreign_keys == ()
    assert ("left_out", "mails", "fk", "a foreign key to columns that no unique index contains") in said(plan)
    partial = Relation(
        "users", (Column("code", "int"),), indexes=(Index("u", ("(lower(code))",), unique=True),), schema="public"
    )
    plan = plan_of("postgres", "mysql", partial, mails)
    assert [index.columns for index in plan.schema.relations[0].indexes] == [("code",)]
    assert ("changed", "mails", "fk", "users gets an index for it") in said(plan)


@pytest.mark.parametrize("attribute", ["not_valid", "not_enforced"])
def test_constraints_that_rows_may_violate_are_left_out(attribute: str) -> None:
    users = Relation("users", (Column("id", "int", False),), primary_key=("id",))
    key = ForeignKey(("id",), "users", ("id",), "fk", attrs=((attribute, "yes"),))
    check = Check("id > 5", "positive", ((attribute, "yes"),))
    plan = plan_of(
        "postgres", "sqlite", users, Relation("t", (Column("id", "int"),), foreign_keys=(key,), checks=(check,))
    )
    assert (plan.schema.relations[1].foreign_keys, plan.schema.relations[1].checks) == ((), ())
    assert said(plan) >= {
        ("left_out", "t", "fk", "a foreign key that its rows may violate (NOT VALID or NOT ENFORCED)"),
        ("left_out", "t", "positive", "the check (id > 5), which its rows may violate"),
    }


def test_set_null_of_a_required_column_becomes_no_action() -> None:
    users = Relation("users", (Column("id", "int", False),), primary_key=("id",))
    key = ForeignKey(("user_id",), "users", ("id",), "fk", on_delete="SET NULL")
    mails = Relation("mails", (Column("user_id", "int", False),), foreign_keys=(key,))
    assert plan_of("postgres", "mysql", users, mails).schema.relations[1].foreign_keys[0].on_delete is None
    assert plan_of("postgres", "sqlite", users, mails).schema.relations[1].foreign_keys[0].on_delete == "SET NULL"


SERIAL = "nextval('s'::regclass)"


@pytest.mark.parametrize(
    ("key", "mysql", "sqlite"),
    [(("n",), (True, 0), True), ((), (True, 1), False), (("a", "n"), (True, 1), False), (("n", "a"), (True, 0), False)],
)
def test_counter_gets_an_index_or_is_told(key: tuple[str, ...], mysql: tuple[bool, int], sqlite: bool) -> None:
    table = Relation("t", (Column("n", "integer", False, SERIAL), Column("a", "int", False)), primary_key=key)
    plan = plan_of("postgres", "mysql", table)
    created = plan.schema.relations[0]
    assert (created.columns[0].identity, len(created.indexes)) == mysql
    assert created.primary_key == key
    added = "an index is added: a column that is numbered automatically must have one"
    assert (("changed", "t", "n", added) in said(plan)) == bool(mysql[1])
    plan = plan_of("postgres", "sqlite", table)
    created = plan.schema.relations[0]
    assert (created.columns[0].identity, created.primary_key, plan.tables[0].counters == ("n",)) == (
        sqlite,
        key,
        sqlite,
    )
    message = ("changed", "t", "n", "is not numbered automatically: only a primary key of one column can be")
    assert (message in said(plan)) == (not sqlite)


def test_second_counter_is_told() -> None:
    columns = (Column("a", "integer", False, SERIAL), Column("b", "integer", False, SERIAL))
    plan = plan_of("postgres", "mysql", Relation("t", columns, primary_key=("b",)))
    assert [column.identity for column in plan.schema.relations[0].columns] == [False, True]
    assert ("changed", "t", "a", "is not numbered automatically: only one column of a table can be") in said(plan)


def child(name: str, attribute: str, parent: str, *more: Column) -> Relation:
    return Relation(name, (Column("id", "integer"), *more), "public", attrs=((attribute, parent),))


def test_partitions_are_copied_once() -> None:
    root = Relation("pay", (Column("id", "integer"),), "public", attrs=(("partition_by", "RANGE (id)"),))
    part = child("pay_1", "partition_of", "public.pay")
    deeper = child("pay_1_1", "partition_of", 'public."pay_1"')
    plan = plan_of("postgres", "mysql", root, part, deeper)
    assert [table.name for table in plan.tables] == ["pay"]
    assert ("changed", "public.pay", "table", "the partitions become one table") in said(plan)
    schema = Schema((root, part, deeper))
    alone = mapping.plan(schema, DIALECTS["postgres"], DIALECTS["mysql"], ["pay_1_1"])
    assert [table.name for table in alone.tables] == ["pay_1_1"]


def test_table_that_only_inherits_is_copied_with_its_parent() -> None:
    parent = Relation("pay", (Column("id", "integer"),), "public")
    plan = plan_of(
        "postgres",
        "sqlite",
        parent,
        child("pay_2024", "inherits", "public.pay"),
        child("pay_extra", "inherits", "public.pay", Column("note", "text")),
    )
    assert [table.name for table in plan.tables] == ["pay", "pay_extra"]
    sentence = "its rows and those of the tables that inherit from it become one table"
    assert ("changed", "public.pay", "pay_2024", sentence) in said(plan)


COLUMNS = (
    Column("id", "int", False),
    Column("d", "date", False, "'0000-00-00'"),
    Column("at", "datetime"),
    Column("flag", "tinyint(1)", default="1"),
)
ZERO = Relation("zd", COLUMNS, primary_key=("id",))


def chosen(choices: CopyChoices, observed: ObservedValues, target: str = "postgres") -> CopyPlan:
    return mapping.plan(Schema((ZERO,)), DIALECTS["mysql"], DIALECTS[target], None, choices, observed)


ALL = frozenset((None, "zd", name) for name in ("d", "at", "flag"))


def test_zero_dates_become_null_and_numbers_stay_numbers() -> None:
    plan = chosen(CopyChoices(), ObservedValues(ALL, ALL - {(None, "zd", "at")}))
    table = plan.schema.relations[0]
    assert [(column.type, column.nullable, column.default) for column in table.columns[1:]] == [
        ("date", True, None),
        ("timestamp(0) without time zone", True, None),
        ("smallint", True, "1"),
    ]
    assert said(plan) >= {
        ("changed", "zd", "d", "zero dates (0000-00-00) become NULL"),
        ("changed", "zd", "d", "NOT NULL is not kept: zero dates become NULL"),
        ("left_out", "zd", "d", "the default '0000-00-00' is not kept"),
        ("changed", "zd", "flag", "stays a number: it has other values than 0 and 1"),
    }
    assert not [loss for loss in plan.losses if loss.object == "at"]
    assert plan.choices == ("zero_dates", "tinyint1")


def test_values_that_were_not_observed_are_told_as_possible() -> None:
    plan = chosen(CopyChoices(), ObservedValues())
    assert ("changed", "zd", "d, at", "zero dates (0000-00-00) become NULL") in said(plan)
    assert ("risk", "zd", "flag", "numbers other than 0 and 1 are refused") in said(plan)
    assert plan.schema.relations[0].columns[3].type == "boolean"


def test_choices_of_the_user_are_followed() -> None:
    plan = chosen(CopyChoices("refuse", "number"), ObservedValues(ALL, frozenset({(None, "zd", "d")})))
    table = plan.schema.relations[0]
    assert [(column.type, column.nullable) for column in table.columns[1:]] == [
        ("date", False),
        ("timestamp(0) without time zone", True),
        ("smallint", True),
    ]
    assert ("risk", "zd", "d", "zero dates (0000-00-00) are refused") in said(plan)


def test_key_never_becomes_null() -> None:
    table = Relation("t", (Column("d", "date", False),), primary_key=("d",))
    plan = mapping.plan(Schema((table,)), DIALECTS["mysql"], DIALECTS["sqlite"])
    assert not plan.schema.relations[0].columns[0].nullable
    assert ("risk", "t", "d", "zero dates (0000-00-00) in a key are refused") in said(plan)


@pytest.mark.parametrize(
    ("source", "target", "names", "why"),
    [
        ("postgres", "mysql", ("A", "a"), "its columns A and a would have the same name in MySQL"),
        ("postgres", "sqlite", ("A", "a"), "its columns A and a would have the same name in SQLite"),
        ("sqlite", "postgres", ("ü" * 40,), "has 80 characters, and PostgreSQL allows 63"),
    ],
)
def test_names_of_columns_that_the_target_cannot_have_are_refused_in_the_plan(
    source: str, target: str, names: tuple[str, ...], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        plan_of(source, target, Relation("t", tuple(Column(name, "integer") for name in names)))


def test_table_without_columns_is_left_out_where_there_are_none() -> None:
    full = Relation("t", (Column("id", "integer"),))
    plan = plan_of("postgres", "mysql", full, Relation("empty"))
    assert [table.name for table in plan.tables] == ["t"]
    assert ("left_out", "empty", "empty", "a table without columns") in said(plan)


def test_checks_of_columns_that_the_server_sets_are_left_out() -> None:
    key = ForeignKey(("p",), "t", ("id",), on_update="CASCADE")
    checks = (Check("id > 0", "a"), Check("p > 0", "b"), Check("n > 0", "c"))
    columns = (Column("id", "integer", False, SERIAL), Column("p", "integer"), Column("n", "integer"))
    table = Relation("t", columns, primary_key=("id",), foreign_keys=(key,), checks=checks)
    assert [check.name for check in plan_of("postgres", "mysql", table).schema.relations[0].checks] == ["c"]
    assert len(plan_of("postgres", "sqlite", table).schema.relations[0].checks) == 3


def test_tables_fit_into_the_limits_of_innodb() -> None:
    wide = tuple(Column(f"c{number}", "character varying(4000)") for number in range(10))
    plan = plan_of("postgres", "mysql", Relation("t", wide))
    assert [column.target_type for column in plan.tables[0].columns].count("longtext") == 6
    assert ("changed", "t", "c0, c1, c2, c3, c4, c5", "becomes longtext: a row has at most 65,535 bytes") in said(plan)
    texts = tuple(Column(name, "text", False) for name in "abcd")
    table = Relation("t", texts, primary_key=tuple("abcd"), indexes=(Index("i", tuple("dcba")),))
    plan = plan_of("postgres", "mysql", table)
    assert [column.type for column in plan.schema.relations[0].columns] == ["varchar(192)"] * 4
    assert ("risk", "t", "a, b, c, d", "longer texts are refused") in said(plan)
    loose = Relation("t", texts, indexes=(Index("i", tuple("abcd")),))
    plan = plan_of("postgres", "mysql", loose)
    assert plan.schema.relations[0].indexes == ()
    assert ("left_out", "t", "i", "an index of more than 3,072 bytes") in said(plan)


def test_rows_that_sqlite_does_not_check_are_told() -> None:
    plan = referring("INTEGER", "INTEGER", "sqlite", "postgres")
    assert ("risk", "mails", "fk", "rows that refer to a row that does not exist are refused") in said(plan)


def test_foreign_key_to_a_huge_unsigned_counter_keeps_its_type() -> None:
    users = Relation("users", (Column("id", "bigint unsigned", False, identity=True),), primary_key=("id",))
    key = ForeignKey(("user_id",), "users", ("id",), "fk")
    mails = Relation("mails", (Column("user_id", "bigint unsigned"),), foreign_keys=(key,))
    plan = plan_of("mysql", "postgres", users, mails)
    assert types(plan) == {"users": ["bigint"], "mails": ["bigint"]}
    assert len(plan.schema.relations[1].foreign_keys) == 1
    assert ("risk", "mails", "user_id", "numbers above 9,223,372,036,854,775,807 are refused") in said(plan)

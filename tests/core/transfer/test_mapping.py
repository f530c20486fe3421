"""What each type becomes on the other side, and what is said of it."""

from __future__ import annotations

import pytest

from headwater.catalog.model import Check, Column, Domain, Enum, ForeignKey, Index, Relation, Schema
from headwater.core.transfer import expressions, mapping
from headwater.core.transfer.kinds import DIALECTS


def types(source: str, target: str, *written: str) -> list[str]:
    columns = tuple(Column(f"c{number}", type_) for number, type_ in enumerate(written))
    plan = mapping.plan(Schema((Relation("t", columns),)), source, target)
    return [column.target_type for column in plan.tables[0].columns]


@pytest.mark.parametrize(
    ("source", "target", "pairs"),
    [
        ("postgres", "mysql", {
            "smallint": "smallint", "integer": "int", "bigint": "bigint", "numeric(12,4)": "decimal(12,4)",
            "numeric": "decimal(65,30)", "real": "float", "double precision": "double", "boolean": "tinyint(1)",
            "text": "longtext", "character varying(80)": "varchar(80)", "character(3)": "char(3)", "bytea": "longblob",
            "timestamp with time zone": "datetime(6)", "timestamp(3) without time zone": "datetime(3)", "date": "date",
            "time without time zone": "time(6)", "interval": "varchar(64)", "uuid": "char(36)", "jsonb": "json",
            "integer[]": "json", "inet": "longtext",
        }),
        ("mysql", "postgres", {
            "tinyint(1)": "boolean", "tinyint(4)": "smallint", "tinyint unsigned": "smallint",
            "smallint unsigned": "integer", "int unsigned": "bigint", "bigint unsigned": "numeric(20,0)",
            "decimal(65,30)": "numeric(65,30)", "float": "real", "double": "double precision", "year(4)": "smallint",
            "datetime": "timestamp(0) without time zone", "timestamp(6)": "timestamp with time zone",
            "time(3)": "time(3)", "bit(1)": "boolean", "bit(8)": "bigint", "longblob": "bytea", "varbinary(16)": "bytea",
            "mediumtext": "text", "json": "jsonb", "enum('a','it''s')": 'public."t_c19"', "set('a')": "text",
        }),
        ("postgres", "sqlite", {
            "bigint": "INTEGER", "numeric(10,2)": "DECIMAL(10,2)", "numeric(20,2)": "TEXT_DECIMAL(20,2)",
            "boolean": "BOOLEAN", "bytea": "BLOB", "uuid": "UUID", "jsonb": "TEXT_JSON", "date": "DATE",
            "timestamp with time zone": "TIMESTAMPTZ", "interval": "TEXT",
        }),
        ("sqlite", "postgres", {
            "INTEGER": "bigint", "DECIMAL(10,2)": "numeric(10,2)", "TEXT_DECIMAL(20,2)": "numeric(20,2)",
            "BOOLEAN": "boolean", "BLOB": "bytea", "UUID": "uuid", "TEXT_JSON": "jsonb", "NVARCHAR(160)": "varchar(160)",
            "NUMERIC(10,2)": "numeric(10,2)", "DATETIME": "timestamp without time zone", "": "text",
            "UNSIGNED BIG INT": "bigint", "WHATEVER": "numeric",
        }),
    ],
)  # fmt: skip
def test_types(source: str, target: str, pairs: dict[str, str]) -> None:
    assert dict(zip(pairs, types(source, target, *pairs), strict=True)) == pairs


def test_within_a_dialect_types_stay() -> None:
    for dialect in DIALECTS:
        written = ("inet", "text[]", "numeric(5,2)", "tinyint(1)", "geometry", "datetime(6)")
        assert types(dialect, dialect, *written) == list(written)


SHOP = Schema(
    (
        Relation(
            "users",
            (
                Column("id", "integer", False, "nextval('users_id_seq'::regclass)"),
                Column("email", "text", False),
                Column("mood", "sales.mood", default="'sad'::sales.mood"),
                Column("age", "years"),
                Column("full", "text", generated="email || '!'"),
            ),
            "sales", primary_key=("id",),
            indexes=(
                Index("u1", ("email",), unique=True), Index("u2", ("(lower(email))",)),
                Index("u3", ("(email DESC)",)), Index("u4", ("age",), where="age > 3"),
                Index("u5", ("mood",), attrs=(("method", "gin"),)),
            ),
            checks=(Check("age > (0)::numeric", "old"), Check("length(email) > 2", "long")),
        ),
        Relation("orders", (Column("user_id", "integer"), Column("shop", "integer")), "sales", foreign_keys=(
            ForeignKey(("user_id",), "users", ("id",), "o1", "sales", "CASCADE"), ForeignKey(("shop",), "shops"),
        )),
        Relation("everything", kind="view", schema="sales"),
        Relation("users", (Column("a", "integer"),), "old"),
    ),
    enums=(Enum("mood", ("sad", "glad"), "sales"),), domains=(Domain("years", "integer", "sales"),),
)  # fmt: skip


def test_every_loss_is_said() -> None:
    plan = mapping.plan(SHOP, "postgres", "mysql")
    said = {(loss.severity, loss.object, loss.sentence) for loss in plan.losses}
    assert {
        ("left_out", "everything", "views are not copied"), ("left_out", "u2", "an index of an expression"),
        ("left_out", "u5", "an index by GIN"), ("changed", "u4", "an index of some rows becomes one of all"),
        ("left_out", "long", "the check (length(email) > 2)"), ("changed", "age", "the domain years becomes its type"),
        ("changed", "full", "a generated column becomes a plain one with its values"),
        ("changed", "email", "a key needs a length: 255 characters"), ("risk", "email", "longer texts are refused"),
        ("left_out", "shop", "a foreign key to a table that is not copied"),
    } <= said  # fmt: skip
    users = plan.schema.relations[0]
    assert [column.type for column in users.columns] == ["int", "varchar(255)", "enum('sad','glad')", "int", "longtext"]
    assert (users.columns[0].identity, users.columns[2].default) == (True, "'sad'")
    assert [index.columns for index in users.indexes] == [("email",), ("email",), ("age",)]
    assert [check.expression for check in users.checks] == ["`age` > 0"]
    assert plan.schema.relations[1].foreign_keys[0].on_delete == "CASCADE"
    assert [table.target_name for table in plan.tables] == ["users", "orders", "old_users"]


def test_some_tables_by_either_name() -> None:
    plan = mapping.plan(SHOP, "postgres", "sqlite", ["old.users", "orders"])
    assert [table.shown for table in plan.tables] == ["sales.orders", "old.users"]


@pytest.mark.parametrize(
    ("text", "source", "target", "kind", "made"),
    [
        ("'x'::text", "postgres", "mysql", "text", "'x'"), ("now()", "postgres", "mysql", "timestamp", "CURRENT_TIMESTAMP(6)"),
        ("(-1)", "postgres", "sqlite", "integer", "-1"), ("gen_random_uuid()", "postgres", "mysql", "uuid", None),
        ("true", "postgres", "mysql", "boolean", "1"), ("0", "mysql", "postgres", "boolean", "false"),
        ("b'1'", "mysql", "postgres", "boolean", "true"), ("current_timestamp()", "mysql", "postgres", "timestamp", "CURRENT_TIMESTAMP"),
        ("random()", "sqlite", "postgres", "integer", None), ("'5'", "mysql", "postgres", "integer", "5"),
        ("CURRENT_DATE", "postgres", "mysql", "date", "(CURRENT_DATE)"), ("'it''s'::varchar", "postgres", "mysql", "text", "'it''s'"),
    ],
)  # fmt: skip
def test_defaults(text: str, source: str, target: str, kind: str, made: str | None) -> None:
    assert expressions.default(text, source, target, kind, 6) == made


def test_conditions_that_surely_mean_the_same() -> None:
    listed = "((state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))"
    assert expressions.translated(listed, "postgres", "sqlite") == "(\"state\" IN ('a', 'b'))"
    assert (
        expressions.translated("`a` BETWEEN 1 AND 2 OR `b` IS NULL", "mysql", "postgres")
        == '"a" BETWEEN 1 AND 2 OR "b" IS NULL'
    )
    for text in (
        "name ~ '^a'",
        "a || b = 'x'",
        "f(a) > 1",
        "a LIKE 'x%'",
        "(((",
        "a = 'x' COLLATE nocase",
        "a / 2 > 1",
    ):
        assert expressions.translated(text, "postgres", "mysql") is None, text

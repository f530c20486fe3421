"""Mapping of types and tables to other engines, and the reported losses."""

from __future__ import annotations

import pytest

from core.transfer.dialects import DIALECTS, RELATIONAL
from headwater.catalog.model import Check, Column, Domain, Enum, ForeignKey, Index, Relation, Schema
from headwater.core.transfer import expressions, mapping
from headwater.core.transfer.plan import CopyPlan


def plan_of(schema: Schema, source: str, target: str, tables: list[str] | None = None) -> CopyPlan:
    return mapping.plan(schema, DIALECTS[source], DIALECTS[target], tables)


def types(source: str, target: str, *written: str) -> list[str]:
    columns = tuple(Column(f"c{number}", type_) for number, type_ in enumerate(written))
    plan = plan_of(Schema((Relation("t", columns),)), source, target)
    return [column.target_type for column in plan.tables[0].columns]


@pytest.mark.parametrize(
    ("source", "target", "pairs"),
    [
        (
            "postgres",
            "mysql",
            {
                "smallint": "smallint",
                "integer": "int",
                "bigint": "bigint",
                "numeric(12,4)": "decimal(12,4)",
                "numeric": "decimal(65,30)",
                "real": "float",
                "double precision": "double",
                "boolean": "tinyint(1)",
                "text": "longtext",
                "character varying(80)": "varchar(80)",
                "character(3)": "char(3)",
                "bytea": "longblob",
                "timestamp with time zone": "datetime(6)",
                "timestamp(3) without time zone": "datetime(3)",
                "date": "date",
                "time without time zone": "time(6)",
                "interval": "varchar(64)",
                "uuid": "char(36)",
                "jsonb": "json",
                "integer[]": "json",
                "inet": "longtext",
            },
        ),
        (
            "mysql",
            "postgres",
            {
                "tinyint(1)": "boolean",
                "tinyint(4)": "smallint",
                "tinyint unsigned": "smallint",
                "smallint unsigned": "integer",
                "int unsigned": "bigint",
                "bigint unsigned": "numeric(20,0)",
                "decimal(65,30)": "numeric(65,30)",
                "float": "real",
                "double": "double precision",
                "year(4)": "smallint",
                "datetime": "timestamp(0) without time zone",
                "timestamp(6)": "timestamp with time zone",
                "time(3)": "time(3)",
                "bit(1)": "boolean",
                "bit(8)": "bigint",
                "longblob": "bytea",
                "varbinary(16)": "bytea",
                "mediumtext": "text",
                "json": "jsonb",
                "enum('a','it''s')": 'public."t_c19"',
                "set('a')": "text",
            },
        ),
        (
            "postgres",
            "sqlite",
            {
                "bigint": "INTEGER",
                "numeric(10,2)": "DECIMAL(10,2)",
                "numeric(20,2)": "TEXT_DECIMAL(20,2)",
                "boolean": "BOOLEAN",
                "bytea": "BLOB",
                "uuid": "UUID",
                "jsonb": "TEXT_JSON",
                "date": "DATE",
                "timestamp with time zone": "TIMESTAMPTZ",
                "interval": "TEXT",
            },
        ),
        (
            "sqlite",
            "postgres",
            {
                "INTEGER": "bigint",
                "DECIMAL(10,2)": "numeric(10,2)",
                "TEXT_DECIMAL(20,2)": "numeric(20,2)",
                "BOOLEAN": "boolean",
                "BLOB": "bytea",
                "UUID": "uuid",
                "TEXT_JSON": "jsonb",
                "NVARCHAR(160)": "varchar(160)",
                "NUMERIC(10,2)": "numeric(10,2)",
                "DATETIME": "timestamp without time zone",
                "": "text",
                "UNSIGNED BIG INT": "bigint",
                "WHATEVER": "numeric",
            },
        ),
    ],
)
def test_types_map_between_dialects(source: str, target: str, pairs: dict[str, str]) -> None:
    assert dict(zip(pairs, types(source, target, *pairs), strict=True)) == pairs


def test_types_map_to_documents() -> None:
    pairs = {
        "smallint": "int",
        "integer": "int",
        "bigint": "long",
        "numeric(12,4)": "decimal",
        "numeric(38,2)": "decimal | string",
        "numeric": "decimal | string",
        "real": "double",
        "boolean": "bool",
        "text": "string",
        "bytea": "binData",
        "uuid": "UUID",
        "timestamp with time zone": "date",
        "date": "date",
        "time without time zone": "string",
        "interval": "string",
        "jsonb": "object",
        "bigint[]": "array<long>",
        "inet": "string",
    }
    assert dict(zip(pairs, types("postgres", "mongodb", *pairs), strict=True)) == pairs
    assert types("mysql", "mongodb", "bigint unsigned", "int unsigned", "bit(1)", "bit(9)", "bit(64)", "year(4)") == [
        "decimal",
        "long",
        "bool",
        "long",
        "decimal",
        "int",
    ]


def document(table: Relation, source: str = "postgres") -> tuple[Relation, list[str], set[tuple[str, str, str]]]:
    plan = plan_of(Schema((table,)), source, "mongodb")
    message = {(loss.severity, loss.object, loss.sentence) for loss in plan.losses}
    return plan.schema.relations[0], [column.target_column for column in plan.tables[0].columns], message


def test_every_document_loss_is_reported() -> None:
    plan = plan_of(SHOP, "postgres", "mongodb")
    message = {(loss.severity, loss.object, loss.sentence) for loss in plan.losses}
    assert {
        ("left_out", "everything", "views are not copied"),
        ("left_out", "u2", "an index of an expression"),
        ("left_out", "u5", "an index by GIN"),
        ("changed", "u4", "a partial index becomes an index of all rows"),
        ("left_out", "old", "the check (age > (0)::numeric)"),
        ("left_out", "long", "the check (length(email) > 2)"),
        ("changed", "age", "the domain years becomes its base type"),
        ("left_out", "id", "new documents are not numbered automatically"),
        ("changed", "full", "a generated column becomes a plain one with its values"),
        ("left_out", "mood", "the default 'sad'::sales.mood is not kept"),
        ("left_out", "o1, shop", "foreign keys are not kept"),
        ("changed", "_id", "a table without a key: the server generates an _id for each document"),
        ("risk", "users", "rows of more than 16 MB are refused"),
    } <= message
    created = {index.name: (index.unique, dict(index.attrs)["keys"]) for index in plan.schema.relations[0].indexes}
    assert created == {"u1": (True, '{"email": 1}'), "u3": (False, '{"email": -1}'), "u4": (False, '{"age": 1}')}
    assert plan.schema.relations[0].indexes[0].where is None  # the email is never NULL


def test_keys_and_names_of_documents() -> None:
    columns = tuple(Column(name, "integer") for name in ("_id", "a.b", "a_b", "$x", "k"))
    _, names, message = document(Relation("t", columns, primary_key=("k",)))
    assert names == ["_id_", "a_b", "a_b_", "_x", "_id"]
    assert {entry for _, entry, sentence in message if sentence.startswith("is renamed to")} == {
        "_id",
        "a.b",
        "a_b",
        "$x",
    }
    _, names, _ = document(Relation("t", columns, primary_key=("_id",)))
    assert names[0] == "_id"
    table, names, _ = document(Relation("t", columns, primary_key=("k", "a.b")))
    assert names == ["_id_", "_id.a_b", "a_b_", "_x", "_id.k"]
    assert '"required": ["a_b", "k"]' in table.checks[0].expression
    nested = Relation("t", (Column("k", "integer[]", False),), primary_key=("k",), indexes=(Index("i", ("k",), True),))
    table, names, message = document(nested)
    assert names == ["k"] and table.indexes == ()
    assert ("left_out", "k", "a key of JSON or arrays: the server generates an _id instead") in message
    assert ("left_out", "i", "a unique index of JSON or arrays") in message


def test_unique_indexes_map_to_documents() -> None:
    columns = (Column("a", "text"), Column("b", "numeric(9,2)", False))
    plain = Index("i", ("a", "(b DESC)"), unique=True)
    table, _, message = document(Relation("t", columns, indexes=(plain,)))
    assert table.indexes[0].where == '{"a": {"$type": ["string"]}}'
    assert ("changed", "i", "a unique index does not contain rows with NULL") in message
    one_null = Index("i", ("a",), unique=True, attrs=(("nulls_not_distinct", "yes"),))
    table, _, message = document(Relation("t", columns, indexes=(one_null,)))
    assert table.indexes[0].where is None and not [item for item in message if item[1] == "i"]
    some = Index("i", ("b",), unique=True, where="a = 'x'")
    table, _, message = document(Relation("t", columns, indexes=(some,)))
    assert table.indexes == () and ("left_out", "i", "a unique index with a condition") in message
    stamps = Relation("t", (Column("at", "timestamp with time zone", False),), primary_key=("at",))
    assert ("risk", "at", "keys that differ by less than a millisecond are refused") in document(stamps)[2]


def test_types_are_kept_within_dialect() -> None:
    for dialect in RELATIONAL:
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
            "sales",
            primary_key=("id",),
            indexes=(
                Index("u1", ("email",), unique=True),
                Index("u2", ("(lower(email))",)),
                Index("u3", ("(email DESC)",)),
                Index("u4", ("age",), where="age > 3"),
                Index("u5", ("mood",), attrs=(("method", "gin"),)),
            ),
            checks=(Check("age > (0)::numeric", "old"), Check("length(email) > 2", "long")),
        ),
        Relation(
            "orders",
            (Column("user_id", "integer"), Column("shop", "integer")),
            "sales",
            foreign_keys=(
                ForeignKey(("user_id",), "users", ("id",), "o1", "sales", "CASCADE"),
                ForeignKey(("shop",), "shops"),
            ),
        ),
        Relation("everything", kind="view", schema="sales"),
        Relation("users", (Column("a", "integer"),), "old"),
    ),
    enums=(Enum("mood", ("sad", "glad"), "sales"),),
    domains=(Domain("years", "integer", "sales"),),
)


def test_every_loss_is_reported() -> None:
    plan = plan_of(SHOP, "postgres", "mysql")
    message = {(loss.severity, loss.object, loss.sentence) for loss in plan.losses}
    assert {
        ("left_out", "everything", "views are not copied"),
        ("left_out", "u2", "an index of an expression"),
        ("left_out", "u5", "an index by GIN"),
        ("changed", "u4", "a partial index becomes an index of all rows"),
        ("left_out", "long", "the check (length(email) > 2)"),
        ("changed", "age", "the domain years becomes its base type"),
        ("changed", "full", "a generated column becomes a plain one with its values"),
        ("changed", "email", "a key needs a length: 255 characters"),
        ("risk", "email", "longer texts are refused"),
        ("left_out", "shop", "a foreign key to a table that is not copied"),
        ("changed", "sales, old", "the namespace is not kept: all tables are created in one"),
        ("changed", "users", "is renamed to old_users: another table is named users there"),
    } <= message
    users = plan.schema.relations[0]
    assert [column.type for column in users.columns] == ["int", "varchar(255)", "enum('sad','glad')", "int", "longtext"]
    assert (users.columns[0].identity, users.columns[2].default) == (True, "'sad'")
    assert [index.columns for index in users.indexes] == [("email",), ("(`email` DESC)",), ("age",)]
    assert [check.expression for check in users.checks] == ["`age` > 0"]
    assert plan.schema.relations[1].foreign_keys[0].on_delete == "CASCADE"
    assert [table.target_name for table in plan.tables] == ["users", "orders", "old_users"]


def test_tables_are_selected_by_bare_or_qualified_name() -> None:
    plan = plan_of(SHOP, "postgres", "sqlite", ["old.users", "orders"])
    assert [table.display_name for table in plan.tables] == ["sales.orders", "old.users"]


@pytest.mark.parametrize(
    ("text", "source", "target", "kind", "made"),
    [
        ("'x'::text", "postgres", "mysql", "text", "'x'"),
        ("now()", "postgres", "mysql", "timestamp", "CURRENT_TIMESTAMP(6)"),
        ("(-1)", "postgres", "sqlite", "integer", "-1"),
        ("gen_random_uuid()", "postgres", "mysql", "uuid", None),
        ("true", "postgres", "mysql", "boolean", "1"),
        ("0", "mysql", "postgres", "boolean", "false"),
        ("b'1'", "mysql", "postgres", "boolean", "true"),
        ("current_timestamp()", "mysql", "postgres", "timestamp", "CURRENT_TIMESTAMP"),
        ("random()", "sqlite", "postgres", "integer", None),
        ("'5'", "mysql", "postgres", "integer", "5"),
        ("CURRENT_DATE", "postgres", "mysql", "date", "(CURRENT_DATE)"),
        ("'it''s'::varchar", "postgres", "mysql", "text", "'it''s'"),
        (
            "'2026-01-01 00:00:00+00'::timestamp with time zone",
            "postgres",
            "mysql",
            "timestamp",
            "'2026-01-01 00:00:00'",
        ),
    ],
)
def test_defaults_are_translated(text: str, source: str, target: str, kind: str, made: str | None) -> None:
    assert expressions.default(text, DIALECTS[source], DIALECTS[target], kind, 6) == made


def test_equivalent_conditions_are_translated() -> None:
    listed = "((state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))"
    assert expressions.translate(listed, DIALECTS["postgres"], DIALECTS["sqlite"]) == "(\"state\" IN ('a', 'b'))"
    assert (
        expressions.translate("`a` BETWEEN 1 AND 2 OR `b` IS NULL", DIALECTS["mysql"], DIALECTS["postgres"])
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
        assert expressions.translate(text, DIALECTS["postgres"], DIALECTS["mysql"]) is None, text


def lost(relations: tuple[Relation, ...], source: str, target: str) -> set[tuple[str, str, str, str]]:
    plan = plan_of(Schema(relations), source, target)
    return {(loss.severity, loss.table, loss.object, loss.sentence) for loss in plan.losses}


def named(schema: str | None, name: str, *keys: ForeignKey) -> Relation:
    return Relation(name, (Column("id", "integer", False),), schema, primary_key=("id",), foreign_keys=keys)


@pytest.mark.parametrize("target", RELATIONAL)
def test_tables_with_same_name_stay_apart(target: str) -> None:
    tables = (named("a", "users"), named("b", "users"), named("public", "b_users"), named("c", "Users"))
    plan = plan_of(Schema(tables), "postgres", target)
    names = [table.target_name for table in plan.tables]
    fourth = "c_Users" if target == "sqlite" else "Users"  # SQLite takes `Users` for `users`
    assert names == ["users", "b_users_2", "b_users", fourth]
    message = lost(tables, "postgres", target)
    assert ("changed", "b.users", "users", "is renamed to b_users_2: another table is named users there") in message
    assert ("changed", "", "a, b, c", "the namespace is not kept: all tables are created in one") in message
    assert not [item for item in message if item[1] == "public.b_users"]


def test_foreign_key_keeps_its_schema() -> None:
    key = ForeignKey(("id",), "users", ("id",), "k", "b")
    tables = (named("a", "users"), named("b", "users"), named("a", "orders", key))
    plan = plan_of(Schema(tables), "postgres", "mysql")
    assert plan.schema.relations[2].foreign_keys[0].ref_table == "b_users"
    some = plan_of(Schema(tables), "postgres", "mysql", ["a.users", "a.orders"])
    assert some.schema.relations[1].foreign_keys == ()
    assert ("left_out", "k") in [(loss.severity, loss.object) for loss in some.losses]


def test_long_names_are_truncated_by_target_limit() -> None:
    tables = (named(None, "ü" * 40), named(None, "ü" * 40 + "x"))
    plan = plan_of(Schema(tables), "sqlite", "postgres")
    first, second = (table.target_name for table in plan.tables)
    assert first != second and max(len(first.encode()), len(second.encode())) <= 63
    assert {loss.object for loss in plan.losses} >= {"ü" * 40, "ü" * 40 + "x"}


def test_enums_with_same_name_stay_apart() -> None:
    columns = (Column("x", "a.mood"), Column("y", "b.mood"))
    schema = Schema((Relation("t", columns, "public"),), (Enum("mood", ("u",), "a"), Enum("mood", ("v",), "b")))
    plan = plan_of(schema, "postgres", "postgres")
    assert {enum.name: enum.values for enum in plan.schema.enums} == {"mood": ("u",), "mood_y": ("v",)}
    assert plan.tables[0].columns[1].target_type == 'public."mood_y"'


@pytest.mark.parametrize("target", ["mysql", "postgres", "sqlite"])
def test_mysql_collations_are_reported(target: str) -> None:
    attrs = (("collation", "utf8mb4_general_ci"),)
    message = lost(
        (Relation("t", (Column("a", "text"),), attrs=attrs), Relation("n", (Column("a", "int"),), attrs=attrs)),
        "mysql",
        target,
    )
    sentences = [sentence for _, table, _, sentence in message if "utf8mb4_general_ci" in sentence and table == "t"]
    assert len(sentences) == 1
    assert not [item for item in message if item[1] == "n" and "collation" in item[3]]
    same = lost((Relation("t", (Column("a", "text"),), attrs=(("collation", "utf8mb4_bin"),)),), "mysql", target)
    assert not [item for item in same if "collation" in item[3]]


def test_postgresql_and_sqlite_collations_are_reported() -> None:
    column = Column("a", "text", attrs=(("collation", '"de-x-icu"'),))
    for target in RELATIONAL:
        message = lost((Relation("t", (column, Column("b", "citext"))),), "postgres", target)
        assert ("changed", "t", "a", 'the collation "de-x-icu" is not kept') in message
        folded = ("changed", "t", "b", "comparisons of text become case-sensitive, unlike those of citext")
        assert (folded in message) == (target != "postgres")
    table = Relation(
        "t",
        (Column("a", "TEXT", attrs=(("collation", "NOCASE"),)),),
        primary_key=("a",),
        attrs=(("primary_key_terms", "(a DESC)"), ("strict", "yes")),
    )
    message = lost((table,), "sqlite", "sqlite")
    assert ("changed", "t", "a", "the collation NOCASE is not kept") in message
    assert ("changed", "t", "a", "order and collation of the key are not kept") in message
    assert plan_of(Schema((table,)), "sqlite", "sqlite").schema.relations[0].attrs == (("strict", "yes"),)


@pytest.mark.parametrize(
    ("source", "key", "target", "made"),
    [
        ("postgres", "(email DESC)", "mysql", "(`email` DESC)"),
        ("postgres", "(email DESC)", "sqlite", '("email" DESC)'),
        ("postgres", '("E ""x""" DESC NULLS LAST)', "mysql", '(`E "x"` DESC)'),
        ("postgres", "(email NULLS FIRST)", "sqlite", "email"),
        ("mysql", "(`a``b` DESC)", "postgres", '("a`b" DESC)'),
        ("mysql", "(`email`(10) DESC)", "sqlite", '("email" DESC)'),
        ("sqlite", "(email DESC)", "postgres", '("email" DESC)'),
        ("sqlite", '("a b" DESC)', "mysql", "(`a b` DESC)"),
    ],
)
def test_index_order_is_kept(source: str, key: str, target: str, made: str) -> None:
    columns = tuple(Column(name, "varchar(9)") for name in ("email", 'E "x"', "a`b", "a b"))
    table = Relation("t", columns, indexes=(Index("i", (key,)),))
    plan = plan_of(Schema((table,)), source, target)
    assert plan.schema.relations[0].indexes[0].columns == (made,)
    sentences = [loss.sentence for loss in plan.losses if loss.object == "i"]
    assert sentences == (["an index of whole values instead of prefixes"] if "(10)" in key else [])

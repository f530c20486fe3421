"""What differs, what cannot be known, what may be a rename, and in which order changes come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.catalog import changes as c
from headwater.catalog.apply import apply_all
from headwater.catalog.model import ASSUMED, Check, Column, Enum, ForeignKey, Index, Relation, Schema, Sequence
from headwater.core.diff import Side, compare, differences, report
from headwater.engines import engine

POSTGRESQL, MYSQL = engine("postgresql").dialect, engine("mysql").dialect
ID = Column("id", "integer", nullable=False)
TEAMS = Relation("teams", (ID,), primary_key=("id",))
USERS = Relation(
    "users",
    (ID, Column("email", "text", nullable=False), Column("team_id", "integer"), Column("age", "integer", default="0")),
    primary_key=("id",),
    foreign_keys=(ForeignKey(("team_id",), "teams", ("id",), "users_team_fk"),),
    indexes=(Index("users_email", ("email",), unique=True),),
    checks=(Check("age > 0", "adult"),),
)
SCHEMA = Schema((TEAMS, USERS))


def with_users(**given) -> Schema:
    return Schema((TEAMS, replace(USERS, **given)))


def kinds(changes) -> list[str]:
    return [type(change).__name__ for change in changes]


def models(schema: Schema) -> Side:
    return Side(schema, None, "models")


SAME = {
    "the order of columns": with_users(columns=USERS.columns[::-1]),
    "the order of tables": Schema((USERS, TEAMS)),
    "names of indexes": with_users(indexes=(Index("another", ("email",), unique=True),)),
    "a unique constraint instead of a unique index": with_users(
        indexes=(Index("u", ("email",), unique=True, attrs=(("constraint", "yes"),)),)
    ),
    "names of foreign keys": with_users(foreign_keys=(ForeignKey(("team_id",), "teams", ("id",)),)),
    "a key to the primary key, which it does not name": with_users(foreign_keys=(ForeignKey(("team_id",), "teams"),)),
    "NO ACTION": with_users(foreign_keys=(ForeignKey(("team_id",), "teams", ("id",), on_delete="NO ACTION"),)),
    "parentheses of a check": with_users(checks=(Check("(age > 0)"),)),
    "an index of the primary key": with_users(indexes=(*USERS.indexes, Index("users_pk", ("id",), unique=True))),
    "the default schema": SCHEMA.map_relations(lambda one: replace(one, schema="public")),
    "comments and estimates": SCHEMA.map_relations(lambda one: replace(one, comment="x", rows=7)),
}


@pytest.mark.parametrize("other", SAME.values(), ids=SAME)
def test_what_means_the_same_is_no_difference(other: Schema) -> None:
    a, b = Side(SCHEMA, POSTGRESQL), Side(other, POSTGRESQL, "database")
    assert compare(a, b).changes == () and compare(b, a).changes == ()


def test_a_sequence_behind_a_column_is_an_identity() -> None:
    serial = replace(TEAMS, columns=(replace(ID, default="nextval('teams_id_seq'::regclass)"),))
    numbered = replace(TEAMS, columns=(replace(ID, identity=True),))
    one = Schema((serial,), sequences=(Sequence("teams_id_seq", owned_by=("teams", "id")),))
    assert differences(one, Schema((numbered,)), POSTGRESQL) == ()
    (added,) = differences(Schema(), one, POSTGRESQL)
    assert added.relation.columns[0].identity and added.relation.columns[0].default is None


def test_mysql_indexes_foreign_keys_by_itself() -> None:
    bare = with_users(indexes=())
    implied = with_users(indexes=(Index("users_team_fk", ("team_id",)),))
    assert differences(bare, implied, MYSQL) == () and differences(implied, bare, MYSQL) == ()
    assert kinds(differences(bare, implied, POSTGRESQL)) == ["AddIndex"]


def test_mariadb_declares_json_by_a_check() -> None:
    text = Schema((Relation("t", (Column("j", "json"),)),))
    server = Schema((Relation("t", (Column("j", "longtext"),), checks=(Check("json_valid(`j`)", "j"),)),))
    plain = Schema((Relation("t", (Column("j", "longtext"),)),))
    a, b = Side(text, MYSQL), Side(server, MYSQL, "database")
    assert compare(a, b).changes == () and compare(b, a).changes == ()
    assert kinds(compare(a, Side(plain, MYSQL, "database")).changes) == ["AlterType"]


def test_a_check_keeps_its_name_when_a_server_spells_it_anew() -> None:
    text = with_users(checks=(Check("status in ('a', 'b')", "known"),))
    server = with_users(checks=(Check("((status)::text = ANY (ARRAY['a'::text, 'b'::text]))", "known_1"),))
    assert compare(Side(text, POSTGRESQL), Side(server, POSTGRESQL, "database")).changes == ()


def test_what_models_do_not_declare_is_said_and_not_compared() -> None:
    bare = Relation("users", (ID, *(Column(name) for name in ("email", "team_id", "age"))), primary_key=("id",))
    diff = compare(Side(SCHEMA, POSTGRESQL), models(Schema((TEAMS, bare))))
    assert diff.changes == ()
    assert diff.not_compared == (
        "The types of 3 columns are not declared, or are of no type of the database: not compared.",
        "The models do not say of 1 column that it forbids NULL: not compared.",
        "1 default that the models do not declare: not compared.",
        "1 foreign key that the models do not declare: not compared.",
        "1 unique constraint that the models do not declare: not compared.",
        "1 check that the models do not declare: not compared.",
    )


def test_what_models_declare_and_the_database_lacks_is_a_difference() -> None:
    lacking = with_users(foreign_keys=(), indexes=(), checks=())
    assert kinds(compare(Side(lacking, POSTGRESQL), models(SCHEMA)).changes) == [
        "AddForeignKey",
        "AddIndex",
        "AddCheck",
    ]


def test_models_that_declare_an_aspect_mostly_are_compared_in_it() -> None:
    """Nine defaults of ten: the tenth was forgotten, and the ORM knows defaults."""
    columns = tuple(Column(f"c{number}", "integer", default="0") for number in range(10))
    one_less = (*columns[:-1], replace(columns[-1], default=None))
    database = Side(Schema((Relation("t", columns),)), POSTGRESQL, "database")
    assert kinds(compare(database, models(Schema((Relation("t", one_less),)))).changes) == ["SetDefault"]


@pytest.mark.parametrize(
    ("model", "database", "same"),
    [
        (Column("c", "varchar(255)", attrs=((ASSUMED, "type"),)), Column("c", "varchar(50)"), True),
        (Column("c", "bigint", attrs=((ASSUMED, "type"),)), Column("c", "integer"), True),
        (Column("c", "bigint", attrs=((ASSUMED, "type"),)), Column("c", "text"), False),
        (Column("c", "varchar(255)"), Column("c", "varchar(50)"), False),
        (Column("c", "NaiveDateTime"), Column("c", "timestamp"), True),
        (Column("c", "varchar"), Column("c", "varchar(50)"), True),
        (Column("c", "datetime"), Column("c", "timestamp without time zone"), True),
        (Column("c", "bytea"), Column("c", "bytea"), True),
        (Column("c", "integer"), Column("c", "bigint"), False),
    ],
)
def test_types_of_models(model: Column, database: Column, same: bool) -> None:
    a, b = (
        Side(Schema((Relation("t", (database,)),)), POSTGRESQL, "database"),
        models(Schema((Relation("t", (model,)),))),
    )
    assert (compare(a, b).changes == ()) is same and (compare(b, a).changes == ()) is same


def test_tables_whose_columns_nobody_declares_are_not_compared() -> None:
    bare = Relation("users", (replace(ID, attrs=((ASSUMED, "column"),)),), primary_key=("id",))
    diff = compare(Side(SCHEMA, POSTGRESQL), models(Schema((TEAMS, bare))))
    assert diff.changes == () and diff.not_compared == (
        "4 columns of tables for which the models declare none: not compared.",
    )


def test_renames_are_proposed_and_never_assumed() -> None:
    renamed = with_users(
        columns=tuple(replace(one, name="mail") if one.name == "email" else one for one in USERS.columns), indexes=()
    )
    before = with_users(indexes=())
    diff = compare(Side(before, POSTGRESQL), Side(renamed, POSTGRESQL))
    assert kinds(diff.changes) == ["DropColumn", "AddColumn"]
    (candidate,) = diff.renames
    assert candidate.change == c.RenameColumn("users", None, "email", "mail") and candidate.score > 0.8
    assert candidate.reason == "email is the only column of type text that users lost, and mail the only new one."
    confirmed = compare(Side(before, POSTGRESQL), Side(renamed, POSTGRESQL), renames=[candidate.change])
    assert confirmed.changes == (candidate.change,) and confirmed.renames == ()


def test_a_table_with_the_same_columns_may_be_renamed() -> None:
    people = Schema((TEAMS, replace(USERS, name="people")))
    (candidate,) = compare(Side(SCHEMA, POSTGRESQL), Side(people, POSTGRESQL)).renames
    assert candidate.change == c.RenameTable("users", None, "people") and candidate.score == 1.0


def test_unrelated_columns_are_no_renames() -> None:
    added = with_users(
        columns=(*USERS.columns[:1], *USERS.columns[2:], Column("born", "date"), Column("height", "real")), indexes=()
    )
    assert compare(Side(with_users(indexes=()), POSTGRESQL), Side(added, POSTGRESQL)).renames == ()


def test_tables_come_after_those_they_refer_to_and_circles_are_cut() -> None:
    first = Relation(
        "a", (ID, Column("b_id", "integer")), primary_key=("id",), foreign_keys=(ForeignKey(("b_id",), "b", ("id",)),)
    )
    second = Relation(
        "b", (ID, Column("a_id", "integer")), primary_key=("id",), foreign_keys=(ForeignKey(("a_id",), "a", ("id",)),)
    )
    assert kinds(differences(Schema(), Schema((first, second)), POSTGRESQL)) == [
        "AddTable",
        "AddTable",
        "AddForeignKey",
    ]
    assert kinds(differences(Schema((first, second)), Schema(), POSTGRESQL)) == [
        "DropForeignKey",
        "DropTable",
        "DropTable",
    ]
    assert [step.table for step in differences(Schema(), Schema((USERS, TEAMS)), POSTGRESQL)] == ["teams", "users"]


def test_what_is_in_the_way_of_a_type_goes_and_comes_back() -> None:
    view = Relation("old", (Column("age"),), kind="view", definition="SELECT age FROM users")
    columns = tuple(replace(one, type="bigint") if one.name in ("age", "team_id") else one for one in USERS.columns)
    before, after = Schema((TEAMS, USERS, view)), Schema((TEAMS, replace(USERS, columns=columns), view))
    steps = differences(before, after, POSTGRESQL)
    assert kinds(steps) == [
        "DropTable",
        "DropForeignKey",
        "DropCheck",
        "AlterType",
        "AlterType",
        "AddForeignKey",
        "AddCheck",
        "AddTable",
    ]
    assert kinds(compare(Side(before, POSTGRESQL), Side(after, POSTGRESQL)).changes) == ["AlterType", "AlterType"]
    assert differences(apply_all(before, steps), after, POSTGRESQL) == ()


def test_a_new_index_gets_a_name_that_is_free() -> None:
    other = with_users(indexes=(Index("u", ("email",), unique=True), Index("users_email", ("age",))))
    steps = differences(SCHEMA, other, POSTGRESQL)
    assert [step.index.name for step in steps] == ["users_email_2"]


def test_enums_are_compared_where_they_are_types() -> None:
    few, more = Enum("mood", ("ok",), "public"), Enum("mood", ("ok", "sad"))
    (change,) = differences(Schema(enums=(few,)), Schema(enums=(more,)), POSTGRESQL)
    assert change == c.AddEnum("mood", "public", Enum("mood", ("ok", "sad"), "public"))
    assert differences(Schema(enums=(few,)), Schema(), MYSQL) == ()


def test_ignored_tables_are_left_out_on_both_sides() -> None:
    more = Schema((*SCHEMA.relations, Relation("tmp_1", (ID,)), Relation("alembic_version", (ID,))))
    assert compare(Side(SCHEMA), Side(more), ignored=("tmp_*", "alembic_version")).changes == ()


def test_triggers_and_routines_are_named_as_not_compared() -> None:
    more = replace(SCHEMA, sequences=(Sequence("invoice_numbers"),))
    diff = compare(Side(SCHEMA, POSTGRESQL), Side(more, POSTGRESQL))
    assert diff.changes == ()
    assert diff.not_compared == (
        "Triggers, routines, sequences and domains are not compared; 1 object on one side only.",
    )


def test_a_report_has_a_row_for_each_change() -> None:
    other = Schema(
        (
            replace(
                USERS, columns=(*USERS.columns[:3], Column("age", "bigint")), foreign_keys=(), indexes=(), checks=()
            ),
            Relation("new", (ID,)),
        )
    )
    diff = compare(Side(SCHEMA, POSTGRESQL), Side(other, POSTGRESQL))
    rows = report.report_of(diff, ("A", "B")).differences
    assert [(row.part, row.a, row.b) for row in rows] == [
        ("table", "1 column", None),
        ("type", "integer", "bigint"),
        ("default", "0", "no default"),
        ("foreign_key", "(team_id) → teams (id)", None),
        ("index", "unique (email)", None),
        ("check", "age > 0", None),
        ("table", None, "1 column"),
    ]
    assert len(rows) == len(diff.changes)


def test_two_sets_of_models_are_compared_as_they_are() -> None:
    """Models of two revisions: what the later ones leave out, they have lost."""
    before, after = (
        models(SCHEMA),
        models(with_users(indexes=(), checks=(), columns=(*USERS.columns[:3], Column("age", "Years")))),
    )
    assert kinds(compare(before, after).changes) == ["AlterType", "SetDefault", "DropIndex", "DropCheck"]


def test_a_table_that_code_declares_twice_is_one() -> None:
    part = replace(USERS, columns=(*USERS.columns[:1], Column("nick", "text")), foreign_keys=(), indexes=(), checks=())
    diff = compare(Side(SCHEMA, POSTGRESQL, "database"), models(Schema((TEAMS, part, USERS))))
    assert diff.changes == ()
    assert diff.not_compared == ("1 further declaration of tables that code declares more than once: not compared.",)


def test_tables_of_one_name_in_two_schemas_are_two_tables() -> None:
    shops = tuple(
        replace(table, schema=schema, foreign_keys=tuple(replace(k, ref_schema=schema) for k in table.foreign_keys))
        for schema in ("north", "south")
        for table in (USERS, TEAMS)
    )
    steps = differences(Schema(), Schema(shops), POSTGRESQL)
    assert [(step.schema, step.table) for step in steps] == [
        ("north", "teams"),
        ("south", "teams"),
        ("north", "users"),
        ("south", "users"),
    ]
    gone = differences(Schema(shops), Schema(), POSTGRESQL)
    assert sorted((step.schema, step.table) for step in gone) == sorted((step.schema, step.table) for step in steps)
    for schema in ("north", "south"):
        own = [step.table for step in gone if step.schema == schema]
        assert own == ["users", "teams"]
    wider = tuple(
        replace(table, columns=(replace(ID, type="bigint"),))
        if (table.schema, table.name) == ("south", "teams")
        else table
        for table in shops
    )
    kept = tuple(table for table in wider if (table.schema, table.name) != ("north", "teams"))
    kept = tuple(replace(t, foreign_keys=()) if (t.schema, t.name) == ("north", "users") else t for t in kept)
    changed = differences(Schema(shops), Schema(kept), POSTGRESQL)
    assert [(type(step).__name__, step.schema, step.table) for step in changed] == [
        ("DropForeignKey", "north", "users"),
        ("DropForeignKey", "south", "users"),
        ("DropTable", "north", "teams"),
        ("AlterType", "south", "teams"),
        ("AddForeignKey", "south", "users"),
    ]


CHECKS = {
    "(a > 1 OR b > 1) AND c > 1": "a > 1 OR (b > 1 AND c > 1)",
    "(a + b) * c > 1": "a + b * c > 1",
    "NOT (a > 1 AND b > 1)": "NOT a > 1 AND b > 1",
}


@pytest.mark.parametrize("first", CHECKS)
@pytest.mark.parametrize("name", ["postgresql", "mysql", "sqlite"])
def test_parentheses_that_change_the_meaning_are_a_difference(name: str, first: str) -> None:
    dialect = engine(name).dialect
    for kind in ("text", "database"):
        a, b = (Side(with_users(checks=(Check(text),)), dialect, kind) for text in (first, CHECKS[first]))
        assert kinds(compare(a, b).changes) == ["DropCheck", "AddCheck"]


@pytest.mark.parametrize("name", ["postgresql", "mysql", "sqlite"])
def test_parentheses_that_change_nothing_are_no_difference(name: str) -> None:
    dialect = engine(name).dialect
    pair = ("a > 1 AND b > 1 AND (c > 1 OR d > 1)", "(((a > 1) AND (b > 1)) AND ((c > 1) OR (d > 1)))")
    a, b = (Side(with_users(checks=(Check(text),)), dialect) for text in pair)
    assert compare(a, b).changes == ()

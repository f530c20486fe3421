"""Laws of the change vocabulary: every change has its effect, and its reverse undoes it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.catalog import changes as c
from headwater.catalog import codec
from headwater.catalog.apply import apply, apply_all
from headwater.catalog.model import Check, Column, Enum, ForeignKey, Index, Relation, Schema
from headwater.kit.errors import BadInput

USERS = Relation(
    "users",
    (Column("id", "int", nullable=False), Column("email", "text", default="''"), Column("team_id", "int")),
    primary_key=("id",),
    foreign_keys=(ForeignKey(("team_id",), "teams", ("id",), name="fk_team"),),
    indexes=(Index("users_email", ("email",), unique=True),),
    checks=(Check("id > 0", "positive"),),
)
TEAMS = Relation("teams", (Column("id", "int", nullable=False),), primary_key=("id",))
SCHEMA = Schema((TEAMS, USERS), (Enum("mood", ("ok",)),))

CHANGES = (
    c.AddTable("posts", None, Relation("posts", (Column("id"),))),
    c.DropTable("users", None, was=USERS),
    c.RenameTable("teams", None, "groups"),
    c.RenameTable("users", None, "people"),
    c.AddColumn("users", None, Column("name", "text")),
    c.RenameColumn("users", None, "email", "mail"),
    c.RenameColumn("teams", None, "id", "team_id"),
    c.RenameColumn("users", None, "team_id", "group_id"),
    c.AlterType("users", None, "email", "varchar(10)", was="text"),
    c.SetNullable("users", None, "email", False),
    c.SetDefault("users", None, "email", "'x'", was="''"),
    c.SetPrimaryKey("teams", None, (), was=("id",)),
    c.AddForeignKey("teams", None, ForeignKey(("id",), "users", ("id",), name="fk")),
    c.DropForeignKey("users", None, "fk_team", was=USERS.foreign_keys[0]),
    c.AddIndex("teams", None, Index("i", ("id",))),
    c.DropIndex("users", None, "users_email", was=USERS.indexes[0]),
    c.AddCheck("teams", None, Check("id > 1", "big")),
    c.DropCheck("users", None, "positive", was=USERS.checks[0]),
    c.AddEnum("size", None, Enum("size", ("s", "m"))),
    c.DropEnum("mood", None, was=SCHEMA.enums[0]),
)


def test_every_change_type_is_covered():
    covered = {type(change).__name__ for change in CHANGES} | {"DropColumn"}
    assert covered == {kind.__name__ for kind in c.Change.__subclasses__()}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_reverse_change_restores_schema(change):
    changed = apply(SCHEMA, change)
    assert changed != SCHEMA
    assert apply(changed, change.reverse()) == SCHEMA


def test_drop_column_drops_its_keys_and_indexes():
    change = c.DropColumn("users", None, "email", was=USERS.columns[1])
    dropped = apply(SCHEMA, change).relation("users")
    assert [column.name for column in dropped.columns] == ["id", "team_id"]
    assert dropped.indexes == ()
    back = apply(apply(SCHEMA, change), change.reverse()).relation("users")
    assert back.columns[-1] == USERS.columns[1]


def test_renames_update_foreign_keys():
    renamed = apply_all(SCHEMA, [c.RenameTable("teams", None, "groups"), c.RenameColumn("groups", None, "id", "key")])
    assert renamed.relation("users").foreign_keys[0] == replace(
        USERS.foreign_keys[0], ref_table="groups", ref_columns=("key",)
    )


@given(st.sampled_from([change for change in CHANGES if not isinstance(change, c.AddTable | c.AddEnum | c.DropEnum)]))
def test_change_of_missing_object_changes_nothing(change):
    assert apply(Schema(), change) == Schema()


def test_destructive_changes_report_data_loss():
    assert {hazard.kind for hazard in CHANGES[1].hazards()} == {"data_loss", "breaks_readers"}
    assert c.AddColumn("users", None, Column("n", nullable=False)).hazards()[0].kind == "may_fail"
    assert c.AddColumn("users", None, Column("n")).hazards() == ()


def test_codec_round_trips_deterministically():
    assert codec.from_json(codec.to_json(SCHEMA)) == SCHEMA
    assert codec.to_json(SCHEMA) == codec.to_json(codec.from_json(codec.to_json(SCHEMA)))
    assert codec.fingerprint(SCHEMA) != codec.fingerprint(apply(SCHEMA, CHANGES[0]))


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{", b'{"format": 99, "schema": {}}', b'{"format":1,"schema":{"relations":3}}']
)
def test_codec_rejects_foreign_documents(text):
    with pytest.raises(BadInput):
        codec.from_json(text)

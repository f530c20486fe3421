"""A subset of a Schema's tables with everything that can be created with only them."""

from __future__ import annotations

import time

from headwater.catalog.model import Column, Enum, ForeignKey, Relation, Routine, Schema, Sequence, Trigger
from headwater.core.snapshots.schema_subset import cut, extras_of, without_rows
from headwater.engines.postgresql.ddl import restore_ddl

ARTIST = Relation("artist", (Column("id"),), "public")
ALBUM = Relation(
    "album",
    (Column("id"), Column("artist_id")),
    "public",
    foreign_keys=(ForeignKey(("artist_id",), "artist", ("id",), name="by"),),
    triggers=(Trigger("count", "CREATE TRIGGER count AFTER INSERT ON album EXECUTE FUNCTION tally()"),),
)
VIEW = Relation("glad", (), "public", kind="view", definition="SELECT * FROM artist")
SCHEMA = Schema(
    relations=(ARTIST, ALBUM, VIEW),
    enums=(Enum("mood", ("sad",), "public"),),
    routines=(
        Routine("tally", schema="public", definition="CREATE FUNCTION tally() … UPDATE artist SET n = n + 1"),
        Routine("plain", schema="public", definition="CREATE FUNCTION plain() RETURNS int …"),
    ),
    sequences=(
        Sequence("artist_id_seq", schema="public", owned_by=("artist", "id")),
        Sequence("album_id_seq", schema="public", owned_by=("album", "id")),
        Sequence("own", schema="public"),
    ),
)


def test_all_tables_give_the_same_schema() -> None:
    assert cut(SCHEMA, {"public.artist", "public.album"}) == (SCHEMA, ())


def test_dependents_of_missing_tables_are_left_out_and_named() -> None:
    part, left_out = cut(SCHEMA, {"public.album"})
    (album,) = part.relations
    assert (album.name, album.foreign_keys, album.triggers) == ("album", (), ())
    assert [routine.name for routine in part.routines] == ["plain"]
    assert [sequence.name for sequence in part.sequences] == ["album_id_seq", "own"]
    assert part.enums == SCHEMA.enums
    assert left_out == ("view public.glad", "routine tally", "key by", "trigger count")


def test_independent_objects_are_kept() -> None:
    part, _ = cut(SCHEMA, {"public.artist"})
    assert part.relations == (ARTIST,)


def test_extras_of_a_part_are_those_of_its_tables() -> None:
    part, _ = cut(SCHEMA, {"public.album"})
    extras = {
        "sequences": [["public", "artist_id_seq", 7, True], ["public", "album_id_seq", 8, True]],
        "counters": [["artist", 7], ["album", 8]],
        "grants": [[None, "GRANT …"]],
        "generators": {"artist_id_seq": [7, 0], "album_id_seq": [8, 0]},
    }
    assert extras_of(extras, part) == {
        "sequences": [["public", "album_id_seq", 8, True]],
        "counters": [["album", 8]],
        "generators": {"album_id_seq": [8, 0]},
    }


def test_tables_without_rows_are_reported() -> None:
    assert without_rows(SCHEMA, {"public.album"}) == {"public.artist"}


def test_names_with_blanks_are_searched_as_whole_words() -> None:
    odd = Relation("old price", (Column("id"),), "public")
    routines = (
        Routine("uses", schema="public", definition='CREATE FUNCTION uses() … FROM "old price"'),
        Routine("other", schema="public", definition='CREATE FUNCTION other() … FROM "old prices"'),
    )
    part, left_out = cut(Schema(relations=(ARTIST, odd), routines=routines), {"public.artist"})
    assert [routine.name for routine in part.routines] == ["other"]
    assert left_out == ("routine uses",)


def test_many_tables_and_routines_are_cut_in_linear_time() -> None:
    tables = tuple(Relation(f"t{number}", (Column("id"),), "public") for number in range(600))
    body = "BEGIN /* " + "some ordinary code " * 30 + " */ RETURN a; END"
    routines = tuple(
        Routine(
            f"f{number}",
            schema="public",
            arguments="a integer",
            returns="integer",
            definition=f"CREATE FUNCTION f{number} {body}",
        )
        for number in range(250)
    )
    schema = Schema(relations=tables, routines=routines)
    started = time.process_time()
    part, _ = cut(schema, {"public.t1"})
    before, after = restore_ddl(schema)
    assert time.process_time() - started < 2
    assert len(part.routines) == 250
    assert len(before) + len(after) > 850

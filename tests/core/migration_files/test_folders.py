"""Migration folders of other tools are read as scripts in order."""

from __future__ import annotations

import pytest

from headwater.core.migration_files import folders
from headwater.core.migration_files.scripts import Script, check, in_one_transaction
from headwater.kit.errors import BadInput, Invalid

ALEMBIC = '"""{title}."""\nrevision: str = "{id}"\ndown_revision = {after}\n\ndef upgrade():\n    pass\n'
FOLDERS = {
    "flyway": (
        {
            "V10__last one.sql": "c",
            "V9__b.sql": "b",
            "V1.10__x.sql": "x",
            "V1.9__w.sql": "w",
            "U9__b.sql": "undo b",
            "notes.txt": "?",
        },
        [("1.9", "w", None), ("1.10", "x", None), ("9", "b", "undo b"), ("10", "last one", None)],
    ),
    "prisma": (
        {"20260102_more/migration.sql": "b", "20260101_init/migration.sql": "a", "migration_lock.toml": "x"},
        [("20260101_init", "init", None), ("20260102_more", "more", None)],
    ),
    "sql": (
        {"db/002_b.up.sql": "b", "db/002_b.down.sql": "-b", "db/001_a.up.sql": "a"},
        [("001", "a", None), ("002", "b", "-b")],
    ),
    "dbmate": (
        {
            "1_a.sql": "-- migrate:up transaction:false\nCREATE INDEX;\n-- migrate:down\nDROP INDEX;\n",
            "2_b.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\n\n",
        },
        [("1", "a", "DROP INDEX;\n"), ("2", "b", None)],
    ),
    "alembic": (
        {
            "c.py": ALEMBIC.format(title="third", id="3f", after="('2f', '1b')"),
            "a.py": ALEMBIC.format(title="first", id="1f", after="None"),
            "b.py": ALEMBIC.format(title="second", id="2f", after="'1f'"),
            "b2.py": ALEMBIC.format(title="beside", id="1b", after="'1f'"),
            "env.py": "import this\n",
        },
        None,
    ),
}


@pytest.mark.parametrize("origin", FOLDERS)
def test_migrations_are_read_in_order(origin):
    files, wanted = FOLDERS[origin]
    scripts = folders.read(files)
    assert {script.origin for script in scripts} == {origin}
    if wanted is not None:
        assert [(script.version, script.name, script.down) for script in scripts] == wanted
    assert all(script.runs == (origin != "alembic") for script in scripts)


def test_alembic_revisions_follow_graph():
    versions = [script.version for script in folders.read(FOLDERS["alembic"][0])]
    assert versions[0] == "1f" and versions[-1] == "3f" and set(versions) == {"1f", "2f", "1b", "3f"}


def test_no_transaction_directive_is_honoured():
    first, second = folders.read(FOLDERS["dbmate"][0])
    assert (in_one_transaction(first.up), in_one_transaction(second.up)) == (False, True)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "There are no migrations"),
        ({"readme.md": "x"}, "There are no migrations"),
        ({"V1__a.sql": "a", "1_b.sql": "b"}, "Two migrations have the version 1"),
        ({"R__views.sql": "a"}, "repeatable"),
        ({"x.py": "down_revision = ("}, "is not valid Python"),
        (
            {
                "a.py": ALEMBIC.format(title="", id="1", after="'2'"),
                "b.py": ALEMBIC.format(title="", id="2", after="'1'"),
            },
            "form a cycle",
        ),
    ],
)
def test_missing_file_has_clear_error(files, sentence):
    with pytest.raises(BadInput, match=sentence):
        folders.read(files)


def test_script_with_commit_or_no_statement_is_rejected():
    for wrong in ("", "-- nothing", "CREATE TABLE a (b int); COMMIT", "begin; select 1"):
        with pytest.raises(Invalid):
            check(wrong, "up")
    check("CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END $$ LANGUAGE plpgsql; SELECT 1", "up")


def test_checksum_ignores_line_endings():
    assert Script("1", "", "a\nb").checksum == Script("1", "", "a\r\nb\r\n").checksum
    assert Script("1", "", "a").checksum != Script("1", "", "b").checksum

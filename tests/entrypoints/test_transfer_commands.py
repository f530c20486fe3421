"""`headwater db import` and `db export` of scripts against a real server."""

from __future__ import annotations

from pathlib import Path

from entrypoints.headwater_process import Commands

CONTENT = """
CREATE TYPE pair AS (a int, b text);
CREATE TABLE item (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, p pair);
INSERT INTO item (p) VALUES ((1, 'x'));
"""


def test_own_exports_are_imported_again_and_what_is_left_out_is_shown(commands: Commands, tmp_path: Path) -> None:
    run, run_json = commands.run, commands.run_json
    run("db", "create", "shop")
    run("sql", "shop", CONTENT)
    run("snapshot", "create", "shop")
    snapshot, export = tmp_path / "snapshot.sql", tmp_path / "export.zip"
    run("snapshot", "export", "shop#latest", "--output", str(snapshot))
    assert "1 tables, 1 rows" in run("db", "export", "shop", "--format", "sql", "--output", str(export))
    for number, file in enumerate((snapshot, export)):
        run("db", "create", f"copy-{number}")
        assert "1 rows imported" in run("db", "import", f"copy-{number}", str(file))
        added = run_json("sql", f"copy-{number}", "INSERT INTO item (p) VALUES (NULL) RETURNING id")
        assert "2" in str(added)
    dump = tmp_path / "dump.sql"
    dump.write_text("\\restrict a\nSET ROLE nobody_here;\nCREATE TABLE t (a int);\n\\unrestrict a\n")
    result = run_json("db", "import", "shop", str(dump))["result"]
    assert [(note["line"], note["text"]) for note in result["skipped"]] == [
        (1, "\\restrict a"),
        (2, "SET ROLE nobody_here"),
        (4, "\\unrestrict a"),
    ]
    displayed = run("db", "import", "copy-0", str(dump))
    assert "3 statements were left out:" in displayed
    assert "The import runs as the role of the connection." in " ".join(displayed.split())


def test_copy_that_lacks_an_object_names_it_and_exits_with_one(commands: Commands) -> None:
    commands.run("db", "create", "origin")
    commands.run(
        "sql",
        "origin",
        "CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1), (2);"
        "CREATE FUNCTION only_here(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
        "$$ BEGIN IF current_database() NOT LIKE 'origin%' THEN RAISE 'not here'; END IF; RETURN 1; END $$;"
        "CREATE INDEX of_it ON item (only_here(id))",
    )
    commands.run("db", "create", "copied")
    shown = commands.run("db", "copy", "origin", "copied", code=1)
    assert "Not copied: index public.of_it: not here." in " ".join(shown.split())
    assert "2" in commands.run("sql", "copied", "SELECT count(*) FROM item")


def test_folder_whose_script_includes_others_is_imported(commands: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    (folder / "data").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "hook.sql").write_text("\\i install.sql\n")
    (folder / "install.sql").write_text("CREATE TABLE part (id int, t text);\n\\copy part FROM 'data/part.csv' CSV\n")
    (folder / "data" / "part.csv").write_text('1,a\n2,"b\nc"\n')
    commands.run("db", "create", "parted")
    done = commands.run_json("db", "import", "parted", str(folder))
    assert (done["job"]["state"], done["result"]["rows"]) == ("completed", 2)
    assert "2" in commands.run("sql", "parted", "SELECT count(*) FROM part")
    assert "There is no file" in commands.run("db", "import", "parted", str(tmp_path / "none"), code=2)

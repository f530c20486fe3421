"""`headwater snapshot` and `headwater vault` against a real server."""

from __future__ import annotations

from pathlib import Path

import httpx

from entrypoints.command_line import invoke
from entrypoints.headwater_process import Commands


def test_snapshot_commands(commands: Commands) -> None:
    run, run_json = commands.run, commands.run_json
    run("db", "create", "shop")
    run(
        "sql",
        "shop",
        "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'one'), (2, 'two')",
    )
    created = run_json("snapshot", "create", "shop", "--label", "first")
    assert (created["status"], created["rows"], created["label"]) == ("complete", 2, "first")
    assert [snapshot["id"] for snapshot in run_json("snapshot", "list", "shop")] == [created["id"]]
    assert "public.item" in run("snapshot", "show", "shop#first")
    assert run_json("snapshot", "verify", "shop#latest", "--deep")["verification"]["ok"]
    run("sql", "shop", "DELETE FROM item WHERE id = 1; INSERT INTO item VALUES (3, 'three')")
    assert "has its rows replaced" in run(
        "snapshot", "restore", "shop#first", "--into", "shop", "--mode", "overwrite", "--plan"
    )
    refused = run("snapshot", "restore", "shop#first", "--into", "shop", code=1)
    assert "already exists" in refused
    done = run_json("snapshot", "restore", "shop#first", "--into", "shop", "--mode", "overwrite", "--yes")
    assert (done["tables"][0]["found"], bool(done["undo_id"])) == (2, True)
    assert "one" in run("sql", "shop", "SELECT name FROM item ORDER BY id")
    assert "Restored into back" in run("snapshot", "restore", "shop#first", "--new", "back")
    assert "one" in run("sql", "back", "SELECT name FROM item ORDER BY id")
    run("snapshot", "restore", done["undo_id"], "--new", "undone")
    assert "three" in run("sql", "undone", "SELECT name FROM item ORDER BY id")
    run("snapshot", "hold", "shop#first")
    assert "held" in run("snapshot", "delete", "shop#first", "--yes", code=2)
    run("snapshot", "hold", "shop#first", "--off")
    run("snapshot", "delete", "shop#first", "--yes")
    assert "There is no snapshot" in run("snapshot", "show", "shop#first", code=2)


def test_restore_that_lacks_an_object_names_it_and_exits_with_one(commands: Commands) -> None:
    commands.run("db", "create", "guarded")
    commands.run(
        "sql",
        "guarded",
        "CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1), (2);"
        "CREATE FUNCTION only_here(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
        "$$ BEGIN IF current_database() NOT LIKE 'guarded%' THEN RAISE 'not here'; END IF; RETURN 1; END $$;"
        "CREATE INDEX of_it ON item (only_here(id))",
    )
    commands.run("snapshot", "create", "guarded")
    said = commands.run("snapshot", "restore", "guarded#latest", "--new", "elsewhere", code=1)
    assert "Partly restored into elsewhere" in said
    assert "Not restored: index public.of_it: not here" in said
    assert "2" in commands.run("sql", "elsewhere", "SELECT count(*) FROM item")


def test_extract_commands(commands: Commands, tmp_path: Path) -> None:
    run, run_json = commands.run, commands.run_json
    run("db", "create", "books")
    run(
        "sql",
        "books",
        "CREATE TABLE book (id int PRIMARY KEY, price numeric(6,2)); CREATE TABLE loan (id int PRIMARY KEY);"
        "INSERT INTO book SELECT g, g / 4.0 FROM generate_series(1, 500) g; INSERT INTO loan VALUES (7)",
    )
    run("snapshot", "create", "books", "--label", "then")
    run("sql", "books", "DELETE FROM book")
    asked = run_json("snapshot", "query", "books#then", "SELECT count(*), max(price) FROM book")
    assert asked["results"][0]["rows"] == [[500, "125.00"]]
    assert "125.00" in run("snapshot", "query", "books#latest", "SELECT max(price) FROM book")
    assert run("snapshot", "query", "books#then", "SELECT id FROM loan", "--format", "csv") == "id\n7\n"
    refused = run("snapshot", "query", "books#then", "SELECT * FROM bok", code=1)
    assert "bok" in refused
    assert "read-only" in run("snapshot", "query", "books#then", "DELETE FROM book", code=1)
    page = run_json("snapshot", "rows", "books#then", "book", "--skip", "498", "--limit", "5")
    assert (page["rows"], page["count"], page["next"]) == ([[499, "124.75"], [500, "125.00"]], 500, None)
    assert "Did you mean book" in run("snapshot", "rows", "books#then", "boook", code=2)
    script = tmp_path / "books.sql"
    created = run_json("snapshot", "export", "books#then", "-o", str(script))
    assert (created["bytes"], created["format"]) == (script.stat().st_size, "sql")
    assert "COPY public.book" in script.read_text()
    assert run("snapshot", "export", "books#then", "--format", "ndjson", "--tables", "loan") == '{"id":7}\n'
    link = run_json("snapshot", "link", "books#then", "--format", "csv", "--tables", "loan", "--expires-in", "10m")
    assert httpx.get(link["url"]).text == "id\n7\n"
    (listed,) = run_json("snapshot", "links", "list", "books#then")
    assert (listed["format"], listed["tables"], listed["uses"]) == ("csv", ["public.loan"], 1)
    assert "is revoked" in run("snapshot", "links", "revoke", "books#then", listed["id"])
    assert httpx.get(link["url"]).status_code == 404
    assert "no such link" in run("snapshot", "links", "revoke", "books#then", listed["id"], code=2)
    assert run_json("snapshot", "links", "list", "books#then") == []
    assert "is not a duration" in run("snapshot", "link", "books#then", "--expires-in", "soon", code=2)
    run("db", "create", "light", "--engine", "sqlite")
    assert "book, loan" in run("snapshot", "copy", "books#then", "light", "--plan")
    done = run_json("snapshot", "copy", "books#then", "light", "--yes")
    assert [(table["target"], table["target_rows"], table["same"]) for table in done["tables"]] == [
        ("book", 500, True),
        ("loan", 1, True),
    ]


def test_vault_commands(commands: Commands) -> None:
    run, run_json = commands.run, commands.run_json
    assert run_json("vault", "show")["kind"] == "local"
    assert run_json("vault", "compress", "zstd", "9")["level"] == 9
    assert "1 to 19" in run("vault", "compress", "zstd", "20", code=2)
    assert "needs --bucket" in run("vault", "use", "s3", code=2)
    assert run_json("vault", "usage")["packs"] >= 0
    assert [key["kind"] for key in run_json("vault", "keys")] == ["key"]
    assert "no organization" in run("vault", "show", "--organization", "Nobody", code=2)


def test_vault_for_new_snapshots_is_not_closed(commands: Commands, tmp_path: Path) -> None:
    run = commands.run
    assert "There is no vault" in run("vault", "close", str(tmp_path / "vault"), "--yes", code=2)
    for vault in commands.run_json("vault", "list"):
        assert "Close it with --yes" in run("vault", "close", vault["id"], "--json", code=2)
        assert "New snapshots are stored in this vault." in run("vault", "close", vault["id"], "--yes", code=2)


def test_vault_open_refuses_wrong_input_with_a_sentence(commands: Commands, tmp_path: Path) -> None:
    run = commands.run
    folder, secret, empty, binary = (tmp_path / name for name in ("vault", "secret", "empty", "binary"))
    secret.write_text("a passphrase\n")
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe\0")
    missing = str(tmp_path / "missing")
    given = ("--passphrase-file", str(secret))
    cases: list[tuple[tuple[str, ...], str]] = [
        ((str(folder), *given, "--key-file", str(secret)), "either --passphrase-file or --key-file"),
        ((str(folder), "--passphrase-file", missing), "cannot be read"),
        ((str(folder), "--passphrase-file", str(empty)), "is empty"),
        ((str(folder), "--key-file", str(binary)), "is not a text file"),
        ((str(folder), "--bucket", "b", *given), "A folder has no options of a bucket"),
        (("s3", *given), "needs --bucket and --access-key"),
        ((str(folder), *given, "--project", "Nothing"), "Nothing"),
        ((str(folder), *given, "--organization", "Nobody"), "no organization"),
        ((str(folder), *given, "--former-organization", "x"), "former_organization_id"),
    ]
    for words, sentence in cases:
        answer = run("vault", "open", *words, code=2)
        assert sentence in answer and "Traceback" not in answer, words
    assert [row["current"] for row in commands.run_json("vault", "list")] in ([], [True])


def test_snapshot_list_without_a_name_lists_the_snapshots_of_all_databases(commands: Commands) -> None:
    commands.run("db", "create", "listed")
    created = commands.run_json("snapshot", "create", "listed", "--label", "mine")
    every = commands.run_json("snapshot", "list")
    assert {"listed"} <= {row["database_name"] for row in every}
    assert created["id"] in {row["id"] for row in every}
    assert "listed" in commands.run("snapshot", "list")


def test_master_key_of_a_home_without_a_store_is_not_rotated(tmp_path: Path) -> None:
    refused = invoke("keys", "rotate-master", HEADWATER_HOME=str(tmp_path))
    assert refused.returncode == 1 and "There is no store in" in refused.stderr
    assert list(tmp_path.iterdir()) == []

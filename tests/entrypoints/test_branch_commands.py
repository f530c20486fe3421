"""`headwater branch` against a real server."""

from __future__ import annotations

from entrypoints.headwater_process import Commands

TITLES = "SELECT title FROM song ORDER BY id"


def test_branch_commands(commands: Commands) -> None:
    run, run_json = commands.run, commands.run_json
    run("db", "create", "tunes", "--engine", "sqlite")
    run("sql", "tunes", "CREATE TABLE song (id integer PRIMARY KEY, title text); INSERT INTO song VALUES (1, 'one')")
    run("snapshot", "create", "tunes", "--label", "early")
    run("sql", "tunes", "INSERT INTO song VALUES (2, 'two')")
    created = run_json("branch", "create", "tunes@feature", "--ttl", "7d")
    assert (created["state"], created["database_name"], bool(created["expires_at"])) == ("ready", "tunes-feature", True)
    assert "one" in run("sql", "tunes@feature", TITLES) and "two" in run("sql", "tunes@feature", TITLES)
    assert "tunes-early" in run("branch", "create", "tunes@early", "--from", "tunes#early")
    assert "two" not in run("sql", "tunes@early", TITLES)
    assert {row["name"] for row in run_json("branch", "list", "tunes")} == {"feature", "early"}
    run("branch", "create", "tunes@feature@deep")
    assert run_json("db", "show", "tunes@feature@deep")["name"] == "tunes-feature-deep"

    run("sql", "tunes@feature", "INSERT INTO song VALUES (3, 'three'); UPDATE song SET title = 'uno' WHERE id = 1")
    run("sql", "tunes", "UPDATE song SET title = 'eins' WHERE id = 1")
    merge = run_json("branch", "merge", "tunes@feature", code=1)
    assert (merge["conflicts"], merge["target_name"], merge["source_name"]) == (1, "tunes", "tunes-feature")
    run("merge", "apply", run_json("branch", "merge", "tunes@feature", "--prefer", "theirs")["id"], "--yes")
    assert "uno" in run("sql", "tunes", TITLES) and "three" in run("sql", "tunes", TITLES)

    assert "--yes" in run("branch", "reset", "tunes@feature", "--json", code=2)
    anew = run_json("branch", "reset", "tunes@feature", "--yes")
    assert anew["database_id"] != created["database_id"] and "three" in run("sql", "tunes@feature", TITLES)
    assert "headwater db restore" in run("branch", "delete", "tunes@early", "--yes")
    assert "Did you mean feature?" in run("branch", "show", "tunes@featur", code=2)
    assert "not a branch" in run("branch", "show", "tunes", code=2)
    assert "shop@feature" in run("branch", "create", "tunes", code=2)
    assert "not a duration" in run("branch", "create", "tunes@x", "--ttl", "soon", code=2)
    assert "already has a branch" in run("branch", "create", "tunes@feature", code=2)

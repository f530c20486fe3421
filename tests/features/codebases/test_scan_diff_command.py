"""`headwater scan-diff`: two folders, and a folder with an earlier revision of it."""

from __future__ import annotations

import json
import subprocess

import pytest

SQL = "CREATE TABLE users (id int PRIMARY KEY, email text);\n"
NEW_SQL = "CREATE TABLE users (id int PRIMARY KEY, email text, nick text);\n"
CODE = 'def find(cursor):\n    cursor.execute("SELECT email FROM users")\n'
NEW_CODE = "# moved\n" + CODE + '\ndef rename(cursor):\n    cursor.execute("UPDATE users SET nick = 1")\n'


def write(folder, sql, code):
    folder.mkdir(exist_ok=True)
    (folder / "schema.sql").write_text(sql)
    (folder / "work.py").write_text(code)
    return folder


@pytest.fixture
def app(tmp_path):
    return write(tmp_path / "app", SQL, CODE)


def git(folder, *arguments):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_two_folders_are_compared(headwater, app, tmp_path):
    new = write(tmp_path / "new", NEW_SQL, NEW_CODE)
    diff = json.loads(headwater("scan-diff", app, new, "--json").stdout)
    assert (diff["before"], diff["after"]) == ("app", "new")
    assert diff["appeared"]["columns"] == ["users.nick"]
    assert [(item["column_name"], item["line_number"]) for item in diff["appeared"]["usages"]] == [("nick", 6)]
    assert diff["disappeared"] == {"tables": [], "columns": [], "usages": []}
    text = headwater("scan-diff", app, new).stdout
    assert "columns: users.nick" in text and "work.py:6" in text and "Disappeared" not in text
    assert "Nothing has changed." in headwater("scan-diff", app, app).stdout
    assert headwater("scan-diff", new, app, "--markdown").stdout.startswith("### Usages of columns: new → app")


def test_a_folder_is_compared_with_a_revision(headwater, app):
    git(app, "init", "--initial-branch", "main")
    git(app, "add", ".")
    git(app, "commit", "--message", "first")
    write(app, NEW_SQL, NEW_CODE)
    diff = json.loads(headwater("scan-diff", app, "--since", "main", "--json").stdout)
    assert (diff["before"], diff["after"]) == ("main", "app")
    assert [item["column_name"] for item in diff["appeared"]["usages"]] == ["nick"]
    assert "There is no revision nothing." in headwater("scan-diff", app, "--since", "nothing").stderr


BAD = {
    ("scan-diff", "app"): "Say what to compare with",
    ("scan-diff", "app", "app", "--since", "main"): "Say what to compare with",
    ("scan-diff", "app", "nowhere"): "nowhere does not exist.",
    ("scan-diff", "app", "app", "--json", "--markdown"): "Only one of --json and --markdown",
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_comparisons_exit_with_2_and_one_sentence(headwater, app, arguments):
    done = headwater(*arguments)
    assert done.returncode == 2 and BAD[arguments] in done.stderr and "Traceback" not in done.stderr

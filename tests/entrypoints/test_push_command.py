"""`headwater scan --push` and `headwater codebases git` against a real server, and the kill of a worker that fetches."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from entrypoints.headwater_process import Commands, HeadwaterProcess, start_signed_up
from git_server import TOKEN, GitRepository, HttpGitHost, git, http_git_host
from headwater.features.codebases.commands.push import Push, commit_fields, packed

SQL = "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n"
PYTHON = "def find(cursor):\n    cursor.execute('SELECT email FROM users')\n"
CI = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "GITHUB_SHA", "CI_COMMIT_SHA", "CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME")


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CI, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def checkout(tmp_path: Path) -> GitRepository:
    made = GitRepository.create(tmp_path / "served" / "shop")
    made.commit("Schema of users", db__schema_dot_sql=SQL, _dot_gitignore="local.py\n")
    return made


@pytest.fixture(scope="module")
def headwater() -> Iterator[HeadwaterProcess]:
    with start_signed_up(HEADWATER_ALLOW_LOOPBACK="true") as started:
        yield started


@pytest.fixture(scope="module")
def commands(headwater: HeadwaterProcess) -> Iterator[Commands]:
    made = Commands(headwater)
    yield made
    made.close()


@pytest.fixture
def project(commands: Commands) -> str:
    created: dict[str, Any] = json.loads(commands.run("projects", "create", f"P{time.monotonic_ns()}", "--json"))
    return str(created["id"])


def test_only_what_a_scan_reads_is_packed(checkout: GitRepository) -> None:
    for name, content in {
        ".env": "PASSWORD=secret\n",
        "local.py": PYTHON,
        "id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\n",
        "node_modules/x/index.js": "x\n",
        "app/users.py": PYTHON,
        "README.md": "Hello\n",
    }.items():
        path = checkout.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (checkout.folder / "link.py").symlink_to("/etc/passwd")
    with packed(checkout.folder) as archive, zipfile.ZipFile(archive.content) as files:
        assert sorted(files.namelist()) == ["source/app/users.py", "source/db/schema.sql"]
        assert archive.filename == "shop.zip"


@pytest.mark.parametrize(
    ("environment", "branch"),
    [
        ({}, "main"),
        ({"GITHUB_REF_NAME": "release", "GITHUB_SHA": "f" * 40}, "release"),
        ({"GITHUB_REF_NAME": "12/merge", "GITHUB_HEAD_REF": "feature/x"}, "feature/x"),
        ({"CI_COMMIT_REF_NAME": "v1", "CI_COMMIT_BRANCH": "dev"}, "dev"),
        ({"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature/y", "CI_COMMIT_REF_NAME": "feature/y"}, "feature/y"),
    ],
)
def test_commit_is_that_of_git_and_the_branch_that_of_ci(
    checkout: GitRepository, environment: dict[str, str], branch: str
) -> None:
    head = git(checkout.folder, "rev-parse", "HEAD")
    expected = {
        "commit": head,
        "branch": branch,
        "subject": "Schema of users",
        "authored_at": "2026-03-01T12:00:00+01:00",
    }
    assert commit_fields(Push(checkout.folder, "p"), environment) == expected
    assert commit_fields(Push(checkout.folder, "p", branch="mine"), environment)["branch"] == "mine"
    assert commit_fields(Push(checkout.folder, "p", commit=head[:10]), environment)["commit"] == head


def test_folder_without_git(tmp_path: Path) -> None:
    assert commit_fields(Push(tmp_path, "p"), {}) == {}
    assert commit_fields(Push(tmp_path, "p"), {"CI_COMMIT_SHA": "abc1234"}) == {"commit": "abc1234"}
    assert commit_fields(Push(tmp_path, "p", commit="ABC1234", branch="b"), {}) == {"commit": "abc1234", "branch": "b"}


def test_push_adds_the_codebase_and_then_replaces_its_files(
    commands: Commands, project: str, checkout: GitRepository
) -> None:
    words = ("scan", str(checkout.folder), "--push", "--project", project)
    first = json.loads(commands.run(*words, "--json"))
    assert (first["name"], first["origin"], first["state"]) == ("shop", "upload", "completed")
    assert (first["scan"]["usages"], first["scan"]["commit"]["subject"]) == (0, "Schema of users")
    second = checkout.commit("Find users", app__users_dot_py=PYTHON)
    again = json.loads(commands.run(*words, "--codebase", "shop", "--json"))
    assert (again["id"], again["scan"]["usages"], again["scan"]["commit"]["id"]) == (first["id"], 1, second)
    assert second in commands.run(*words)
    rescanned = commands.run("codebases", "rescan", "shop", "--project", project, "--watch", "--json")
    assert json.loads(rescanned.splitlines()[-1])["data"]["state"] == "completed"
    listed = json.loads(commands.run("codebases", "list", "--project", project, "--json"))
    assert [row["scan"]["commit"]["id"] for row in listed] == [second]


def test_pushes_at_once_are_scanned_one_after_the_other(
    headwater: HeadwaterProcess, commands: Commands, project: str, checkout: GitRepository, tmp_path: Path
) -> None:
    """CI runs of two commits overlap: neither fails, and both are scanned."""
    words = ["scan", str(checkout.folder), "--push", "--project", project, "--json"]
    json.loads(commands.run(*words))
    children = [commands.start(*words) for _ in range(2)]
    results = [child.communicate(timeout=240) for child in children]
    assert [child.returncode for child in children] == [0, 0], results
    # The one that ends first may see the scan of the other under way; by now both have ended.
    listed = json.loads(commands.run("codebases", "list", "--project", project, "--json"))
    assert [row["state"] for row in listed] == ["completed"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--push",), "--push needs the project"),
        (("--push", "--project", "nothing"), "There is no project nothing"),
        (("--project", "x"), "need --push"),
        (("--push", "--project", "x", "--no-cache"), "on this machine"),
    ],
)
def test_push_that_cannot_work(
    commands: Commands, checkout: GitRepository, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in commands.run("scan", str(checkout.folder), *words, code=2)


def test_push_of_nothing_and_of_a_broken_commit(commands: Commands, project: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("Hello\n")
    words = ("scan", str(tmp_path / "empty"), "--push", "--project", project)
    assert "no code and no schema" in commands.run(*words, code=2)
    (tmp_path / "empty" / "a.sql").write_text(SQL)
    assert "not the id of a commit" in commands.run(*words, "--commit", "main", code=2)
    assert json.loads(commands.run(*words, "--json"))["scan"]["commit"] is None


def test_git_codebase_from_the_command_line(
    commands: Commands, project: str, checkout: GitRepository, tmp_path: Path
) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    with http_git_host(tmp_path / "served") as host:
        host.token = TOKEN
        words = ("codebases", "git", "add", f"{host.url}/shop/.git", "--project", project, "--token-file", str(secret))
        ended = json.loads(commands.run(*words, "--cron", "0 * * * *", "--watch", "--json").splitlines()[-1])
        assert ended["data"]["state"] == "completed"
        shown = json.loads(commands.run("codebases", "git", "show", "shop", "--project", project, "--json"))
        assert (shown["default_branch"], shown["credentials"], shown["failure"]) == ("main", "token", "")
        assert shown["schedule"]["cron"] == "0 * * * *"
        change = ("codebases", "git", "change", "shop", "--project", project)
        changed = json.loads(commands.run(*change, "--subfolder", "db", "--no-schedule", "--json"))
        assert (changed["subfolder"], changed["schedule"]) == ("db", None)
        assert "Nothing is to be changed" in commands.run(*change, code=2)
        assert "one kind of credentials" in commands.run(*change, "--no-credentials", "--new-deploy-key", code=2)
        created = json.loads(commands.run("codebases", "git", "webhook", "shop", "--project", project, "--json"))
        assert created["url"].startswith(commands.url) and len(created["secret"]) == 64
        commands.run("codebases", "git", "webhook", "shop", "--project", project, "--remove")
    new = ("codebases", "git", "add", "git@git.example.org:acme/x.git", "--project", project, "--new-deploy-key")
    assert "ssh-ed25519 " in commands.run(*new)
    assert "was not uploaded" in commands.run(
        "scan", str(checkout.folder), "--push", "--project", project, "--codebase", "x", code=2
    )


def test_killed_worker_leaves_no_folder_and_the_scan_is_done_again(
    headwater: HeadwaterProcess, checkout: GitRepository, tmp_path: Path
) -> None:
    with http_git_host(tmp_path / "served") as host:
        held = hold(host)
        project = headwater.get("/projects")["items"][0]["id"]
        added = headwater.post(f"/projects/{project}/codebases/git", url=f"{host.url}/shop/.git", name="Killed")
        folder = headwater.home / "git"
        wait_until(lambda: bool(host.requests) and len(list(folder.glob("*"))) == 1)
        before = next(folder.glob("*"))
        for pid in headwater.pids("headwater worker"):
            os.kill(pid, signal.SIGKILL)
        held.set()
        job = added["job"]["id"]
        wait_until(lambda: headwater.get(f"/jobs/{job}")["state"] == "completed")
        assert not before.exists()
        wait_until(lambda: not list(folder.glob("*")))


def hold(host: HttpGitHost) -> threading.Event:
    """Let a host answer nothing before an event is set."""
    held = threading.Event()
    host.before = lambda path: held.wait(240) and None
    return held


def wait_until(holds: Any, seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.05)

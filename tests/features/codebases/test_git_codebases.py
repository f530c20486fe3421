"""Codebases that are read from a git repository: added, scanned by hand, schedule and webhook, and who may do so."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import text

from git_server import TOKEN, GitRepository, HttpGitHost, git, http_git_host, ssh_git_host
from headwater.features.codebases import key_rotation
from headwater.features.codebases.service import git_hooks, git_scans, git_schedules
from headwater.kit.clock import now
from headwater.kit.ids import new_id
from headwater.store import master_keys
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher, key_id_of
from people import AppFixture, Person

SQL = "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n"
PYTHON = "def find(cursor):\n    cursor.execute('SELECT email FROM users')\n"


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository.create(tmp_path / "served" / "shop")
    made.commit("Schema of users", db__schema_dot_sql=SQL, README_dot_md="Hello\n")
    return made


@pytest.fixture
def host(repository: GitRepository, tmp_path: Path) -> Iterator[HttpGitHost]:
    with http_git_host(tmp_path / "served") as made:
        yield made


@pytest.fixture(autouse=True)
def no_folder_is_left(app: AppFixture) -> Iterator[None]:
    yield
    assert list(git_scans.folder(app.server.settings).glob("*")) == []


async def add(person: Person, url: str, status: int = 202, **given: Any) -> Any:
    path = f"/projects/{person.project['id']}/codebases/git"
    return await person.send("POST", path, status, json={"url": url} | given)


async def scanned(app: AppFixture, person: Person, url: str, **given: Any) -> Any:
    """Add a codebase and run its scan; return the codebase."""
    added = await add(person, url, **given)
    await app.work(added["job"]["id"])
    return await person.get(f"/codebases/{added['codebase']['id']}")


async def log_of(person: Person, job_id: str) -> str:
    return "\n".join(line["message"] for line in (await person.get(f"/jobs/{job_id}/log"))["items"])


async def test_adding_requires_membership(app: AppFixture, host: HttpGitHost) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    path, body = f"/api/v1/projects/{owner.project['id']}/codebases/git", {"url": f"{host.url}/shop/.git"}
    assert (await (await app.stranger()).post(path, json=body)).status_code == 401
    assert (await neighbour.client.post(path, json=body)).status_code == 404
    viewer = await app.person("viewer")
    await owner.invite(viewer, "viewer")
    assert (await viewer.client.post(path, json=body)).status_code == 403
    assert (await owner.get(f"/projects/{owner.project['id']}/codebases"))["items"] == []


async def test_settings_are_hidden_from_strangers_and_only_shown_to_viewers(app: AppFixture, host: HttpGitHost) -> None:
    owner, neighbour, viewer = await app.person(), await app.person("neighbour"), await app.person("viewer")
    await owner.invite(viewer, "viewer")
    added = await add(owner, f"{host.url}/shop/.git")
    path = f"/codebases/{added['codebase']['id']}/git"
    stranger = await app.stranger()
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"branch": "dev"}),
        ("POST", "/webhook", None),
        ("DELETE", "/webhook", None),
    ):
        answer = await stranger.request(method, f"/api/v1{path}{rest}", json=body)
        assert answer.status_code == 401
        await neighbour.send(method, path + rest, 404, json=body)
        await viewer.send(method, path + rest, 200 if method == "GET" else 403, json=body)


async def test_repository_is_scanned_with_its_commit(
    app: AppFixture, host: HttpGitHost, repository: GitRepository
) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, f"{host.url}/shop/.git", name="Shop")
    assert (codebase["name"], codebase["origin"], codebase["state"]) == ("Shop", "git", "completed")
    commit = codebase["scan"]["commit"]
    assert commit["id"] == git(repository.folder, "rev-parse", "HEAD")
    assert (commit["branch"], commit["subject"]) == ("main", "Schema of users")
    assert commit["authored_at"].startswith("2026-03-01T1")
    assert codebase["scan"]["tables"] == 1
    files = await someone.get(f"/codebases/{codebase['id']}/files")
    assert [row["path"] for row in files["items"]] == ["README.md", "db/schema.sql"]
    assert codebase["size_bytes"] > 0
    source = await someone.get(f"/codebases/{codebase['id']}/git")
    assert (source["branch"], source["default_branch"], source["failure"]) == ("", "main", "")
    assert source["checked_at"]


async def test_next_scan_reads_the_next_commit_and_a_failure_leaves_the_last(
    app: AppFixture, host: HttpGitHost, repository: GitRepository
) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, f"{host.url}/shop/.git")
    second = repository.commit("Find users", app__users_dot_py=PYTHON)
    again = await someone.send("POST", f"/codebases/{codebase['id']}/rescan", 202)
    await app.work(again["job"]["id"])
    scan = (await someone.get(f"/codebases/{codebase['id']}"))["scan"]
    assert (scan["commit"]["id"], scan["usages"]) == (second, 1)
    await someone.send("PATCH", f"/codebases/{codebase['id']}/git", 200, json={"branch": "gone"})
    failing = await someone.send("POST", f"/codebases/{codebase['id']}/rescan", 202)
    await app.work(failing["job"]["id"])
    after = await someone.get(f"/codebases/{codebase['id']}")
    assert (after["state"], after["scan"]["commit"]["id"]) == ("failed", second)
    source = await someone.get(f"/codebases/{codebase['id']}/git")
    assert source["failure"] == "There is no branch gone in the repository. Enter the name of another branch."
    assert (await someone.get(f"/jobs/{failing['job']['id']}"))["error"] == source["failure"]


async def test_folder_around_everything_stays_in_the_paths(
    app: AppFixture, repository: GitRepository, host: HttpGitHost
) -> None:
    git(repository.folder, "rm", "--quiet", "README.md")
    repository.commit("One folder")
    someone = await app.person()
    codebase = await scanned(app, someone, f"{host.url}/shop/.git")
    files = await someone.get(f"/codebases/{codebase['id']}/files")
    assert [row["path"] for row in files["items"]] == ["db/schema.sql"]


async def test_token_is_used_and_is_nowhere_to_be_read(
    app: AppFixture, host: HttpGitHost, capfd: pytest.CaptureFixture[str]
) -> None:
    host.token = TOKEN
    someone = await app.person()
    refused = await add(someone, f"{host.url}/shop/.git", credentials={"kind": "token", "token": f"wrong-{TOKEN}"})
    await app.work(refused["job"]["id"])
    job = await someone.get(f"/jobs/{refused['job']['id']}")
    assert job["state"] == "failed"
    assert "refused the credentials" in job["error"]
    codebase_id = refused["codebase"]["id"]
    changed = await someone.send(
        "PATCH", f"/codebases/{codebase_id}/git", 200, json={"credentials": {"kind": "token", "token": TOKEN}}
    )
    assert (changed["credentials"], changed["username"]) == ("token", "x-access-token")
    again = await someone.send("POST", f"/codebases/{codebase_id}/rescan", 202)
    await app.work(again["job"]["id"])
    codebase = await someone.get(f"/codebases/{codebase_id}")
    assert codebase["state"] == "completed"
    said = json.dumps([refused, changed, again, codebase, await someone.get(f"/codebases/{codebase_id}/git")])
    for job_id in (refused["job"]["id"], again["job"]["id"]):
        said += json.dumps(await someone.get(f"/jobs/{job_id}")) + await log_of(someone, job_id)
    said += json.dumps(await someone.get("/audit")) + "".join(capfd.readouterr())
    async with app.server.database.transaction() as db:
        rows = (await db.execute(text("SELECT git_sources::text, codebases::text FROM git_sources, codebases"))).all()
        jobs = (await db.execute(text("SELECT jobs::text FROM jobs"))).all()
    said += repr(rows) + repr(jobs)
    assert TOKEN not in said
    assert TOKEN.encode().hex() not in said


async def test_credentials_do_not_go_to_another_server(app: AppFixture, host: HttpGitHost, tmp_path: Path) -> None:
    someone = await app.person()
    added = await add(someone, f"{host.url}/shop/.git", credentials={"kind": "token", "token": TOKEN})
    path = f"/codebases/{added['codebase']['id']}/git"
    with http_git_host(tmp_path / "served") as elsewhere:
        refused = await someone.send("PATCH", path, 422, json={"url": f"{elsewhere.url}/shop/.git"})
        assert "enter its credentials, too" in refused["detail"]
        changed = await someone.send("PATCH", path, 200, json={"url": f"{host.url}/other/.git"})
        assert changed["credentials"] == "token"
        given = {"url": f"{elsewhere.url}/shop/.git", "credentials": {"kind": "none"}}
        assert (await someone.send("PATCH", path, 200, json=given))["credentials"] == "none"


async def test_deploy_key_is_made_shown_and_used(app: AppFixture, repository: GitRepository, tmp_path: Path) -> None:
    someone = await app.person()
    async with ssh_git_host(tmp_path / "served") as host:
        added = await add(someone, host.address("shop/.git"), credentials={"kind": "deploy_key"})
        # The key cannot work before it is in the repository, so that no scan is started that must fail.
        assert (added["job"], added["codebase"]["state"]) == (None, "pending")
        codebase_id, public = added["codebase"]["id"], added["git"]["public_key"]
        assert public.startswith("ssh-ed25519 ")
        first = await someone.send("POST", f"/codebases/{codebase_id}/rescan", 202)
        await app.work(first["job"]["id"])
        assert "refused the deploy key" in (await someone.get(f"/jobs/{first['job']['id']}"))["error"]
        host.public_keys.add(public)
        second = await someone.send("POST", f"/codebases/{codebase_id}/rescan", 202)
        await app.work(second["job"]["id"])
        source = await someone.get(f"/codebases/{codebase_id}/git")
        assert (source["failure"], source["host_fingerprint"]) == ("", host.host_key.get_fingerprint())
        assert "seen for the first time" in await log_of(someone, first["job"]["id"])
        assert "PRIVATE KEY" not in json.dumps([added, source])
    async with ssh_git_host(tmp_path / "served") as other:
        other.public_keys.add(public)
        moved = await someone.send(
            "PATCH",
            f"/codebases/{codebase_id}/git",
            200,
            json={
                "url": other.address("shop/.git"),
                "credentials": {"kind": "deploy_key"},
                "host_key": host.host_key.get_fingerprint(),
            },
        )
        assert moved["public_key"] != public
        third = await someone.send("POST", f"/codebases/{codebase_id}/rescan", 202)
        await app.work(third["job"]["id"])
        assert "another host key" in (await someone.get(f"/jobs/{third['job']['id']}"))["error"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "file:///etc"}, "url"),
        ({"url": "https://ada:word@example.org/x.git"}, "url"),
        ({"url": "https://example.org/x.git", "branch": "a..b"}, "branch"),
        ({"url": "https://example.org/x.git", "branch": "--upload-pack=id"}, "branch"),
        ({"url": "https://example.org/x.git", "branch": "main:refs/heads/x"}, "branch"),
        ({"url": "https://example.org/x.git", "subfolder": "../x"}, "subfolder"),
        ({"url": "https://example.org/x.git", "credentials": {"kind": "token", "token": "a\nb"}}, "token"),
        ({"url": "https://example.org/x.git", "credentials": {"kind": "token"}}, "token"),
        ({"url": "https://example.org/x.git", "credentials": {"kind": "deploy_key"}}, "credentials"),
        ({"url": "git@example.org:x.git"}, "credentials"),
        (
            {"url": "git@example.org:x.git", "credentials": {"kind": "deploy_key", "private_key": "no"}},
            "private_key",
        ),
        ({"url": "git@example.org:x.git", "credentials": {"kind": "deploy_key"}, "host_key": "no"}, "host_key"),
        ({"url": "https://example.org/x.git", "schedule": {"cron": "every day"}}, "cron"),
        ({"url": "https://example.org/x.git", "schedule": {"cron": "0 3 * * *", "timezone": "Mars"}}, "timezone"),
    ],
)
async def test_invalid_input_is_named(app: AppFixture, given: dict[str, Any], field: str) -> None:
    someone = await app.person()
    refused = await add(someone, status=422, **given)
    assert [error["field"] for error in refused["errors"]] == [field]
    assert (await someone.get(f"/projects/{someone.project['id']}/codebases"))["items"] == []


async def test_private_addresses_are_refused(app: AppFixture, host: HttpGitHost, monkeypatch: Any) -> None:
    monkeypatch.setattr(app.server.settings, "allow_loopback", False)
    someone = await app.person()
    added = await add(someone, f"{host.url}/shop/.git")
    await app.work(added["job"]["id"])
    assert "not allowed" in (await someone.get(f"/jobs/{added['job']['id']}"))["error"]
    assert host.requests == []


async def test_schedule_scans_only_new_commits(app: AppFixture, host: HttpGitHost, repository: GitRepository) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, f"{host.url}/shop/.git", schedule={"cron": "0 * * * *"})
    path = f"/codebases/{codebase['id']}"
    next_at = (await someone.get(f"{path}/git"))["schedule"]["next_at"]
    await git_schedules.tick(app.server.context, now())
    assert (await someone.get(path))["job_id"] == codebase["job_id"]
    # Two workers tick at once, two hours later: one job.
    later = now() + timedelta(hours=2)
    await asyncio.gather(*(git_schedules.tick(app.server.context, later) for _ in range(2)))
    assert len(await jobs_of(app, codebase["id"])) == 2
    second = (await someone.get(path))["job_id"]
    await app.work(second)
    assert "has been scanned already" in await log_of(someone, second)
    after = await someone.get(path)
    assert (after["state"], after["scan"]["id"]) == ("completed", codebase["scan"]["id"])
    assert (await someone.get(f"{path}/git"))["schedule"]["next_at"] > next_at
    new = repository.commit("Find users", app__users_dot_py=PYTHON)
    await git_schedules.tick(app.server.context, later + timedelta(hours=2))
    await app.work((await someone.get(path))["job_id"])
    assert (await someone.get(path))["scan"]["commit"]["id"] == new
    await someone.send("PATCH", f"{path}/git", 200, json={"schedule": None})
    await git_schedules.tick(app.server.context, later + timedelta(days=2))
    assert len(await jobs_of(app, codebase["id"])) == 3


async def jobs_of(app: AppFixture, codebase_id: str) -> list[str]:
    async with app.server.database.transaction() as db:
        query = text("SELECT id FROM jobs WHERE codebase_id = :id ORDER BY id")
        return [str(row.id) for row in (await db.execute(query, {"id": uuid.UUID(codebase_id)})).all()]


async def hook(
    client: httpx.AsyncClient, codebase_id: str, secret: str, commit: str, branch: str = "main", event: str = "push"
) -> httpx.Response:
    """Send a webhook as GitHub does."""
    payload = {"ref": f"refs/heads/{branch}", "after": commit, "repository": {"default_branch": "main"}}
    body = json.dumps(payload).encode()
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-github-event": event, "x-hub-signature-256": signature, "content-type": "application/json"}
    return await client.post(f"/api/v1/hooks/codebases/{codebase_id}", content=body, headers=headers)


@pytest.fixture
def without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_hooks, "PAUSE", timedelta(0))


@pytest.mark.usefixtures("without_pause")
async def test_webhook_starts_one_scan_of_a_push(app: AppFixture, host: HttpGitHost, repository: GitRepository) -> None:
    someone, stranger = await app.person(), await app.stranger()
    codebase = await scanned(app, someone, f"{host.url}/shop/.git")
    created = await someone.send("POST", f"/codebases/{codebase['id']}/git/webhook", 201)
    assert created["url"] == f"https://headwater.test/api/v1/hooks/codebases/{codebase['id']}"
    secret = created["secret"]
    shown = await someone.get(f"/codebases/{codebase['id']}/git")
    assert shown["webhook"] and secret not in json.dumps(shown)
    assert (await hook(stranger, codebase["id"], secret, "", event="ping")).json()["outcome"] == "ignored"
    old = codebase["scan"]["commit"]["id"]
    assert (await hook(stranger, codebase["id"], secret, old)).json()["outcome"] == "unchanged"
    assert (await hook(stranger, codebase["id"], secret, "f" * 40, branch="dev")).json()["outcome"] == "ignored"
    assert (await hook(stranger, codebase["id"], secret, "0" * 40)).json()["outcome"] == "ignored"
    new = repository.commit("Find users", app__users_dot_py=PYTHON)
    answers = await asyncio.gather(*(hook(stranger, codebase["id"], secret, new) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert sorted(answer.json()["outcome"] for answer in answers) == ["started", "waiting", "waiting"]
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert len(await jobs_of(app, codebase["id"])) == 2
    await app.work(answers[0].json()["job_id"])
    assert (await someone.get(f"/codebases/{codebase['id']}"))["scan"]["commit"]["id"] == new
    # The same requests again start nothing.
    assert (await hook(stranger, codebase["id"], secret, new)).json()["outcome"] == "unchanged"


async def test_wrong_signatures_are_told_nothing(app: AppFixture, host: HttpGitHost) -> None:
    someone, stranger = await app.person(), await app.stranger()
    added = await add(someone, f"{host.url}/shop/.git")
    codebase_id = added["codebase"]["id"]
    without = await hook(stranger, codebase_id, "", "f" * 40)
    secret = (await someone.send("POST", f"/codebases/{codebase_id}/git/webhook", 201))["secret"]
    wrong = await hook(stranger, codebase_id, secret[:-1] + ("0" if secret[-1] != "0" else "1"), "f" * 40)
    nobody = await hook(stranger, str(new_id()), secret, "f" * 40)
    unsigned = await stranger.post(f"/api/v1/hooks/codebases/{codebase_id}", content=b"{}")
    answers = [without, wrong, nobody, unsigned]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert len({answer.json().get("hint") for answer in answers}) == 1
    assert (await hook(stranger, codebase_id, secret, "f" * 40)).status_code == 202
    await someone.send("DELETE", f"/codebases/{codebase_id}/git/webhook", 204)
    assert (await hook(stranger, codebase_id, secret, "f" * 40)).status_code == 401
    await app.work(added["job"]["id"])


async def test_push_during_a_scan_is_scanned_after_it(
    app: AppFixture, host: HttpGitHost, repository: GitRepository
) -> None:
    someone, stranger = await app.person(), await app.stranger()
    added = await add(someone, f"{host.url}/shop/.git")
    codebase_id = added["codebase"]["id"]
    secret = (await someone.send("POST", f"/codebases/{codebase_id}/git/webhook", 201))["secret"]
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE jobs SET state = 'running' WHERE id = :id"), {"id": added["job"]["id"]})
    for _ in range(2):
        assert (await hook(stranger, codebase_id, secret, "f" * 40)).json()["outcome"] == "waiting"
    await git_schedules.tick(app.server.context)
    assert len(await jobs_of(app, codebase_id)) == 1
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE jobs SET state = 'pending' WHERE id = :id"), {"id": added["job"]["id"]})
    await app.work(added["job"]["id"])
    await git_schedules.tick(app.server.context)
    await git_schedules.tick(app.server.context)
    second = (await jobs_of(app, codebase_id))[1:]
    assert len(second) == 1
    await app.work(second[0])
    assert "has been scanned already" in await log_of(someone, second[0])
    # A flood of recorded requests right after that waits for a tick, and is one job again.
    for _ in range(3):
        assert (await hook(stranger, codebase_id, secret, "e" * 40)).json()["outcome"] == "waiting"
    await git_schedules.tick(app.server.context)
    jobs = await jobs_of(app, codebase_id)
    assert len(jobs) == 3
    await app.work(jobs[2])


async def test_folder_of_a_killed_worker_is_deleted(app: AppFixture, host: HttpGitHost) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, f"{host.url}/shop/.git")
    left = git_scans.folder(app.server.settings) / f"{codebase['job_id']}.{new_id()}"
    left.mkdir()
    (left / "pack").write_bytes(b"x")
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE jobs SET state = 'running' WHERE id = :id"), {"id": codebase["job_id"]})
    await git_schedules.delete_left_folders(app.server.context)
    assert left.exists()
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE jobs SET state = 'pending' WHERE id = :id"), {"id": codebase["job_id"]})
    await app.work(codebase["job_id"])
    assert not left.exists()
    left.mkdir()
    await git_schedules.delete_left_folders(app.server.context)
    assert not left.exists()


async def test_rotation_of_the_master_key_keeps_secrets(app: AppFixture, host: HttpGitHost) -> None:
    host.token = TOKEN
    someone, stranger = await app.person(), await app.stranger()
    added = await add(someone, f"{host.url}/shop/.git", credentials={"kind": "token", "token": TOKEN})
    codebase_id = added["codebase"]["id"]
    secret = (await someone.send("POST", f"/codebases/{codebase_id}/git/webhook", 201))["secret"]
    # To another key and back: the home and the store serve other tests too.
    current, other = master_keys.read(app.server.settings.home_folder)[0], "another master key of thirty-two or more"
    for cipher in (SecretCipher(other, [current]), SecretCipher(current, [other])):
        context = SimpleNamespace(store=app.server.database, cipher=cipher)
        await key_rotation.encrypt_anew(cast(Context, context))
        assert {key_id_of(sealed) for sealed in await sealed_of(app, codebase_id)} == {cipher.key_id}
    await app.work(added["job"]["id"])
    assert (await someone.get(f"/codebases/{codebase_id}"))["state"] == "completed"
    assert (await hook(stranger, codebase_id, secret, "f" * 40)).status_code == 202


async def sealed_of(app: AppFixture, codebase_id: str) -> list[bytes]:
    query = "SELECT sealed_secret, sealed_webhook_secret FROM git_sources WHERE codebase_id = :id"
    async with app.server.database.transaction() as db:
        return list((await db.execute(text(query), {"id": codebase_id})).one())


async def test_upload_has_no_repository(app: AppFixture) -> None:
    someone = await app.person()
    files = {"file": ("a.sql", b"CREATE TABLE t (id int);")}
    uploaded = await someone.send("POST", f"/projects/{someone.project['id']}/codebases", 422, files=files)
    assert "neither" in uploaded["detail"]

"""What version 0.1.0 left behind opens: its store, its key files and its vault.

`fixtures/home-0.1.0` was written by the server at commit 05d3f8b: an account, the sample project, a SQLite database with
three rows, and a snapshot of it. `store.dump` is its store by `pg_dump -Fc`, without the rows of scans.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from fastapi import FastAPI

from conftest import opened, settings_of
from headwater.engines.postgresql.binaries import binaries
from headwater.features.databases import repository
from headwater.store import migrations
from headwater.store.embedded import EmbeddedServer
from people import AppFixture, Person

WRITTEN = Path(__file__).parent / "fixtures" / "home-0.1.0"
ROWS = [["1", "Rivers", "9.5"], ["2", "Stones", None], ["3", "Ünïcode ☂", "0.25"]]


@pytest.fixture
async def upgraded(store: EmbeddedServer, application: FastAPI, tmp_path: Path) -> AsyncIterator[AppFixture]:
    """A server of today on the home of 0.1.0."""
    home, name = tmp_path / "home", f"old_{uuid.uuid4().hex[:8]}"
    shutil.copytree(WRITTEN, home)
    (home / "store.dump").unlink()
    for key in home.glob("*.key"):
        key.chmod(0o600)
    with psycopg.connect(store.cluster.url("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER headwater")
        url = store.cluster.url(database=name)
        restore = [binaries() / "pg_restore", "--no-owner", "--exit-on-error", "-d", url, WRITTEN / "store.dump"]
        subprocess.run(restore, check=True, capture_output=True)
        migrations.upgrade(url)
        async with opened(settings_of(home, url), url, application) as app:
            yield app
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def ines(upgraded: AppFixture) -> Person:
    """The account of 0.1.0, signed in by its password."""
    client = await upgraded.stranger()
    entered = {"email": "ines@marlowfinch.example", "password": "a river runs over stones"}
    answer = await client.post("/api/v1/auth/login", json=entered)
    assert answer.status_code == 200, answer.text
    client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    return Person(entered["email"], client, answer.json())


async def test_accounts_databases_and_jobs_are_there(ines: Person) -> None:
    (project,) = (await ines.get("/projects"))["items"]
    (database,) = (await ines.get(f"/projects/{project['id']}/databases"))["items"]
    assert (project["name"], database["name"], database["engine"]) == ("Bookshop sample", "shop", "sqlite")
    jobs = (await ines.get("/jobs"))["items"]
    assert {(job["kind"], job["state"]) for job in jobs} == {
        ("snapshot.take", "completed"),
        ("codebase.scan", "completed"),
    }


async def test_secrets_decrypt_with_the_key_file(upgraded: AppFixture, ines: Person) -> None:
    (project,) = (await ines.get("/projects"))["items"]
    (database,) = (await ines.get(f"/projects/{project['id']}/databases"))["items"]
    async with upgraded.server.database.transaction() as db:
        row = await repository.get(db, uuid.UUID(database["id"]))
        assert row is not None
        sealed = await repository.secrets(db, row.id)
    password = upgraded.server.context.cipher.decrypt(sealed["password"], row.organization_id, row.id, "password")
    assert len(password) >= 24


async def test_snapshots_are_read_from_the_vault(ines: Person) -> None:
    (project,) = (await ines.get("/projects"))["items"]
    (database,) = (await ines.get(f"/projects/{project['id']}/databases"))["items"]
    (snapshot,) = (await ines.get(f"/databases/{database['id']}/snapshots"))["items"]
    assert (snapshot["label"], snapshot["status"], snapshot["rows"]) == ("Written by 0.1.0", "complete", 3)
    page = await ines.get(f"/snapshots/{snapshot['id']}/tables/book/rows")
    assert [[None if cell is None else str(cell) for cell in row] for row in page["rows"]] == ROWS

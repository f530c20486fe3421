"""What version 0.1.0 left behind opens: its store, its key files and its vault."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from app_fixtures import opened
from headwater.features.databases import repository
from headwater.kit.settings import Settings
from people import AppFixture, Person

ROWS = [["1", "Rivers", "9.5"], ["2", "Stones", None], ["3", "Ünïcode ☂", "0.25"]]


@pytest.fixture
async def upgraded(old_home: Settings, application: FastAPI) -> AsyncIterator[AppFixture]:
    """A server of today on the home of 0.1.0."""
    assert old_home.database_url
    async with opened(old_home, old_home.database_url.get_secret_value(), application) as app:
        yield app


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

"""Databases over HTTP: the stranger, the neighbour, then the whole life of one; connections over every kind of way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncssh
import psycopg
import pytest
from sqlalchemy import text

from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.kit.network.ssh import text_of
from headwater.store.embedded import EmbeddedServer
from people import AppFixture, Person

CANARY = "c4n4ry-passw0rd"


async def create(person: Person, name: str, **given: Any) -> dict[str, Any]:
    place = f"/projects/{person.project['id']}/databases"
    return await person.send("POST", place, 201, json={"name": name, **given}, params={"wait": 30})


async def run(person: Person, database: dict[str, Any], sql: str, **given: Any) -> dict[str, Any]:
    return await person.send("POST", f"/databases/{database['id']}/query", 200, json={"text": sql, **given})


async def test_strangers_and_neighbours_see_nothing(app: AppFixture, keeper: Supervisor) -> None:
    owner, neighbour = await app.person("owner"), await app.person("neighbour")
    made = await create(owner, "mine")
    stranger = await app.stranger()
    for path in ("", "/schema", "/metrics", "/runs", "/sessions"):
        assert (await stranger.get(f"/api/v1/databases/{made['id']}{path}")).status_code == 401
        assert (await neighbour.client.get(f"/api/v1/databases/{made['id']}{path}")).status_code == 404
    body = {"text": "DROP TABLE t"}
    for path in ("query", "export", "explain", "credentials"):
        answer = await neighbour.client.post(f"/api/v1/databases/{made['id']}/{path}", json=body)
        assert answer.status_code == 404


async def test_a_whole_life(app: AppFixture, keeper: Supervisor) -> None:
    owner = await app.person("owner")
    made = await create(owner, "shop")
    assert made["state"] == "running"
    answer = await run(owner, made, "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2); TABLE t")
    assert answer["results"][2]["rows"] == [[1], [2]]
    assert (await owner.get(f"/databases/{made['id']}/schema"))["relations"][0]["name"] == "t"

    place = f"/databases/{made['id']}"
    asleep = await owner.send("PUT", f"{place}/desired", 200, json={"state": "asleep"})
    assert asleep["state"] == "asleep"
    assert (await run(owner, made, "SELECT count(*) FROM t"))["results"][0]["rows"] == [[2]], "it woke"
    assert (await owner.get(place))["state"] == "running"

    stopped = await owner.send("PUT", f"{place}/desired", 200, json={"state": "stopped"})
    assert stopped["state"] == "stopped"
    refused = await owner.client.post(f"/api/v1{place}/query", json={"text": "SELECT 1"})
    assert (refused.status_code, refused.json()["hint"]) == (409, "Start it first.")
    assert (await owner.send("PUT", f"{place}/desired", 200, json={"state": "running"}))["state"] == "running"

    await owner.send("DELETE", place, 204)
    assert (await owner.client.post(f"/api/v1{place}/query", json={"text": "SELECT 1"})).status_code == 404
    listed = await owner.get(f"/projects/{owner.project['id']}/databases", deleted="true")
    assert [row["name"] for row in listed["items"]] == ["shop"]
    await owner.send("POST", f"{place}/deletion/undo", 200)
    assert (await run(owner, made, "SELECT count(*) FROM t"))["results"][0]["rows"] == [[2]]

    await owner.send("PATCH", place, 200, json={"protected": True})
    assert (await owner.client.delete(f"/api/v1{place}")).status_code == 409
    await owner.send("PATCH", place, 200, json={"protected": False})
    await owner.send("DELETE", place, 204)
    await owner.send("POST", f"{place}/deletion/complete", 204)
    folder = app.server.settings.home_folder / "databases" / made["id"]
    for _ in range(1_000):
        if not folder.exists() and (await owner.client.get(f"/api/v1{place}")).status_code == 404:
            break
        await keeper.notify(uuid.UUID(made["id"]))
        await asyncio.sleep(0.1)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", "Shop", "1st", "a b", "x" * 60, "drop;", "ünï", "../x"])
async def test_names_that_cannot_be(app: AppFixture, keeper: Supervisor, name: str) -> None:
    owner = await app.person("owner")
    answer = await owner.client.post(f"/api/v1/projects/{owner.project['id']}/databases", json={"name": name})
    assert answer.status_code == 422


async def test_a_name_is_taken_once_in_a_project_and_routes_are_apart(app: AppFixture, keeper: Supervisor) -> None:
    one, two = await app.person("one"), await app.person("two")
    first = await create(one, "twin")
    answer = await one.client.post(f"/api/v1/projects/{one.project['id']}/databases", json={"name": "twin"})
    assert answer.status_code == 409
    second = await create(two, "twin")
    urls = [
        (await person.send("POST", f"/databases/{made['id']}/credentials", 200))["database"]
        for person, made in ((one, first), (two, second))
    ]
    assert len(set(urls)) == 2


async def test_an_engine_or_version_that_is_not_here(app: AppFixture, keeper: Supervisor) -> None:
    owner = await app.person("owner")
    place = f"/api/v1/projects/{owner.project['id']}/databases"
    answer = await owner.client.post(place, json={"name": "x", "engine": "postgres"})
    assert (answer.status_code, answer.json()["hint"]) == (422, "Did you mean postgresql?")
    failed = await create(owner, "old", options={"version": "9"})
    assert failed["state"] == "failed"
    assert "9 is not installed" in failed["state_reason"]


async def test_viewers_read_and_do_not_write(app: AppFixture, keeper: Supervisor) -> None:
    owner, viewer = await app.person("owner"), await app.person("viewer")
    made = await create(owner, "shown")
    await run(owner, made, "CREATE TABLE t AS SELECT 1 AS a")
    place = f"/organizations/{owner.organization}/members"
    await owner.send("POST", place, 201, json={"email": viewer.email, "role": "viewer"})
    assert (await run(viewer, made, "SELECT * FROM t"))["results"][0]["rows"] == [[1]]
    for attempt in ("DELETE FROM t", "COMMIT; DELETE FROM t", "SELECT 1; DROP TABLE t", "SET ROLE postgres"):
        assert (await run(viewer, made, attempt))["error"], attempt
    assert (await viewer.client.post(f"/api/v1/databases/{made['id']}/credentials")).status_code == 403
    await owner.send("PATCH", f"/databases/{made['id']}", 200, json={"protected": True})
    refused = await run(viewer, made, "DELETE FROM t")
    assert "read-only" in refused["error"]["message"], "a viewer's yes would lift nothing"
    assert (await run(owner, made, "SELECT count(*) FROM t"))["results"][0]["rows"] == [[1]]


async def test_a_protected_database_asks_first(app: AppFixture, keeper: Supervisor) -> None:
    owner = await app.person("owner")
    made = await create(owner, "guarded", protected=True)
    place = f"/api/v1/databases/{made['id']}/query"
    asked = await owner.client.post(place, json={"text": "CREATE TABLE t (a int)"})
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation_needed")
    assert (await run(owner, made, "SELECT 1"))["error"] is None
    assert (await run(owner, made, "CREATE TABLE t (a int)", confirmed=True))["error"] is None


class Door(asyncssh.SSHServer):
    """Lets one user in with a password and forwards."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == CANARY

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True


@pytest.fixture
async def ssh_host() -> AsyncIterator[tuple[int, str]]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[key])
    yield server.get_port(), text_of(key)
    server.close()
    await server.wait_closed()


@pytest.fixture
def far(store: EmbeddedServer) -> Any:
    """A PostgreSQL elsewhere: the machine's own on its standard port, with a role that has a password."""
    try:
        with psycopg.connect("host=127.0.0.1 user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS far_away WITH (FORCE)")
            connection.execute("CREATE DATABASE far_away")
            with contextlib.suppress(psycopg.errors.DuplicateObject):
                connection.execute("CREATE ROLE far_user LOGIN")
            connection.execute(f"ALTER ROLE far_user PASSWORD '{CANARY}'")
    except psycopg.OperationalError:
        if os.environ.get("HEADWATER_TEST_REQUIRE") == "all":
            raise
        pytest.skip("no PostgreSQL answers on 127.0.0.1:5432")
    yield f"postgresql://far_user:{CANARY}@127.0.0.1:5432/far_away"
    with psycopg.connect("host=127.0.0.1 user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE far_away WITH (FORCE)")


async def test_the_agent_of_this_machine_is_the_administrators(app: AppFixture, keeper: Supervisor) -> None:
    person = await app.person("ines")
    for ssh in ({"use_agent": True}, {"password": "x", "jump": {"host": "j", "user": "j", "use_agent": True}}):
        body = {"url": "postgresql://a@b/c", "ssh": {"host": "bastion", "user": "ines", **ssh}}
        place = f"/projects/{person.project['id']}/connections/test"
        refused = await person.send("POST", place, 422, json=body)
        assert "administrator" in str(refused)


async def test_connected_over_ssh_with_a_pinned_key(
    app: AppFixture, keeper: Supervisor, ssh_host: tuple[int, str], far: str
) -> None:
    owner = await app.person("owner")
    port, key = ssh_host
    ssh = {"host": "127.0.0.1", "port": port, "user": "ines", "password": CANARY}
    place = f"/projects/{owner.project['id']}/connections"
    unknown = await owner.send("POST", f"{place}/test", 200, json={"url": far, "ssh": ssh})
    assert (unknown["ok"], unknown["code"], unknown["host_key"]) == (False, "host_key_unknown", key)
    tried = await owner.send("POST", f"{place}/test", 200, json={"url": far, "ssh": ssh | {"host_key": key}})
    assert tried["ok"], tried
    body = {"name": "far", "connection": {"url": far, "ssh": ssh | {"host_key": key}}}
    made = await owner.send("POST", place, 201, json=body)
    assert made["state"] == "connected"
    assert made["connection"]["ssh"] == f"ines@127.0.0.1:{port}"
    answer = await run(owner, made, "SELECT current_user, inet_server_port()")
    assert answer["results"][0]["rows"] == [["far_user", 5432]]
    assert (await owner.send("POST", f"/databases/{made['id']}/test", 200))["ok"]
    shown = await owner.client.get(f"/api/v1/databases/{made['id']}")
    assert CANARY not in shown.text
    async with app.server.database.transaction() as db:
        query = "SELECT string_agg(d::text, '') || (SELECT string_agg(s::text, '') FROM database_secrets s) FROM databases d"
        assert CANARY not in str((await db.execute(text(query))).scalar_one())
        assert CANARY not in str(
            (await db.execute(text("SELECT string_agg(a::text, '') FROM audit_entries a"))).scalar_one()
        )


@pytest.mark.parametrize(
    ("connection", "sentence"),
    [
        ({"url": "postgresql://u:p@127.0.0.1:1/x"}, "Nothing is listening"),
        ({"url": "postgresql://u:p@no-such-host.invalid/x"}, "could not be resolved"),
        ({"url": "postgresql://u:p@169.254.169.254/x"}, "not allowed"),
        ({"url": "postgresql://u:p@10.0.0.1/x"}, "not allowed"),
        ({"engine": "postgresql", "host": "/var/run/postgresql", "user": "postgres"}, "Name one host"),
        ({"engine": "postgresql", "host": "a,b", "user": "postgres"}, "Name one host"),
        ({"url": "postgresql://u@db.example.org/x?passfile=/etc/passwd"}, "cannot be set"),
        ({"url": "postgresql://u@db.example.org/x?service=x"}, "cannot be set"),
        ({"url": "nonsense"}, "not a database URL"),
        ({"url": "oracle://u@db.example.org/x"}, "No installed engine"),
        ({"url": "postgresql://u@db.example.org:99999/x"}, "port"),
        ({"url": "postgresql://u@db.example.org/x?sslmode=maybe"}, "not a TLS mode"),
        ({"url": "postgresql://u@8.8.8.8/x", "tls": {"ca": "nonsense"}}, "not a certificate"),
    ],
)
async def test_what_cannot_be_connected_says_why(app: AppFixture, connection: dict, sentence: str) -> None:
    owner = await app.person("owner")
    place = f"/api/v1/projects/{owner.project['id']}/connections"
    for path, body in (("/test", connection), ("", {"name": "x", "connection": connection})):
        answer = await owner.client.post(place + path, json=body)
        assert answer.status_code < 500, answer.text
        assert sentence in answer.text
    listed = await owner.get(f"/projects/{owner.project['id']}/databases")
    assert listed["items"] == []

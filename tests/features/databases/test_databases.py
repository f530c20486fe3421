"""Databases over HTTP: access rights, the whole life cycle, and connections over every kind of route."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
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
    path = f"/projects/{person.project['id']}/databases"
    return await person.send("POST", path, 201, json={"name": name, **given}, params={"wait": 30})


async def run(person: Person, database: dict[str, Any], sql: str, **given: Any) -> dict[str, Any]:
    return await person.send("POST", f"/databases/{database['id']}/query", 200, json={"text": sql, **given})


async def test_databases_are_hidden_from_strangers_and_other_organizations(
    app: AppFixture, supervisor: Supervisor
) -> None:
    owner, neighbour = await app.person("owner"), await app.person("neighbour")
    database = await create(owner, "mine")
    stranger = await app.stranger()
    for path in ("", "/schema", "/metrics", "/runs", "/sessions"):
        assert (await stranger.get(f"/api/v1/databases/{database['id']}{path}")).status_code == 401
        assert (await neighbour.client.get(f"/api/v1/databases/{database['id']}{path}")).status_code == 404
    body = {"text": "DROP TABLE t"}
    for path in ("query", "export", "explain", "credentials"):
        answer = await neighbour.client.post(f"/api/v1/databases/{database['id']}/{path}", json=body)
        assert answer.status_code == 404


async def test_database_life_cycle(app: AppFixture, supervisor: Supervisor) -> None:
    owner = await app.person("owner")
    database = await create(owner, "shop")
    assert database["state"] == "running"
    answer = await run(owner, database, "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2); TABLE t")
    assert answer["results"][2]["rows"] == [[1], [2]]
    assert (await owner.get(f"/databases/{database['id']}/schema"))["relations"][0]["name"] == "t"

    path = f"/databases/{database['id']}"
    asleep = await owner.send("PUT", f"{path}/desired", 200, json={"state": "asleep"})
    assert asleep["state"] == "asleep"
    assert (await run(owner, database, "SELECT count(*) FROM t"))["results"][0]["rows"] == [[2]], "it woke"
    assert (await owner.get(path))["state"] == "running"

    stopped = await owner.send("PUT", f"{path}/desired", 200, json={"state": "stopped"})
    assert stopped["state"] == "stopped"
    refused = await owner.client.post(f"/api/v1{path}/query", json={"text": "SELECT 1"})
    assert (refused.status_code, refused.json()["hint"]) == (409, "Start it first.")
    assert (await owner.send("PUT", f"{path}/desired", 200, json={"state": "running"}))["state"] == "running"

    await owner.send("DELETE", path, 204)
    assert (await owner.client.post(f"/api/v1{path}/query", json={"text": "SELECT 1"})).status_code == 404
    listed = await owner.get(f"/projects/{owner.project['id']}/databases", deleted="true")
    assert [row["name"] for row in listed["items"]] == ["shop"]
    await owner.send("POST", f"{path}/deletion/undo", 200)
    assert (await run(owner, database, "SELECT count(*) FROM t"))["results"][0]["rows"] == [[2]]

    await owner.send("PATCH", path, 200, json={"protected": True})
    assert (await owner.client.delete(f"/api/v1{path}")).status_code == 409
    await owner.send("PATCH", path, 200, json={"protected": False})
    await owner.send("DELETE", path, 204)
    await owner.send("POST", f"{path}/deletion/complete", 204)
    folder = app.server.settings.home_folder / "databases" / database["id"]
    for _ in range(1_000):
        if not folder.exists() and (await owner.client.get(f"/api/v1{path}")).status_code == 404:
            break
        await supervisor.notify(uuid.UUID(database["id"]))
        await asyncio.sleep(0.1)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", "Shop", "1st", "a b", "x" * 60, "drop;", "ünï", "../x"])
async def test_create_rejects_invalid_names(app: AppFixture, supervisor: Supervisor, name: str) -> None:
    owner = await app.person("owner")
    answer = await owner.client.post(f"/api/v1/projects/{owner.project['id']}/databases", json={"name": name})
    assert answer.status_code == 422
    assert "Use a lowercase letter" in answer.json()["detail"], answer.json()


async def test_names_are_unique_in_a_project_and_routes_are_unique(app: AppFixture, supervisor: Supervisor) -> None:
    first_user, second_user = await app.person("one"), await app.person("two")
    first = await create(first_user, "twin")
    answer = await first_user.client.post(
        f"/api/v1/projects/{first_user.project['id']}/databases", json={"name": "twin"}
    )
    assert answer.status_code == 409
    second = await create(second_user, "twin")
    urls = [
        (await person.send("POST", f"/databases/{database['id']}/credentials", 200))["database"]
        for person, database in ((first_user, first), (second_user, second))
    ]
    assert len(set(urls)) == 2


async def test_create_reports_unknown_engine_or_version(app: AppFixture, supervisor: Supervisor) -> None:
    owner = await app.person("owner")
    path = f"/api/v1/projects/{owner.project['id']}/databases"
    answer = await owner.client.post(path, json={"name": "x", "engine": "postgres"})
    assert (answer.status_code, answer.json()["hint"]) == (422, "Did you mean postgresql?")
    for options, sentence in (
        ({"version": "9"}, "'9' is no value of Version. Choose one of "),
        ({"path": "/etc"}, "There is no option 'path'."),
    ):
        answer = await owner.client.post(path, json={"name": "x", "options": options})
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(sentence)


async def test_viewers_can_read_but_not_write(app: AppFixture, supervisor: Supervisor) -> None:
    owner, viewer = await app.person("owner"), await app.person("viewer")
    database = await create(owner, "shown")
    await run(owner, database, "CREATE TABLE t AS SELECT 1 AS a")
    await owner.invite(viewer, "viewer")
    assert (await run(viewer, database, "SELECT * FROM t"))["results"][0]["rows"] == [[1]]
    for attempt in ("DELETE FROM t", "COMMIT; DELETE FROM t", "SELECT 1; DROP TABLE t", "SET ROLE postgres"):
        assert (await run(viewer, database, attempt))["error"], attempt
    assert (await viewer.client.post(f"/api/v1/databases/{database['id']}/credentials")).status_code == 403
    await owner.send("PATCH", f"/databases/{database['id']}", 200, json={"protected": True})
    refused = await run(viewer, database, "DELETE FROM t")
    assert "read-only" in refused["error"]["message"], "a viewer's yes would lift nothing"
    assert (await run(owner, database, "SELECT count(*) FROM t"))["results"][0]["rows"] == [[1]]


async def test_tls_is_required_only_where_the_proxy_can_offer_it(app: AppFixture, supervisor: Supervisor) -> None:
    owner, member = await app.person("owner"), await app.person("member")
    await owner.invite(member, "member")
    database = await create(owner, "guarded")
    path = f"/databases/{database['id']}"
    assert database["tls_required"] is False
    refused = await owner.send("PATCH", path, 422, json={"tls_required": True})
    assert "HEADWATER_TLS_CERTIFICATE" in refused["hint"]
    app.server.settings.tls_certificate = Path("cert.pem")
    assert (await member.send("PATCH", path, 200, json={"tls_required": True}))["tls_required"] is True
    assert (await member.send("PATCH", path, 200, json={"name": "renamed"}))["tls_required"] is True
    assert "sslmode=require" in (await owner.send("POST", f"{path}/credentials", 200))["url"]
    await member.send("PATCH", path, 403, json={"tls_required": False})
    await owner.send("PATCH", path, 422, json={"tls_required": None})
    await owner.send("PATCH", path, 200, json={"tls_required": False})
    assert "sslmode" not in (await owner.send("POST", f"{path}/credentials", 200))["url"]
    app.server.settings.proxy_tls = "required"
    assert "sslmode=require" in (await owner.send("POST", f"{path}/credentials", 200))["url"]
    body = {"name": "file", "engine": "sqlite", "tls_required": True}
    refused = await owner.send("POST", f"/projects/{owner.project['id']}/databases", 422, json=body)
    assert "through the proxy" in str(refused)


async def test_protected_database_requires_confirmation(app: AppFixture, supervisor: Supervisor) -> None:
    owner = await app.person("owner")
    database = await create(owner, "guarded", protected=True)
    path = f"/api/v1/databases/{database['id']}/query"
    response = await owner.client.post(path, json={"text": "CREATE TABLE t (a int)"})
    assert (response.status_code, response.json()["code"]) == (409, "confirmation_needed")
    assert (await run(owner, database, "SELECT 1"))["error"] is None
    assert (await run(owner, database, "CREATE TABLE t (a int)", confirmed=True))["error"] is None


class Door(asyncssh.SSHServer):
    """An SSH server that accepts one password and forwards connections."""

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
    """A connected PostgreSQL: the machine's own on its standard port, with a role that has a password."""
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


async def test_ssh_agent_requires_administrator(app: AppFixture, supervisor: Supervisor) -> None:
    person = await app.person("ines")
    for ssh in ({"use_agent": True}, {"password": "x", "jump": {"host": "j", "user": "j", "use_agent": True}}):
        body = {"url": "postgresql://a@b/c", "ssh": {"host": "bastion", "user": "ines", **ssh}}
        path = f"/projects/{person.project['id']}/connections/test"
        refused = await person.send("POST", path, 422, json=body)
        assert "administrator" in str(refused)


async def test_connect_over_ssh_with_pinned_host_key(
    app: AppFixture, supervisor: Supervisor, ssh_host: tuple[int, str], far: str
) -> None:
    owner = await app.person("owner")
    port, key = ssh_host
    ssh = {"host": "127.0.0.1", "port": port, "user": "ines", "password": CANARY}
    path = f"/projects/{owner.project['id']}/connections"
    unknown = await owner.send("POST", f"{path}/test", 200, json={"url": far, "ssh": ssh})
    assert (unknown["ok"], unknown["code"], unknown["host_key"]) == (False, "host_key_unknown", key)
    tried = await owner.send("POST", f"{path}/test", 200, json={"url": far, "ssh": ssh | {"host_key": key}})
    assert tried["ok"], tried
    body = {"name": "far", "connection": {"url": far, "ssh": ssh | {"host_key": key}}}
    database = await owner.send("POST", path, 201, json=body)
    assert database["state"] == "connected"
    assert database["connection"]["ssh"] == f"ines@127.0.0.1:{port}"
    answer = await run(owner, database, "SELECT current_user, inet_server_port()")
    assert answer["results"][0]["rows"] == [["far_user", 5432]]
    assert (await owner.send("POST", f"/databases/{database['id']}/test", 200))["ok"]
    response = await owner.client.get(f"/api/v1/databases/{database['id']}")
    assert CANARY not in response.text
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
        ({"engine": "postgresql", "host": "/var/run/postgresql", "user": "postgres"}, "Enter one host"),
        ({"engine": "postgresql", "host": "a,b", "user": "postgres"}, "Enter one host"),
        ({"url": "postgresql://u@db.example.org/x?passfile=/etc/passwd"}, "cannot be set"),
        ({"url": "postgresql://u@db.example.org/x?service=x"}, "cannot be set"),
        ({"url": "nonsense"}, "not a database URL"),
        ({"url": "oracle://u@db.example.org/x"}, "No installed engine"),
        ({"url": "postgresql://u@db.example.org:99999/x"}, "port"),
        ({"url": "postgresql://u@db.example.org/x?sslmode=maybe"}, "not a TLS mode"),
        ({"url": "postgresql://u@8.8.8.8/x", "tls": {"ca": "nonsense"}}, "not a certificate"),
    ],
)
async def test_invalid_connections_report_the_reason(app: AppFixture, connection: dict, sentence: str) -> None:
    owner = await app.person("owner")
    url = f"/api/v1/projects/{owner.project['id']}/connections"
    for path, body in (("/test", connection), ("", {"name": "x", "connection": connection})):
        answer = await owner.client.post(url + path, json=body)
        assert answer.status_code < 500, answer.text
        assert sentence in answer.text
    listed = await owner.get(f"/projects/{owner.project['id']}/databases")
    assert listed["items"] == []

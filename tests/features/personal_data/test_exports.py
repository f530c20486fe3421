"""Exports of what is stored about a user."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from typing import Any

from clusters import Cluster
from headwater.features.personal_data.service import export_files, exports
from people import PASSWORD, AppFixture, Person


async def exported(app: AppFixture, person: Person) -> tuple[str, bytes]:
    """Export what is stored about a person; return the link and the file."""
    started = await person.send("POST", "/auth/exports", 202, json={})
    await app.work(started["id"])
    link = await person.send("POST", f"/auth/exports/{started['id']}/links", 201)
    answer = await (await app.stranger()).get(link["url"])
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    return link["url"], answer.content


def parts(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}


async def test_an_export_has_what_is_stored_and_no_secrets(app: AppFixture, cluster: Cluster) -> None:
    someone = await app.person()
    key = await someone.send("POST", "/keys", 201, json={"name": "ключ", "scopes": ["read"]})
    database = await someone.connected(cluster.clone())
    body = {"name": "mine", "text": "SELECT 'ü'", "database_id": database}
    await someone.send("POST", f"/projects/{someone.project['id']}/queries", 201, json=body)
    await someone.send("POST", f"/databases/{database}/query", 200, json={"text": "SELECT 42"})
    _, content = await exported(app, someone)
    files = parts(content)
    assert files["profile.json"][0]["email"] == someone.email
    assert files["memberships.json"][0]["role"] == "owner"
    assert files["api_keys.json"][0]["name"] == "ключ"
    assert files["saved_queries.json"][0]["text"] == "SELECT 'ü'"
    assert files["query_runs.json"][0]["text"] == "SELECT 42"
    assert {row["action"] for row in files["audit_entries.json"]} >= {"auth.signup", "key.create", "account.export"}
    assert files["second_factor.json"] == []
    assert len(files["sessions.json"]) == 1
    text = json.dumps(files)
    for secret in (key["secret"].rpartition("_")[2], "hash", "argon2", "sealed", PASSWORD):
        assert secret not in text, secret


async def test_only_the_user_gets_the_file(app: AppFixture) -> None:
    someone, neighbour = await app.person(), await app.person()
    await someone.invite(neighbour, "admin")
    url, _ = await exported(app, someone)
    export = (await someone.get("/auth/exports"))["items"][0]
    assert export["available"]
    await neighbour.send("POST", f"/auth/exports/{export['id']}/links", 404)
    assert (await neighbour.get("/auth/exports"))["items"] == []
    stranger = await app.stranger()
    for wrong in (
        url[:-2],
        url + "A",
        url.replace(url[30:34], "0000"),
        "/api/v1/personal-data/x.y",
        "/api/v1/personal-data/é",
    ):
        assert (await stranger.get(wrong)).status_code == 404, wrong
    other = uuid.UUID(neighbour.signed_in["user"]["id"]).hex
    token = url.rpartition("/")[2]
    assert (await stranger.get(f"/api/v1/personal-data/{token[:32]}{other}{token[64:]}")).status_code == 404


async def test_links_and_files_end(app: AppFixture, monkeypatch: Any) -> None:
    someone = await app.person()
    with monkeypatch.context() as patch:
        patch.setattr(exports, "LINK_LASTS", -exports.LINK_LASTS)
        started = await someone.send("POST", "/auth/exports", 202, json={})
        await app.work(started["id"])
        link = await someone.send("POST", f"/auth/exports/{started['id']}/links", 201)
    assert (await (await app.stranger()).get(link["url"])).status_code == 404, "expired"
    path = export_files.path_of(app.server.settings, uuid.UUID(started["id"]))
    assert path.stat().st_mode & 0o777 == 0o600
    later = path.stat().st_mtime + export_files.SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    export_files.remove_old(app.server.settings)
    assert not path.exists()
    await someone.send("POST", f"/auth/exports/{started['id']}/links", 409)


async def test_a_link_ends_with_the_account(app: AppFixture) -> None:
    someone = await app.person()
    url, _ = await exported(app, someone)
    await someone.send("POST", "/auth/deactivation", 204, json={})
    assert (await (await app.stranger()).get(url)).status_code == 404


async def test_one_export_at_a_time(app: AppFixture) -> None:
    someone = await app.person()
    await someone.send("POST", "/auth/exports", 202, json={})
    await someone.send("POST", "/auth/exports", 409, json={})
    await someone.send("POST", f"/auth/exports/{uuid.uuid4()}/links", 404)

"""The audit log: it can only grow, its chains name what was changed, its filters are served by indexes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from headwater.features.accounts.audit_filter import AuditFilter, AuditScope
from headwater.features.accounts.repository import audit as repository
from headwater.features.accounts.service import audit_chain, audit_export
from headwater.features.accounts.service.refusals import MAX_DIFFERENT, MAX_STRANGERS, RefusalLog
from headwater.kit.clock import now
from headwater.store import master_keys
from headwater.store.embedded import EmbeddedServer
from headwater.store.encryption import SecretCipher
from people import PASSWORD, AppFixture, Person


@pytest.fixture
async def admin(app: AppFixture) -> Person:
    """Somebody with an organization whose chain has some sealed entries."""
    someone = await app.person("auditor")
    for name in ("One", "Two", "Three", "Four"):
        await someone.send("POST", "/projects", 201, json={"name": name})
    await audit_chain.seal_all(app.server.context)
    return someone


async def report(someone: Person) -> dict[str, Any]:
    """Return the check of the organization of somebody."""
    chains = (await someone.get("/audit/verification"))["chains"]
    return next(chain for chain in chains if chain["organization_id"] == someone.organization)


def tamper(store: EmbeddedServer, statement: str, *values: object) -> None:
    """Run a statement as a superuser whom no trigger stops."""
    url = store.cluster.url("postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(statement, values).rowcount == 1


async def test_stranger_and_neighbour_see_nothing(app: AppFixture, admin: Person) -> None:
    for path in ("/audit", "/audit/export", "/audit/verification"):
        assert (await (await app.stranger()).get(f"/api/v1{path}")).status_code == 401
    neighbour = await app.person()
    seen = await neighbour.get("/audit", organization_id=admin.organization)
    assert seen["items"] == []
    assert all(row["actor"]["email"] == neighbour.email for row in (await neighbour.get("/audit"))["items"])
    checked = (await neighbour.get("/audit/verification"))["chains"]
    assert admin.organization not in {chain["organization_id"] for chain in checked}


async def test_viewer_of_an_organization_sees_only_own_entries(app: AppFixture, admin: Person) -> None:
    viewer = await app.person()
    await admin.invite(viewer, "viewer")
    assert (await viewer.get("/audit", organization_id=admin.organization))["items"] == []
    emails = {row["actor"]["email"] for row in (await viewer.get("/audit"))["items"]}
    assert emails == {viewer.email}


async def test_entries_cannot_be_changed_or_deleted(app: AppFixture, admin: Person) -> None:
    statements = (
        "UPDATE audit_entries SET actor_email = 'somebody else'",
        "UPDATE audit_entries SET position = 1, hash = '\\x00', ip = 'elsewhere' WHERE position IS NULL",
        "UPDATE audit_entries SET position = position + 1000000",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    )
    for statement in statements:
        with pytest.raises(DBAPIError, match="can only grow"):
            async with app.server.database.transaction() as db:
                await db.execute(
                    text(
                        "INSERT INTO audit_entries (id, actor_email, actor_kind, action, resource_kind, resource_id, resource_name, details, ip) VALUES (gen_random_uuid(), 'x', 'user', 'test.x', 'x', '', '', '{}', '')"
                    )
                )
                await db.execute(text(statement))


async def test_chain_is_intact_and_grows(app: AppFixture, admin: Person) -> None:
    before = await report(admin)
    assert before["broken"] is None and before["entries"] >= 5 and before["unsealed"] == 0
    await admin.send("POST", "/projects", 201, json={"name": "Five"})
    assert (await report(admin))["unsealed"] == 1
    newest = (await admin.get("/audit", action="project."))["items"][0]
    assert newest["position"] is None and newest["hash"] is None
    await audit_chain.seal_all(app.server.context)
    after = await report(admin)
    assert (after["last"], after["unsealed"], after["broken"]) == (before["last"] + 1, 0, None)
    newest = (await admin.get("/audit", action="project."))["items"][0]
    assert (newest["position"], newest["hash"]) == (after["last"], after["head"])
    known = {"position": before["last"], "hash": before["head"]}
    assert (await admin.get("/audit/verification", **known))["intact"]
    refused = await admin.client.get("/api/v1/audit/verification", params=known | {"hash": "0" * 64})
    assert refused.status_code == 400 and "expected hash" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ('UPDATE audit_entries SET details = \'{"name": "x"}\' WHERE id = %s', "changed"),
        ("UPDATE audit_entries SET actor_email = 'x@example.org' WHERE id = %s", "changed"),
        ("UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE id = %s", "changed"),
        ("UPDATE audit_entries SET outcome = 'failed' WHERE id = %s", "changed"),
        ("DELETE FROM audit_entries WHERE id = %s", "missing"),
    ],
)
async def test_what_a_superuser_alters_is_named(
    app: AppFixture, admin: Person, store: EmbeddedServer, statement: str, reason: str
) -> None:
    entry = (await admin.get("/audit", action="project.create"))["items"][2]
    tamper(store, statement, entry["id"])
    broken = (await report(admin))["broken"]
    assert broken["position"] == entry["position"] and reason in broken["reason"]
    assert broken["id"] == (None if reason == "missing" else entry["id"])
    assert not (await admin.get("/audit/verification"))["intact"]


async def test_end_of_a_chain_must_be_signed(app: AppFixture, admin: Person, store: EmbeddedServer) -> None:
    """Whoever can only write to the store cannot compute the chain again: the key of the signature is elsewhere."""
    last = (await admin.get("/audit", organization_id=admin.organization))["items"][0]
    previous = (await admin.get("/audit", organization_id=admin.organization))["items"][1]
    tamper(store, "DELETE FROM audit_entries WHERE id = %s", last["id"])
    assert "missing" in (await report(admin))["broken"]["reason"]
    tamper(
        store,
        "UPDATE audit_chains SET position = %s, hash = decode(%s, 'hex') WHERE id = %s",
        previous["position"],
        previous["hash"],
        admin.organization,
    )
    assert "not signed" in (await report(admin))["broken"]["reason"]


async def test_deleting_the_end_and_its_row_is_noticed(app: AppFixture, admin: Person, store: EmbeddedServer) -> None:
    tamper(store, "DELETE FROM audit_chains WHERE id = %s", admin.organization)
    assert "end of the chain is missing" in (await report(admin))["broken"]["reason"]


async def test_retention_removes_the_beginning_and_leaves_the_anchor(
    app: AppFixture, admin: Person, store: EmbeddedServer
) -> None:
    before = await report(admin)
    context = app.server.context
    assert await audit_chain.expire(context) == 0  # kept for ever by default
    old = (await admin.get("/audit", organization_id=admin.organization))["items"][2]
    await _make_older(app, admin, through=old["position"])
    context.settings.audit_days = 30
    try:
        assert await audit_chain.expire(context) >= old["position"]
    finally:
        context.settings.audit_days = 0
    after = await report(admin)
    assert after["broken"] is None
    assert (after["first"], after["last"], after["head"]) == (old["position"] + 1, before["last"], after["head"])
    await admin.send("POST", "/projects", 201, json={"name": "Later"})
    await audit_chain.seal_all(context)
    assert (await report(admin))["broken"] is None


async def _make_older(app: AppFixture, someone: Person, *, through: int) -> None:
    """Write the chain of an organization again, as if its first entries were made 40 days ago."""
    organization = uuid.UUID(someone.organization)
    async with app.server.database.transaction() as db:
        await db.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER append_only"))
        values = {"id": organization, "through": through}
        await db.execute(
            text(
                "UPDATE audit_entries SET at = at - interval '40 days' WHERE organization_id = :id AND position <= :through"
            ),
            values,
        )
        await db.execute(
            text("UPDATE audit_entries SET position = NULL, hash = NULL WHERE organization_id = :id"), values
        )
        await db.execute(text("DELETE FROM audit_chains WHERE id = :id"), values)
        await db.execute(text("ALTER TABLE audit_entries ENABLE TRIGGER append_only"))
    await audit_chain.seal_all(app.server.context)


async def test_filters(app: AppFixture, admin: Person) -> None:
    async def names(**query: Any) -> list[str]:
        rows = (await admin.get("/audit", organization_id=admin.organization, **query))["items"]
        return [row["resource"]["name"] for row in rows]

    assert await names(action="project.create") == ["Four", "Three", "Two", "One", "Work"]
    assert await names(action="project.create", person=admin.email.upper()) == ["Four", "Three", "Two", "One", "Work"]
    assert await names(person="nobody@example.org") == []
    assert await names(search="thr project") == ["Three"]
    assert await names(search="%' OR true") == []
    assert await names(outcome="failed") == []
    assert await names(since=(now() + timedelta(hours=1)).isoformat()) == []
    assert len(await names(until=(now() + timedelta(hours=1)).isoformat(), action="project.create")) == 5
    assert await names(until="0001-01-01T00:00:00Z") == []
    for number in ("0.5", "1767225600"):  # seconds or milliseconds: nobody can tell
        answer = await admin.client.get("/api/v1/audit", params={"until": number})
        assert answer.status_code == 422, answer.text
        assert "must be a time such as" in answer.json()["detail"]
    assert await names(database_id=str(uuid.uuid4())) == []
    page = await admin.get("/audit", action="project.create", limit=2)
    rest = await admin.get("/audit", action="project.create", limit=10, cursor=page["next"])
    assert [row["resource"]["name"] for row in page["items"] + rest["items"]] == ["Four", "Three", "Two", "One", "Work"]


async def test_door_key_and_request_are_recorded(app: AppFixture, admin: Person) -> None:
    created = await admin.send("POST", "/keys", 201, json={"name": "Deploy", "scopes": ["read", "write"]})
    client = await app.stranger(authorization=f"Bearer {created['secret']}")
    for agent, door in (("curl/8", "api"), ("headwater-cli/1.0", "cli")):
        headers = {"user-agent": agent, "x-request-id": f"request-{door}"}
        answer = await client.post("/api/v1/projects", json={"name": door}, headers=headers)
        assert answer.status_code == 201
        entry = (await admin.get("/audit", action="project.create"))["items"][0]
        assert (entry["door"], entry["actor"]["key_name"]) == (door, "Deploy")
        assert entry["request_id"] == f"request-{door}"


async def test_export_as_ndjson_can_be_verified_and_csv_holds_no_formula(app: AppFixture, admin: Person) -> None:
    await admin.send("POST", "/projects", 201, json={"name": '=HYPERLINK("http://evil.example","x")'})
    await audit_chain.seal_all(app.server.context)
    query = {"organization_id": admin.organization, "format": "ndjson"}
    exported = await admin.client.get("/api/v1/audit/export", params=query)
    assert exported.headers["content-type"] == "application/x-ndjson"
    entries = sorted(map(json.loads, exported.text.splitlines()), key=lambda entry: entry["position"] or 10**9)
    previous = audit_chain.START
    for entry in entries:
        if entry["position"] is None:
            assert entry["action"] == "audit.export"
            continue
        hashed = entry.pop("hash")
        previous = audit_chain.entry_hash(previous, entry)
        assert previous.hex() == hashed
    answer = await admin.client.get("/api/v1/audit/export", params=query | {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[0]["action"] == "audit.export"
    assert "'=HYPERLINK" in answer.text and {row["actor_email"] for row in rows} == {admin.email}


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_cells_that_a_spreadsheet_would_run_are_marked(value: str) -> None:
    assert audit_export.cell(value) == f"'{value}"


async def test_refusals_are_recorded_and_a_flood_of_them_is_counted(app: AppFixture, admin: Person) -> None:
    viewer = await app.person()
    await admin.invite(viewer, "viewer")
    for _ in range(40):
        await viewer.send("PATCH", f"/projects/{admin.project['id']}", 403, json={"name": "Mine"})
    refusals = app.server.context.service(RefusalLog)
    await refusals.write(app.server.context)
    entries = (await admin.get("/audit", action="request.refused", person=viewer.email))["items"]
    assert [entry["details"]["count"] for entry in entries] == [1]
    await refusals.write(app.server.context, is_last=True)
    entries = (await admin.get("/audit", action="request.refused", outcome="refused", person=viewer.email))["items"]
    assert [entry["details"]["count"] for entry in entries] == [39, 1]
    assert (
        entries[0]["details"]["route"] == "/api/v1/projects/{project_id}"
        or "projects" in entries[0]["details"]["route"]
    )
    assert (entries[0]["details"]["status"], entries[0]["door"]) == (403, "web")


async def test_different_refusals_are_bounded(app: AppFixture) -> None:
    refusals = app.server.context.service(RefusalLog)
    await refusals.write(app.server.context, is_last=True)
    client = await app.stranger()
    body = {"email": "nobody@example.org", "password": PASSWORD}
    for number in range(MAX_DIFFERENT + 50):
        client._transport.client = (f"203.0.{number // 200}.{number % 200}", 1)  # type: ignore[attr-defined]
        await client.post("/api/v1/auth/logout", headers={"origin": "https://evil.example"}, json=body)
    async with app.server.database.transaction() as db:
        count = text("SELECT count(*) FROM audit_entries WHERE action = 'request.refused'")
        before = (await db.execute(count)).scalar_one()
    await refusals.write(app.server.context, is_last=True)
    async with app.server.database.transaction() as db:
        written = (await db.execute(count)).scalar_one() - before
    assert written <= MAX_DIFFERENT + 1
    assert not refusals._counted and not refusals._new


async def test_filters_are_served_by_indexes(app: AppFixture, admin: Person) -> None:
    """With 100,000 entries of others, no filter reads the whole table: nor for an action that a third one has often."""
    other, third, database = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    fill = """
        INSERT INTO audit_entries (id, at, organization_id, actor_email, actor_kind, action, resource_kind, resource_id,
            resource_name, details, ip, database_id)
        SELECT (lpad(to_hex((extract(epoch FROM now() - make_interval(secs => g)) * 1000)::bigint), 12, '0')
                || '7' || substr(md5(g::text), 1, 3) || '8' || substr(md5(g::text), 4, 15))::uuid,
            now() - make_interval(secs => g), CASE WHEN g > 100000 THEN :third ELSE :other END, 'p' || g % 500 || '@example.org', 'user',
            CASE WHEN g > 100000 THEN 'key.create' ELSE 'thing' || g % 60 || '.change' END,
            'database', '', 'd' || g % 50,
            jsonb_build_object('statement', 'UPDATE t' || g || ' SET a = ?'), '198.51.100.1',
            md5((g % 50)::text)::uuid
        FROM generate_series(1, 105000) g
    """
    scope = AuditScope(None, [other, uuid.UUID(admin.organization)], instance=True)
    wanted = {
        "nothing": AuditFilter(),
        "action": AuditFilter(action="key.create"),
        "person": AuditFilter(person="p7@example.org"),
        "database": AuditFilter(database_id=database),
        "search": AuditFilter(words="t77777"),
        "time": AuditFilter(since=now() - timedelta(hours=9), until=now() - timedelta(hours=8)),
    }
    async with app.server.database.transaction() as db:
        await db.execute(text(fill), {"other": other, "third": third})
        await db.execute(text("ANALYZE audit_entries"))
        for name, each in wanted.items():
            query = repository.entries_query(scope, each, before=None, limit=50)
            compiled = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
            plan = (
                await db.execute(text("EXPLAIN (ANALYZE, FORMAT JSON) " + str(compiled).replace(":", "\\:")))
            ).scalar_one()
            assert _scanned(plan[0]["Plan"]) < 25_000, (name, plan)
            assert "Seq Scan" not in json.dumps(plan), (name, plan)
        assert len(await repository.entries(db, scope, wanted["search"], before=None, limit=50)) == 1
        await db.rollback()


def _scanned(plan: dict[str, Any]) -> float:
    """Return how many rows the scans of a plan have read, together."""
    own = 0.0
    if "Scan" in plan["Node Type"] and "Subquery" not in plan["Node Type"]:
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(_scanned(part) for part in plan.get("Plans", ()))


async def test_concurrent_writers_and_sealers_make_one_chain(app: AppFixture, admin: Person) -> None:
    async def write(number: int) -> None:
        for each in range(5):
            await admin.send("POST", "/projects", 201, json={"name": f"{number}-{each}"})

    async def seal() -> None:
        for _ in range(20):
            await audit_chain.seal_all(app.server.context)

    before = (await report(admin))["last"]
    await asyncio.gather(*(write(number) for number in range(6)), seal(), seal())
    await audit_chain.seal_all(app.server.context)
    after = await report(admin)
    assert (after["broken"], after["unsealed"], after["last"]) == (None, 0, before + 30)


async def test_rotated_key_signs_the_chains_anew(app: AppFixture, admin: Person) -> None:
    async with app.server.database.transaction() as db:
        context = app.server.context
        await audit_chain.sign_anew(db, context)
        key = context.cipher.key
        end = await repository.chain(db, uuid.UUID(admin.organization))
        assert end and audit_chain.is_signed(context.cipher, end)
        other = SecretCipher("another key", [])
        assert not audit_chain.is_signed(other, end)
        assert audit_chain.is_signed(SecretCipher("another key", (read_key(context.settings.home_folder),)), end)
        assert key.id != other.key.id


def read_key(home: Path) -> str:
    """Return the text of the key file of a home folder."""
    return master_keys.read(home)[0]


async def refused_entries(app: AppFixture, **fields: Any) -> list[dict[str, Any]]:
    await app.server.context.service(RefusalLog).write(app.server.context, is_last=True)
    async with app.server.database.transaction() as db:
        query = "SELECT ip, actor_id, details FROM audit_entries WHERE action = 'request.refused' ORDER BY id"
        rows = [dict(row) for row in (await db.execute(text(query))).mappings()]
    return [row for row in rows if all(str(row[name]) == value for name, value in fields.items())]


async def test_wrong_keys_and_forged_tokens_are_recorded_by_address(app: AppFixture, admin: Person) -> None:
    key = await admin.send("POST", "/keys", 201, json={"name": "gone", "scopes": ["read"]})
    await admin.send("DELETE", f"/keys/{key['key']['id']}", 204)
    forged = admin.client.headers["authorization"].removeprefix("Bearer ")[:-4] + "AAAA"
    for number, credential in enumerate((key["secret"], forged, "hw_aaaaaaaaaaaaaaaa_" + "0" * 64)):
        client = await app.stranger(f"203.0.113.{number + 1}", authorization=f"Bearer {credential}")
        for path in ("/projects", "/keys", "/jobs"):
            assert (await client.get(f"/api/v1{path}")).status_code == 401
        entries = await refused_entries(app, ip=f"203.0.113.{number + 1}")
        assert [entry["details"]["count"] for entry in entries] == [1, 2], "one address is one entry, then a count"
        assert credential not in str(entries)
    quiet = await app.stranger("203.0.113.9")
    assert (await quiet.get("/api/v1/projects")).status_code == 401
    assert not await refused_entries(app, ip="203.0.113.9"), "no credential is no attempt"


async def test_expired_tokens_are_not_recorded(app: AppFixture, admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    later = now() + timedelta(hours=3)
    monkeypatch.setattr("headwater.features.accounts.tokens.now", lambda: later)
    client = await app.stranger("203.0.113.77", authorization=admin.client.headers["authorization"])
    assert (await client.get("/api/v1/projects")).status_code == 401
    assert not await refused_entries(app, ip="203.0.113.77")


async def test_wrong_credentials_from_many_addresses_are_bounded(app: AppFixture) -> None:
    await refused_entries(app)
    before = len(await refused_entries(app))
    client = await app.stranger(authorization="Bearer hw_aaaaaaaaaaaaaaaa_" + "0" * 64)
    for number in range(300):
        client._transport.client = (f"198.51.{number // 200}.{number % 200}", 1)  # type: ignore[attr-defined]
        assert (await client.get("/api/v1/projects")).status_code == 401
    entries = (await refused_entries(app))[before:]
    assert len(entries) <= MAX_STRANGERS + 1
    assert sum(entry["details"]["count"] for entry in entries) == 300


async def test_what_belongs_to_others_is_recorded_and_what_does_not_exist_is_not(
    app: AppFixture, admin: Person
) -> None:
    other = await app.person()
    theirs = await other.client.get(f"/api/v1/projects/{admin.project['id']}")
    nothing = await other.client.get(f"/api/v1/projects/{uuid.uuid4()}")
    assert theirs.status_code == nothing.status_code == 404
    assert theirs.json() == nothing.json(), "the answers must look the same"
    entries = await refused_entries(app, actor_id=other.signed_in["user"]["id"])
    assert [(entry["details"]["status"], entry["details"]["route"]) for entry in entries] == [
        (404, "/projects/{project_id}")
    ]
    assert not (await other.get("/audit", action="request.refused"))["items"][0]["organization_id"]

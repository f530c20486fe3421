"""Each route × {stranger, own, wrong neighbour, viewer, revoked key, expired session}, generated from the routes.

A route that declares no permission fails here, and so does one without an expectation for viewers.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from clusters import Cluster
from features.accounts import route_list
from headwater.features.accounts.models import LinkedIdentity, Passkey
from headwater.features.accounts.rights import PERMISSIONS, SYSTEM, VIEWER
from headwater.features.branches.models import DatabaseBranch
from headwater.features.databases.service import databases
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.merges.models import Merge, MergeConflict
from headwater.features.policies.service import alerts
from headwater.features.recovery.models import Archive, Recovery
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.clock import now
from people import AppFixture, Person

GUEST = "guest-of-the-matrix@example.org"
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/api/v1/instance"): {"open_signup": True},
    ("POST", "/api/v1/organizations/{organization_id}/invitations"): {"email": GUEST, "role": "viewer"},
    ("POST", "/api/v1/invitations/acceptance"): {"token": "x"},
    ("PATCH", "/api/v1/organizations/{organization_id}/members/{user_id}"): {"role": "viewer"},
    ("PATCH", "/api/v1/auth/me"): {"name": "renamed"},
    ("PUT", "/api/v1/auth/password"): {"current": "not my password", "new": "eight wooden boats"},
    ("PATCH", "/api/v1/organizations/{organization_id}"): {"requires_second_factor": False},
    ("POST", "/api/v1/auth/email"): {"email": GUEST, "password": "not my password"},
    ("POST", "/api/v1/users/{user_id}/email-link"): {"email": GUEST},
    ("POST", "/api/v1/auth/proof"): {"password": "not my password"},
    ("POST", "/api/v1/auth/deactivation"): {"password": "not my password"},
    ("POST", "/api/v1/auth/deletion"): {"organizations": []},
    ("POST", "/api/v1/auth/exports"): {"password": ""},
    ("PATCH", "/api/v1/users/{user_id}"): {"is_admin": False},
    ("POST", "/api/v1/auth/identities/start"): {"provider": "nobody", "purpose": "link"},
    ("POST", "/api/v1/auth/identities"): {"provider": "nobody", "state": "x", "code": "x"},
    ("POST", "/api/v1/auth/identities/proof"): {"provider": "nobody", "state": "x", "code": "x"},
    ("POST", "/api/v1/auth/passkeys"): {"ticket": "x", "credential": {}, "name": "x"},
    ("PATCH", "/api/v1/auth/passkeys/{passkey_id}"): {"name": "renamed"},
    ("POST", "/api/v1/auth/second-factor"): {"password": "not my password"},
    ("POST", "/api/v1/auth/second-factor/confirmation"): {"code": "000000"},
    ("POST", "/api/v1/auth/second-factor/recovery-codes"): {"password": "not my password"},
    ("POST", "/api/v1/auth/second-factor/removal"): {"password": "not my password"},
    ("POST", "/api/v1/projects"): {"name": "made"},
    ("PATCH", "/api/v1/projects/{project_id}"): {"name": "changed"},
    ("POST", "/api/v1/keys"): {"name": "made", "scopes": ["read"]},
    ("POST", "/api/v1/keys/{key_id}/rotation"): {"overlap_hours": 1},
    ("POST", "/api/v1/databases/{database_id}/keys"): {"name": "made", "scopes": ["read"]},
    ("POST", "/api/v1/projects/{project_id}/databases"): {"name": "made"},
    ("PATCH", "/api/v1/databases/{database_id}"): {"sleep_after_seconds": 60},
    ("PUT", "/api/v1/databases/{database_id}/desired"): {"state": "running"},
    ("POST", "/api/v1/connections/parse"): {"url": "postgresql://a@b/c"},
    ("POST", "/api/v1/projects/{project_id}/connections/test"): {"url": "postgresql://a:b@127.0.0.1:1/c"},
    ("POST", "/api/v1/projects/{project_id}/connections"): {
        "name": "far",
        "connection": {"url": "postgresql://a:b@127.0.0.1:1/c"},
    },
    ("POST", "/api/v1/databases/{database_id}/query"): {"text": "SELECT 1"},
    ("POST", "/api/v1/databases/{database_id}/explain"): {"text": "SELECT 1"},
    ("POST", "/api/v1/databases/{database_id}/check"): {"text": "SELECT 1"},
    ("POST", "/api/v1/databases/{database_id}/builder/parse"): {"text": "SELECT * FROM t"},
    ("POST", "/api/v1/databases/{database_id}/builder/render"): {"query": {"table": {"name": "t", "alias": "t"}}},
    ("POST", "/api/v1/databases/{database_id}/export"): {"text": "SELECT 1"},
    ("POST", "/api/v1/databases/{database_id}/rows"): {"table": "t"},
    ("POST", "/api/v1/databases/{database_id}/cell"): {"table": "t", "key": {"id": 1}, "column": "id"},
    ("POST", "/api/v1/databases/{database_id}/edits"): {
        "table": "t",
        "edits": [{"kind": "insert", "values": {"id": 7}}],
        "apply": True,
    },
    ("POST", "/api/v1/databases/{database_id}/schema/changes"): {"changes": [{"kind": "DropTable", "table": "t"}]},
    ("POST", "/api/v1/databases/{database_id}/extensions"): {"name": "citext"},
    ("POST", "/api/v1/databases/{database_id}/copies/plan"): {"target_id": str(uuid.UUID(int=7))},
    ("POST", "/api/v1/databases/{database_id}/copies"): {"target_id": str(uuid.UUID(int=7))},
    ("POST", "/api/v1/databases/{database_id}/exports"): {"format": "csv"},
    ("POST", "/api/v1/imports/{transfer_id}/start"): {"table": "made", "create": True},
    ("POST", "/api/v1/databases/{database_id}/migrations"): {"name": "m", "up": "SELECT 1"},
    ("POST", "/api/v1/databases/{database_id}/migrations/run"): {"apply": True},
    ("PUT", "/api/v1/databases/{database_id}/migrations/{version}/state"): {"state": "applied"},
    ("POST", "/api/v1/databases/{database_id}/entries"): {"holder": "t"},
    ("POST", "/api/v1/databases/{database_id}/entries/one"): {"holder": "t", "id": "1"},
    ("POST", "/api/v1/databases/{database_id}/entries/parts"): {"holder": "t", "id": "1"},
    ("POST", "/api/v1/databases/{database_id}/entries/changes"): {"holder": "t", "kind": "delete", "id": "1"},
    ("POST", "/api/v1/projects/{project_id}/queries"): {"name": "q", "text": "SELECT 1"},
    ("PATCH", "/api/v1/queries/{query_id}"): {"name": "renamed"},
    ("POST", "/api/v1/projects/{project_id}/dashboards"): {"name": "made"},
    ("PATCH", "/api/v1/dashboards/{dashboard_id}"): {"name": "renamed"},
    ("PATCH", "/api/v1/dashboards/{dashboard_id}/tiles/{tile_id}"): {"width": 1},
    ("POST", "/api/v1/databases/{database_id}/snapshots"): {"label": "made"},
    ("PATCH", "/api/v1/snapshots/{snapshot_id}"): {"label": "renamed"},
    ("POST", "/api/v1/snapshots/{snapshot_id}/verifications"): {"kind": "deep"},
    ("POST", "/api/v1/snapshots/{snapshot_id}/restores"): {"name": "back"},
    ("POST", "/api/v1/snapshots/{snapshot_id}/restores/plan"): {"name": "back"},
    ("PUT", "/api/v1/organizations/{organization_id}/vault"): {"kind": "local"},
    ("PUT", "/api/v1/organizations/{organization_id}/vault/compression"): {"codec": "zstd", "level": 1},
    ("PUT", "/api/v1/databases/{database_id}/policy"): {"schedule": {"cron": "0 3 * * *"}},
    ("POST", "/api/v1/databases/{database_id}/policy/preview"): {"policy": {"retention": {"last": 1}}},
    ("POST", "/api/v1/organizations/{organization_id}/vaults"): {"kind": "local", "passphrase": "seven wooden boats"},
    ("POST", "/api/v1/organizations/{organization_id}/vault/keys"): {"passphrase": "seven wooden boats"},
    ("POST", "/api/v1/snapshots/{snapshot_id}/query"): {"text": "SELECT 1"},
    ("POST", "/api/v1/snapshots/{snapshot_id}/query/export"): {"text": "SELECT 1"},
    ("POST", "/api/v1/snapshots/{snapshot_id}/links"): {"format": "csv"},
    ("POST", "/api/v1/snapshots/{snapshot_id}/copies/plan"): {"target_id": str(uuid.UUID(int=0))},
    ("POST", "/api/v1/snapshots/{snapshot_id}/copies"): {"target_id": str(uuid.UUID(int=0))},
    ("POST", "/api/v1/databases/{database_id}/branches"): {"name": "feature"},
    ("POST", "/api/v1/merges/{merge_id}/resolutions"): {"choice": "ours"},
    ("POST", "/api/v1/merges/{merge_id}/apply"): {},
    ("PUT", "/api/v1/databases/{database_id}/recovery"): {"enabled": False},
    ("POST", "/api/v1/databases/{database_id}/recovery/points"): {"name": "p"},
    ("POST", "/api/v1/databases/{database_id}/recoveries/plan"): {"name": "back", "time": "2026-01-01T00:00:00Z"},
    ("POST", "/api/v1/databases/{database_id}/recoveries"): {"name": "back", "time": "2026-01-01T00:00:00Z"},
    ("POST", "/api/v1/projects/{project_id}/codebases/git"): {"url": "https://127.0.0.1:1/x.git"},
    ("PATCH", "/api/v1/codebases/{codebase_id}/git"): {"branch": "main"},
    ("POST", "/api/v1/codebases/{codebase_id}/impact"): {"table": "books", "drop": True},
    ("POST", "/api/v1/codebases/{codebase_id}/impact/export"): {"table": "books", "drop": True},
}
CONFLICT = {"columns": ["id"], "key": [0], "conflicting": [], "base": [1], "ours": [2], "theirs": None}
# The resources that these paths name within a database may not exist: then the response is 404 for everybody.
GONE = {
    "/api/v1/databases/{database_id}/runs/{run_id}/cancel",
    "/api/v1/databases/{database_id}/sessions/{session}/{how}",
    "/api/v1/databases/{database_id}/copies/plan",
    "/api/v1/databases/{database_id}/copies",
    "/api/v1/auth/second-factor/confirmation",
    "/api/v1/auth/exports/{export_id}/links",
    "/api/v1/auth/identities/start",
    "/api/v1/auth/identities",
    "/api/v1/auth/identities/proof",
    "/api/v1/invitations/acceptance",
    "/api/v1/transfers/{transfer_id}/errors",
    "/api/v1/transfers/{transfer_id}/file",
    "/api/v1/snapshots/{snapshot_id}/runs/{run_id}/cancel",
    "/api/v1/snapshots/{snapshot_id}/copies/plan",
    "/api/v1/snapshots/{snapshot_id}/copies",
}
# Routes that do not change the owner's resources, so that one owner is enough. The others get one owner each.
REPEATABLE_POSTS = {
    *(
        f"/api/v1/databases/{{database_id}}/{rest}"
        for rest in (
            "builder/parse",
            "builder/render",
            "cell",
            "check",
            "copies",
            "copies/plan",
            "edits",
            "entries",
            "entries/changes",
            "entries/one",
            "entries/parts",
            "explain",
            "export",
            "exports",
            "imports",
            "keys",
            "merges",
            "migrations",
            "migrations/import",
            "policy/preview",
            "query",
            "recoveries",
            "recoveries/plan",
            "recovery/bases",
            "recovery/points",
            "rows",
            "runs/{run_id}/cancel",
            "schema/changes",
            "sessions/{session}/{how}",
            "snapshots",
            "test",
        )
    ),
    "/api/v1/codebases/{codebase_id}/impact",
    "/api/v1/codebases/{codebase_id}/impact/export",
    "/api/v1/snapshots/{snapshot_id}/restores",
    "/api/v1/snapshots/{snapshot_id}/restores/plan",
    *(
        f"/api/v1/snapshots/{{snapshot_id}}/{rest}"
        for rest in (
            "verifications",
            "drills",
            "query",
            "query/export",
            "links",
            "copies",
            "copies/plan",
            "runs/{run_id}/cancel",
        )
    ),
    "/api/v1/merges/{merge_id}/resolutions",
    "/api/v1/connections/parse",
    "/api/v1/dashboards/{dashboard_id}/tiles",
    "/api/v1/imports/{transfer_id}/start",
    "/api/v1/keys",
    "/api/v1/projects/{project_id}/connections/test",
}
# Routes about the current user alone: they have no neighbours or viewers.
OWN = {
    "/api/v1/engines",
    "/api/v1/connections/parse",
    "/api/v1/auth/me",
    "/api/v1/auth/password",
    "/api/v1/auth/email",
    "/api/v1/users",
    "/api/v1/users/{user_id}",
    "/api/v1/users/{user_id}/sessions/{session_id}",
    "/api/v1/auth/belongings",
    "/api/v1/auth/deactivation",
    "/api/v1/auth/deletion",
    "/api/v1/auth/exports",
    "/api/v1/auth/exports/{export_id}/links",
    "/api/v1/users/{user_id}/reset-link",
    "/api/v1/users/{user_id}/email-link",
    "/api/v1/users/{user_id}/sessions",
    "/api/v1/users/{user_id}/second-factor",
    "/api/v1/auth/identities",
    "/api/v1/auth/identities/start",
    "/api/v1/auth/identities/proof",
    "/api/v1/auth/identities/{identity_id}",
    "/api/v1/auth/passkeys",
    "/api/v1/auth/passkeys/options",
    "/api/v1/auth/passkeys/{passkey_id}",
    "/api/v1/auth/proof",
    "/api/v1/auth/second-factor",
    "/api/v1/auth/second-factor/confirmation",
    "/api/v1/auth/second-factor/recovery-codes",
    "/api/v1/auth/second-factor/removal",
    "/api/v1/auth/sessions",
    "/api/v1/auth/sessions/{session_id}",
    "/api/v1/invitations/acceptance",
    "/api/v1/keys",
    "/api/v1/keys/{key_id}",
    "/api/v1/keys/{key_id}/rotation",
    "/api/v1/audit",
    "/api/v1/instance",
}


ROUTES = route_list.load()
CLOSED = [(method, path, what[0]) for method, path, what in ROUTES if any(":" in action for action in what)]


def test_committed_routes_match_the_application(application: FastAPI) -> None:
    assert route_list.read(application) == ROUTES, f"regenerate them: {route_list.__doc__}"
    assert len(ROUTES) > 40
    assert {"/api/v1/jobs/{job_id}/events", "/api/v1/codebases/{codebase_id}/files/{path:path}"} <= {
        path for _, path, _ in ROUTES
    }


@pytest.mark.parametrize(("method", "path", "what"), ROUTES, ids=lambda value: str(value))
def test_every_route_declares_one_permission(method: str, path: str, what: list[str]) -> None:
    assert len(what) == 1, f"{method} {path} declares {what or 'nothing'}"
    action = what[0]
    assert (
        action in {"public", "same-origin cookie"}
        or any(action in actions for actions in PERMISSIONS.values())
        or (action.split(":")[0] in {"account", "instance"})
    )


_databases: dict[str, dict[str, str]] = {}
_snapshots: dict[str, dict[str, Any]] = {}
_urls: dict[str, str] = {}
"""Of databases elsewhere, by the email of the person who connects to them; everybody else gets a managed one."""
# What only managed databases have; their creation takes a hundred times as long as that of a clone.
ABOUT_MANAGED = re.compile(r"/(desired|deletion/.*|credentials.*|recovery|extensions.*|tls|databases/{database_id})$")


async def database_of(person: Person, path: str) -> dict[str, str]:
    """Return the database of a person, with a table and a saved query; it is deleted if the path requires that."""
    if person.email not in _databases:
        _databases[person.email] = await new_database(person)
    ids = dict(_databases[person.email])
    if "{version}" in path:
        body = {"name": "m", "up": "SELECT 1"}
        migration = await person.send("POST", f"/databases/{ids['database_id']}/migrations", 201, json=body)
        ids["version"] = migration["version"]
    if "/deletion/" in path:
        await person.send("DELETE", f"/databases/{ids['database_id']}", 204)
    return ids


async def new_database(person: Person) -> dict[str, str]:
    project = f"/projects/{person.project['id']}"
    url = _urls.get(person.email)
    database = await (person.connected(url) if url else person.database())
    query = {"text": "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)"}
    await person.send("POST", f"/databases/{database}/query", 200, json=query)
    query = {"name": "q", "text": "SELECT 1", "shared": True, "database_id": database}
    saved = await person.send("POST", f"{project}/queries", 201, json=query)
    return {"database_id": database, "query_id": saved["id"], "run_id": str(uuid.uuid4()), "session": "1"}


async def dashboard_of(person: Person) -> dict[str, str]:
    """Create a dashboard of a person with one tile, and set the bodies of the requests about its tiles."""
    query = await database_of(person, "")
    database = await person.send("POST", f"/projects/{person.project['id']}/dashboards", 201, json={"name": "board"})
    tile = {"query_id": query["query_id"]}
    board = await person.send("POST", f"/dashboards/{database['id']}/tiles", 201, json=tile)
    BODIES["POST", "/api/v1/dashboards/{dashboard_id}/tiles"] = tile
    BODIES["PUT", "/api/v1/dashboards/{dashboard_id}/order"] = {"tiles": [board["tiles"][0]["id"]]}
    return {"dashboard_id": database["id"], "tile_id": board["tiles"][0]["id"]}


async def import_of(person: Person) -> str:
    """Create an import of a person that is not started."""
    database = await database_of(person, "")
    files = {"file": ("x.csv", b"a\n1\n")}
    ids = await person.send("POST", f"/databases/{database['database_id']}/imports", 201, files=files)
    return str(ids["transfer"]["id"])


async def snapshot_of(app: AppFixture, person: Person, path: str) -> dict[str, str]:
    """Take a snapshot of a person's database; restore it, or add a key to its vault, if the path requires that."""
    if person.email not in _snapshots:
        database = await database_of(person, "")
        taken = await person.send("POST", f"/databases/{database['database_id']}/snapshots", 202, json={})
        await app.work(taken["job"]["id"])
        assert (await person.get(f"/snapshots/{taken['id']}"))["status"] == "complete"
        _snapshots[person.email] = taken
    snapshot = _snapshots[person.email]
    values = {"snapshot_id": snapshot["id"], "other_id": snapshot["id"], "table:path": "t", "run_id": str(uuid.uuid4())}
    values |= {"a": f"database:{snapshot['database_id']}", "b": f"snapshot:{snapshot['id']}"}
    if "{restore_id}" in path:
        body = {"name": f"r{uuid.uuid4().hex[:8]}"}
        values["restore_id"] = (await person.send("POST", f"/snapshots/{snapshot['id']}/restores", 202, json=body))[
            "id"
        ]
    if "{vault_id}" in path:
        values["vault_id"] = (await person.get(f"/organizations/{person.organization}/vaults"))[0]["id"]
    if "/vault/keys/{key_id}" in path:
        keys = f"/organizations/{person.organization}/vault/keys"
        values["key_id"] = (await person.send("POST", keys, 201, json={"passphrase": "seven wooden boats"}))["id"]
    if "{link_id}" in path:
        links = f"/snapshots/{snapshot['id']}/links"
        values["link_id"] = (await person.send("POST", links, 201, json={"format": "csv"}))["id"]
    return values


async def merge_of(app: AppFixture, person: Person, path: str) -> dict[str, str]:
    """Set the body of a new merge into a person's database, or create one that is prepared."""
    values = await database_of(person, "") | await snapshot_of(app, person, "")
    base, target = uuid.UUID(values["snapshot_id"]), uuid.UUID(values["database_id"])
    BODIES["POST", "/api/v1/databases/{database_id}/merges"] = {"base_id": str(base), "source_id": str(target)}
    if "{merge_id}" not in path:
        return {}
    row = Merge(
        organization_id=uuid.UUID(person.organization),
        target_id=target,
        target_name="t",
        source_name="s",
        base_id=base,
        status="prepared",
        result={},
    )
    async with app.server.database.transaction() as db:
        db.add(row)
        await db.flush()
        db.add(
            MergeConflict(merge_id=row.id, ordinal=0, fingerprint=b"f", table_name="t", kind="cells", cells=CONFLICT)
        )
    return {"merge_id": str(row.id)}


async def branch_of(app: AppFixture, person: Person, path: str) -> dict[str, str]:
    """Let a person's database be a branch, whose parent was deleted, or create what the path needs of merges."""
    if "/merges" in path:
        return await merge_of(app, person, path)
    if path.startswith("/api/v1/branches/"):
        database = uuid.UUID((await database_of(person, ""))["database_id"])
        row = {"id": uuid.uuid4(), "organization_id": uuid.UUID(person.organization), "database_id": database}
        row |= {"parent_name": "p", "name": "b", "holds_base": False}
        async with app.server.database.transaction() as db:
            await db.execute(insert(DatabaseBranch).values(row).on_conflict_do_nothing())
    return {}


async def policy_of(app: AppFixture, person: Person) -> dict[str, str]:
    """Create a policy and an alert for a person's database."""
    created = await database_of(person, "")
    body = {"schedule": {"cron": "0 4 * * *"}}
    await person.send("PUT", f"/databases/{created['database_id']}/policy", 200, json=body)
    async with app.server.database.transaction() as db:
        database = await databases.find(db, SYSTEM, uuid.UUID(created["database_id"]))
        await alerts.raise_alert(db, database, "failed", "It failed.", now())
    open_ones = await person.get("/alerts", database_id=created["database_id"], status="open")
    return {"alert_id": open_ones["items"][0]["id"]}


async def recovery_of(app: AppFixture, person: Person) -> dict[str, str]:
    """Create a recovery of a person that is never run."""
    database = await database_of(person, "")
    organization = uuid.UUID(person.organization)
    async with app.server.database.transaction() as db:
        location = await vault_locations.current(db, SYSTEM, organization)
        archive = Archive(
            organization_id=organization,
            database_id=uuid.UUID(database["database_id"]),
            vault_id=location.id,
            enabled=False,
            window_days=7,
            base_days=1,
            seen={},
            covered={},
            pending={},
        )
        db.add(archive)
        await db.flush()
        request = {"time": "2026-01-01T00:00:00+00:00", "position": None, "point": None, "inclusive": True}
        row = Recovery(
            organization_id=organization, archive_id=archive.id, target_name="back", request=request, result={}
        )
        db.add(row)
        await db.flush()
        return {"recovery_id": str(row.id)}


async def invitation_of(person: Person, path: str) -> str:
    """Create an invitation of a person, if a path is about one."""
    if "{invitation_id}" not in path:
        return ""
    invitations = f"/organizations/{person.organization}/invitations"
    created = await person.send("POST", invitations, 201, json={"email": GUEST, "role": "viewer"})
    return str(created["invitation"]["id"])


async def identity_of(app: AppFixture, person: Person) -> str:
    """Link an identity to the account of a person."""
    row = LinkedIdentity(
        user_id=uuid.UUID(person.signed_in["user"]["id"]), issuer="https://idp.test", subject=uuid.uuid4().hex
    )
    async with app.server.database.transaction() as db:
        db.add(row)
        await db.flush()
    return str(row.id)


async def passkey_of(app: AppFixture, person: Person) -> str:
    """Add a passkey to the account of a person."""
    row = Passkey(
        user_id=uuid.UUID(person.signed_in["user"]["id"]),
        credential_id=uuid.uuid4().bytes,
        public_key=b"x",
        sign_count=0,
        host="headwater.test",
        name="x",
        is_synced=False,
    )
    async with app.server.database.transaction() as db:
        db.add(row)
        await db.flush()
    return str(row.id)


async def credentials_of(app: AppFixture, person: Person, path: str) -> dict[str, str]:
    """Return the id of an identity, a passkey or a key of a person, if a path is about one."""
    values = {}
    if "{identity_id}" in path:
        values["identity_id"] = await identity_of(app, person)
    if "{passkey_id}" in path:
        values["passkey_id"] = await passkey_of(app, person)
    if "{key_id}" in path:
        created = await person.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read"]})
        values["key_id"] = created["key"]["id"]
    return values


async def endpoint_of(app: AppFixture, scan: str) -> str:
    """Give the sample an endpoint: its code serves nothing."""
    known = "SELECT id FROM scan_endpoints WHERE scan_id = :scan"
    new = (
        "INSERT INTO scan_endpoints SELECT :scan, 0, gen_random_uuid(), 'GET', '/', 'Flask', 'home', 'app.py', 1, 0, 0"
        " WHERE NOT EXISTS (SELECT FROM scan_endpoints WHERE scan_id = :scan)"
    )
    async with app.server.database.transaction() as db:
        await db.execute(text(new), {"scan": uuid.UUID(scan)})
        return str((await db.execute(text(known), {"scan": uuid.UUID(scan)})).scalar_one())


async def filled(app: AppFixture, person: Person, path: str) -> str:
    """Fill the placeholders of a path with ids of a person's resources."""
    values = {
        "organization_id": person.organization,
        "project_id": person.project["id"],
        "path:path": "shop/orders.py",
        "user_id": person.signed_in["user"]["id"],
        "export_id": str(uuid.uuid4()),
        "usage_id": "0",
        "invitation_id": await invitation_of(person, path),
    }
    if "{session_id}" in path:
        values["session_id"] = (await person.get("/auth/sessions"))["items"][0]["id"]
    values |= await credentials_of(app, person, path)
    if of_codebase(path):
        rows = (await person.get(f"/projects/{person.project['id']}/codebases"))["items"]
        codebase = next(row for row in rows if row["scan"])  # not one that another test has added
        scan = codebase["scan"]["id"]
        values |= {"codebase_id": codebase["id"], "job_id": codebase["job_id"], "schema_id": scan}
    if "{endpoint_id}" in path:
        values["endpoint_id"] = await endpoint_of(app, scan)
    if "{database_id}" in path or "{query_id}" in path:
        values |= await database_of(person, path)
    if "{dashboard_id}" in path:
        values |= await dashboard_of(person)
    if "{transfer_id}" in path:
        values["transfer_id"] = await import_of(person)
    if any(part in path for part in ("{snapshot_id}", "{restore_id}", "/vault", "/{a}/{b}")):
        values |= await snapshot_of(app, person, path)
    if "/policy" in path or "{alert_id}" in path:
        values |= await policy_of(app, person)
    values |= await branch_of(app, person, path)
    if "{recovery_id}" in path:
        values |= await recovery_of(app, person)
    values |= {"how": "cancel", "name": "plpgsql"}
    for name, value in values.items():
        path = path.replace("{" + name + "}", str(value))
    return path


async def ask(client: Any, method: str, template: str, path: str) -> int:
    return (await answer_of(client, method, template, path))[0]


async def answer_of(client: Any, method: str, template: str, path: str) -> tuple[int, str]:
    """Return the status and the body of an answer; the body of a stream that does not end is left out."""
    options: dict[str, Any] = {}
    if template.endswith(("/codebases", "/upload", "/migrations/import")) and method == "POST":
        options["files"] = {"file": ("x.zip", b"not a zip")}
    elif template.endswith("/imports"):
        options["files"] = {"file": ("x.csv", b"a\n1\n")}
    elif template.endswith("/cell") and method == "GET":
        options["params"] = {"column": "id", "row": 0}
    elif template.endswith(("/differences/{other_id}/rows", "/differences/{a}/{b}/rows")):
        options["params"] = {"table": "t"}
    elif template.endswith("/scan-diff"):
        options["params"] = {"before": path.split("/")[-2]}
    elif (method, template) in BODIES:
        options["json"] = BODIES[method, template]
    async with client.stream(method, path, **options) as answer:
        is_json = "json" in answer.headers.get("content-type", "")
        return int(answer.status_code), (await answer.aread()).decode() if is_json else ""


# What a neighbour could change of an organization.
STATE = text(
    " UNION ALL ".join(
        f"(SELECT {row} FROM {rows} WHERE {alias}.organization_id = :id ORDER BY 1)"
        for row, rows, alias in (
            ("p::text", "projects p", "p"),
            ("m::text", "memberships m", "m"),
            ("c::text", "codebases c", "c"),
            ("j::text", "jobs j", "j"),
            # without the columns that the supervisor writes
            (
                "(d.id, d.name, d.desired, d.quotas, d.protected, d.sleep_after_seconds, d.deleted_at, d.purge_at)::text",
                "databases d",
                "d",
            ),
            ("q::text", "saved_queries q", "q"),
            ("m::text", "migrations m JOIN databases d ON d.id = m.database_id", "d"),
            ("s::text", "snapshots s", "s"),
            ("r::text", "restores r", "r"),
            ("v::text", "vaults v", "v"),
            ("p::text", "snapshot_policies p", "p"),
            ("r::text", "policy_runs r", "r"),
            ("a::text", "alerts a", "a"),
            ("a::text", "archives a", "a"),
            ("r::text", "recoveries r", "r"),
            ("b::text", "branches b", "b"),
            ("m::text", "merges m", "m"),
            ("c::text", "merge_conflicts c JOIN merges m ON m.id = c.merge_id", "m"),
            ("d::text", "dashboards d", "d"),
            ("t::text", "dashboard_tiles t JOIN dashboards d ON d.id = dashboard_id", "d"),
        )
    )
)


async def state_of(app: AppFixture, person: Person) -> list[str]:
    """Return everything of a person that a neighbour could have changed."""
    async with app.server.database.transaction() as db:
        return list((await db.execute(STATE, {"id": person.organization})).scalars())


def of_codebase(path: str) -> bool:
    """Return True if a path is about a scanned codebase."""
    return any(name in path for name in ("{codebase_id}", "{job_id}", "{schema_id}"))


async def new_owner(app: AppFixture, *, scanned: bool) -> Person:
    """Sign up a user; scan their sample project if `scanned`."""
    app.with_sample = scanned
    owner = await app.person("owner")
    app.with_sample = False
    if scanned:
        codebase = (await owner.get(f"/projects/{owner.project['id']}/codebases"))["items"][0]
        await app.work(codebase["job_id"])
    return owner


@dataclass(frozen=True)
class Cast:
    """Users who request the resources of others, the same for every route."""

    owner: Person
    """The owner of the resources for routes that do not change them."""
    neighbour: Person
    viewer: Person
    """Becomes a viewer in the organization of each owner."""
    expired: Person
    """A user whose session has expired."""
    deactivated: tuple[Any, Any]
    """Clients with the session and the API key of a user whose account is deactivated."""


@pytest.fixture(scope="module")
async def cast(module_app: AppFixture) -> Cast:
    app = module_app
    expired = await app.person("expired")
    async with app.server.database.transaction() as db:
        expire = "UPDATE sessions SET expires_at = now() WHERE user_id = :id"
        await db.execute(text(expire), {"id": expired.signed_in["user"]["id"]})
    owner = await new_owner(app, scanned=True)
    return Cast(owner, await app.person("neighbour"), await app.person("viewer"), expired, await deactivated(app))


async def deactivated(app: AppFixture) -> tuple[Any, Any]:
    """Return clients with the session and the key of somebody whose account an administrator has deactivated."""
    someone, admin = await app.person("deactivated"), await app.person("admin")
    await app.promote(admin)
    key = await new_key(someone)
    await admin.send("PATCH", f"/users/{someone.signed_in['user']['id']}", 200, json={"active": False})
    return someone.client, await program(app, key)


async def new_key(owner: Person, **given: Any) -> dict[str, Any]:
    """Create a key of a person with all scopes."""
    body = {"name": "k", "scopes": ["read", "write", "admin"]} | given
    created: dict[str, Any] = await owner.send("POST", "/keys", 201, json=body)
    return created


async def program(app: AppFixture, created: dict[str, Any]) -> Any:
    """Return a client that uses a key."""
    return await app.stranger(authorization=f"Bearer {created['secret']}")


async def check_unauthenticated(
    app: AppFixture, owner: Person, cast: Cast, method: str, template: str, path: str
) -> None:
    """Check that requests without a valid credential get 401, and those with a key from elsewhere 403."""
    assert await ask(await app.stranger(), method, template, path) == 401
    revoked = await new_key(owner)
    await owner.send("DELETE", f"/keys/{revoked['key']['id']}", 204)
    assert await ask(await program(app, revoked), method, template, path) == 401
    replaced = await new_key(owner)
    await owner.send("POST", f"/keys/{replaced['key']['id']}/rotation", 201, json={"overlap_hours": 0})
    assert await ask(await program(app, replaced), method, template, path) == 401
    elsewhere = await new_key(owner, addresses=["203.0.113.0/24"])
    assert await ask(await program(app, elsewhere), method, template, path) == 403
    for client in (cast.expired.client, *cast.deactivated):
        assert await ask(client, method, template, path) == 401


# What keys that are limited to another project or database may do: about the user, and the lists of what they reach.
FOR_LIMITED_KEYS = {
    "/api/v1/alerts",
    "/api/v1/auth/me",
    "/api/v1/connections/parse",
    "/api/v1/engines",
    "/api/v1/jobs",
    "/api/v1/organizations",
    "/api/v1/projects",
}
# A key that is limited to a database finds the project of the database, and of its lists what belongs to the database.
OF_THE_PROJECT = {
    "/api/v1/projects/{project_id}",
    *(
        f"/api/v1/projects/{{project_id}}/{kind}"
        for kind in ("codebases", "dashboards", "databases", "queries", "schemas")
    ),
}


async def limited_keys(app: AppFixture, owner: Person) -> tuple[Any, Any]:
    """Return clients with keys of a person: for another project of theirs, and another database of the same project."""
    if owner.email not in _limited:
        other = await owner.send("POST", "/projects", 201, json={"name": "Other"})
        of_project = await new_key(owner, project_id=other["id"])
        of_database = await new_key(owner, project_id=owner.project["id"])
        async with app.server.database.transaction() as db:
            change = text("UPDATE api_keys SET database_id = gen_random_uuid() WHERE id = :id")
            await db.execute(change, {"id": of_database["key"]["id"]})
        _limited[owner.email] = await program(app, of_project), await program(app, of_database)
    return _limited[owner.email]


_limited: dict[str, tuple[Any, Any]] = {}


async def check_limited_keys(app: AppFixture, owner: Person, method: str, template: str, path: str) -> None:
    """Check that keys of the owner that are limited to something else reach nothing of what the path is about."""
    of_project, of_database = await limited_keys(app, owner)
    ids = [owner.project["id"], *_databases.get(owner.email, {}).values()]
    for client, others in ((of_project, set()), (of_database, OF_THE_PROJECT)):
        status, body = await answer_of(client, method, template, path)
        if method == "GET" and template in FOR_LIMITED_KEYS | others:
            assert status == 200, body
            hidden = [id_ for id_ in ids[client is of_database :] if len(id_) > 8 and id_ in body]
            assert not hidden, f"{hidden} in {body}"
        elif template not in FOR_LIMITED_KEYS or method != "POST":
            assert status in {403, 404}, (status, body)


async def join(owner: Person, viewer: Person) -> None:
    """Add a viewer to the organization of an owner."""
    members = f"/organizations/{owner.organization}/members"
    if viewer.email not in {row["email"] for row in (await owner.get(members))["items"]}:
        await owner.invite(viewer, "viewer")


async def leave(owner: Person, viewer: Person) -> None:
    """Remove a viewer from the organization of an owner."""
    members = f"/organizations/{owner.organization}/members"
    await owner.send("DELETE", f"{members}/{viewer.signed_in['user']['id']}", 204)


@pytest.mark.parametrize(("method", "template", "action"), CLOSED, ids=lambda value: str(value))
async def test_access_matrix(
    module_app: AppFixture,
    supervisor: Supervisor,
    cluster: Cluster,
    cast: Cast,
    method: str,
    template: str,
    action: str,
) -> None:
    app = module_app
    lasts = method == "GET" or (method == "POST" and template in REPEATABLE_POSTS)
    owner = cast.owner if lasts else await new_owner(app, scanned=of_codebase(template))
    if not lasts and not ABOUT_MANAGED.search(template):
        _urls[owner.email] = cluster.clone()
    about_others = template not in OWN and "{" in template
    path = await filled(app, owner, template)
    await limited_keys(app, owner)
    before = await state_of(app, owner)
    await check_unauthenticated(app, owner, cast, method, template, path)
    await check_limited_keys(app, owner, method, template, path)
    if about_others:
        assert await ask(cast.neighbour.client, method, template, path) == 404
    assert await state_of(app, owner) == before, "somebody changed what is not theirs"

    # Routes about the current user alone may end the session, so each needs a new viewer.
    viewer = cast.viewer if about_others else await app.person("viewer")
    await join(owner, viewer)
    before = await state_of(app, owner)
    status = await ask(viewer.client, method, template, path)
    if about_others:
        assert (status == 403) == (action not in VIEWER), status
        assert await state_of(app, owner) == before
    own = await ask(owner.client, method, template, path)
    assert own < 500
    assert own != 401
    assert own != 404 or template in GONE
    if lasts:
        await leave(owner, viewer)

"""Rights of recovery, and refused requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from features.recovery.recovery_fixture import RecoveryFixture
from headwater.engines.postgresql import provision
from headwater.features.recovery import repository
from headwater.kit.clock import now
from people import Person

IN_FUTURE = (now() + timedelta(days=1)).isoformat()
PATHS = (
    ("GET", "recovery", None),
    ("PUT", "recovery", {"enabled": True}),
    ("POST", "recovery/bases", None),
    ("POST", "recovery/points", {"name": "x"}),
    ("POST", "recoveries", {"name": "x", "point": "p"}),
    ("POST", "recoveries/plan", {"name": "x", "point": "p"}),
    ("GET", "recoveries", None),
)


async def member(recovery_fixture: RecoveryFixture, role: str) -> Person:
    person = await recovery_fixture.app.person(role)
    await recovery_fixture.person.invite(person, role)
    return person


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
async def test_recovery_requires_sign_in(recovery_fixture: RecoveryFixture, method: str, path: str, body: Any) -> None:
    stranger = await recovery_fixture.app.stranger()
    answer = await stranger.request(method, f"/api/v1/databases/{recovery_fixture.database}/{path}", json=body)
    assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
async def test_recovery_of_other_organizations_is_not_found(
    recovery_fixture: RecoveryFixture, method: str, path: str, body: Any
) -> None:
    neighbour = await recovery_fixture.app.person("neighbour")
    await neighbour.send(method, f"/databases/{recovery_fixture.database}/{path}", 404, json=body)


async def test_recovery_rights_of_viewers_members_and_admins(recovery_fixture: RecoveryFixture) -> None:
    viewer, someone = await member(recovery_fixture, "viewer"), await member(recovery_fixture, "member")
    path = f"/databases/{recovery_fixture.database}"
    assert (await viewer.get(f"{path}/recovery"))["enabled"]
    latest = (await recovery_fixture.status())["latest"]
    order = {"name": "seen", "time": latest}
    for method, location, body in PATHS[2:6]:
        await viewer.send(method, f"{path}/{location}", 403, json=body)
    await someone.send("PUT", f"{path}/recovery", 403, json={"enabled": False})
    plan = await someone.send("POST", f"{path}/recoveries/plan", 200, json=order)
    assert (plan["refusals"], plan["target_name"]) == ([], "seen")
    assert any("is not changed" in sentence for sentence in plan["sentences"])
    created = await someone.send("POST", f"{path}/recoveries", 202, json=order)
    await viewer.get(f"/recoveries/{created['id']}")
    await (await recovery_fixture.app.person()).send("GET", f"/recoveries/{created['id']}", 404)
    database = await recovery_fixture.person.get(f"/databases/{created['target_id']}")
    assert database["state"] == "creating"
    await recovery_fixture.person.send(
        "PUT", f"/databases/{created['target_id']}/desired", 409, json={"state": "running"}
    )
    await recovery_fixture.person.send(
        "POST", f"/databases/{created['target_id']}/query", 409, json={"text": "SELECT 1"}
    )
    await recovery_fixture.person.send("POST", f"/jobs/{created['job']['id']}/cancel", 202)
    await recovery_fixture.tick()
    left = await recovery_fixture.person.get(f"/projects/{database['project_id']}/databases")
    assert created["target_id"] not in [item["id"] for item in left["items"]], "it was purged, and may be gone by now"
    result = await recovery_fixture.person.get(f"/recoveries/{created['id']}")
    assert (result["target_id"], result["job"]["state"]) == (None, "cancelled")


@pytest.mark.parametrize(
    ("order", "status", "message"),
    [
        ({}, 422, "Give exactly one of"),
        ({"lsn": "0/1", "point": "x"}, 422, "Give exactly one of"),
        ({"time": "2026-11-21T10:00:00"}, 422, "time"),
        ({"time": "yesterday"}, 422, "time"),
        ({"time": "2020-01-01T00:00:00Z"}, 409, "before the first base backup"),
        ({"time": "0001-01-01T00:00:00Z"}, 409, "before the first base backup"),
        ({"time": IN_FUTURE}, 409, "in the future"),
        ({"time": "9999-12-31T23:59:59Z"}, 409, "in the future"),
        ({"lsn": "0/1"}, 409, "before the end of the first base backup"),
        ({"lsn": "FFFFFFFF/FFFFFFFF"}, 409, "is not in the vault yet"),
        ({"lsn": "somewhere"}, 400, "is not an LSN"),
        ({"point": "nowhere"}, 404, "no restore point"),
        ({"name": "Not A Name", "point": "x"}, 422, "name"),
    ],
)
async def test_unreachable_moment_is_refused_with_a_reason(
    recovery_fixture: RecoveryFixture, order: dict[str, Any], status: int, message: str
) -> None:
    refused = await recovery_fixture.begin(status, **order)
    assert message in str(refused), refused


async def test_invalid_recovery_settings_are_refused(recovery_fixture: RecoveryFixture) -> None:
    path = f"/databases/{recovery_fixture.database}/recovery"
    for wrong in ({}, {"enabled": True, "window_days": 0}, {"enabled": True, "base_days": 99}, {"enable": True}):
        await recovery_fixture.person.send("PUT", path, 422, json=wrong)
    for name in ("", "a\nb", "x" * 64, "'; DROP"):
        answer = await recovery_fixture.person.client.post(f"/api/v1{path}/points", json={"name": name})
        assert answer.status_code in {400, 422}, answer.text
    await recovery_fixture.person.send("POST", f"{path}/points", 201, json={"name": "once"})
    again = await recovery_fixture.person.send("POST", f"{path}/points", 409, json={"name": "once"})
    assert "already" in again["detail"]
    await recovery_fixture.begin(
        409, name=(await recovery_fixture.person.get(f"/databases/{recovery_fixture.database}"))["name"], point="once"
    )


async def test_recovery_needs_a_provisioned_postgresql(recovery_fixture: RecoveryFixture) -> None:
    lite = await recovery_fixture.person.database("sqlite")
    refused = await recovery_fixture.person.send("PUT", f"/databases/{lite}/recovery", 400, json={"enabled": True})
    assert "does not support point-in-time recovery" in refused["detail"]
    url = (await recovery_fixture.person.send("POST", f"/databases/{recovery_fixture.database}/credentials", 200))[
        "url"
    ]
    assert url
    other = await recovery_fixture.person.database("postgresql")
    off = await recovery_fixture.person.send("POST", f"/databases/{other}/recovery/points", 409, json={"name": "x"})
    assert "Point-in-time recovery of" in off["detail"]
    assert not (await recovery_fixture.person.get(f"/databases/{other}/recovery"))["enabled"]


async def test_base_backup_of_another_version_is_refused(recovery_fixture: RecoveryFixture) -> None:
    async with recovery_fixture.app.server.database.transaction() as db:
        for element in await repository.bases(db, (await recovery_fixture.archive()).id):
            element.version = "9"
    order = {"time": (await recovery_fixture.status())["latest"]}
    refused = await recovery_fixture.begin(409, **order)
    assert "version 9, which is not installed" in refused["detail"]
    async with recovery_fixture.app.server.database.transaction() as db:
        for element in await repository.bases(db, (await recovery_fixture.archive()).id):
            element.version = "18"


async def test_old_passwords_are_invalid_in_the_recovered_database(recovery_fixture: RecoveryFixture) -> None:
    await recovery_fixture.ship()
    done = await recovery_fixture.back(time=(await recovery_fixture.status())["latest"])
    credentials = [
        await recovery_fixture.person.send("POST", f"/databases/{element}/credentials", 200)
        for element in (recovery_fixture.database, done["target_id"])
    ]
    assert credentials[0]["password"] != credentials[1]["password"]
    home = recovery_fixture.app.server.settings.home_folder / "databases"
    secrets = [
        (home / element / "superuser.password").read_text()
        for element in (recovery_fixture.database, done["target_id"])
    ]
    assert secrets[0] != secrets[1]
    hba = (home / done["target_id"] / "pg" / "pg_hba.conf").read_text()
    assert hba == provision._HBA
    assert not (home / done["target_id"] / "recovery.hba").exists()
    query = "SELECT count(*) FROM pg_roles WHERE rolcanlogin"
    assert await recovery_fixture.one(query, done["target_id"]) == 3  # those of the supervisor, the owner and Headwater
    await recovery_fixture.leave(done)


async def test_recovery_is_audited(recovery_fixture: RecoveryFixture) -> None:
    entries = (await recovery_fixture.person.get("/audit"))["items"]
    result = {entry["action"] for entry in entries if entry["resource"]["id"] == recovery_fixture.database}
    assert {"recovery.change", "recovery.base", "recovery.point", "recovery.restore"} <= result

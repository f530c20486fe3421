"""Alerts: who may read and acknowledge them, and what happens if an acknowledged problem continues."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from features.policies.policy_fixture import PolicyFixture
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases
from headwater.features.policies.service import alerts
from headwater.features.policies.service.alerts import Kind


async def told(policy_fixture: PolicyFixture, kind: Kind, message: str = "It failed.") -> None:
    async with policy_fixture.app.server.database.transaction() as db:
        database = await databases.find(db, SYSTEM, uuid.UUID(policy_fixture.database))
        await alerts.raise_alert(db, database, kind, message, datetime.now(UTC))


async def test_alerts_are_visible_to_readers_of_the_database(policy_fixture: PolicyFixture) -> None:
    await told(policy_fixture, "failed")
    (alert,) = await policy_fixture.alerts()
    path = f"/alerts/{alert['id']}/acknowledge"
    stranger, neighbour = await policy_fixture.app.stranger(), await policy_fixture.app.person("neighbour")
    assert (await stranger.post(f"/api/v1{path}")).status_code == 401
    await neighbour.send("POST", path, 404)
    assert (await neighbour.get("/alerts"))["items"] == []
    assert (await neighbour.get("/alerts", database_id=policy_fixture.database))["items"] == []
    viewer = await policy_fixture.app.person("viewer")
    await policy_fixture.person.invite(viewer, "viewer")
    assert [alert["id"] for alert in (await viewer.get("/alerts"))["items"]] == [alert["id"]]
    await viewer.send("POST", path, 403)
    known = await policy_fixture.person.send("POST", path, 200)
    assert (known["status"], known["acknowledged_by"]) == ("acknowledged", "tomas")
    assert known["database_name"]
    assert known["project_id"] == policy_fixture.person.project["id"]
    await policy_fixture.person.send("POST", path, 409)
    await policy_fixture.person.send("POST", f"/alerts/{uuid.uuid4()}/acknowledge", 404)
    entries = [entry["action"] for entry in (await policy_fixture.person.get("/audit"))["items"]]
    assert {"alert.open", "alert.acknowledge"} <= set(entries)


async def acknowledged(policy_fixture: PolicyFixture, kind: Kind) -> list[Any]:
    """Open an alert, acknowledge it, raise it again; return the alerts, newest first."""
    await told(policy_fixture, kind)
    (alert,) = await policy_fixture.alerts("open")
    await policy_fixture.person.send("POST", f"/alerts/{alert['id']}/acknowledge", 200)
    await told(policy_fixture, kind, "Once more.")
    return await policy_fixture.alerts()


async def test_lasting_problem_is_counted_on_the_acknowledged_alert(policy_fixture: PolicyFixture) -> None:
    (alert,) = await acknowledged(policy_fixture, "failed")
    assert (alert["status"], alert["times"], alert["message"]) == ("acknowledged", 2, "Once more.")
    async with policy_fixture.app.server.database.transaction() as db:
        await alerts.resolve(db, uuid.UUID(policy_fixture.database), datetime.now(UTC), "failed")
    await told(policy_fixture, "failed")
    assert [alert["status"] for alert in await policy_fixture.alerts()] == ["open", "resolved"]


async def test_single_event_opens_a_new_alert(policy_fixture: PolicyFixture) -> None:
    assert [item["status"] for item in await acknowledged(policy_fixture, "damaged")] == ["open", "acknowledged"]


async def test_alerts_of_a_deleted_database_are_hidden(policy_fixture: PolicyFixture) -> None:
    await told(policy_fixture, "failed")
    await policy_fixture.person.send("DELETE", f"/databases/{policy_fixture.database}", 204)
    assert (await policy_fixture.person.get("/alerts"))["items"] == []

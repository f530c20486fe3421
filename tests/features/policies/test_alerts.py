"""Alerts: who sees them, who may acknowledge, and what one that is known of does when it goes on."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from features.policies.rota import Rota
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases
from headwater.features.policies.service import alerts
from headwater.features.policies.service.alerts import Kind


async def told(rota: Rota, kind: Kind, message: str = "It failed.") -> None:
    async with rota.house.server.database.transaction() as db:
        database = await databases.find(db, SYSTEM, uuid.UUID(rota.database))
        await alerts.raise_alert(db, database, kind, message, datetime.now(UTC))


async def test_alerts_are_for_those_who_see_the_database(rota: Rota) -> None:
    await told(rota, "failed")
    (alert,) = await rota.alerts()
    path = f"/alerts/{alert['id']}/acknowledge"
    stranger, neighbour = await rota.house.stranger(), await rota.house.person("neighbour")
    assert (await stranger.post(f"/api/v1{path}")).status_code == 401
    await neighbour.send("POST", path, 404)
    assert (await neighbour.get("/alerts"))["items"] == []
    assert (await neighbour.get("/alerts", database_id=rota.database))["items"] == []
    viewer = await rota.house.person("viewer")
    place = f"/organizations/{rota.person.organization}/members"
    await rota.person.send("POST", place, 201, json={"email": viewer.email, "role": "viewer"})
    assert [one["id"] for one in (await viewer.get("/alerts"))["items"]] == [alert["id"]]
    await viewer.send("POST", path, 403)
    known = await rota.person.send("POST", path, 200)
    assert (known["status"], known["acknowledged_by"]) == ("acknowledged", "tomas")
    assert known["database_name"]
    assert known["project_id"] == rota.person.project["id"]
    await rota.person.send("POST", path, 409)
    await rota.person.send("POST", f"/alerts/{uuid.uuid4()}/acknowledge", 404)
    entries = [one["action"] for one in (await rota.person.get("/audit"))["items"]]
    assert {"alert.open", "alert.acknowledge"} <= set(entries)


async def acknowledged(rota: Rota, kind: Kind) -> list[Any]:
    """Open an alert, acknowledge it, let it happen again; return the alerts, newest first."""
    await told(rota, kind)
    (alert,) = await rota.alerts("open")
    await rota.person.send("POST", f"/alerts/{alert['id']}/acknowledge", 200)
    await told(rota, kind, "Once more.")
    return await rota.alerts()


async def test_what_goes_on_is_counted_and_does_not_call_again(rota: Rota) -> None:
    (alert,) = await acknowledged(rota, "failed")
    assert (alert["status"], alert["times"], alert["message"]) == ("acknowledged", 2, "Once more.")
    async with rota.house.server.database.transaction() as db:
        await alerts.resolve(db, uuid.UUID(rota.database), datetime.now(UTC), "failed")
    await told(rota, "failed")
    assert [one["status"] for one in await rota.alerts()] == ["open", "resolved"]


async def test_what_happens_once_calls_again(rota: Rota) -> None:
    assert [one["status"] for one in await acknowledged(rota, "damaged")] == ["open", "acknowledged"]


async def test_alerts_of_a_deleted_database_are_silent(rota: Rota) -> None:
    await told(rota, "failed")
    await rota.person.send("DELETE", f"/databases/{rota.database}", 204)
    assert (await rota.person.get("/alerts"))["items"] == []

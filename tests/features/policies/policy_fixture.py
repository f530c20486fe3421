"""A user with a database that has a policy, and a clock that the tests set."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.policies.service import scheduler

HOURLY = {"schedule": {"cron": "0 * * * *"}}
TABLES = """
CREATE TABLE book (id integer PRIMARY KEY, title text);
CREATE TABLE loan (id integer PRIMARY KEY, book integer);
INSERT INTO book VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO loan VALUES (1, 1)
"""


class PolicyFixture(SnapshotFixture):
    """A user with a database that has a policy."""

    @property
    def path(self) -> str:
        return f"/databases/{self.database}/policy"

    async def put(self, status: int = 200, **policy: Any) -> Any:
        """Set the policy."""
        return await self.person.send("PUT", self.path, status, json=policy)

    async def due(self) -> datetime:
        """Return the next time of the policy."""
        return datetime.fromisoformat((await self.person.get(self.path))["next"][0])

    async def tick(self, at: datetime) -> None:
        """Run what is due at a point in time, as workers do at intervals."""
        await scheduler.tick(self.app.server.context, at)

    async def runs(self, kind: str = "snapshot") -> list[Any]:
        """Return the runs of a kind, newest first."""
        items = (await self.person.get(f"{self.path}/runs"))["items"]
        return [item for item in items if item["kind"] == kind]

    async def scheduled(self, late: timedelta = timedelta(seconds=5)) -> Any:
        """Advance to the next time, run its job, record its result, and return the run."""
        at = await self.due() + late
        await self.tick(at)
        (run, *_) = await self.runs()
        if run["job_id"]:
            await self.app.work(run["job_id"])
        await self.tick(at + timedelta(seconds=15))
        return (await self.runs())[0]

    async def complete_snapshots(self) -> list[str]:
        """Return the ids of the complete snapshots, newest first."""
        items = (await self.person.get(f"/databases/{self.database}/snapshots"))["items"]
        return [item["id"] for item in items if item["status"] == "complete"]

    async def alerts(self, status: str | None = None) -> list[Any]:
        """Return the alerts of the database, newest first."""
        query = {"status": status} if status else {}
        result: list[Any] = (await self.person.get("/alerts", database_id=self.database, **query))["items"]
        return result

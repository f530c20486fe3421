"""A user with a database that has point-in-time recovery, and a worker that the test controls."""

from __future__ import annotations

import uuid
from typing import Any

from headwater.features.recovery import maintenance, repository
from headwater.features.recovery.models import Archive
from headwater.features.recovery.service import archives
from headwater.features.snapshots.service.storage import vault_locations
from headwater.vault.vault import Vault
from people import AppFixture, Person


class RecoveryFixture:
    """A user with a database."""

    def __init__(self, app: AppFixture, person: Person, database: str) -> None:
        self.app, self.person, self.database = app, person, database

    async def sql(self, query: str, database: str = "") -> Any:
        """Run SQL on a database and return the rows of the last statement."""
        path = f"/databases/{database or self.database}/query"
        answer = await self.person.send("POST", path, 200, json={"text": query})
        assert answer["error"] is None, answer["error"]
        return answer["results"][-1].get("rows")

    async def one(self, query: str, database: str = "") -> Any:
        """Return the single value that a query returns."""
        return (await self.sql(query, database))[0][0]

    async def status(self) -> Any:
        """Return the recovery status of the database."""
        return await self.person.get(f"/databases/{self.database}/recovery")

    async def enable(self, **wish: Any) -> Any:
        """Enable point-in-time recovery, and create the first base backup."""
        body = {"enabled": True} | wish
        result = await self.person.send("PUT", f"/databases/{self.database}/recovery", 200, json=body)
        for item in result["bases"]:
            if item["status"] == "taking":
                await self.worked(item["job"]["id"])
        return await self.status()

    async def base(self) -> None:
        """Create a base backup."""
        job = await self.person.send("POST", f"/databases/{self.database}/recovery/bases", 202)
        await self.worked(job["id"])

    async def worked(self, job: str) -> None:
        """Run a job, which must complete."""
        await self.app.work(job)
        result = await self.person.get(f"/jobs/{job}")
        assert result["state"] == "completed", (result, await self.person.get(f"/jobs/{job}/log"))

    async def ship(self) -> None:
        """Ship everything that is committed by now into the vault."""
        server = self.app.server
        await archives.ship_now(server.context, (await self.archive()).id)

    async def tick(self) -> None:
        """Run the maintenance of a worker."""
        server = self.app.server
        await maintenance.run_maintenance(server.context)
        await maintenance.look(server.context)

    async def archive(self) -> Archive:
        """Return the row of the archive."""
        async with self.app.server.database.transaction() as db:
            result = await repository.of_database(db, uuid.UUID(self.database))
        assert result
        return result

    async def vault(self) -> Vault:
        """Open and return the vault."""
        async with self.app.server.database.transaction() as db:
            location = await vault_locations.load(db, self.app.server.settings, (await self.archive()).vault_id)
        return location.open()

    async def begin(self, status: int = 202, **order: Any) -> Any:
        """Request a recovery without running its job."""
        body = {"name": f"r{uuid.uuid4().hex[:8]}"} | order
        return await self.person.send("POST", f"/databases/{self.database}/recoveries", status, json=body)

    async def back(self, **order: Any) -> Any:
        """Restore the database to a moment and return the recovery."""
        created = await self.begin(**order)
        await self.worked(created["job"]["id"])
        return await self.person.get(f"/recoveries/{created['id']}")

    async def leave(self, done: Any) -> None:
        """Delete the recovered database."""
        await self.person.send("DELETE", f"/databases/{done['target_id']}", 204)
        await self.person.send("POST", f"/databases/{done['target_id']}/deletion/complete", 204)

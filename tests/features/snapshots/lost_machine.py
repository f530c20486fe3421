"""A machine that is gone: its vault and its secrets are left, and a fresh Headwater with a home of its own."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from features.snapshots.snapshot_fixture import SnapshotFixture
from people import AppFixture, Person

PASSPHRASE = "seven wooden boats"


@dataclass
class LostMachine:
    """What is left of a Headwater: a copy of its vault, its key file, and a passphrase that was added to the vault."""

    folder: Path
    key: str
    organization: str

    @property
    def location(self) -> dict[str, str]:
        """The body of a request that opens the vault with its passphrase."""
        return {"kind": "local", "folder": str(self.folder), "passphrase": PASSPHRASE}


async def lose(fixture: SnapshotFixture, folder: Path, *, passphrase: bool = True) -> LostMachine:
    """Forget everything about the vault of a user's organization; return what is left."""
    organization = fixture.person.organization
    if passphrase:
        path = f"/organizations/{organization}/vault/keys"
        await fixture.person.send("POST", path, 201, json={"passphrase": PASSPHRASE})
    source = (await fixture.vault()).blobs.folder  # type: ignore[attr-defined]
    copy = folder / "rescued" / organization
    shutil.copytree(source, copy)
    await forget(fixture.app, organization)
    key = (fixture.app.server.context.settings.home_folder / "envelope.key").read_text()
    return LostMachine(copy, key, organization)


async def forget(app: AppFixture, organization: str) -> None:
    """Delete the rows of an organization's snapshots and vaults."""
    async with app.server.database.transaction() as db:
        for table in ("restores", "snapshots", "vaults"):
            statement = f"DELETE FROM {table} WHERE organization_id = :id"
            await db.execute(text(statement), {"id": uuid.UUID(organization)})


async def administrator(app: AppFixture, name: str = "ada") -> Person:
    """Sign up a user who may name folders of the machine."""
    person = await app.person(name)
    await app.promote(person)
    return person


async def open_vault(person: Person, status: int = 201, **body: Any) -> Any:
    """Open a vault; return the answer."""
    return await person.send("POST", f"/organizations/{person.organization}/vaults", status, json=body)

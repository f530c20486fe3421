"""The files and the server of a database that Headwater runs, for rooms that work on them beside the keeper."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.drivers import Spec
from headwater.drivers.local import LocalDriver
from headwater.engines import Instance, ProvisioningSupport, RecoverySupport, engine
from headwater.features.databases import repository
from headwater.features.databases.models import Database
from headwater.features.databases.supervisor import client
from headwater.kit.errors import BadInput, Conflict
from headwater.kit.settings import Settings
from headwater.store.encryption import SecretCipher


@dataclass(frozen=True, slots=True)
class LocalInstance:
    """A database on this machine: its driver, what it shall be, and how it is recovered and run."""

    driver: LocalDriver
    spec: Spec
    engine: RecoverySupport
    provisioning: ProvisioningSupport

    @property
    def instance(self) -> Instance:
        """The database as its engine knows it."""
        return self.driver.instance(self.spec)

    @property
    def here(self) -> bool:
        """Whether its files are on this machine."""
        return self.engine.is_local(self.instance)


def recovers(database: Database) -> RecoverySupport:
    """Return how a database is recovered to a point in time; raises BadInput or Conflict."""
    found = engine(database.engine)
    if found.recovery is None:
        raise BadInput(f"{found.display_name} cannot be brought back to a moment.", hint="Take snapshots of it.")
    if database.origin != "managed":
        raise Conflict(
            f"{database.name} runs elsewhere.", hint="Only a database that Headwater runs is brought back to a moment."
        )
    return found.recovery


async def local(db: AsyncSession, settings: Settings, database: Database) -> LocalInstance:
    """Return a database that Headwater runs as it is on this machine."""
    found, provisioning = recovers(database), engine(database.engine).provisioning
    assert provisioning
    sealed = await repository.secrets(db, database.id)
    password = SecretCipher.of(settings).decrypt(sealed["password"], database.organization_id, database.id, "password")
    spec = Spec(
        database.id,
        database.engine,
        database.route or database.name,
        password,
        dict(database.quotas),
        dict(database.options),
        database.archives,
    )
    return LocalInstance(LocalDriver(settings.home_folder / "databases"), spec, found, provisioning)


async def archive(db: AsyncSession, database_id: uuid.UUID, *, on: bool) -> None:
    """Let the server of a database keep the log of its changes, or no longer: the keeper restarts it."""
    await repository.note(db, database_id, archives=on)


async def built(db: AsyncSession, database_id: uuid.UUID) -> None:
    """Give a database whose files are complete to the keeper."""
    await repository.note(db, database_id, building=False)


async def wake(settings: Settings, local: LocalInstance) -> None:
    """Start a database if it sleeps; raises what the keeper says is wrong."""
    await client.wake(settings, local.spec.id)

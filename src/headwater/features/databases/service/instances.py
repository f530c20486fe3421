"""The files and the server of a managed database, for features that work on them beside the supervisor."""

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
    """A database on this machine: its driver, its specification, and how to recover and run it."""

    driver: LocalDriver
    spec: Spec
    engine: RecoverySupport
    provisioning: ProvisioningSupport

    @property
    def instance(self) -> Instance:
        """The instance as its engine sees it."""
        return self.driver.instance(self.spec)

    @property
    def here(self) -> bool:
        """Return True if its files are on this machine."""
        return self.engine.is_local(self.instance)


def recovers(database: Database) -> RecoverySupport:
    """Return the recovery support of a database's engine; raise BadInput or Conflict if it has none."""
    details = engine(database.engine)
    if details.recovery is None:
        raise BadInput(
            f"{details.display_name} does not support point-in-time recovery.", hint="Take snapshots instead."
        )
    if database.origin != "managed":
        raise Conflict(f"{database.name} is not managed by Headwater.", hint="Use the backups of its own server.")
    return details.recovery


async def local(db: AsyncSession, settings: Settings, database: Database) -> LocalInstance:
    """Return the local instance of a managed database."""
    recovery, provisioning = recovers(database), engine(database.engine).provisioning
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
    return LocalInstance(LocalDriver(settings.home_folder / "databases"), spec, recovery, provisioning)


async def archive(db: AsyncSession, database_id: uuid.UUID, *, on: bool) -> None:
    """Turn the archiving of a database's log on or off; the supervisor restarts its server."""
    await repository.note(db, database_id, archives=on)


async def built(db: AsyncSession, database_id: uuid.UUID) -> None:
    """Hand over a database whose files are complete to the supervisor."""
    await repository.note(db, database_id, building=False)


async def wake(settings: Settings, local: LocalInstance) -> None:
    """Start a database if it sleeps; raise the error that the supervisor reports."""
    await client.wake(settings, local.spec.id)

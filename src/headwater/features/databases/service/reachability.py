"""Opens sessions on databases: decrypts their secrets, and wakes them or opens their tunnels."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from headwater.engines import Address, Engine, LoginRefused, Session, engine, reader_password
from headwater.features.accounts.rights import Action, Actor, Resource
from headwater.features.databases import repository
from headwater.features.databases.models import Database
from headwater.features.databases.service import connections, databases
from headwater.features.databases.service.connections import Connection
from headwater.features.databases.supervisor import client
from headwater.kit.errors import Conflict
from headwater.kit.network.guard import policy_of
from headwater.kit.network.routes import Target, open_route
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher


class PasswordChanged(Conflict):
    """The password of a managed database's owner was changed outside Headwater."""

    code = "password_changed"


@dataclass(frozen=True, slots=True)
class ReachableDatabase:
    """What is needed to open sessions on a database, independent of the row's transaction.

    Its sessions belong to the owner, or to the `reader`: the id of a person who may only read. Connected databases have
    only the user of their connection.
    """

    id: uuid.UUID
    name: str
    engine_name: str
    read_only: bool
    protected: bool
    managed: bool
    connection: Connection | None
    password: str
    organization_id: uuid.UUID
    reader: str = ""

    @property
    def engine(self) -> Engine:
        """The engine of the database."""
        return engine(self.engine_name)


async def load(db: Any, cipher: SecretCipher, database: Database) -> ReachableDatabase:
    """Return what is needed to reach a database."""
    return _reachable(cipher, database, await repository.secrets(db, database.id))


async def find(
    context: Context, actor: Actor, database_id: uuid.UUID, action: Action
) -> tuple[ReachableDatabase, Resource]:
    """Return what is needed to reach a database to which the actor may do the action, and its row.

    Raises:
        NotFound, Forbidden: the actor may not see the database, or not do the action.
    """
    row = await databases.find_reachable(context, actor, database_id, action)
    sealed = dict(zip(row.secret_names or (), row.secrets or (), strict=True))
    return _reachable(context.cipher, row, sealed), row


def _reachable(cipher: SecretCipher, database: Any, sealed: Mapping[str, bytes]) -> ReachableDatabase:
    tenant, row = database.organization_id, database.id
    managed = database.origin == "managed"
    connection = None if managed else connections.load(database.connection, sealed, cipher, tenant, row)
    password = cipher.decrypt(sealed["password"], tenant, row, "password") if managed else ""
    return ReachableDatabase(
        database.id,
        database.name,
        database.engine,
        database.read_only,
        database.protected,
        managed,
        connection,
        password,
        tenant,
    )


@asynccontextmanager
async def open_address(settings: Settings, reached: ReachableDatabase) -> AsyncIterator[Address]:
    """Yield the address of a database with its secrets; it is awake, or its tunnel is open, until the end."""
    if reached.managed:
        try:
            yield await _managed_address(settings, reached)
        except LoginRefused as error:
            raise PasswordChanged(
                f"The password of the owner of {reached.name} was changed outside Headwater.",
                hint=f"Reset it on the page of the database, or with `headwater db reset-password {reached.name}`.",
            ) from error
        return
    if reached.connection is None:
        raise Conflict(f"{reached.name} has no connection.")
    async with open_connection_route(settings, reached.connection) as address:
        yield address


async def _managed_address(settings: Settings, reached: ReachableDatabase) -> Address:
    address = await client.wake(settings, reached.id, reached.reader)
    provisioning = reached.engine.provisioning
    assert provisioning
    password = (
        reader_password(reached.password, reached.reader)
        if reached.reader
        else provisioning.program_password(reached.password)
    )
    return replace(address, password=password)


@asynccontextmanager
async def open_connection_route(settings: Settings, connection: Connection) -> AsyncIterator[Address]:
    """Yield the address of a connection over its own route: checked and tunnelled."""
    address: Address = connection.address
    target = Target(address.host, address.port or 0)
    async with open_route(target, connection.route, policy_of(settings)) as endpoint:
        yield replace(address, endpoint=endpoint)


@asynccontextmanager
async def open_session(
    settings: Settings, reached: ReachableDatabase, *, seconds: float = 15.0
) -> AsyncIterator[Session]:
    """Yield a new session on a database and close it at the end."""
    async with open_address(settings, reached) as address:
        session = await reached.engine.connect(address, seconds=seconds)
        try:
            yield session
        finally:
            await session.close()


@asynccontextmanager
async def open_connection(
    settings: Settings, connection: Connection, *, seconds: float = 15.0
) -> AsyncIterator[Session]:
    """Yield a session on a connection that is not saved yet."""
    async with open_connection_route(settings, connection) as address:
        session = await engine(connection.engine).connect(address, seconds=seconds)
        try:
            yield session
        finally:
            await session.close()

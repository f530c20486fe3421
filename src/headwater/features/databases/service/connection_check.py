"""Tests connections: before they are saved, and on request."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from headwater.engines import ServerFacts, engine, parse_url
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import projects
from headwater.features.databases import api_models
from headwater.features.databases.models import Database
from headwater.features.databases.service import connections, databases, reachability, schema_cache
from headwater.features.databases.service.specs import ConnectionSpec
from headwater.kit.errors import HeadwaterError
from headwater.kit.ids import new_id
from headwater.kit.network.tunnels import HostKeyUnknown
from headwater.kit.settings import Settings
from headwater.store.context import Context


def parsed(url: str) -> api_models.ParsedUrlOut:
    """Return the parts of a URL, without its password."""
    name, address = parse_url(url)
    return api_models.ParsedUrlOut(
        engine=name,
        host=address.host,
        port=address.port,
        database=address.database,
        user=address.user,
        has_password=bool(address.password),
        tls=address.tls.mode,
        options=dict(address.options),
    )


async def test(
    context: Context, actor: Actor, project_id: uuid.UUID, given: api_models.ConnectionIn
) -> api_models.ConnectionTestOut:
    """Test a connection that is not saved yet."""
    async with context.store.transaction() as db:
        await projects.get(db, actor, project_id, "database:write")
    return await _test_connection(context.settings, connections.parse_connection(given, trusted=actor.is_admin))


async def _test_connection(settings: Settings, connection: connections.Connection) -> api_models.ConnectionTestOut:
    try:
        async with reachability.open_connection(settings, connection) as session:
            return api_models.ConnectionTestOut(ok=True, facts=_facts(await session.ping()))
    except HostKeyUnknown as error:
        return api_models.ConnectionTestOut(
            ok=False,
            error=error.message,
            hint=error.hint,
            code=error.code,
            host_key=error.key,
            fingerprint=error.fingerprint,
        )
    except HeadwaterError as error:
        return api_models.ConnectionTestOut(ok=False, error=error.message, hint=error.hint, code=error.code)


async def connect(context: Context, actor: Actor, project_id: uuid.UUID, given: api_models.NewConnection) -> Database:
    """Test a connection and save it if it works.

    Raises:
        HeadwaterError: the connection does not work, with the error of the test; nothing is saved.
    """
    async with context.store.transaction() as db:
        project = await projects.get(db, actor, project_id, "database:write")
    connection = connections.parse_connection(given.connection, trusted=actor.is_admin)
    async with reachability.open_connection(context.settings, connection) as session:
        facts = await session.ping()
        schema = await engine(connection.engine).inspect(session)
    database_id, cipher = new_id(), context.cipher
    plain, secrets = connections.save(connection, cipher, project.organization_id, database_id)
    spec = ConnectionSpec(
        database_id,
        given.name,
        connection.engine,
        connection=plain,
        secrets=secrets,
        facts=_plain(facts),
        protected=given.protected,
        read_only=given.read_only,
    )
    async with context.store.transaction() as db:
        database = await databases.connect(db, actor, project_id, spec)
        cipher.check_current()
        await schema_cache.keep(db, database.id, schema)
    return database


async def test_again(context: Context, actor: Actor, database_id: uuid.UUID) -> api_models.ConnectionTestOut:
    """Test a saved connection, and store what the server reports about itself."""
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:write")
        reached = await reachability.load(db, context.cipher, database)
    try:
        async with reachability.open_session(context.settings, reached) as session:
            facts = await session.ping()
    except HeadwaterError as error:
        return api_models.ConnectionTestOut(ok=False, error=error.message, hint=error.hint, code=error.code)
    async with context.store.transaction() as db:
        row = await databases.find(db, actor, database_id, "database:write", lock=True)
        row.facts, row.size_bytes = _plain(facts), facts.size_bytes
    return api_models.ConnectionTestOut(ok=True, facts=_facts(facts))


def _facts(facts: ServerFacts) -> api_models.FactsOut:
    return api_models.FactsOut.model_validate(facts)


def _plain(facts: ServerFacts) -> dict[str, Any]:
    return dataclasses.asdict(facts)

"""The password of a managed database's owner: shown, and replaced."""

from __future__ import annotations

import uuid
from urllib.parse import unquote, urlsplit

from headwater.engines import engine
from headwater.features.accounts.rights import Actor, require_proof
from headwater.features.databases import api_models, repository
from headwater.features.databases.service import databases, pool
from headwater.features.databases.supervisor import client
from headwater.kit.errors import Conflict
from headwater.store.context import Context


async def show(context: Context, actor: Actor, database_id: uuid.UUID) -> api_models.CredentialsOut:
    """Return the credentials with which a client connects to a managed database through the proxy."""
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:write")
        require_proof(actor)
        if database.origin != "managed" or database.route is None:
            raise Conflict(
                f"{database.name} is not managed by Headwater: its credentials are not shown.",
                hint="They are stored encrypted. Ask the person who entered them.",
            )
        sealed = await repository.secrets(db, database.id)
        databases.record(db, actor, "database.credentials", database)
        password = context.cipher.decrypt(sealed["password"], database.organization_id, database.id, "password")
    details, url = engine(database.engine), None
    if details.proxy:
        host = "127.0.0.1" if context.settings.host in {"0.0.0.0", "::"} else context.settings.host  # noqa: S104
        port = context.settings.mysql_proxy_port if details.proxy.server_speaks_first else context.settings.proxy_port
        encrypted = context.settings.proxy_tls == "required" or database.tls_required
        url = details.proxy.client_url(f"{host}:{port}", database.route, password, encrypted=encrypted)
    parts = urlsplit(url or "")
    return api_models.CredentialsOut(
        url=url,
        host=parts.hostname,
        port=parts.port,
        database=database.route,
        user=unquote(parts.username) if parts.username else None,
        password=password if url else None,
        command=f"headwater sql {database.name}",
    )


async def reset(context: Context, actor: Actor, database_id: uuid.UUID) -> api_models.CredentialsOut:
    """Set a new password of a managed database's owner, also where another one was set outside Headwater.

    Raises:
        Conflict: the database is not managed.
        Unavailable: the supervisor cannot set it now; the same request sets it later.
    """
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, database_id, "database:admin", lock=True)
        require_proof(actor)
        if database.origin != "managed" or engine(database.engine).proxy is None:
            raise Conflict(f"{database.name} has no password that Headwater could reset.")
        await databases.set_password(db, context.cipher, database)
        databases.record(db, actor, "database.password_reset", database)
    await client.renew_password(context.settings, database_id)
    await pool.end_sessions(context, database_id)
    return await show(context, actor, database_id)

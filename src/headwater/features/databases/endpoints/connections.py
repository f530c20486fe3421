"""HTTP of connections: parse a URL, test, connect, and the credentials of a database that Headwater runs."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.guard import Shared, allow, allow_detached
from headwater.features.accounts.rights import Actor
from headwater.features.databases import api_models, serializers
from headwater.features.databases.service import connection_check
from headwater.features.databases.service.databases import DatabaseView

router = APIRouter(tags=["databases"])
Writer = Annotated[Actor, Depends(allow_detached("database:write"))]


@router.post("/connections/parse")
async def parse_connection_url(
    body: api_models.UrlIn, actor: Annotated[Actor, Depends(allow("account:read"))]
) -> api_models.ParsedUrlOut:
    """Take a database URL apart, for a form."""
    return connection_check.parsed(body.url)


@router.post("/projects/{project_id}/connections/test")
async def test_connection(
    project_id: uuid.UUID, body: api_models.ConnectionIn, server: Shared, actor: Writer
) -> api_models.ConnectionTestOut:
    """Try a connection and say what the server said, or what stands in the way."""
    return await connection_check.test(server.settings, server.database, actor, project_id, body)


@router.post("/projects/{project_id}/connections", status_code=201)
async def connect_database(
    project_id: uuid.UUID, body: api_models.NewConnection, server: Shared, actor: Writer
) -> api_models.DatabaseOut:
    """Test a connection and, when it works, keep it as a database of the project."""
    database = await connection_check.connect(server.settings, server.database, actor, project_id, body)
    return serializers.database(DatabaseView(database, None))


@router.post("/databases/{database_id}/test")
async def test_database(database_id: uuid.UUID, server: Shared, actor: Writer) -> api_models.ConnectionTestOut:
    """Try the kept connection of a database again, and keep what the server says of itself."""
    return await connection_check.test_again(server.settings, server.database, actor, database_id)


@router.post("/databases/{database_id}/credentials")
async def show_credentials(database_id: uuid.UUID, server: Shared, actor: Writer) -> api_models.CredentialsOut:
    """Show how a client of your own connects to a database that Headwater runs; noted in the audit."""
    return await connection_check.credentials(server.settings, server.database, actor, database_id)

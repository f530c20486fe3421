"""HTTP endpoints of connections: parse a URL, test, connect, and the credentials of a managed database."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.guard import Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.databases import api_models, serializers
from headwater.features.databases.service import connection_check, credentials
from headwater.features.databases.service.databases import DatabaseView

router = APIRouter(tags=["databases"])
Writer = Annotated[Actor, Depends(allow("database:write"))]


@router.post("/connections/parse")
async def parse_connection_url(
    body: api_models.UrlIn, actor: Annotated[Actor, Depends(allow("account:read"))]
) -> api_models.ParsedUrlOut:
    """Parse a database URL into its parts."""
    return connection_check.parsed(body.url)


@router.post("/projects/{project_id}/connections/test")
async def test_connection(
    project_id: uuid.UUID, body: api_models.ConnectionIn, server: Shared, actor: Writer
) -> api_models.ConnectionTestOut:
    """Test a connection and return what the server reports, or the error."""
    return await connection_check.test(server.context, actor, project_id, body)


@router.post("/projects/{project_id}/connections", status_code=201)
async def connect_database(
    project_id: uuid.UUID, body: api_models.NewConnection, server: Shared, actor: Writer
) -> api_models.DatabaseOut:
    """Test a connection and, if it works, save it as a database of the project."""
    database = await connection_check.connect(server.context, actor, project_id, body)
    return serializers.database(DatabaseView(database, None))


@router.post("/databases/{database_id}/test")
async def test_database(database_id: uuid.UUID, server: Shared, actor: Writer) -> api_models.ConnectionTestOut:
    """Test the saved connection of a database, and store what the server reports about itself."""
    return await connection_check.test_again(server.context, actor, database_id)


@router.post("/databases/{database_id}/credentials/reset")
async def reset_password(
    database_id: uuid.UUID, server: Shared, actor: Annotated[Actor, Depends(allow("database:admin"))]
) -> api_models.CredentialsOut:
    """Set a new password of a managed database's owner and return it; clients that use the old one must be changed."""
    return await credentials.reset(server.context, actor, database_id)


@router.post("/databases/{database_id}/credentials")
async def show_credentials(database_id: uuid.UUID, server: Shared, actor: Writer) -> api_models.CredentialsOut:
    """Return the credentials with which other clients connect to a managed database; recorded in the audit log."""
    return await credentials.show(server.context, actor, database_id)

"""The visual query builder: converts SQL to a drawing, and a drawing to SQL in the dialect of a database."""

from __future__ import annotations

import uuid

from headwater.core import query_builder
from headwater.core.query_builder import Query, SqlStyle
from headwater.core.query_builder.model import QueryDrawing
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import schema_cache
from headwater.features.query.service import access as doors
from headwater.features.query.service.access import Access
from headwater.kit.errors import BadInput
from headwater.store.context import Context


async def draw(context: Context, actor: Actor, database_id: uuid.UUID, text: str) -> QueryDrawing:
    """Return the drawing of a SELECT, or the clause that the builder does not support."""
    access = await doors.authorize_query(context, actor, database_id)
    dialect = _dialect(access)
    schema = await schema_cache.get(context, access.reached)
    return query_builder.parse(text, dialect, schema)


async def write(context: Context, actor: Actor, database_id: uuid.UUID, query: Query) -> str:
    """Return the SQL of a drawing.

    Raises:
        BadInput: a part of it is incomplete.
    """
    access = await doors.authorize_query(context, actor, database_id)
    return query_builder.render(query, _dialect(access))


def _dialect(access: Access) -> SqlStyle:
    engine = access.reached.engine
    if engine.dialect.grammar is None:
        raise BadInput(f"{engine.display_name} does not use SQL.", hint="The query builder supports SQL only.")
    return SqlStyle(engine.dialect.sqlglot, engine.dialect.grammar, lambda name: engine.quote(name))

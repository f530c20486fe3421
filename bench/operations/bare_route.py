"""The peer of the cost of a request: FastAPI in uvicorn with one route that reads one row by its key.

python -m bench.operations.bare_route PORT STORE_URL
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel


class RowOut(BaseModel):
    """A user as the route answers it."""

    id: uuid.UUID
    email: str
    name: str


def application(url: str) -> FastAPI:
    """Return an application with the route `/users/{user_id}`."""
    pool = AsyncConnectionPool(url, min_size=4, max_size=10, open=False, kwargs={"autocommit": True})

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/users/{user_id}")
    async def user(user_id: uuid.UUID) -> RowOut:
        async with pool.connection() as connection:
            cursor = await connection.execute("SELECT id, email, name FROM users WHERE id = %s", (user_id,))
            row = await cursor.fetchone()
        assert row is not None
        return RowOut(id=row[0], email=row[1], name=row[2])

    return app


if __name__ == "__main__":
    uvicorn.run(application(sys.argv[2]), port=int(sys.argv[1]), log_level="critical", access_log=False)

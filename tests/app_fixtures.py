"""Builds a server on a store inside the test process, with the settings of tests."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from headwater.features.accounts.guard import AppState
from headwater.features.accounts.tokens import Signer
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.session import Store
from people import AppFixture


def settings_of(home: Path, store_url: str) -> Settings:
    """Return the settings of a test's server."""
    return Settings(
        home=home,
        database_url=SecretStr(store_url),
        max_upload_mb=1,
        proof_minutes=600,  # tests of a module may take longer than a proof lasts; those of proofs set their age
        allow_loopback=True,
        open_signup=True,
        allowed_hosts=("headwater.test",),
    )


async def discard_databases(store: Store, organizations: set[str]) -> None:
    """Let the supervisor destroy the databases of people who are gone: each is a server that runs on."""
    statement = "UPDATE databases SET deleted_at = now(), purge_at = now() WHERE organization_id = ANY(:ids)"
    async with store.transaction() as db:
        await db.execute(text(statement), {"ids": list(map(uuid.UUID, organizations))})


@contextlib.asynccontextmanager
async def opened(settings: Settings, store_url: str, application: FastAPI) -> AsyncIterator[AppFixture]:
    """Give a server on the store; one at a time for an application."""
    database = Store(store_url, pool_size=4)
    server = AppState(Context(settings, database), Signer(settings))
    application.state.server = server
    async with contextlib.AsyncExitStack() as stack:
        app = AppFixture(server, application, stack)
        yield app
        await discard_databases(database, app.organizations)
    application.state.server = None
    await server.context.close()
    await database.close()

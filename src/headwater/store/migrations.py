"""Migrates the store's tables to the newest revision; processes that start at once wait for each other."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from headwater.kit.errors import Unavailable
from headwater.store.session import driver_url

FOLDER = Path(__file__).parent
# An arbitrary constant: the key of the advisory lock that migrating processes take.
LOCK = 0x4845_4144
MINIMUM_VERSION = 150_000


def config(connection: Connection) -> Config:
    """Return Alembic's configuration for a connection."""
    alembic_config = Config()
    alembic_config.set_main_option("script_location", str(FOLDER))
    alembic_config.set_main_option("path_separator", "os")
    alembic_config.attributes["connection"] = connection
    return alembic_config


def head() -> str:
    """Return the newest revision of this version of Headwater."""
    revision = ScriptDirectory(str(FOLDER)).get_current_head()
    assert revision is not None
    return revision


def current(connection: Connection) -> str | None:
    """Return the revision of the store."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(url: str) -> None:
    """Migrate the store to the newest revision.

    Raises:
        Unavailable: the server is older than PostgreSQL 15, or a newer version of Headwater has created the store.
    """
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            _check_version(connection)
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
            connection.commit()
            try:
                _check_known(current(connection))
                connection.commit()
                command.upgrade(config(connection), "head")
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
                connection.commit()
    finally:
        engine.dispose()


def _check_version(connection: Connection) -> None:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if number < MINIMUM_VERSION:
        raise Unavailable(f"The store needs PostgreSQL 15 or newer; this server is version {number // 10_000}.")


def _check_known(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if revision is not None and revision not in known:
        raise Unavailable("The store belongs to a newer version of Headwater.", hint="Run that version or a newer one.")

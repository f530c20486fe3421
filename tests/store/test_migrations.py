"""The migrations create exactly the tables of the models, also when they run concurrently."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from headwater.features import collect
from headwater.kit.errors import Unavailable
from headwater.store import migrations
from headwater.store.base import Base
from headwater.store.embedded import EmbeddedServer
from headwater.store.session import driver_url


@pytest.fixture
def empty(store: EmbeddedServer) -> Iterator[str]:
    """The URL of an empty database."""
    with psycopg.connect(store.cluster.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS fresh WITH (FORCE)")
        connection.execute("CREATE DATABASE fresh OWNER headwater")
    yield store.cluster.url(database="fresh")
    with psycopg.connect(store.cluster.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE fresh WITH (FORCE)")


def ours(name: str | None, kind: str, _: object) -> bool:
    """Return False for Procrastinate's tables, which have no models here."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def test_migrations_match_the_models(empty: str) -> None:
    collect("models")
    migrations.upgrade(empty)
    engine = create_engine(driver_url(empty))
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
        assert migrations.current(connection) == migrations.head()
    engine.dispose()


def test_concurrent_migrations_are_serialized(empty: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(migrations.upgrade, [empty] * 4)) == [None] * 4


def test_migrations_can_be_downgraded(empty: str) -> None:
    migrations.upgrade(empty)
    engine = create_engine(driver_url(empty))
    with engine.connect() as connection:
        command.downgrade(migrations.config(connection), "base")
        connection.commit()
        left = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
    engine.dispose()
    assert [name for name in left if ours(name, "table", None)] == ["alembic_version"]


def test_store_of_a_newer_version_is_refused(empty: str) -> None:
    migrations.upgrade(empty)
    with psycopg.connect(empty) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from the future'")
    with pytest.raises(Unavailable, match="newer version of Headwater"):
        migrations.upgrade(empty)


def test_every_json_column_says_what_it_holds(empty: str) -> None:
    """Code trusts them: JSON's null in one row ended the supervisor's round for all databases."""
    migrations.upgrade(empty)
    columns = """
        SELECT c.table_name || '.' || c.column_name FROM information_schema.columns c
        WHERE c.table_schema = 'public' AND c.data_type = 'jsonb' AND c.table_name NOT LIKE 'procrastinate%'
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'c' AND conrelid = c.table_name::regclass
            AND pg_get_constraintdef(oid) ~ ('jsonb_typeof\\("?' || c.column_name || '"?\\)'))
        """
    with psycopg.connect(empty) as connection:
        assert connection.execute(columns).fetchall() == []


def test_json_null_of_earlier_versions_is_healed(empty: str) -> None:
    engine = create_engine(driver_url(empty))
    migrations.upgrade(empty)
    with engine.connect() as connection:
        command.downgrade(migrations.config(connection), "0017")
        connection.commit()
        organization = "01900000-0000-7000-8000-000000000001"
        connection.execute(text(f"INSERT INTO organizations (id, name) VALUES ('{organization}', 'o')"))
        connection.execute(
            text(
                "INSERT INTO databases (id, organization_id, name, engine, origin, desired, state, state_reason, options,"
                " quotas, connection, facts, archives, building, protected, read_only, sleep_after_seconds)"
                f" VALUES ('{organization}', '{organization}', 'd', 'e', 'managed', 'running', 'running', '', '{{}}',"
                " 'null', '{}', '{}', false, false, false, false, 0)"
            )
        )
        connection.commit()
    migrations.upgrade(empty)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT quotas FROM databases")).scalar_one() == {}
    engine.dispose()

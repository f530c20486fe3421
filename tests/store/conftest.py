"""What the tests of the store share: the home folder and the store that version 0.1.0 left behind."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app_fixtures import settings_of
from headwater.engines.postgresql.binaries import binaries
from headwater.kit.settings import Settings
from headwater.store import migrations
from headwater.store.embedded import EmbeddedServer

WRITTEN = Path(__file__).parent / "fixtures" / "home-0.1.0"


@pytest.fixture
def old_home(store: EmbeddedServer, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a home of 0.1.0, with its store in a database of its own, migrated.

    `fixtures/home-0.1.0` was written by the server at commit 05d3f8b: an account, the sample project, a SQLite database
    with three rows, and a snapshot of it. `store.dump` is its store by `pg_dump -Fc`, without the rows of scans.
    """
    home, name = tmp_path / "home", f"old_{uuid.uuid4().hex[:8]}"
    shutil.copytree(WRITTEN, home)
    (home / "store.dump").unlink()
    for key in home.glob("*.key"):
        key.chmod(0o600)
    with psycopg.connect(store.cluster.url("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER headwater")
        url = store.cluster.url(database=name)
        restore = [binaries() / "pg_restore", "--no-owner", "--exit-on-error", "-d", url, WRITTEN / "store.dump"]
        subprocess.run(restore, check=True, capture_output=True)
        migrations.upgrade(url)
        yield settings_of(home, url)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

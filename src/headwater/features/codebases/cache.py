"""The cache of facts in the store, shared by all workers. If it fails, a scan computes the facts itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from itertools import islice

import psycopg
import structlog

from headwater.core.lineage.shares import WorkShare
from headwater.store.session import driver_url

log = structlog.get_logger()
AT_ONCE = 500
# After a failure the store is not used for this long; the scan goes on without the cache.
AWAY_SECONDS = 2.0
GET = """
    SELECT key, value FROM facts_cache WHERE key = ANY(%s)
"""
TOUCH = """
    UPDATE facts_cache SET used_at = now() WHERE key = ANY(%s) AND used_at < now() - interval '1 day'
"""
PUT = """
    INSERT INTO facts_cache (key, value) SELECT * FROM unnest(%s::bytea[], %s::bytea[]) ON CONFLICT DO NOTHING
"""


class StoreCache:
    """Caches bytes by key in the store; it has its own connection because the scan uses it from its own thread."""

    share: WorkShare | None = None

    def __init__(self, url: str) -> None:
        self._url = driver_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection | None = None
        self._away_until = 0.0

    def get_many(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the values of the keys that are in the cache."""
        values: dict[bytes, bytes] = {}
        waiting = iter(keys)
        while batch := list(islice(waiting, AT_ONCE)):
            try:
                if (connection := self._open()) is None:
                    break
                values |= dict(connection.execute(GET, [batch], binary=True).fetchall())
                connection.execute(TOUCH, [batch])
            except psycopg.Error as error:
                self._failed(error)
        return values

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Store values."""
        waiting = iter(sorted(entries.items()))  # always in the same order: two concurrent scans must not deadlock
        while batch := list(islice(waiting, AT_ONCE)):
            try:
                if (connection := self._open()) is None:
                    break
                connection.execute(PUT, [[key for key, _ in batch], [value for _, value in batch]])
            except psycopg.Error as error:
                self._failed(error)

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection | None:
        if time.monotonic() < self._away_until:
            return None
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
        return self._connection

    def _failed(self, error: psycopg.Error) -> None:
        log.warning("facts_cache.unavailable", error=str(error))
        self._away_until = time.monotonic() + AWAY_SECONDS
        self.close()

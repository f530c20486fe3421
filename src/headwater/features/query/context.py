"""What the routes of this room work with, taken from the server process."""

from __future__ import annotations

from headwater.features.accounts.guard import AppState
from headwater.features.databases.service.pool import SessionPool
from headwater.features.query.service.access import Workplace
from headwater.features.query.service.runs import RunningQueries


def workplace(server: AppState) -> Workplace:
    """Return settings, store and open sessions of the process."""
    return Workplace(server.settings, server.database, server.service(SessionPool))


def running(server: AppState) -> RunningQueries:
    """Return what runs in the process."""
    return server.service(RunningQueries)

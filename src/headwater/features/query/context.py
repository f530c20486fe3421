"""What the routes of this room work with, taken from the server process."""

from __future__ import annotations

from headwater.features.accounts.guard import Server
from headwater.features.databases.service.pool import Pool
from headwater.features.query.service.access import Workplace
from headwater.features.query.service.runs import Running


def workplace(server: Server) -> Workplace:
    """Return settings, store and open sessions of the process."""
    return Workplace(server.settings, server.database, server.room(Pool))


def running(server: Server) -> Running:
    """Return what runs in the process."""
    return server.room(Running)

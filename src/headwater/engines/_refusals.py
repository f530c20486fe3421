"""Errors of connections that a server refuses."""

from __future__ import annotations

from headwater.kit.errors import Unavailable


class ConnectionRefused(Unavailable):
    """The database refused the connection."""

    status = 422
    code = "connection_refused"


class LoginRefused(ConnectionRefused):
    """The user name or password is wrong."""

    code = "login_refused"

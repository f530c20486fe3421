"""Errors of PostgreSQL as sentences with hints; they say nothing beyond the server's own message."""

from __future__ import annotations

import psycopg

from headwater.catalog.results import QueryError
from headwater.engines import ConnectionRefused, LoginRefused
from headwater.engines.postgresql import missing_extensions
from headwater.kit.errors import HeadwaterError, Unavailable

_WRONG_LOGIN = "password authentication failed"
_CONNECTING = (
    (
        _WRONG_LOGIN,
        "The user name or password is wrong.",
        "Check both; passwords are case-sensitive.",
    ),
    ("no password supplied", "The server requires a password.", "Enter the password of the user."),
    (
        "does not support SSL",
        "The server does not offer TLS.",
        "Choose the TLS mode `off` only on a network you trust.",
    ),
    ("certificate verify failed", "The server's certificate is not signed by a trusted CA.", "Give the CA's PEM."),
    (
        "does not match host name",
        "The server's certificate was issued for another host name.",
        "Set the server name to the name in the certificate.",
    ),
    ("valid client certificate", "The server requires a client certificate.", "Give the certificate and its key."),
    ("certificate required", "The server requires a client certificate.", "Give the client certificate and its key."),
    ("Connection refused", "Nothing is listening at this address.", "Check host and port."),
    ("timeout expired", "The server did not answer in time.", "Check host, port and firewall."),
    ("no pg_hba.conf entry", "The server does not accept this user, database or network.", "See its pg_hba.conf."),
    ("too many clients", "The server has no free connection.", "Close some connections, or raise max_connections."),
    (
        "too many connections for",
        "This user or database has reached the connection limit.",
        "Close some connections, or raise the limit.",
    ),
    ("No space left on device", "The disk of the server is full.", "Free some space on it and try again."),
    ("is starting up", "The server is starting.", "Try again in a moment."),
)


def connection_error(message: str) -> HeadwaterError:
    """Return why a connection failed, without address, user or password."""
    if 'database "' in message and "does not exist" in message:
        return ConnectionRefused("The database does not exist on the server.", hint="Check the name of the database.")
    if 'role "' in message and "does not exist" in message:
        return ConnectionRefused("The user name or password is wrong.", hint="Check both.")
    for part, sentence, hint in _CONNECTING:
        if part in message:
            kind = LoginRefused if part == _WRONG_LOGIN else ConnectionRefused
            return kind(sentence, hint=hint)
    if "FATAL:" in message:  # the server was reached: its message is better than a guess
        return ConnectionRefused(
            f"The server refused the connection: {message.split('FATAL:', 1)[1].strip().splitlines()[0]}."
        )
    return ConnectionRefused("The server could not be reached.", hint="Check host, port, TLS and firewall.")


# Of errors that do not depend on the statement: deadlocks, lacking resources, locks, an operator, the disk.
_NOT_THE_STATEMENT = ("40", "53", "55P03", "57", "58")
_HINTS = {'syntax error at or near "\\"': "A command that begins with \\\\ belongs to psql: remove it."}


def error_from(error: psycopg.Error, statement: int, start: int) -> HeadwaterError:
    """Return the server's error for a statement that begins at `start` in its text."""
    diagnostic = error.diag
    if diagnostic.message_primary is None or (diagnostic.sqlstate or "").startswith(("08003", "08006", "57P")):
        return Unavailable("The connection to the database was lost.", hint="Run it again.")
    position = diagnostic.statement_position
    detail = "\n".join(part for part in (diagnostic.message_detail, diagnostic.context) if part)
    return QueryError(
        diagnostic.message_primary,
        hint=missing_extensions.hint_of(diagnostic.message_primary)
        or diagnostic.message_hint
        or _HINTS.get(diagnostic.message_primary),
        sqlstate=diagnostic.sqlstate or "",
        position=start + int(position) - 1 if position else None,
        statement=statement,
        detail=detail,
        transient=(diagnostic.sqlstate or "").startswith(_NOT_THE_STATEMENT),
    )

"""Errors of MySQL and MariaDB as sentences with hints, and the position of the error in the text."""

from __future__ import annotations

import re
import ssl
from typing import Any

import pymysql

from headwater.catalog.results import QueryError
from headwater.catalog.statements import Statement
from headwater.engines import ConnectionRefused, LoginRefused
from headwater.kit.errors import HeadwaterError, Unavailable

READ_ONLY = "25006"
ROLLED_BACK = "40001"  # the server resolved a deadlock
KILLED, READ_ONLY_CODE = 1317, 1792
GONE = frozenset({0, 1053, 1927, 2006, 2013, 2014, 2055})
# Of errors that do not depend on the statement: lacking room, locks, deadlocks, an interruption.
_NOT_THE_STATEMENT = frozenset({1021, 1037, 1038, 1041, 1114, 1205, 1213, KILLED, 1969, 3024})
_SYNTAX = re.compile(r"near '(?P<near>.*)' at line (?P<line>\d+)$", re.DOTALL)
_NAMED = re.compile(r"^(?:Unknown (?:column|table|database)|Table|FUNCTION|PROCEDURE) '?(?P<name>[^' ]+)'?")


_WRONG_LOGIN = 1045
_CONNECTING = {
    1040: ("The server has no free connection.", "Close some connections, or raise max_connections."),
    1044: ("The user has no access to this database.", "Grant the access, or check the name of the database."),
    _WRONG_LOGIN: ("The user name or password is wrong.", "Check both; passwords are case-sensitive."),
    1049: ("The database does not exist on the server.", "Check the name of the database."),
    1129: ("The server blocks this machine after too many failed connections.", "Run FLUSH HOSTS there."),
    1130: ("The server does not accept connections from this network.", "Check the host of the user's account."),
    1203: ("This user has reached the connection limit.", "Close some connections, or raise max_user_connections."),
    1226: ("This user has reached the connection limit.", "Close some connections, or raise max_user_connections."),
    1251: (
        "The server requires an authentication method that Headwater does not support.",
        "Change the authentication plugin of the account.",
    ),
    1698: ("The user name or password is wrong.", "This account may sign in only on the server's own machine."),
    2026: ("The server does not offer TLS.", "Choose the TLS mode `off` only on a network you trust."),
    3159: ("The server requires TLS.", "Choose a TLS mode other than `off`."),
    3955: ("The account is locked.", "Unlock it, or use another account."),
}


def connecting(error: Exception) -> HeadwaterError:
    """Return why a connection failed, without address, user or password."""
    cause = error.__cause__ or error.__context__ or error
    original = getattr(error, "original_exception", None) or cause
    if isinstance(original, ssl.SSLCertVerificationError):
        if "ostname" in original.verify_message or "IP address" in original.verify_message:
            return ConnectionRefused(
                "The server's certificate was issued for another host name.",
                hint="Set the server name to the name in the certificate.",
            )
        return ConnectionRefused("The server's certificate is not signed by a trusted CA.", hint="Give the CA's PEM.")
    if isinstance(original, ssl.SSLError):
        return ConnectionRefused(
            "The TLS handshake with the server failed.", hint="Check the TLS mode and the certificates."
        )
    if isinstance(original, ConnectionRefusedError):
        return ConnectionRefused("Nothing is listening at this address.", hint="Check host and port.")
    if isinstance(original, TimeoutError):
        return ConnectionRefused("The server did not answer in time.", hint="Check host, port and firewall.")
    code = int(error.args[0]) if error.args and isinstance(error.args[0], int) else 0
    sentence, hint = _CONNECTING.get(code, ("The server could not be reached.", "Check host, port, TLS and firewall."))
    kind = LoginRefused if code == _WRONG_LOGIN else ConnectionRefused
    return kind(sentence, hint=hint)


def refusal(error: Exception, statement: Statement, number: int) -> HeadwaterError:
    """Return the server's error for a statement."""
    code, message = _told(error)
    if code in GONE or isinstance(error, OSError | pymysql.err.InterfaceError | AttributeError):
        return Unavailable("The connection to the database was lost.", hint="Run it again.")
    if code == READ_ONLY_CODE:
        return read_only(statement, number)
    return QueryError(
        message,
        statement=number,
        sqlstate=getattr(error, "sqlstate", None) or str(code),
        position=_place(message, statement),
        hint=_HINTS.get(code),
        transient=code in _NOT_THE_STATEMENT,
    )


_HINTS = {
    1205: "Another transaction has locked the rows; see the list of sessions.",
    1213: "The server rolled back this transaction to resolve a deadlock; run it again.",
}


def read_only(statement: Statement, number: int) -> QueryError:
    """Return the error for a statement that is refused because it may write."""
    word = statement.text.split(None, 1)[0].upper()
    return QueryError(
        f"{word} is not allowed in a read-only run.",
        hint="Only statements that read data are allowed.",
        statement=number,
        position=statement.start,
        sqlstate=READ_ONLY,
    )


def _told(error: Exception) -> tuple[int, str]:
    args: tuple[Any, ...] = error.args
    if len(args) > 1 and isinstance(args[0], int):
        return args[0], str(args[1]) or "The server refused the statement."
    return -1 if args else 0, str(error) or "The server refused the statement."


def _place(message: str, statement: Statement) -> int | None:
    """Return the position of the error: for a syntax error, the server reports the following text and its line."""
    if syntax := _SYNTAX.search(message):
        near, line = syntax["near"], int(syntax["line"])
        if not near:
            return statement.start + len(statement.text)
        begin = -1
        while (begin := statement.text.find(near, begin + 1)) >= 0:
            if statement.text.count("\n", 0, begin) + 1 == line:
                return statement.start + begin
        return None
    named = _NAMED.match(message)
    if not named:
        return None
    word = named["name"].rpartition(".")[2]
    positions = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", statement.text)]
    return statement.start + positions[0] if len(positions) == 1 else None

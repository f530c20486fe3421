"""Connection errors of PostgreSQL as sentences."""

from __future__ import annotations

import pytest

from headwater.engines.postgresql.errors import connection_error

AT = 'connection failed: connection to server at "10.0.0.7", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("FATAL:  could not write init file: No space left on device", "The disk of the server is full."),
        ('FATAL:  password authentication failed for user "ines"', "The user name or password is wrong."),
        (
            "FATAL:  the database system is shutting down\nmore",
            "The server refused the connection: the database system is shutting down.",
        ),
        ("Network is unreachable", "The server could not be reached."),
    ],
)
def test_connection_error_hides_address(said: str, sentence: str) -> None:
    assert connection_error(AT + said).message == sentence

"""Secrets are masked in logs by field name, by format and by known value."""

from __future__ import annotations

import subprocess
import sys
from typing import Literal

import pytest

from headwater.kit.logs import MASK, keep_secret, redact

KEY = "hw_" + "a2" * 8 + "_" + "0f" * 32
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name", ["password", "new_password", "secret", "authorization", "Cookie", "api_key", "access_token"]
)
def test_secrets_are_masked_by_name(name: str) -> None:
    assert redact({name: "x", "other": 1}) == {name: MASK, "other": 1}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://app:hunter2@db/shop", f"postgresql://app:{MASK}@db/shop"),
        (f"used {KEY}.", f"used {MASK}."),
        (f"Bearer {TOKEN}", f"Bearer {MASK}"),
        ("postgresql://db/shop", "postgresql://db/shop"),
        ("a password is asked for", "a password is asked for"),
        ("[SQL: ALTER ROLE x PASSWORD 'hunter2''s']", f"[SQL: ALTER ROLE x PASSWORD '{MASK}']"),
        ("CREATE USER x IDENTIFIED BY 'hunter2' ACCOUNT LOCK", f"CREATE USER x IDENTIFIED BY '{MASK}' ACCOUNT LOCK"),
        ('{"createUser": "u", "pwd": "hunter2"}', f'{{"createUser": "u", "pwd": "{MASK}"}}'),
        (
            "connection to host=db user=u password=hunter2 failed",
            f"connection to host=db user=u password={MASK} failed",
        ),
    ],
)
def test_secrets_are_masked_by_format(text: str, masked: str) -> None:
    assert redact(text) == masked
    assert redact({"deep": [{"er": text}]}) == {"deep": [{"er": masked}]}


def test_secrets_are_masked_by_value() -> None:
    keep_secret("the store's own word", "short")
    assert redact("it said the store's own word twice") == f"it said {MASK} twice"
    assert redact("short") == "short"


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_value_looks_like_an_entry_of_its_own(form: Literal["text", "json"]) -> None:
    """In a process of its own, because logging is configured for the whole process."""
    script = (
        "import logging, structlog; from headwater.kit import logs\n"
        f"logs.configure('info', {form!r})\n"
        "for text in ('a\\nforged', 'a\\r\\x1b[31mforged', 'a\\u2028forged'):\n"
        "    structlog.get_logger().info(text, error=text); logging.getLogger('library').warning(text)\n"
        "try: raise ValueError('a\\nforged')\n"
        "except ValueError as error: structlog.get_logger().error('crashed', exc_info=error)\n"
    )
    written = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, timeout=60
    ).stderr.decode()
    lines = written.splitlines()
    assert len([line for line in lines if line.startswith(("2", "{"))]) == 7, written
    assert all(line.startswith(("2", "{", "  | ")) and "\x1b" not in line for line in lines), written

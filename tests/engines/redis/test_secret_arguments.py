"""Secrets among the arguments of commands are masked."""

from __future__ import annotations

import pytest

from headwater.engines.redis.secret_arguments import mask_commands

M = "•••"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("AUTH S3cret", f"AUTH {M}"),
        ("auth bob S3cret", f"auth bob {M}"),
        ('GET a\nAUTH "S3 cret"\nGET b', f"GET a\nAUTH {M}\nGET b"),
        ("AUTH 'S3cret", f"AUTH {M}"),
        ("HELLO 3 AUTH bob S3cret SETNAME me", f"HELLO 3 AUTH bob {M} SETNAME me"),
        ("CONFIG SET requirepass S3cret", f"CONFIG SET requirepass {M}"),
        ("config set maxmemory 1mb masterauth S3cret", f"config set maxmemory 1mb masterauth {M}"),
        ("ACL SETUSER bob on >S3cret ~* +@all", f"ACL SETUSER bob on {M} ~* +@all"),
        ("ACL SETUSER bob on #S3cret <S3cret !S3cret", f"ACL SETUSER bob on {M} {M} {M}"),
        ("MIGRATE h 6379 k 0 5000 AUTH S3cret KEYS a", f"MIGRATE h 6379 k 0 5000 AUTH {M} KEYS a"),
        ("MIGRATE h 6379 k 0 5000 AUTH2 bob S3cret", f"MIGRATE h 6379 k 0 5000 AUTH2 bob {M}"),
        ("# AUTH S3cret\nPING", f"# AUTH {M}\nPING"),
        ("SET auth x", "SET auth x"),
        ("CONFIG GET requirepass", "CONFIG GET requirepass"),
    ],
)
def test_secrets_in_commands_are_masked(text: str, masked: str) -> None:
    assert mask_commands(text).text == masked

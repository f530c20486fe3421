"""Secrets in files of the home folder that only their owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def read_secret(path: Path) -> str:
    """Return the secret in a file that only its owner can read; the file is created on first use."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(32))
        try:
            os.link(temporary, path)  # if two processes create it at once, the first wins
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()

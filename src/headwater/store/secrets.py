"""Secrets in files of the home folder that only their owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from headwater.kit.errors import Unavailable


def read_secret(path: Path) -> str:
    """Return the secret in a file that only its owner can read; the file is created on first use.

    Raises:
        Unavailable: the file is empty; a key derived from nothing could be computed by anybody.
    """
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
    secret = path.read_text().strip()
    if not secret:
        raise Unavailable(f"{path} is empty.", hint=f"Restore {path.name} from a copy of the home folder.")
    return secret

"""Reads archives of pg_dump (custom and tar format) as scripts, by pg_restore of PostgreSQL 18.

pg_restore writes a script and connects to no server: it needs no TLS, and the statements run like those of a script.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from headwater.engines.postgresql.binaries import binaries
from headwater.engines.postgresql.schema_archive import MAGIC
from headwater.kit.errors import Unreadable

_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_OPTIONS = ("--file=-",)


def archive_name(head: bytes) -> str:
    """Return the format of an archive of pg_dump that begins like this, or ""."""
    if head.startswith(MAGIC):
        return "custom-format archive of pg_dump"
    if head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC) and head.startswith(b"toc.dat\0"):
        return "tar archive of pg_dump"
    return ""


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[IO[bytes]]:
    """Open an archive as a script; the program is ended with it.

    Raises:
        Unreadable: pg_restore could not read it.
    """
    with tempfile.TemporaryFile() as messages:
        program = subprocess.Popen(
            [binaries() / "pg_restore", *_OPTIONS, path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            env={"LC_ALL": "C", "HOME": "/nonexistent"},
        )
        assert program.stdout
        try:
            with program.stdout as script:
                yield _Checked(script, program, messages)  # type: ignore[misc]
        finally:
            program.kill()
            program.wait()


class _Checked:
    """The output of a program, whose end is an error if the program failed."""

    def __init__(self, output: IO[bytes], program: subprocess.Popen[bytes], messages: IO[bytes]) -> None:
        self._output, self._program, self._messages = output, program, messages

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        block = self._output.read(size)
        if not block and self._program.wait():
            self._messages.seek(0)
            lines = self._messages.read().decode(errors="replace").strip().splitlines()
            reason = lines[0].removeprefix("pg_restore: ").removeprefix("error: ") if lines else "no message"
            raise Unreadable(f"pg_restore cannot read the archive: {reason}.", hint="Create the dump again.")
        return block

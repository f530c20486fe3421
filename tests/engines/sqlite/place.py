"""Where the tests of SQLite make their databases: files in a folder of their own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engines import texts as files
from headwater.engines import Address


def missing() -> str:
    return ""


def texts():
    return files.of(Path(__file__).parent)


@asynccontextmanager
async def fresh() -> AsyncIterator[Address]:
    with tempfile.TemporaryDirectory(prefix="hw-sqlite-") as folder:
        path = Path(folder) / "a %3f?#b.db"  # a name that a URI must not misread
        path.touch()
        yield Address(path=path)

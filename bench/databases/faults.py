"""What must never happen, counted: escapes of untrusted SQL, orphans and halves after kill -9."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from bench.rows import Row
from entrypoints.keeping import Keeping

ROOT = Path(__file__).parent.parent.parent
COMMAND = "make bench PART=databases"


def escapes(_: Keeping) -> list[Row]:
    """The corpus of untrusted SQL, on every PostgreSQL of this machine."""
    passed, failed = _pytest("tests/engines/postgresql/test_escapes.py")
    return [
        Row("untrusted SQL as the owner of a PostgreSQL: attempts of which none gets out or hurts another",
            f"{passed} held, {failed} not", "0 escapes", "limit", None, "0 escapes", not failed and passed > 200, COMMAND),
    ]  # fmt: skip


def kills(_: Keeping) -> list[Row]:
    """kill -9 of keeper and PostgreSQL at each provisioning step, ten times each."""
    passed, failed = _pytest("tests/faults/test_provisioning_kills.py", HEADWATER_KILLS="10")
    return [
        Row("kill -9 of the keeper, of PostgreSQL, of Headwater at each step of a database's life",
            f"{passed} of {passed + failed} rounds: no orphan process, no half database, nothing lost", "0 failures",
            "limit", None, "no orphan, no half database", not failed and passed > 60, COMMAND),
    ]  # fmt: skip


def _pytest(path: str, **variables: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", path, "-p", "no:cacheprovider", "--timeout=600"],
        cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    return counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0) + (done.returncode > 1)

"""What must never happen, counted: escapes of untrusted SQL, orphans and halves after kill -9."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from bench.rows import Row
from entrypoints.proxied_headwater import ProxiedHeadwater

ROOT = Path(__file__).parent.parent.parent
HOSTS = "tests/kit/network/hosts.txt"
COMMAND = "make bench PART=databases"


# What tries to get out, by engine: files of one attempt a line, and the tests that run them, and bombs, as the owner.
ATTEMPTS: dict[str, tuple[list[str], list[str]]] = {
    "PostgreSQL": (["postgresql/instance_escapes.txt"], ["tests/engines/postgresql/test_escapes.py"]),
    "MariaDB": (
        ["mysql/escapes.txt", "mysql/instance_escapes.txt"],
        [
            "tests/engines/mysql/test_mysql_instances.py",
            "-k",
            "owner_stays or limits or full or quota",
        ],
    ),
    "SQLite": (
        ["sqlite/escapes.txt"],
        ["tests/engines/test_every_engine.py", "-k", "sqlite and nothing_is_reached_outside"],
    ),
    "Redis": (
        ["redis/refused.txt"],
        [
            "tests/engines/redis",
            "-k",
            "refused_by_us or dangerous or held_to_quotas or too_many",
        ],
    ),
    "MongoDB (the workbench's own guard)": (
        ["mongodb/refused.txt"],
        [
            "tests/engines/mongodb/test_mongodb.py",
            "-k",
            "not_run_here or read_only or not_opened",
        ],
    ),
}


def escapes(_: ProxiedHeadwater) -> list[Row]:
    """The corpora of untrusted texts, engine by engine."""
    rows = []
    for name, (corpora, tests) in ATTEMPTS.items():
        passed, failed = _pytest(*tests)
        attempts = sum(len(_lines(ROOT / "tests/engines" / corpus)) for corpus in corpora)
        rows.append(
            Row(
                f"untrusted texts, {name}: attempts of which none gets out or hurts another",
                f"{attempts} attempts, {passed} tests held, {failed} not",
                "0 escapes",
                "limit",
                None,
                "0 escapes",
                not failed and passed > 0,
                COMMAND,
            )
        )
    return rows


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def kills(_: ProxiedHeadwater) -> list[Row]:
    """kill -9 of keeper and PostgreSQL at each provisioning step, ten times each."""
    passed, failed = _pytest("tests/faults/test_provisioning_kills.py", HEADWATER_TEST_KILLS="10")
    return [
        Row(
            "kill -9 of the keeper, of PostgreSQL, of Headwater at each step of a database's life",
            f"{passed} of {passed + failed} rounds: no orphan process, no half database, nothing lost",
            "0 failures",
            "limit",
            None,
            "no orphan, no half database",
            not failed and passed > 60,
            COMMAND,
        ),
    ]


def network(_: ProxiedHeadwater) -> list[Row]:
    """Spellings of forbidden hosts, and SSH tunnels cut in the middle."""
    spellings = len(_lines(ROOT / HOSTS))
    _, opened = _pytest("tests/kit/network/test_guard.py")
    _, hung = _pytest("tests/kit/network/test_routes.py", HEADWATER_TEST_CUTS="200")
    return [
        Row(
            f"SSRF: {spellings} spellings of hosts, names that change their address, redirects of proxies",
            "0 connections" if not opened else f"{opened} tests failed",
            "0",
            "limit",
            None,
            "0 connections",
            not opened and spellings >= 300,
            COMMAND,
        ),
        Row(
            "an SSH tunnel cut 200 times while somebody waits for an answer",
            "0 hang" if not hung else "some hang",
            "0",
            "limit",
            None,
            "no hung request",
            not hung,
            COMMAND,
        ),
    ]


def inspection(_: ProxiedHeadwater) -> list[Row]:
    """Other people's databases, read and made anew.

    `HEADWATER_TEST_SAMPLES` is a folder with `<engine>/*.sql` in it, and a file SOURCES that says whose they are.
    """
    samples = os.environ.get("HEADWATER_TEST_SAMPLES", "")
    names = sorted(f"{file.parent.name}/{file.stem}" for file in Path(samples).glob("*/*.sql")) if samples else []
    if not names:
        raise SystemExit("Set HEADWATER_TEST_SAMPLES to a folder with <engine>/*.sql in it.")
    passed, failed = _pytest("tests/engines/test_samples.py")
    sources = (Path(samples) / "SOURCES").read_text().strip()
    ours = len(list((ROOT / "tests/engines").glob("*/everything.sql")))
    return [
        Row(
            "inspection: columns as the server's own catalog says, and inspect → ddl → inspect equal",
            f"{passed - ours} of {len(names)}: {', '.join(names)} from {sources}",
            f"{len(names)} of {len(names)}",
            "limit",
            None,
            "all equal",
            not failed and passed == len(names) + ours,
            COMMAND,
        ),
    ]


def _pytest(*words: str, **variables: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *words, "-p", "no:cacheprovider", "--timeout=600"],
        cwd=ROOT,
        env={**os.environ, "HEADWATER_TEST_PROFILE": "long", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    return counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0) + (done.returncode > 1)

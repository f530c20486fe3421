"""The newcomer's first minutes, kills in the middle of a scan, the size of the page."""

from __future__ import annotations

import gzip
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.rows import Row

ROOT = Path(__file__).parents[2]
COMMAND = "make bench PART=operations"
PORT = 7763


def newcomer() -> list[Row]:
    """Clone, `make run`, wait for /readyz; Ctrl-C; again with what is there. Package caches are as this machine has them."""
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder, "clone"), Path(folder, "home")
        began = time.perf_counter()
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        cold = _until_ready(clone, home, began)
        warm = statistics.median(_until_ready(clone, home, time.perf_counter()) for _ in range(3))
        left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False).stdout.split()
    return [
        Row(
            "fresh clone, `make run` until /readyz answers",
            f"{cold:.0f} s",
            "300 s",
            "limit",
            cold / 300,
            "≤ 5 min",
            cold <= 300,
            COMMAND,
        ),
        Row("`make run` again, same data", f"{warm:.1f} s", "6 s", "limit", warm / 6, "≤ 6 s", warm <= 6, COMMAND),
        Row("processes left after Ctrl-C", str(len(left)), "0", "limit", None, "0", not left, COMMAND),
    ]


def _until_ready(clone: Path, home: Path, began: float) -> float:
    environment = {**os.environ, "HEADWATER_HOME": str(home), "HEADWATER_PORT": str(PORT)}
    environment.pop("PYTHONPATH", None)
    running = subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not _answers():
        time.sleep(0.05)
        if running.poll() is not None:
            raise SystemExit("make run ended by itself")
    taken = time.perf_counter() - began
    os.killpg(running.pid, signal.SIGINT)
    running.wait(60)
    return taken


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def kills() -> list[Row]:
    """Twenty kill -9 of the worker and twenty of PostgreSQL, each in the middle of a scan (tests/faults)."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/faults", "--durations=0", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**os.environ, "HEADWATER_TEST_KILLS": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    slowest = max((float(s) for s in re.findall(r"^([\d.]+)s call", done.stdout, re.MULTILINE)), default=float("nan"))
    passed = int((re.search(r"(\d+) passed", done.stdout) or ["", "0"])[1])
    holds = done.returncode == 0 and passed >= 40
    ours = f"{passed} of 40 kills: scan complete, once; slowest {slowest:.0f} s from upload to checked"
    return [
        Row(
            "kill -9 of worker and of PostgreSQL in the middle of a scan",
            ours,
            "60 s",
            "limit",
            None,
            "all complete, once, ≤ 60 s",
            holds,
            COMMAND,
        )
    ]


def page() -> list[Row]:
    """Gzipped bytes of what the first page loads before any route."""
    web = ROOT / "src" / "headwater" / "web"
    index = (web / "index.html").read_text("utf-8")
    names = set(re.findall(r"/(assets/[\w.-]+\.(?:js|css))", index))
    size = sum(len(gzip.compress((web / name).read_bytes(), 9)) for name in names) / 1024
    return [
        Row("entry JS and CSS, gzip", f"{size:.0f} KB", "160 KB", "limit", size / 160, "≤ 160 KB", size <= 160, COMMAND)
    ]

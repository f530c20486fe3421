"""Holds the recorded duration of each test file, and finds files that grew by a third against it.

    python -m suite.durations check     compare the last run; used at the end of `make test`
    python -m suite.durations record    record the last run; used by `make durations`

A loaded machine slows every file alike, so the median ratio of the whole run is taken out first. What still looks
slower is run again alone, while the share of a core that a busy loop gets says how loaded the machine is. Only a file
that is slower then, too, fails.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "durations.json"
LAST_RUN = ROOT / ".pytest_cache" / "durations.json"
RATIO = 4 / 3
FLOOR_SECONDS = 10.0
# Shorter files say little of the machine's speed.
NOTABLE_SECONDS = 2.0
ATTEMPTS = 2


@dataclass(frozen=True)
class Growth:
    """A test file that takes longer than was recorded."""

    file: str
    seconds: float
    recorded: float

    def __str__(self) -> str:
        return f"{self.file} took {self.seconds:.0f} s, a third more than the {self.recorded:.0f} s recorded"


@cache
def load(path: Path = RECORDED) -> Mapping[str, float]:
    """Return the seconds of each test file, by its path from the root."""
    recorded: dict[str, float] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return recorded


def save(path: Path, seconds: Mapping[str, float]) -> None:
    """Write the seconds of each test file."""
    path.parent.mkdir(exist_ok=True, parents=True)
    rounded = {file: round(value, 1) for file, value in sorted(seconds.items())}
    path.write_text(json.dumps(rounded, indent=0) + "\n")


def slowdown(measured: Mapping[str, float], recorded: Mapping[str, float]) -> float:
    """Return the median of measured by recorded over all notable files; 1.0 when there are none."""
    ratios = [measured[file] / before for file, before in recorded.items() if _is_notable(file, measured, before)]
    return statistics.median(ratios) if ratios else 1.0


def _is_notable(file: str, measured: Mapping[str, float], before: float) -> bool:
    return before >= NOTABLE_SECONDS and file in measured


def grown(measured: Mapping[str, float], recorded: Mapping[str, float], slow: float = 1.0) -> list[Growth]:
    """Return the files that grew by a third and at least by `FLOOR_SECONDS`.

    Args:
        measured: seconds of each file in this run.
        recorded: seconds of each file before; new files are not compared.
        slow: how many times slower this machine is than the one that recorded; a faster one counts as equal.
    """
    slow = max(slow, 1.0)
    every = (Growth(file, seconds / slow, recorded[file]) for file, seconds in measured.items() if file in recorded)
    return [growth for growth in every if _has_grown(growth)]


def _has_grown(growth: Growth) -> bool:
    return growth.seconds > growth.recorded * RATIO and growth.seconds - growth.recorded > FLOOR_SECONDS


def confirmed(suspects: Iterable[Growth], measure: Callable[[str], float]) -> list[Growth]:
    """Return the files that are slower each time they are measured again.

    Args:
        suspects: files that looked slower.
        measure: runs a file alone and returns its seconds, as on an idle machine.
    """
    result = []
    for suspect in suspects:
        for _ in range(ATTEMPTS):
            again = Growth(suspect.file, measure(suspect.file), suspect.recorded)
            if not _has_grown(again):
                break
        else:
            result.append(again)
    return result


def measure_alone(file: str) -> float:
    """Run one test file alone and return its seconds, less what other processes took from it."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "durations.json"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--no-header",
            "--durations=0",
            f"--durations-to={report}",
            file,
        ]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        samples = [_contention()]
        while process.poll() is None:
            time.sleep(0.5)
            samples.append(_contention())
        return load(report).get(file, 0.0) / max(1.0, statistics.mean(samples))


def _contention(cpu_seconds: float = 0.02) -> float:
    """Return how many times longer than its CPU time a busy loop takes: 1.0 on an idle core."""
    wall, cpu = time.monotonic(), time.process_time()
    while time.process_time() - cpu < cpu_seconds:
        pass
    return (time.monotonic() - wall) / (time.process_time() - cpu)


def check() -> int:
    """Compare the last run with what is recorded; print what grew and return the exit code."""
    measured, recorded = load(LAST_RUN), load()
    suspects = grown(measured, recorded, slowdown(measured, recorded))
    if suspects:
        print("Measuring again:", ", ".join(suspect.file for suspect in suspects), flush=True)
    failures = confirmed(suspects, measure_alone)
    for failure in failures:
        print(f"{failure} (`make durations` records new durations)")
    return 1 if failures else 0


def record() -> int:
    """Record the last run; of a run of some files, only these."""
    measured = load(LAST_RUN)
    files = {file: seconds for file, seconds in {**load(), **measured}.items() if (ROOT / file).exists()}
    save(RECORDED, files)
    total = sum(files.values())
    print(f"recorded {len(measured)} of {len(files)} test files, {total / 60:.1f} minutes in all")
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit({"check": check, "record": record}[sys.argv[1]]())

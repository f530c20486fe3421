"""Chooses and runs the tests that a change affects: of the rooms it touches, then of the rooms above them.

    python -m suite.affected [--base COMMIT] [--budget SECONDS]     used by `make affected`
    python -m suite.affected --long [--since FILE] [--budget …]     long laws of touched rooms; used by `.ci/run`

A room is a package with one purpose: `vault`, `core.diff`, `features.query`. Its tests mirror it below `tests/`. The import
graph says which rooms are above: those that import it, directly or through others. Tests run in the order of that
distance until the time budget is used up; what is left out is printed.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from suite import durations
from suite.scheduling import UNKNOWN_SECONDS

ROOT = durations.ROOT
WORKERS = 2
AFFECTED_SECONDS, LONG_SECONDS = 60.0, 2400.0
# What a run takes before its first test: Python, collection; and where a server is needed, its start in each worker.
STARTUP_SECONDS, SERVER_SECONDS = 12.0, 8.0
NESTED = {"core", "engines", "entrypoints", "features"}
# What starts a whole Headwater has no place in a minute.
WHOLE = (
    "tests/e2e/*",
    "tests/faults/test_[!v]*",
    "tests/entrypoints/test_*_commands.py",
    "tests/entrypoints/test_up.py",
    "tests/entrypoints/test_proxy.py",
)
# Tests that drive a whole Headwater, by the room whose promises they are about.
ROOMS_OF_TESTS = {
    "tests/faults/test_vault_*": "vault",
    "tests/faults/test_kills.py": "features.jobs",
    "tests/faults/test_copy_kills.py": "features.transfers",
    "tests/faults/test_recovery_kills.py": "features.recovery",
    "tests/faults/test_snapshot_kills.py": "features.snapshots",
    "tests/faults/test_refill_kills.py": "features.snapshots",
    "tests/faults/*": "features.databases",
    "tests/e2e/*": "entrypoints.server",
}
# Shared helpers: a change there may affect every test of a server.
HELPERS = {"tests/app_fixtures.py", "tests/conftest.py", "tests/people.py", "tests/clusters.py"}


@dataclass(frozen=True)
class Candidate:
    """A test file, and how far it is from a change: 0 tests the changed modules, 1 their rooms, then rooms above."""

    file: str
    distance: int
    seconds: float


@dataclass(frozen=True)
class Selection:
    """The files to run, and those that are affected but left out for lack of time."""

    chosen: tuple[Candidate, ...]
    left_out: tuple[Candidate, ...]


def module_of(path: str) -> str | None:
    """Return the module of a source file below src/, without the package's name."""
    if not path.startswith("src/headwater/"):
        return None
    parts = path.removeprefix("src/headwater/").removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of_module(module: str) -> str:
    """Return the room of a module."""
    parts = module.split(".")
    is_nested = parts[0] in NESTED and not any(part.startswith("_") for part in parts[1:2])
    return ".".join(parts[:2]) if is_nested else parts[0]


def room_of_test(file: str) -> str:
    """Return the room that a test file is about: by its folder, which mirrors the room, or by what it promises."""
    for pattern, room in ROOMS_OF_TESTS.items():
        if fnmatch(file, pattern):
            return room
    parts = file.split("/")[1:-1]
    return room_of_module(".".join(parts)) if parts else ""


def distances(changed: Collection[str], importers: Callable[[str], Iterable[str]]) -> dict[str, int]:
    """Return the distance of each room from changed modules.

    Args:
        changed: names of modules.
        importers: the modules that import a module directly.
    """
    rooms = {room_of_module(module): 1 for module in changed}
    seen, current, distance = set(changed), set(changed), 1
    while current:
        above = {importer for module in current for importer in importers(module)} - seen
        distance += 1
        for module in above:
            rooms.setdefault(room_of_module(module), distance)
        seen |= above
        current = above
    return rooms


def imported_by(file: Path) -> set[str]:
    """Return the modules of the product that a test file imports, without the package's name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.removeprefix("headwater.") for name in names if name.startswith("headwater.")}


def candidates(
    files: Iterable[str],
    changed_tests: AbstractSet[str],
    rooms: Mapping[str, int],
    imports: Callable[[str], Collection[str]],
    modules: AbstractSet[str],
    seconds: Mapping[str, float],
) -> list[Candidate]:
    """Return the affected test files, the nearest first and among equals the quickest.

    Args:
        files: all test files.
        changed_tests: changed files below tests/.
        rooms: distance of each affected room.
        imports: the modules that a test file imports.
        modules: the changed modules.
        seconds: recorded durations of files.
    """
    result = []
    for file in files:
        room = room_of_test(file)
        near = [distance for name, distance in rooms.items() if name == room or name.startswith(f"{room}.")]
        distance = min(near) if room and near else None
        if file in changed_tests or (distance and not modules.isdisjoint(imports(file))):
            distance = 0
        elif distance is None:
            distance = _helper_distance(file, changed_tests)
        if distance is not None:
            result.append(Candidate(file, distance, seconds.get(file, UNKNOWN_SECONDS)))
    return sorted(result, key=lambda candidate: (candidate.distance, candidate.seconds))


def _helper_distance(file: str, changed_tests: AbstractSet[str]) -> int | None:
    """Return the distance of a test from changed helpers: those in its folder are near, those of all tests farther."""
    folder = file.rsplit("/", 1)[0]
    if any(not _is_test(path) and folder.startswith(path.rsplit("/", 1)[0]) for path in changed_tests - HELPERS):
        return 1
    needs_server = file.startswith(("tests/features/", "tests/entrypoints/"))
    return 2 if needs_server and not HELPERS.isdisjoint(changed_tests) else None


def _is_test(path: str) -> bool:
    return path.rsplit("/", 1)[-1].startswith("test_")


def select(every: Sequence[Candidate], seconds: float, workers: int = WORKERS) -> Selection:
    """Return what fits into a time, in order; a file that no longer fits makes room for quicker ones.

    Args:
        every: candidates in order.
        seconds: wall time of the run.
        workers: processes that run files.
    """
    loads = [0.0] * workers
    chosen, left_out = [], []
    for candidate in every:
        startup = STARTUP_SECONDS + (SERVER_SECONDS if _needs_server([*chosen, candidate]) else 0.0)
        least = loads.index(min(loads))
        is_whole = any(fnmatch(candidate.file, pattern) for pattern in WHOLE)
        if is_whole or startup + loads[least] + candidate.seconds > seconds:
            left_out.append(candidate)
            continue
        loads[least] += candidate.seconds
        chosen.append(candidate)
    return Selection(tuple(chosen), tuple(left_out))


def _needs_server(chosen: Iterable[Candidate]) -> bool:
    return any(candidate.file.startswith("tests/features/") for candidate in chosen)


def git(*words: str) -> list[str]:
    """Return the lines that git prints; none when it fails."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def changed_files(base: str) -> set[str]:
    """Return the files that differ from a commit, and new ones that git does not ignore."""
    return {*git("diff", "--name-only", base), *git("ls-files", "--others", "--exclude-standard")}


def default_base() -> str:
    """Return the commit where this branch left main; on main itself the last commit."""
    actual = git("merge-base", "HEAD", "main") or git("merge-base", "HEAD", "origin/main")
    return actual[0] if actual else "HEAD"


def affected(changed: Collection[str]) -> list[Candidate]:
    """Return the test files that changed files affect, the nearest first."""
    import grimp

    graph = grimp.build_graph("headwater", cache_dir=str(ROOT / ".import_linter_cache"))
    modules = {module for path in changed if (module := module_of(path)) and f"headwater.{module}" in graph.modules}

    def importers(module: str) -> list[str]:
        above = graph.find_modules_that_directly_import(f"headwater.{module}")
        return [name.removeprefix("headwater.") for name in above]

    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))
    tests = {path for path in changed if path.startswith("tests/")}
    # A room that tests import from, as when a module is gone, is touched even if the graph does not have it.
    gone = {module for path in changed if (module := module_of(path))} - modules
    rooms = {room_of_module(module): 1 for module in gone} | distances(modules, importers)
    return candidates(files, tests, rooms, lambda file: imported_by(ROOT / file), modules, durations.load())


def run_python(files: Sequence[str], profile: str = "quick") -> int:
    """Run test files on two workers; return the exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--durations=5", *files]
    if len(files) > 1:
        command[3:3] = ["-n", str(min(WORKERS, len(files)))]
    environment = {**os.environ, "HEADWATER_TEST_PROFILE": profile}
    return subprocess.run(command, cwd=ROOT, check=False, env=environment).returncode


def run_ui(changed: Collection[str]) -> int:
    """Run the UI's tests that are related to changed files; return the exit code."""
    files = [
        path.removeprefix("ui/") for path in sorted(changed) if path.startswith("ui/src/") and (ROOT / path).exists()
    ]
    if not files:
        return 0
    command = [
        sys.executable,
        "hatch_build.py",
        "npm",
        "exec",
        "--",
        "vitest",
        "related",
        "--run",
        "--passWithNoTests",
        *files,
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def run_affected(base: str, budget: float) -> int:
    """Run what changes since a commit affect; return the exit code."""
    started = time.monotonic()
    changed = changed_files(base)
    selection = select(affected(changed), budget)
    print(f"{len(changed)} files differ from {base[:12]}; {len(selection.chosen)} test files run.", flush=True)
    code = run_ui(changed)
    if selection.chosen:
        code = max(code, run_python([candidate.file for candidate in selection.chosen]))
    for candidate in selection.left_out:
        print(f"left out: {candidate.file} ({candidate.seconds:.0f} s, distance {candidate.distance})")
    print(f"{time.monotonic() - started:.0f} s; `make test` runs everything.")
    return code


def long_files() -> set[str]:
    """Return the test files whose thoroughness depends on the profile."""
    files = (path for path in (ROOT / "tests").rglob("test_*.py") if "suite.profiles" in path.read_text("utf-8"))
    return {str(path.relative_to(ROOT)) for path in files} - {"tests/suite/test_profiles.py"}


def rooms_in_order(every: Iterable[Candidate]) -> dict[str, list[str]]:
    """Return the files of each room, in the order of candidates."""
    rooms: dict[str, list[str]] = {}
    for candidate in every:
        rooms.setdefault(room_of_test(candidate.file) or "tests", []).append(candidate.file)
    return rooms


def run_rooms(
    rooms: Mapping[str, Sequence[str]],
    budget: float,
    run: Callable[[Sequence[str]], int],
    clock: Callable[[], float] = time.monotonic,
) -> tuple[int, list[str], list[str]]:
    """Run the tests of rooms until a time is used up; return the exit code, the rooms that ran and those left out."""
    started, code = clock(), 0
    ran: list[str] = []
    for room, files in rooms.items():
        if clock() - started >= budget:
            break
        code = max(code, run(files))
        ran.append(room)
    return code, ran, [room for room in rooms if room not in ran]


def run_long(since: Path | None, budget: float) -> int:
    """Run the long laws: of the rooms that commits since the last green run touch, or of all; return the exit code."""
    every = [Candidate(file, 1, 0.0) for file in sorted(long_files())]
    commit = since.read_text().strip() if since else ""
    if since and not git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"):
        print(f"{commit or 'The last green commit'} is not in this clone: long laws of all rooms, within the time.")
    elif since:
        touched = {candidate.file: candidate for candidate in affected(changed_files(commit))}
        every = sorted((touched[item.file] for item in every if item.file in touched), key=lambda item: item.distance)
    code, ran, left_out = run_rooms(rooms_in_order(every), budget, lambda files: run_python(files, "long"))
    print(f"Long laws ran for: {', '.join(ran) or 'no room'}.")
    print(f"Left out for lack of time: {', '.join(left_out) or 'none'}.")
    return code


def main(words: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="commit to compare with, else where this branch left main")
    parser.add_argument("--budget", type=float, help="seconds")
    parser.add_argument("--long", action="store_true", help="run the long laws")
    parser.add_argument("--since", type=Path, help="file with the commit of the last green run")
    options = parser.parse_args(words)
    if options.long:
        return run_long(options.since, options.budget or LONG_SECONDS)
    return run_affected(options.base or default_base(), options.budget or AFFECTED_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

"""How fast code bases of every language are scanned: beside plain tree-sitter parsing, after an edit, on two cores."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import tree_sitter
import tree_sitter_c_sharp
import tree_sitter_go
import tree_sitter_java
import tree_sitter_kotlin
import tree_sitter_php
import tree_sitter_python
import tree_sitter_ruby
import tree_sitter_rust
import tree_sitter_typescript

from bench.rows import Row
from headwater.core.lineage.cache import FileCache
from headwater.core.lineage.intake import intake
from headwater.core.lineage.pipeline import scan
from headwater.readers import SourceFile

COMMAND = "make bench PART=languages"
REPOS = ("polarsource/polar", "dubinc/dub", "bitwarden/server", "thingsboard/thingsboard")
LARGEST = "bitwarden/server"
ROUNDS = 3
GRAMMARS: dict[str, Callable[[], object]] = {
    ".py": tree_sitter_python.language,
    ".ts": tree_sitter_typescript.language_typescript,
    ".tsx": tree_sitter_typescript.language_tsx,
    ".js": tree_sitter_typescript.language_tsx,
    ".jsx": tree_sitter_typescript.language_tsx,
    ".cs": tree_sitter_c_sharp.language,
    ".go": tree_sitter_go.language,
    ".java": tree_sitter_java.language,
    ".kt": tree_sitter_kotlin.language,
    ".php": tree_sitter_php.language_php,
    ".rb": tree_sitter_ruby.language,
    ".rs": tree_sitter_rust.language,
}


def speed(clones: Path, repo: str | None) -> list[Row]:
    """Each code base cold on one core and after an edit; the largest one on two cores."""
    rows: list[Row] = []
    for name in REPOS:
        if (clones / name).is_dir() and repo in (None, name):
            with _copy_of(clones / name) as (folder, sources):
                rows += [*_beside_parsing(name, folder, sources), _after_edit(name, folder, sources)]
                rows += _whole(name, folder) if name == LARGEST else ()
    return rows


@contextmanager
def _copy_of(checkout: Path) -> Iterator[tuple[Path, list[SourceFile]]]:
    """Copy a checkout, and yield the copy and the files that a plain parser can parse."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, checkout.name)
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"), symlinks=True)
        yield copy, [source for source in intake(copy).sources if Path(source.path).suffix in GRAMMARS]


def _beside_parsing(name: str, folder: Path, sources: list[SourceFile]) -> Iterator[Row]:
    megabytes = sum(len(source.source) for source in sources) / 1e6
    times = [(_cpu(lambda: scan(folder, processes=1)), _cpu(lambda: _parse(sources))) for _ in range(ROUNDS)]
    ours, parse = (statistics.median(column) for column in zip(*times, strict=True))
    what, peer = f"scan of {name}, {megabytes:.1f} MB of code, one core", "plain tree-sitter parsing"
    rate, ratio = megabytes / ours, ours / parse
    plain = f"{megabytes / parse:.2f} MB/s"
    target = "≥ 1.5 MB/s/core"
    yield Row(what + ", rate", f"{rate:.2f} MB/s", plain, peer, ratio, target, rate >= 1.5, COMMAND)
    yield Row(what + ", time", f"{ratio:.2f} ×", "1 ×", peer, ratio, "≤ 3 ×", ratio <= 3, COMMAND)


def _cpu(work: Callable[[], object]) -> float:
    """Return the processor time of work that stays in this process, pinned to one core."""
    mask = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(mask)})
    try:
        began = time.process_time()
        work()
        return time.process_time() - began
    finally:
        os.sched_setaffinity(0, mask)


def _parse(sources: list[SourceFile]) -> None:
    for source in sources:
        _parser(Path(source.path).suffix).parse(source.source)


@cache
def _parser(suffix: str) -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(GRAMMARS[suffix]()))


def _after_edit(name: str, folder: Path, sources: list[SourceFile]) -> Row:
    """Scan, add an empty line to a file of median size, and scan again with the cache of the first scan."""
    edited = folder / sorted(sources, key=lambda source: len(source.source))[len(sources) // 2].path
    with tempfile.TemporaryDirectory() as store:
        cached = FileCache(Path(store, "cache.sqlite"))
        first = scan(folder, cache=cached, processes=1).seconds
        edited.write_bytes(edited.read_bytes() + b"\n")
        second = scan(folder, cache=cached, processes=1).seconds
        cached.close()
    ours, what = f"{second:.2f} s for {len(sources):,} files", f"re-scan of {name} after one edit, one process"
    return Row(what, ours, f"{first:.2f} s", "the first scan", second / first, "< 1 s", second < 1, COMMAND)


# The kernel's high-water mark of the process itself: what its parent had before it started does not count.
_WHOLE = """
import pathlib, re, resource, sys
from headwater.core.lineage.pipeline import scan
if __name__ == "__main__":
    scan(pathlib.Path(sys.argv[1]))
    own = int(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
    print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""


def _whole(name: str, folder: Path) -> Iterator[Row]:
    """All files on all cores, in a process of its own; the memory is that of the largest process."""
    with tempfile.TemporaryDirectory() as place:
        script = Path(place, "whole.py")
        script.write_text(_WHOLE, "utf-8")
        began = time.perf_counter()
        printed = subprocess.run([sys.executable, script, folder], check=True, capture_output=True, text=True).stdout
        seconds = time.perf_counter() - began
    peak = int(printed) / 1024
    what = f"scan of {name}, all files, {len(os.sched_getaffinity(0))} cores"
    yield Row(what + ", time", f"{seconds:.0f} s", "60 s", "limit", seconds / 60, "< 60 s", seconds < 60, COMMAND)
    yield Row(what + ", memory", f"{peak:.0f} MB", "1024 MB", "limit", peak / 1024, "< 1 GB", peak < 1024, COMMAND)

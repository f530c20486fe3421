"""Law: after any edit, a scan with the cache of earlier scans gives what a scan without a cache gives."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies
from tests.core.lineage.mutations import mutated
from tests.core.lineage.test_mutated_code import CASES, files_of
from tests.suite import profiles

from headwater.core.lineage import pipeline
from headwater.core.lineage.cache import Cache, FileCache, NoCache
from headwater.core.lineage.result import ScanResult

STEPS = 3


def scanned(folder: Path, cache: Cache) -> ScanResult:
    """Return the result of a scan without its times."""
    result = pipeline.scan(folder, cache=cache, processes=1)
    return msgspec.structs.replace(result, seconds=0.0, phase_seconds={})


def edit(source: random.Random, folder: Path) -> None:
    """Change, rename, copy or delete a file."""
    file = source.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    other = file.with_name(source.choice(("a_", "z_")) + file.name)
    text = file.read_text("utf-8")
    match source.choice(("mutate", "mutate", "shift", "append", "swap", "rename", "copy", "delete")):
        case "mutate":
            file.write_text(mutated(source, text), "utf-8")
        case "shift":
            file.write_text("\n" + text, "utf-8")
        case "append":
            file.write_text(text + "\n", "utf-8")
        case "swap":
            lines = text.splitlines(keepends=True)
            at = source.randrange(len(lines) or 1)
            file.write_text("".join(lines[at:] + lines[:at]), "utf-8")
        case "rename":
            file.rename(other)
        case "copy":
            shutil.copy(file, other)
        case "delete" if len(list(folder.rglob("*.*"))) > 1:
            file.unlink()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_scan_after_edits_equals_a_first_scan(case: Path) -> None:
    @settings(max_examples=profiles.examples(8))
    @given(strategies.integers(0, 2**32))
    def law(seed: int) -> None:
        source = random.Random(seed)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, "code")
            for path, text in files_of(case).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, "utf-8")
            cache = FileCache(Path(place, "cache.sqlite"))
            scanned(folder, cache)
            for _ in range(STEPS):
                edit(source, folder)
                assert scanned(folder, cache) == scanned(folder, NoCache())
            cache.close()

    law()

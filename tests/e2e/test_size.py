"""The size budget of the built web UI: entry JS and CSS at most 160 KB gzipped, every text asset pre-compressed."""

from __future__ import annotations

import gzip
import json

import pytest

from e2e.browser_helpers import WEB, require_web

ENTRY_KB = 160
SMALLEST = 1024


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    require_web()


def entry_files() -> set[str]:
    """All that the first page must load: the entry, what it imports, and their styles."""
    manifest = json.loads((WEB / ".vite" / "manifest.json").read_text())
    queue = [key for key, chunk in manifest.items() if chunk.get("isEntry")]
    seen: set[str] = set()
    files: set[str] = set()
    while queue:
        key = queue.pop()
        if key in seen:
            continue
        seen.add(key)
        files |= {manifest[key]["file"], *manifest[key].get("css", [])}
        queue += manifest[key].get("imports", [])
    return files


def test_the_entry_keeps_its_budget() -> None:
    kilobytes = sum(len(gzip.compress((WEB / name).read_bytes(), 9)) for name in entry_files()) / 1024
    assert kilobytes <= ENTRY_KB


def test_every_larger_text_asset_has_its_compressed_twins() -> None:
    assets = [path for path in WEB.rglob("*") if path.suffix in {".js", ".css"} and path.stat().st_size >= SMALLEST]
    assert assets
    packed = [path.with_name(path.name + ending) for path in assets for ending in (".br", ".gz")]
    lacking = [path.name for path in packed if not path.is_file()]
    assert lacking == []


def test_nothing_built_names_another_host() -> None:
    index = (WEB / "index.html").read_text()
    assert "http://" not in index
    assert "https://" not in index

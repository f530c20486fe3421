"""Drift between the models and the migrations of public applications: how many differences, and how many are false.

    make bench PART=drift ARGS="--clones DIR [--repo owner/name]"

DIR/owner/name is a checkout at the commit of `bench/truth/drift/*.json`. There stands each reported difference that was examined
and is real, with the reason; others count as false. What is not reported was not looked for: this is precision, not recall.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.rows import Row, save
from headwater.core.diff import Side, compare, report
from headwater.core.lineage.pipeline import schema_of
from headwater.engines import engine
from headwater.readers import Half, bookkeeping_tables

TRUTH = Path(__file__).parent / "truth" / "drift"
COMMAND = "make bench PART=drift"


def _side(folder: Path, half: Half, dialect: str | None) -> Side:
    result = schema_of(folder, half=half)
    name = (dialect if half == "migrations" else None) or result.schema.dialect
    return Side(result.schema, engine(name).dialect if name else None, "models" if result.has_models else "text")


def differences(folder: Path, facts: dict[str, Any]) -> list[str]:
    """Return the titles of the differences between the migrations and the models of a checkout."""
    a = _side(folder / facts.get("migrations", "."), "migrations", facts.get("dialect"))
    b = _side(folder / facts.get("models", "."), "models", None)
    diff = compare(a, b, ignored=tuple(bookkeeping_tables()))
    return [report.title(row) for row in report.report_of(diff, ("a", "b")).differences]


def rows(clones: Path, repo: str | None) -> Iterator[Row]:
    """Yield a row for each application."""
    for file in sorted(TRUTH.glob("*.json")):
        facts = json.loads(file.read_text("utf-8"))
        folder = clones / facts["repo"]
        if repo not in (None, facts["repo"]) or not folder.is_dir():
            continue
        titles = differences(folder, facts)
        false = [title for title in titles if title not in facts["real"]]
        lost = [title for title in facts["real"] if title not in titles]
        ours = f"{len(titles)} reported, {len(false)} false" + (f", {len(lost)} not reported any more" if lost else "")
        what = f"drift of {facts['repo']} ({facts['orm']}): models and migrations"
        yield Row(what, ours, "each examined", "by hand", None, "0 false", not false and not lost, COMMAND)


def main() -> None:
    """Measure, and store the rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--repo")
    given = parser.parse_args()
    save("lineage", list(rows(given.clones, given.repo)))


if __name__ == "__main__":
    main()

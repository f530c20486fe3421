"""The rows of a measurement, and where they are kept: `bench/results/<part>.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One figure beside its peer or limit; `holds` says whether the target is met."""

    what: str
    ours: str
    peer: str
    peer_name: str
    ratio: float | None
    target: str
    holds: bool
    command: str
    date: str = ""


def save(part: str, rows: list[Row]) -> None:
    """Write rows, keeping earlier rows of the same part whose `what` was not measured this time."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{part}.json"
    known = {row["what"]: row for row in json.loads(file.read_text("utf-8"))} if file.exists() else {}
    today = datetime.now(UTC).date().isoformat()
    for row in rows:
        known[row.what] = asdict(row) | {"date": today}
        print(
            f"{'ok  ' if row.holds else 'MISS'} {row.what}: {row.ours} (target {row.target}; {row.peer_name} {row.peer})"
        )
    file.write_text(json.dumps(list(known.values()), indent=1, ensure_ascii=False) + "\n", "utf-8")


def forget(part: str, start: str) -> None:
    """Remove the rows of a part whose `what` starts so: what was refused earlier may succeed by now."""
    file = RESULTS / f"{part}.json"
    rows = [row for row in json.loads(file.read_text("utf-8")) if not row["what"].startswith(start)]
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")

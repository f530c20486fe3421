"""Renders bench/RESULTS.md from bench/results/*.json."""

from __future__ import annotations

import json

from bench.rows import RESULTS

HEAD = """# Measured

Made by `make bench`; do not edit. Each row was measured on the date it states, on a shared machine of two cores; ratios
are of the same run. A row that misses its target says so.
"""


def cell(text: object) -> str:
    """Return text that does not break a table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write RESULTS.md."""
    parts = [HEAD]
    for file in sorted(RESULTS.glob("*.json")):
        parts.append(
            f"\n## {file.stem.capitalize()}\n\n| what | ours | beside | target | holds | date |\n| --- | --- | --- | --- | --- | --- |"
        )
        for row in json.loads(file.read_text("utf-8")):
            beside = f"{row['peer_name']}: {row['peer']}" if row["peer_name"] else row["peer"]
            verdict = "yes" if row["holds"] else "**no**"
            parts.append(
                f"| {cell(row['what'])} | {cell(row['ours'])} | {cell(beside)} | {cell(row['target'])} | {verdict} | {row['date']} |"
            )
        commands = sorted({row["command"] for row in json.loads(file.read_text("utf-8"))})
        parts.append("\nCommands: " + ", ".join(f"`{cell(command)}`" for command in commands))
    (RESULTS.parent / "RESULTS.md").write_text("\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()

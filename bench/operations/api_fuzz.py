"""The whole API under schemathesis, in all phases: requests sent, server errors, and answers that were not described."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.rows import Row
from entrypoints.api_fuzzing import EVERY_PHASE, UNTESTED_CHECKS, fuzz, start_fuzzed

EXAMPLES = 30
# What is refused, and with which words, is another matter than whether the answer is described.
DESCRIPTION = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")


def api_fuzz() -> list[Row]:
    """Send all phases to a Headwater with one of everything."""
    began = time.monotonic()
    with start_fuzzed() as (headwater, resources), tempfile.TemporaryDirectory() as folder:
        report = fuzz(headwater, resources, Path(folder), EVERY_PHASE, EXAMPLES)
    undocumented = sum(check in DESCRIPTION for _, check in report.problems)
    others = len(report.problems) - undocumented
    phases = ", ".join(f"{report.cases[phase]:,} {phase}" for phase in EVERY_PHASE)
    ours = f"{report.cases.total():,} requests to {len(report.operations)} operations ({phases}): "
    ours += f"{report.server_errors} × 5xx, {undocumented} undocumented, {others} of other checks"
    minutes = (time.monotonic() - began) / 60
    return [
        Row(
            "API fuzz, whole API, all phases" + (f", without {', '.join(UNTESTED_CHECKS)}" if UNTESTED_CHECKS else ""),
            f"{ours}; {minutes:.0f} min",
            "0; 0",
            "limit",
            None,
            "0 × 5xx, 0 undocumented",
            report.complete and report.server_errors + undocumented == 0,
            "make bench PART=operations ARGS=fuzz",
        )
    ]

"""A plugin of pytest that is loaded into other projects' suites: writes the outcome of each test as a line of JSON.

It stands alone: the environments of those suites have no Headwater. `SUITE_OUTCOMES` names the file.
"""

from __future__ import annotations

import json
import os
from typing import Any


def pytest_runtest_logreport(report: Any) -> None:
    """Write the outcome of a phase of a test."""
    with open(os.environ["SUITE_OUTCOMES"], "a", encoding="utf-8") as file:
        file.write(json.dumps([report.nodeid, report.outcome]) + "\n")

"""Reads the data files of an engine's tests: `everything.sql`, `values.sql`, `refills.sql`, `cells.txt`, `tricks.txt`, `escapes.txt`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def lines(path: Path) -> list[str]:
    """The lines of a file that say something; a line that begins with # is a comment."""
    if not path.exists():
        return []
    return [line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]


def of(folder: Path) -> dict[str, Any]:
    """What a Subject is made of."""
    pairs = [line.rsplit(" => ", 1) for line in lines(folder / "cells.txt")]
    return {
        "everything": (folder / "everything.sql").read_text("utf-8"),
        "values": (folder / "values.sql").read_text("utf-8") if (folder / "values.sql").exists() else "",
        "refills": (folder / "refills.sql").read_text("utf-8") if (folder / "refills.sql").exists() else "",
        "cells": [(expression, json.loads(cell)) for expression, cell in pairs],
        "tricks": lines(folder / "tricks.txt"),
        "escapes": lines(folder / "escapes.txt"),
    }


def unless_required(reason: str) -> str:
    """Return the reason to skip; where every server is required, its absence fails the test."""
    assert os.environ.get("HEADWATER_TEST_REQUIRE") != "all", reason
    return reason

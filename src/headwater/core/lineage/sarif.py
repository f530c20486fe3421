"""SARIF 2.1.0, the format of findings for code scanning: the document around rules and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headwater import version


def document(rules: Mapping[str, str], results: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a document as indented JSON.

    Args:
        rules: what each rule says, by its id.
        results: the results, as SARIF has them.
    """
    described = [{"id": name, "shortDescription": {"text": text}} for name, text in rules.items()]
    driver = {"name": "Headwater", "version": version(), "rules": described}
    whole = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"


def location(path: str, line: int) -> dict[str, Any]:
    """Return the place of a result."""
    return {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}}}

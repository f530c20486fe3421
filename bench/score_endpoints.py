"""Scores the routes and the columns of endpoints that a scan finds against a hand-labelled file.

Labels: {"routes": ["GET /users/{id}"], "columns": [{"endpoint", "column": "table.column", "uses": true|false}]}

Two routes are the same if method and path are; the names of parameters and a slash at the end do not count. A route that
answers every method is a hit for each labelled method of its path. A column counts as used if the endpoint reaches an
explicit usage of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from headwater.core.lineage.endpoints.columns import columns_by_endpoint
from headwater.core.lineage.result import ScanResult


def plain(route: str) -> str:
    """Return a route without the names of its parameters and without a slash at its end."""
    return re.sub(r"\{\w+\}", "{}", route).rstrip("/")


def routes(facts: dict[str, Any], result: ScanResult) -> tuple[int, int, int, list[str], list[str]]:
    """Return the numbers of hits, of claims and of labels, and which were wrong and which missed."""
    labels = {plain(route) for route in facts["routes"]}
    claims = {plain(endpoint.name) for endpoint in result.endpoints}
    everything = {claim.partition(" ")[2] for claim in claims if claim.startswith("ANY ")}
    hits = {label for label in labels if label in claims or label.partition(" ")[2] in everything}
    paths = {label.partition(" ")[2] for label in labels}
    wrong = {c for c in claims - labels if not (c.startswith("ANY ") and c.partition(" ")[2] in paths)}
    return len(hits), len(claims), len(labels), sorted(wrong), sorted(labels - hits)


def columns(facts: dict[str, Any], result: ScanResult) -> tuple[list[str], list[str], list[str]]:
    """Return the labelled pairs that were found, those that were claimed wrongly, and those that were missed."""
    used: set[tuple[str, str]] = set()
    for endpoint, uses in zip(result.endpoints, columns_by_endpoint(result.endpoints, result.usages), strict=True):
        used |= {(plain(endpoint.name), f"{use.table_name}.{use.column_name}") for use in uses}
    hits: list[str] = []
    wrong: list[str] = []
    missed: list[str] = []
    for label in facts["columns"]:
        pair = (plain(label["endpoint"]), label["column"])
        rows = (pair[0], f"{label['column'].partition('.')[0]}.*")
        claimed = pair in used or (label["uses"] and rows in used)
        kept: Sequence[list[str]] = (hits, missed) if label["uses"] else (wrong, [])
        kept[0 if claimed else 1].append(" ".join(pair))
    return hits, wrong, missed

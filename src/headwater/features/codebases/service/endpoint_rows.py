"""The HTTP endpoints of a scan as rows, and the code that each one reaches."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from headwater.core.lineage.endpoints.columns import columns_by_endpoint
from headwater.core.lineage.endpoints.model import HttpEndpoint
from headwater.core.lineage.result import ScanResult

_NAMESPACE = uuid.UUID("01a1fc00-0000-7000-8000-656e64706f69")


def endpoints(scan_id: uuid.UUID, codebase_id: uuid.UUID, result: ScanResult) -> Iterator[Sequence[Any]]:
    """Yield the endpoints of a scan as rows; they keep their ids from scan to scan, so that links stay valid."""
    uses = columns_by_endpoint(result.endpoints, result.usages)
    seen: Counter[str] = Counter()
    for n, (endpoint, columns) in enumerate(zip(result.endpoints, uses, strict=True)):
        key = f"{codebase_id}\0{endpoint.name}\0{endpoint.file_path}\0{endpoint.handler}"
        seen[key] += 1
        known_as = uuid.uuid5(_NAMESPACE, f"{key}\0{seen[key]}")
        counts = (sum(use.reads for use in columns), sum(use.writes for use in columns))
        yield scan_id, n, known_as, *_named(endpoint), *counts


def _named(endpoint: HttpEndpoint) -> tuple[Any, ...]:
    texts = (endpoint.method, endpoint.path, endpoint.framework, endpoint.handler, endpoint.file_path)
    return *texts, endpoint.line_number


def reaches(scan_id: uuid.UUID, result: ScanResult) -> Iterator[Sequence[Any]]:
    """Yield the code that each endpoint of a scan reaches as rows."""
    reached = ((n, reach) for n, endpoint in enumerate(result.endpoints) for reach in endpoint.reaches)
    for number, (n, reach) in enumerate(reached):
        chain = msgspec.json.encode(reach.chain).decode()
        yield scan_id, number, n, reach.file_path, reach.symbol, reach.first_line, reach.last_line, chain

"""SQL that joins usages with the code that HTTP endpoints reach."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, and_, or_, select

from headwater.features.codebases.models import ScanReach, ScanUsage

# A function by its name, or lines of a file for code without one.
REACHED = and_(
    ScanUsage.scan_id == ScanReach.scan_id,
    ScanUsage.file_path == ScanReach.file_path,
    or_(
        and_(ScanReach.first_line == 0, ScanUsage.symbol == ScanReach.symbol),
        and_(ScanReach.first_line > 0, ScanUsage.line_number.between(ScanReach.first_line, ScanReach.last_line)),
    ),
)


def reached_by(scan_id: uuid.UUID, endpoint_n: int) -> ColumnElement[bool]:
    """Return the condition that an endpoint reaches a usage; computed once for the endpoint, not for each usage."""
    usages = select(ScanUsage.n).join(ScanReach, REACHED)
    reached = usages.where(ScanReach.scan_id == scan_id, ScanReach.endpoint_n == endpoint_n)
    return ScanUsage.n.in_(reached.correlate(None))

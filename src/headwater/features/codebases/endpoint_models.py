"""Response models of the HTTP endpoints of scanned code."""

from __future__ import annotations

import uuid

from headwater.catalog.usages import UsageType
from headwater.features.accounts.api_models import Wire


class ChainStepOut(Wire):
    """A function on the way from an endpoint to a usage; the symbol of a file's top level is empty."""

    symbol: str
    file_path: str


class EndpointOut(Wire):
    """An HTTP endpoint that the code declares, with the numbers of columns that it reads and writes.

    `method` is ANY if every method is answered. A parameter of `path` is in braces, whatever the framework writes.
    """

    id: uuid.UUID
    method: str
    path: str
    framework: str
    handler: str
    file_path: str
    line_number: int
    columns_read: int
    columns_written: int


class ReachingEndpointOut(EndpointOut):
    """An endpoint that reaches a usage; `chain` leads there, the handler first."""

    chain: list[ChainStepOut]


class EndpointColumnOut(Wire):
    """A column that an endpoint uses; the place and the chain are those of the nearest usage."""

    column_id: uuid.UUID
    table_name: str
    column_name: str
    usage_types: list[UsageType]
    usages: int
    file_path: str
    line_number: int
    chain: list[ChainStepOut]


class EndpointDetailOut(EndpointOut):
    """An endpoint with the columns that it uses, by table and name."""

    columns: list[EndpointColumnOut]

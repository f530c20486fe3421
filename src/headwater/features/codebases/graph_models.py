"""Response models of graphs: columns, code and endpoints, and tables with the parts of the code that use them."""

from __future__ import annotations

import uuid
from typing import Literal

from headwater.catalog.usages import Tier, UsageType
from headwater.features.accounts.api_models import Wire
from headwater.features.codebases.service.code_groups import GroupBy


class GraphColumnOut(Wire):
    """A column in the graph."""

    column_id: uuid.UUID
    name: str
    type: str
    primary_key: bool
    total: int


class GraphTableOut(Wire):
    """A table in the graph; `total` counts all usages of its columns, also those that are not in the graph."""

    name: str
    kind: Literal["table", "view"]
    total: int
    columns: list[GraphColumnOut]


class GraphSymbolOut(Wire):
    """A function in the graph."""

    symbol: str
    total: int
    counts: dict[str, int]


class GraphFileOut(Wire):
    """A file in the graph."""

    file_path: str
    language: str
    total: int
    symbols: list[GraphSymbolOut]


class GraphEdgeOut(Wire):
    """The usages of one kind of one column in one function; `line_number` is the first of them."""

    column_id: uuid.UUID
    file_path: str
    symbol: str
    usage_type: UsageType
    count: int
    line_number: int
    tier: Tier


class GraphRelationOut(Wire):
    """A foreign key between two columns of the graph."""

    from_column_id: uuid.UUID
    to_column_id: uuid.UUID
    kind: Literal["foreign_key", "view"]


class GraphEndpointOut(Wire):
    """An HTTP endpoint that reaches code of the graph; `file_path` declares it."""

    endpoint_id: uuid.UUID
    method: str
    path: str
    handler: str
    file_path: str


class GraphReachOut(Wire):
    """An endpoint reaches a function of the graph."""

    endpoint_id: uuid.UUID
    file_path: str
    symbol: str


class GraphTotalOut(Wire):
    """The usages of one kind, tier and language in all that the filter selects otherwise."""

    usage_type: UsageType
    tier: Tier
    language: str
    count: int


class HiddenOut(Wire):
    """How much the graph leaves out to stay readable; `neighbors` are tables that a foreign key joins to its own."""

    tables: int
    files: int
    usages: int
    endpoints: int
    neighbors: int


class GraphOut(Wire):
    """Tables and code with the edges between them, and the endpoints that reach the code."""

    tables: list[GraphTableOut]
    code: list[GraphFileOut]
    edges: list[GraphEdgeOut]
    relations: list[GraphRelationOut]
    endpoints: list[GraphEndpointOut]
    reaches: list[GraphReachOut]
    totals: list[GraphTotalOut]
    hidden: HiddenOut


class CodeGroupOut(Wire):
    """A part of the code: a folder, a file beside such folders, or a service; `name` is its path."""

    name: str
    kind: Literal["folder", "file", "service"]
    files: int
    languages: list[str]
    total: int


class GroupTableOut(Wire):
    """A table and its usages."""

    name: str
    kind: Literal["table", "view"]
    total: int


class GroupEdgeOut(Wire):
    """The usages of a table in a part of the code, by kind."""

    table: str
    group: str
    count: int
    counts: dict[UsageType, int]


class TableRelationOut(Wire):
    """Foreign keys from one table to another one."""

    from_table: str
    to_table: str


class HiddenGroupsOut(Wire):
    """How many of the least used tables and parts of the code are left out, and their usages."""

    tables: int
    groups: int
    usages: int


class GroupGraphOut(Wire):
    """Which parts of the code use which tables, the most used first."""

    by: GroupBy
    groups: list[CodeGroupOut]
    tables: list[GroupTableOut]
    edges: list[GroupEdgeOut]
    relations: list[TableRelationOut]
    totals: list[GraphTotalOut]
    hidden: HiddenGroupsOut

"""Request and response models of dashboards."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from headwater.features.accounts.api_models import Change, Input, Wire
from headwater.features.query.api_models import Cell, Chart, QueryProblem, ResultColumnOut, Title, Words

Refresh: TypeAlias = Literal[0, 60, 300, 900, 3600]
Width = Annotated[int, Field(ge=1, le=4)]


class DashboardIn(Input):
    """A new dashboard; with `refresh_seconds` 0 it does not refresh automatically."""

    name: Title
    refresh_seconds: Refresh = 0


class DashboardChange(Change):
    """Changes to a dashboard; omitted fields stay as they are."""

    name: Title = ""
    refresh_seconds: Refresh = 0


class TileIn(Input):
    """A saved query to add to a dashboard; without a title or chart, those of the query are used."""

    query_id: uuid.UUID
    title: Words = ""
    width: Width = 2
    chart: Chart | None = None


class TileChange(Change):
    """Changes to a tile; omitted fields stay as they are."""

    NULLABLE = frozenset({"chart"})

    title: Words = ""
    width: Width = 2
    chart: Chart | None = None


class OrderIn(Input):
    """The ids of all tiles in their new order."""

    tiles: Annotated[list[uuid.UUID], Field(max_length=200)]


class TileOut(Wire):
    """A tile; it is `hidden` if its query is no longer shared with you."""

    id: uuid.UUID
    query_id: uuid.UUID
    query_name: str
    database_id: uuid.UUID | None
    title: str
    width: int
    chart: Chart
    own_chart: bool = Field(description="True if the tile has its own chart instead of the query's.")
    hidden: bool


class DashboardSummary(Wire):
    """A dashboard in a list."""

    id: uuid.UUID
    project_id: uuid.UUID
    name: str
    refresh_seconds: int
    tiles: int
    updated_at: datetime


class DashboardOut(Wire):
    """A dashboard with its tiles in order."""

    id: uuid.UUID
    project_id: uuid.UUID
    name: str
    refresh_seconds: int
    updated_at: datetime
    tiles: list[TileOut]


class TileData(Wire):
    """The data of a tile; `cached` if it was fetched for an earlier request, at most a minute ago."""

    columns: list[ResultColumnOut]
    rows: list[list[Cell]]
    truncated: bool
    error: QueryProblem | None
    milliseconds: float
    ran_at: datetime
    cached: bool

"""Converts dashboards and the data of tiles to response models."""

from __future__ import annotations

from headwater.features.dashboards import api_models as shapes
from headwater.features.dashboards.models import Dashboard
from headwater.features.dashboards.service.dashboards import DashboardView, TileView
from headwater.features.dashboards.service.data import Answer
from headwater.features.query import serializers
from headwater.features.query.api_models import Chart


def summary(dashboard: Dashboard, tiles: int) -> shapes.DashboardSummary:
    """Return the response model of a dashboard in a list."""
    return shapes.DashboardSummary(
        id=dashboard.id,
        project_id=dashboard.project_id,
        name=dashboard.name,
        refresh_seconds=dashboard.refresh_seconds,
        tiles=tiles,
        updated_at=dashboard.updated_at,
    )


def dashboard(view: DashboardView) -> shapes.DashboardOut:
    """Return the response model of a dashboard with its tiles."""
    row = view.dashboard
    return shapes.DashboardOut(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        refresh_seconds=row.refresh_seconds,
        updated_at=row.updated_at,
        tiles=[_tile(tile) for tile in view.tiles],
    )


def _tile(view: TileView) -> shapes.TileOut:
    tile, query = view.tile, view.query
    chart = Chart() if view.hidden else Chart.model_validate(query.chart if tile.chart is None else tile.chart)
    return shapes.TileOut(
        id=tile.id,
        query_id=tile.query_id,
        query_name="" if view.hidden else query.name,
        database_id=None if view.hidden else query.database_id,
        title=tile.title,
        width=tile.width,
        chart=chart,
        own_chart=tile.chart is not None,
        hidden=view.hidden,
    )


def data(answer: Answer, cached: bool) -> shapes.TileData:
    """Return the response model of the data of a tile."""
    return shapes.TileData.model_construct(
        columns=[serializers.column(column) for column in answer.columns],
        rows=[list(row) for row in answer.rows],
        truncated=answer.truncated,
        error=serializers.problem(answer.error) if answer.error else None,
        milliseconds=answer.milliseconds,
        ran_at=answer.ran_at,
        cached=cached,
    )

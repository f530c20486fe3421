"""Converts migrations to response models."""

from __future__ import annotations

from headwater.core.migration_files.scripts import Script
from headwater.features.migrations import api_models as shapes
from headwater.features.migrations.models import Migration
from headwater.features.migrations.service.execution import MigrationsResult
from headwater.features.migrations.service.history import MigrationStatus
from headwater.features.query import serializers as query_wire


def migration(status: MigrationStatus) -> shapes.MigrationOut:
    """Return the response model of a migration and its state."""
    row, entry = status.migration, status.entry
    return shapes.MigrationOut(
        version=status.version,
        name=status.name,
        state=status.state,
        origin=row.origin if row else None,
        runs=row.runs if row else False,
        reversible=bool(row and row.down),
        applied_at=entry.applied_at if entry else None,
        applied_by=entry.applied_by if entry else None,
        milliseconds=entry.milliseconds if entry else None,
        created_at=row.created_at if row else None,
    )


def text(row: Migration | Script) -> shapes.MigrationText:
    """Return the response model of the scripts of a migration."""
    return shapes.MigrationText(version=row.version, name=row.name, up=row.up, down=row.down)


def outcome(result: MigrationsResult) -> shapes.MigrationsRunOut:
    """Return the response model of a plan or a run."""
    return shapes.MigrationsRunOut(
        planned=[text(script) for script in result.planned],
        done=result.done,
        failed=result.failed,
        error=query_wire.problem(result.error) if result.error else None,
    )

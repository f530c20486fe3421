"""Values of this room as the wire shapes of its routes."""

from __future__ import annotations

from headwater.core.transfer.plan import CopyPlan
from headwater.engines import Engine
from headwater.features.jobs.schemas import JobOut
from headwater.features.transfers import schemas
from headwater.features.transfers.service.transfers import TransferView


def plan(found: CopyPlan, engine: Engine) -> schemas.CopyPlanOut:
    """Return a plan with the statements that its target would run."""
    tables = [
        schemas.TablePlanOut(
            table=table.display_name, target=table.target_name, rows=table.rows,
            columns=[
                schemas.ColumnPlanOut(
                    name=one.name, source_type=one.source_type, target_type=one.target_type, note=one.note
                ) for one in table.columns
            ],
        ) for table in found.tables
    ]  # fmt: skip
    losses = [schemas.LossOut.model_validate(one) for one in found.losses]
    return schemas.CopyPlanOut(tables=tables, losses=losses, statements=list(engine.ddl(found.schema)))


def transfer(view: TransferView) -> schemas.TransferOut:
    """Return a transfer with its job."""
    row = view.transfer
    compared = (
        [schemas.ComparedOut.model_validate(one) for one in row.result.get("tables", [])] if row.kind == "copy" else []
    )
    rest = {name: value for name, value in row.result.items() if name != "tables" or row.kind != "copy"}
    asked = {name: value for name, value in row.request.items() if name != "losses"}
    return schemas.TransferOut(
        id=row.id, kind=row.kind, database_id=row.database_id, target_id=row.target_id, filename=row.filename,
        size_bytes=row.size_bytes, created_at=row.created_at, request=asked, tables=compared, result=rest,
        job=JobOut.model_validate(view.job) if view.job else None,
    )  # fmt: skip


def preview(view: TransferView) -> schemas.ImportPreviewOut:
    """Return what an uploaded file looks like."""
    found = view.transfer.preview
    return schemas.ImportPreviewOut(
        transfer=transfer(view), format=found["format"], columns=found["columns"], rows=found["rows"],
        text=found.get("text", ""),
    )  # fmt: skip

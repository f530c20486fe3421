"""Converts transfers, plans and previews to response models."""

from __future__ import annotations

from headwater.core.transfer.plan import CopyPlan
from headwater.engines import Engine
from headwater.features.jobs.api_models import JobOut
from headwater.features.transfers import api_models
from headwater.features.transfers.service.transfers import TransferView


def plan(copy_plan: CopyPlan, engine: Engine) -> api_models.CopyPlanOut:
    """Return the response model of a plan, with the statements for the target."""
    tables = [
        api_models.TablePlanOut(
            table=table.display_name,
            target=table.target_name,
            rows=table.rows,
            columns=[
                api_models.ColumnPlanOut(
                    name=column.name, source_type=column.source_type, target_type=column.target_type, note=column.note
                )
                for column in table.columns
            ],
        )
        for table in copy_plan.tables
    ]
    statements = copy_plan.statements or engine.ddl(copy_plan.schema)
    losses = [api_models.LossOut.model_validate(loss) for loss in copy_plan.losses]
    return api_models.CopyPlanOut(
        tables=tables, losses=losses, statements=list(statements), choices=list(copy_plan.choices)
    )


def transfer(view: TransferView) -> api_models.TransferOut:
    """Return the response model of a transfer with its job."""
    row = view.transfer
    result, copied = dict(row.result), {}
    if row.kind == "copy":
        copied = {name: result.pop(name) for name in ("tables", "refused", "outcome") if name in result}
        if "tables" in copied and "outcome" not in copied:  # a copy of an earlier version ended at a refused object
            copied["outcome"] = "equal" if all(table["same"] for table in copied["tables"]) else "different"
    request = {name: value for name, value in row.request.items() if name != "losses"}
    return api_models.TransferOut(
        id=row.id,
        kind=row.kind,
        database_id=row.database_id,
        target_id=row.target_id,
        filename=row.filename,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
        request=request,
        result=result,
        job=JobOut.model_validate(view.job) if view.job else None,
        **copied,
    )


def preview(view: TransferView) -> api_models.ImportPreviewOut:
    """Return the response model of the preview of an uploaded file."""
    content = view.transfer.preview
    return api_models.ImportPreviewOut(
        transfer=transfer(view),
        format=content["format"],
        columns=content["columns"],
        rows=content["rows"],
        csv=content.get("csv"),
        text=content.get("text", ""),
    )

"""Snapshots, restores and vaults as wire shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from headwater.core.snapshots import schema_proof
from headwater.core.snapshots.manifest_tables import total
from headwater.core.snapshots.schema_proof import SchemaProof
from headwater.features.jobs.api_models import JobOut
from headwater.features.jobs.models import Job
from headwater.features.snapshots import api_models
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service.restore.restores import RestorePlan, RestoreView
from headwater.features.snapshots.service.snapshots import SnapshotView
from headwater.features.snapshots.service.storage.opened_vaults import OpenedVault
from headwater.features.snapshots.service.storage.vault_contents import StoredSnapshot
from headwater.features.snapshots.service.storage.vault_locations import VaultView
from headwater.vault.codecs import DEFAULT


def snapshot(view: SnapshotView) -> api_models.SnapshotOut:
    """Return a snapshot."""
    return api_models.SnapshotOut(**_fields(view))


def detail(view: SnapshotView) -> api_models.SnapshotDetailOut:
    """Return a snapshot with its tables."""
    row = view.snapshot
    return api_models.SnapshotDetailOut(
        **_fields(view),
        moment=row.moment,
        request=row.request,
        contents=[_table(table) for table in row.contents.get("tables", [])],
    )


def _fields(view: SnapshotView) -> dict[str, Any]:
    row = view.snapshot
    given = {
        "status": view.status,
        "error": view.error,
        "job": _job(view.job),
        "verification": row.verification or None,
        "by": view.by,
        "drill_seconds": row.drill.get("seconds"),
        "drill_summary": row.drill.get("summary"),
        "proof": _proof(schema_proof.of_row(row.proof)),
        "scheduled": bool(row.request.get("scheduled")),
        "partial": row.request.get("tables") is not None or bool(row.request.get("exclude")),
        "undo": bool(row.request.get("undo")),
        "losses": row.contents.get("losses", []),
    }
    return {name: getattr(row, name) for name in api_models.SnapshotOut.model_fields if name not in given} | given


def _proof(proof: SchemaProof | None) -> api_models.ProofOut | None:
    if proof is None:
        return None
    given = {"summary": proof.sentence, "at": proof.at or None}
    fields = {name: getattr(proof, name) for name in api_models.ProofOut.model_fields if name not in given}
    return api_models.ProofOut.model_validate(fields | given)


def _table(table: dict[str, Any]) -> api_models.SnapshotTableOut:
    columns = [api_models.SnapshotColumnOut(name=name, type=type_) for name, type_ in table["columns"]]
    return api_models.SnapshotTableOut(
        schema_name=table["schema"],
        name=table["name"],
        columns=columns,
        key=table["key"],
        rows=table["rows"],
        raw_bytes=table["raw"],
        stored_bytes=table["stored"],
        new_bytes=table["new"],
        apart=table.get("apart", False),
    )


def _job(job: Job | None) -> JobOut | None:
    return JobOut.model_validate(job) if job else None


def storage(rows: Sequence[Snapshot]) -> api_models.StorageOut:
    """Return the sizes of snapshots over time."""
    points = [
        api_models.StoragePointOut(
            id=row.id,
            taken_at=row.taken_at or row.created_at,
            raw_bytes=row.raw_bytes,
            stored_bytes=row.stored_bytes,
            new_bytes=row.new_bytes,
            seconds=row.seconds,
            grew=row.grew,
            whole=row.parent_id is None,
        )
        for row in rows
    ]
    return api_models.StorageOut(
        points=points,
        raw_bytes=sum(row.raw_bytes for row in rows),
        stored_bytes=sum(row.stored_bytes for row in rows),
        new_bytes=sum(row.new_bytes for row in rows),
    )


def restore(view: RestoreView) -> api_models.RestoreOut:
    """Return a restore."""
    row = view.restore
    return api_models.RestoreOut(
        id=row.id,
        snapshot_id=row.snapshot_id,
        target_id=row.target_id,
        target_name=row.target_name,
        fresh=row.fresh,
        mode=row.mode,
        request=row.request,
        undo_id=row.undo_id,
        created_at=row.created_at,
        seconds=row.result.get("seconds"),
        tables=row.result.get("tables", []),
        schema_comparison=row.result.get("schema"),
        summary=row.result.get("summary"),
        differs=row.result.get("differs", False),
        outcome=row.result.get("outcome"),
        refused=row.result.get("refused", []),
        job=_job(view.job),
    )


def plan(restore_plan: RestorePlan) -> api_models.RestorePlanOut:
    """Return what a restore would do."""
    return api_models.RestorePlanOut(
        target_name=restore_plan.target_name,
        fresh=restore_plan.fresh,
        undo=restore_plan.undo,
        refusals=list(restore_plan.refusals),
        steps=[api_models.RestoreStepOut.model_validate(step) for step in restore_plan.steps],
    )


def vault(view: VaultView) -> api_models.VaultOut:
    """Return where an organization stores its snapshots, without secrets."""
    row, sums = view.row, view.sums
    given = row.settings if row else {}
    return api_models.VaultOut(
        id=row.id if row else None,
        kind=row.kind if row else "local",
        current=row.current if row else True,
        read_only=row.read_only if row else False,
        folder=given.get("folder", ""),
        bucket=given.get("bucket", ""),
        prefix=given.get("prefix", ""),
        endpoint=given.get("endpoint", ""),
        region=given.get("region", ""),
        access_key=given.get("access_key", ""),
        codec=cast("api_models.CodecName", row.codec if row else DEFAULT.name),
        level=row.level if row else DEFAULT.level,
        created_at=row.created_at if row else None,
        snapshots=sums.snapshots,
        raw_bytes=sums.raw_bytes,
        stored_bytes=sums.stored_bytes,
        new_bytes=sums.new_bytes,
    )


def opened_vault(opened: OpenedVault) -> api_models.OpenedVaultOut:
    """Return a vault that was opened, with its snapshots."""
    return api_models.OpenedVaultOut(
        vault=vault(opened.view),
        added=len(opened.added),
        recovery_manifests=opened.contents.recovery,
        snapshots=[_stored(stored, added=stored.uuid in opened.added) for stored in opened.contents.snapshots],
    )


def _stored(stored: StoredSnapshot, *, added: bool) -> api_models.StoredSnapshotOut:
    manifest = stored.manifest
    return api_models.StoredSnapshotOut(
        id=stored.id,
        state=stored.state,
        problem=stored.problem,
        added=added,
        organization=(manifest.organization or None) if manifest else None,
        database_name=manifest.database if manifest else None,
        engine=manifest.engine if manifest else None,
        product=manifest.product if manifest else None,
        label=manifest.label if manifest else None,
        taken_at=manifest.started if manifest else None,
        tables=len(manifest.tables) if manifest else None,
        rows=total(manifest, "rows") if manifest else None,
        raw_bytes=total(manifest, "raw") if manifest else None,
        stored_bytes=total(manifest, "stored") if manifest else None,
    )

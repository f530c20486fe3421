"""Converts rows and values of codebases to response models."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from headwater.catalog.model import Relation, Schema
from headwater.core.lineage.impact.report import ImpactReport
from headwater.core.lineage.questions.data_classes import rules
from headwater.core.lineage.questions.personal_data import PersonalDataUse
from headwater.core.lineage.questions.scan_diff import Changes, ScanDiff
from headwater.features.codebases import api_models as shapes
from headwater.features.codebases import git_models, impact_models, question_models
from headwater.features.codebases.service.codebases import CodebaseView
from headwater.features.codebases.service.files import FileView
from headwater.features.codebases.service.lineage import ColumnSum
from headwater.features.codebases.service.questions import UsedColumn
from headwater.features.codebases.service.results import column_id
from headwater.kit import git_keys

# A browser shows no more lines; an export has all.
MAX_BREAKS = 2000


def codebase(view: CodebaseView) -> shapes.CodebaseOut:
    """Return the response model of a codebase."""
    scan = shapes.ScanOut.model_validate(view.scan) if view.scan else None
    return shapes.CodebaseOut(**shapes.fields_of(view.codebase, shapes.CodebaseOut, state=view.state, scan=scan))


def git_source(source: Any) -> git_models.GitSourceOut:
    """Return the response model of the repository of a codebase, a row of `git_sources`."""
    schedule = None
    if source.cron:
        schedule = git_models.GitScheduleOut(cron=source.cron, timezone=source.timezone, next_at=source.next_at)
    given = {
        "schedule": schedule,
        "host_fingerprint": git_keys.fingerprint(source.host_key) if source.host_key else "",
        "webhook": source.sealed_webhook_secret is not None,
        "webhook_path": webhook_path(source.codebase_id),
    }
    return git_models.GitSourceOut(**shapes.fields_of(source, git_models.GitSourceOut, **given))


def webhook_path(codebase_id: uuid.UUID) -> str:
    """Return where the webhooks of a codebase are sent on this server."""
    return f"/api/v1/hooks/codebases/{codebase_id}"


def usage(row: Any) -> shapes.UsageOut:
    """Return the response model of a usage, a row of `scan_usages`."""
    return shapes.UsageOut.model_validate({**row._mapping, "id": str(row.n)})


def file_view(view: FileView) -> shapes.FileViewOut:
    """Return the response model of a file with its text and usages."""
    given = {
        "content": view.content,
        "truncated": view.truncated,
        "usages": [usage(row) for row in view.usages],
    }
    return shapes.FileViewOut(**shapes.fields_of(view.file, shapes.FileViewOut, **given))


def summary(column_sum: ColumnSum) -> shapes.ColumnSummaryOut:
    """Return the response model of the totals of a column."""
    row = column_sum.column
    reference = shapes.ReferenceOut(table=row.ref_table, column=row.ref_column) if row.ref_table else None
    return shapes.ColumnSummaryOut(
        column_id=row.id,
        table_name=row.table_name,
        column_name=row.column_name,
        type=row.type,
        nullable=row.nullable,
        primary_key=row.primary_key,
        references=reference,
        total=column_sum.total,
        counts=shapes.UsageCounts(**column_sum.counts),
        files=column_sum.files,
        languages=list(column_sum.languages),
    )


def used_column(column: UsedColumn) -> question_models.ColumnOut:
    """Return the response model of a column and how it is used."""
    row = column.row
    sums = summary(ColumnSum(row, row.counts, row.files, row.languages))
    use = question_models.UseOut.model_validate(column.use)
    return question_models.ColumnOut(**dict(sums), use=use)


def personal_data(codebase_id: uuid.UUID, uses: Sequence[PersonalDataUse]) -> question_models.PersonalDataOut:
    """Return the response model of the columns with personal data."""
    numbers = Counter(use.data_class for use in uses)
    columns = [
        question_models.PersonalDataUseOut.model_validate(
            msgspec.structs.asdict(use) | {"column_id": column_id(codebase_id, use.table_name, use.column_name)}
        )
        for use in uses
    ]
    classes = [
        question_models.PersonalDataClassOut(
            name=item.name,
            title=item.title,
            source=item.source,
            special=item.special,
            columns=numbers[item.name],
        )
        for item in rules().classes
    ]
    return question_models.PersonalDataOut(columns=columns, classes=classes)


def scan_diff(diff: ScanDiff) -> question_models.ScanDiffOut:
    """Return the response model of what changed between two scans; of very many usages, the first ones."""
    return question_models.ScanDiffOut(
        before=diff.before, after=diff.after, appeared=_changes(diff.appeared), disappeared=_changes(diff.disappeared)
    )


def _changes(changes: Changes) -> question_models.ChangesOut:
    return question_models.ChangesOut(
        tables=list(changes.tables),
        columns=list(changes.columns),
        usages=[question_models.DiffUsageOut.model_validate(usage) for usage in changes.usages[:MAX_BREAKS]],
        total=len(changes.usages),
    )


def schema(read_schema: Schema, codebase_id: uuid.UUID) -> shapes.SchemaOut:
    """Return the response model of a Schema."""
    return shapes.SchemaOut(
        source=read_schema.source,
        tables=[_table(relation, codebase_id) for relation in read_schema],
        enums=[shapes.EnumOut(name=enum.name, values=list(enum.values)) for enum in read_schema.enums],
    )


def _table(relation: Relation, codebase_id: uuid.UUID) -> shapes.SchemaTableOut:
    return shapes.SchemaTableOut(
        name=relation.name,
        schema_=relation.schema,
        kind=relation.kind,
        comment=relation.comment,
        columns=[_column(relation, column, codebase_id) for column in relation.columns],
        indexes=[shapes.SchemaIndexOut.model_validate(index) for index in relation.indexes],
        foreign_keys=[shapes.ForeignKeyOut.model_validate(key) for key in relation.foreign_keys],
        origins=[shapes.OriginOut.model_validate(origin) for origin in relation.origins],
    )


def _column(relation: Relation, column: Any, codebase_id: uuid.UUID) -> shapes.SchemaColumnOut:
    target = relation.references(column.name)
    reference = shapes.ReferenceOut(table=target[0], column=target[1] or None) if target else None
    given = {
        "column_id": column_id(codebase_id, relation.name, column.name),
        "primary_key": column.name in relation.primary_key,
        "references": reference,
    }
    return shapes.SchemaColumnOut(**shapes.fields_of(column, shapes.SchemaColumnOut, **given))


def impact(report: ImpactReport) -> impact_models.ImpactOut:
    """Return the response model of an impact report, without the lines of least risk if there are too many."""
    breaks = report.breaks[:MAX_BREAKS]
    return impact_models.ImpactOut.model_validate(
        {
            "change": report.change,
            "counts": Counter(item.certainty for item in report.breaks),
            "breaks": [impact_models.BreakOut.model_validate(item) for item in breaks],
            "left_out": len(report.breaks) - len(breaks),
            "schema": [impact_models.SchemaDependentOut.model_validate(item) for item in report.schema],
            "unseen": report.unseen,
        }
    )

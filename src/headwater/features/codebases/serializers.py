"""Converts rows and values of codebases to response models."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from typing import Any

from headwater.catalog.model import Relation, Schema
from headwater.features.codebases import api_models as shapes
from headwater.features.codebases.service.codebases import CodebaseView
from headwater.features.codebases.service.files import FileView
from headwater.features.codebases.service.graph import LineageGraph
from headwater.features.codebases.service.lineage import ColumnSum
from headwater.features.codebases.service.results import column_id


def codebase(view: CodebaseView) -> shapes.CodebaseOut:
    """Return the response model of a codebase."""
    scan = shapes.ScanOut.model_validate(view.scan) if view.scan else None
    return shapes.CodebaseOut(**shapes.fields_of(view.codebase, shapes.CodebaseOut, state=view.state, scan=scan))


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


def graph(lineage_graph: LineageGraph) -> shapes.GraphOut:
    """Return the response model of a graph."""
    tables: dict[str, list[shapes.GraphColumnOut]] = defaultdict(list)
    for row in lineage_graph.columns:
        tables[row.table_name].append(_graph_column(row))
    for table, column in _undeclared_columns(lineage_graph):
        tables[table].append(column)
    kinds = {row.table_name: row.table_kind for row in lineage_graph.columns}
    return shapes.GraphOut(
        tables=[_graph_table(name, kinds.get(name, "table"), rows) for name, rows in tables.items()],
        code=[shapes.GraphFileOut.model_validate(file) for file in lineage_graph.code],
        edges=[shapes.GraphEdgeOut.model_validate(edge) for edge in lineage_graph.edges],
        relations=[
            shapes.GraphRelationOut.model_validate({"from_column_id": source, "to_column_id": target, "kind": kind})
            for source, target, kind in lineage_graph.relations
        ],
        hidden=shapes.HiddenOut(**lineage_graph.hidden),
    )


def _graph_table(name: str, kind: str, columns: list[shapes.GraphColumnOut]) -> shapes.GraphTableOut:
    return shapes.GraphTableOut(
        name=name,
        kind="table" if kind == "table" else "view",
        total=sum(column.total for column in columns),
        columns=columns,
    )


def _graph_column(row: Any) -> shapes.GraphColumnOut:
    return shapes.GraphColumnOut(
        column_id=row.id,
        name=row.column_name,
        type=row.type,
        primary_key=row.primary_key,
        total=sum(row.counts.values()),
    )


def _undeclared_columns(lineage_graph: LineageGraph) -> list[tuple[str, shapes.GraphColumnOut]]:
    """Return the targets of edges that no table declares: `*`, the whole row, which a delete affects."""
    declared = {row.id for row in lineage_graph.columns}
    totals: Counter[tuple[str, str, uuid.UUID]] = Counter()
    for edge in lineage_graph.edges:
        if edge.column_id not in declared:
            totals[edge.table_name, edge.column_name, edge.column_id] += edge.count
    return [
        (table, shapes.GraphColumnOut(column_id=id_, name=name, type="", primary_key=False, total=total))
        for (table, name, id_), total in totals.items()
    ]


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

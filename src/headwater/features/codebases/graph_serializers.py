"""Converts graphs to response models."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from headwater.features.codebases import graph_models as shapes
from headwater.features.codebases.service.graph import LineageGraph
from headwater.features.codebases.service.group_graph import GroupGraph


def graph(lineage_graph: LineageGraph) -> shapes.GraphOut:
    """Return the response model of a graph."""
    return shapes.GraphOut(
        tables=_tables(lineage_graph),
        code=[shapes.GraphFileOut.model_validate(file) for file in lineage_graph.code],
        edges=[shapes.GraphEdgeOut.model_validate(edge) for edge in lineage_graph.edges],
        relations=[
            shapes.GraphRelationOut.model_validate({"from_column_id": source, "to_column_id": target, "kind": kind})
            for source, target, kind in lineage_graph.relations
        ],
        endpoints=[_endpoint(row) for row in lineage_graph.endpoints],
        reaches=[
            shapes.GraphReachOut(endpoint_id=endpoint, file_path=path, symbol=symbol)
            for endpoint, path, symbol in lineage_graph.reaches
        ],
        totals=_totals(lineage_graph.totals),
        hidden=shapes.HiddenOut(**lineage_graph.hidden),
    )


def groups(group_graph: GroupGraph) -> shapes.GroupGraphOut:
    """Return the response model of a graph of groups."""
    return shapes.GroupGraphOut(
        by=group_graph.by,
        groups=[
            shapes.CodeGroupOut(
                name=item.group.name,
                kind=item.group.kind,
                files=item.files,
                languages=sorted(item.languages),
                total=item.total,
            )
            for item in group_graph.groups
        ],
        tables=[
            shapes.GroupTableOut(name=table.name, kind=_kind(table.kind), total=table.total)
            for table in group_graph.tables
        ],
        edges=[shapes.GroupEdgeOut.model_validate(edge) for edge in group_graph.edges],
        relations=[
            shapes.TableRelationOut(from_table=source, to_table=target) for source, target in group_graph.relations
        ],
        totals=_totals(group_graph.totals),
        hidden=shapes.HiddenGroupsOut(**group_graph.hidden),
    )


def _totals(rows: Sequence[Any]) -> list[shapes.GraphTotalOut]:
    return [shapes.GraphTotalOut.model_validate(dict(row._mapping)) for row in rows]


def _endpoint(row: Any) -> shapes.GraphEndpointOut:
    return shapes.GraphEndpointOut(
        endpoint_id=row.id, method=row.method, path=row.path, handler=row.handler, file_path=row.file_path
    )


def _kind(kind: str) -> Any:
    return "table" if kind == "table" else "view"


def _tables(lineage_graph: LineageGraph) -> list[shapes.GraphTableOut]:
    tables: dict[str, list[shapes.GraphColumnOut]] = defaultdict(list)
    for row in lineage_graph.columns:
        tables[row.table_name].append(_column(row))
    for table, column in _undeclared_columns(lineage_graph):
        tables[table].append(column)
    kinds = {row.table_name: row.table_kind for row in lineage_graph.columns}
    return [
        shapes.GraphTableOut(
            name=name,
            kind=_kind(kinds.get(name, "table")),
            total=sum(column.total for column in columns),
            columns=columns,
        )
        for name, columns in tables.items()
    ]


def _column(row: Any) -> shapes.GraphColumnOut:
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

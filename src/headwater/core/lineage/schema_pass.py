"""Pass 3, schema: merges the results of all readers into one Schema.

Tables with the same name are merged: the columns of the first reader keep their order, others follow, and each keeps
all of its origins. Models in code come before what migrations leave behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import get_args

import msgspec

from headwater.catalog.model import Column, Domain, Enum, Relation, Schema, united_attributes
from headwater.catalog.model import Sequence as Counter
from headwater.catalog.usages import NotUnderstood
from headwater.core.lineage import traces
from headwater.core.lineage.cache import Cache
from headwater.core.lineage.detection import of_half
from headwater.core.lineage.project import ScannedProject
from headwater.core.lineage.result import HalfSchema, ReaderSummary
from headwater.readers import CodeProject, Half, Model, Reading, SourceFile, all_readers


class ReadSchema(msgspec.Struct, frozen=True):
    """The merged Schema, all models, and the result of each reader."""

    schema: Schema
    models: tuple[Model, ...]
    not_understood: tuple[NotUnderstood, ...]
    readers: tuple[ReaderSummary, ...]
    readings: dict[str, Reading]
    halves: dict[Half, HalfSchema] = {}


def read(project: ScannedProject, detected: Mapping[str, Sequence[SourceFile]], label: str, cache: Cache) -> ReadSchema:
    """Let every reader read its detected files, and merge the results.

    Args:
        project: the code base, for readers that look at other files.
        detected: the files that each reader has something to read in.
        label: the source name of the merged Schema.
        cache: what readers have read in earlier scans.
    """
    results = {name: _remembered(name, project, files, cache) for name, files in detected.items()}
    readings = [(all_readers()[name].NAME, reading) for name, reading in results.items()]
    readings.sort(key=lambda pair: not pair[1].models)
    models = tuple(model for _, reading in readings for model in reading.models)
    missed = tuple(item for _, reading in readings for item in reading.not_understood)
    schema = merge((reading.schema for _, reading in readings), label)
    halves = _halves(project, detected, results, label, cache)
    return ReadSchema(schema, models, missed, tuple(_summaries(readings)), results, halves)


def _halves(
    project: ScannedProject,
    detected: Mapping[str, Sequence[SourceFile]],
    results: Mapping[str, Reading],
    label: str,
    cache: Cache,
) -> dict[Half, HalfSchema]:
    """Return what models declare and what migrations lead to; a reader whose files are all of one half reads once."""
    halves: dict[Half, HalfSchema] = {}
    for half in get_args(Half):
        parts = [
            results[name] if len(files) == len(detected[name]) else _remembered(name, project, files, cache)
            for name, files in of_half(detected, half).items()
        ]
        parts.sort(key=lambda reading: not reading.models)
        if any(reading.schema.relations for reading in parts):
            schema = merge((reading.schema for reading in parts), label)
            halves[half] = HalfSchema(schema, half == "models" and any(reading.models for reading in parts))
    return halves


def _remembered(name: str, project: ScannedProject, files: Sequence[SourceFile], cache: Cache) -> Reading:
    return traces.remembered(f"reading {name}", project, files, cache, partial(_read, name))


def _read(name: str, project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Let one reader read its files; one that fails is reported and does not stop the others."""
    reader = all_readers()[name]
    try:
        return reader.read(project, files)
    except Exception as error:
        reason = f"{reader.NAME} could not be read: {type(error).__name__}. Please report it."
        return Reading(Schema(), (), (NotUnderstood(files[0].path, 1, "", reason),))


def _summaries(readings: Iterable[tuple[str, Reading]]) -> Iterable[ReaderSummary]:
    for name, reading in readings:
        files = [origin.file for relation in reading.schema for origin in relation.origins]
        count = len(reading.models) or len(reading.schema.relations)
        if count:
            yield ReaderSummary(name, _common_folder(files), count)


def _common_folder(files: Sequence[str]) -> str:
    if len(set(files)) == 1:
        return files[0]
    parts = [file.split("/")[:-1] for file in files]
    shared = []
    for names in zip(*parts, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return "/".join(shared) + "/" if shared else "./"


def merge(schemas: Iterable[Schema], label: str) -> Schema:
    """Return one Schema with the tables and enums of all; tables with the same name are merged."""
    merged: list[Relation] = []
    slots: dict[str, list[int]] = defaultdict(list)
    enums: dict[str, Enum] = {}
    domains: dict[str, Domain] = {}
    sequences: dict[str, Counter] = {}
    parts = tuple(schemas)
    for schema in parts:
        earlier = {name: tuple(known) for name, known in slots.items()}
        for relation in schema:
            known = earlier.get(relation.name.casefold(), ())
            slot = next((slot for slot in known if merged[slot].is_same(relation)), None)
            if slot is None:
                slots[relation.name.casefold()].append(len(merged))
                merged.append(relation)
            else:
                merged[slot] = _merge_relation(merged[slot], relation)
        enums = {enum.name: enum for enum in schema.enums} | enums
        domains = {domain.name: domain for domain in schema.domains} | domains
        sequences = {sequence.name: sequence for sequence in schema.sequences} | sequences
    return Schema(
        tuple(merged),
        tuple(enums.values()),
        label,
        domains=tuple(domains.values()),
        sequences=tuple(sequences.values()),
        attrs=united_attributes(parts),
    )


def _merge_relation(first: Relation, second: Relation) -> Relation:
    extra = tuple(column for column in second.columns if first.column(column.name) is None)
    return replace(
        first,
        columns=(*(_merge_column(column, second.column(column.name)) for column in first.columns), *extra),
        primary_key=first.primary_key or second.primary_key,
        foreign_keys=first.foreign_keys or second.foreign_keys,
        indexes=first.indexes or second.indexes,
        origins=(*first.origins, *(origin for origin in second.origins if origin not in first.origins)),
        comment=first.comment or second.comment,
        schema=first.schema or second.schema,
    )


def _merge_column(first: Column, second: Column | None) -> Column:
    if second is None:
        return first
    origins = (*first.origins, *(origin for origin in second.origins if origin not in first.origins))
    return replace(first, type=first.type or second.type, origins=origins)

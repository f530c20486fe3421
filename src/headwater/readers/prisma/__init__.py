"""Prisma schema files: models, views and enums with their mapped names, and the relations between them.

The grammar follows the Prisma schema reference: a block per model, a line per field, attributes after it. All `.prisma`
files of a folder are one schema, as in Prisma itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from headwater.catalog.model import ASSUMED, DIALECT, Relation, Schema, united_attributes
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.prisma.grammar import Block, blocks
from headwater.readers.prisma.mapping import enum_of, join_tables, model_of, relation_of
from headwater.readers.prisma.providers import has_foreign_keys, provider_of
from headwater.readers.prisma.vocabulary import VOCABULARY

__all__ = ["BOOKKEEPING", "NAME", "SUFFIXES", "VOCABULARY", "detects", "read", "read_text"]

NAME = "Prisma"
BOOKKEEPING = ("_prisma_migrations",)
SUFFIXES = (".prisma",)


def detects(file: SourceFile) -> bool:
    """Return True if this is a Prisma schema."""
    return file.language == "prisma"


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Read the schemas, folder by folder."""
    folders: dict[str, list[Block]] = defaultdict(list)
    for file in files:
        folders[file.path.rpartition("/")[0]] += blocks(file.path, file.source.decode("utf-8", "replace"))
    texts = {file.path: file.source.decode("utf-8", "replace") for file in files}
    readings = [_read_blocks(own, _nearest(folder, texts)) for folder, own in folders.items()]
    schema = Schema(
        tuple(relation for reading in readings for relation in reading.schema),
        tuple(enum for reading in readings for enum in reading.schema.enums),
        attrs=united_attributes(reading.schema for reading in readings),
    )
    return Reading(schema, tuple(model for reading in readings for model in reading.models))


def read_text(text: str, file: str = "") -> Schema:
    """Return the Schema that a Prisma schema declares."""
    return _read_blocks(blocks(file, text), [text]).schema


def _nearest(folder: str, texts: Mapping[str, str]) -> list[str]:
    """Return the texts of schema files, those of a folder and of the folders around it first."""

    def distance(path: str) -> tuple[bool, int]:
        own = path.rpartition("/")[0]
        return not f"{folder}/".startswith(f"{own}/" if own else ""), -len(own)

    return [texts[path] for path in sorted(texts, key=distance)]


def _read_blocks(parsed: Sequence[Block], texts: Sequence[str]) -> Reading:
    """Return what blocks declare, given the texts of the schema files around them, the nearest first."""
    provider = provider_of(texts)
    tables = {block.name: block for block in parsed if block.kind in ("model", "view")}
    enums = {block.name: block for block in parsed if block.kind == "enum"}
    relations = [relation_of(block, tables, enums, provider) for block in tables.values()]
    models = [model_of(block, tables, enums) for block in tables.values()]
    declared = tuple(enum_of(block) for block in enums.values()) if provider.enums_are_types else ()
    attributes = ((DIALECT, provider.engine),) if provider.engine else ()
    schema = Schema((*relations, *join_tables(tables, enums, provider)), declared, attrs=attributes)
    return Reading(schema if has_foreign_keys(texts) else schema.map_relations(_without_keys), tuple(models))


def _without_keys(relation: Relation) -> Relation:
    """Return a table whose foreign keys the database does not have."""
    keys = tuple(replace(key, attrs=((ASSUMED, "key"),)) for key in relation.foreign_keys)
    return replace(relation, foreign_keys=keys)

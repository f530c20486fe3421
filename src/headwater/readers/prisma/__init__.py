"""Prisma schema files: models, views and enums with their mapped names, and the relations between them.

The grammar follows the Prisma schema reference: a block per model, a line per field, attributes after it. All `.prisma`
files of a folder are one schema, as in Prisma itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from headwater.catalog.model import Schema
from headwater.readers import CodeProject, Reading, SourceFile
from headwater.readers.prisma.grammar import Block, blocks
from headwater.readers.prisma.mapping import enum_of, join_tables, model_of, relation_of
from headwater.readers.prisma.vocabulary import VOCABULARY

__all__ = ["NAME", "SUFFIXES", "VOCABULARY", "detects", "read", "read_text"]

NAME = "Prisma"
SUFFIXES = (".prisma",)


def detects(file: SourceFile) -> bool:
    """Return True if this is a Prisma schema."""
    return file.language == "prisma"


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Read the schemas, folder by folder."""
    folders: dict[str, list[Block]] = defaultdict(list)
    for file in files:
        folders[file.path.rpartition("/")[0]] += blocks(file.path, file.source.decode("utf-8", "replace"))
    readings = [_read_blocks(folder) for folder in folders.values()]
    schema = Schema(
        tuple(relation for reading in readings for relation in reading.schema),
        tuple(enum for reading in readings for enum in reading.schema.enums),
    )
    return Reading(schema, tuple(model for reading in readings for model in reading.models))


def read_text(text: str, file: str = "") -> Schema:
    """Return the Schema that a Prisma schema declares."""
    return _read_blocks(blocks(file, text)).schema


def _read_blocks(parsed: Sequence[Block]) -> Reading:
    tables = {block.name: block for block in parsed if block.kind in ("model", "view")}
    enums = {block.name: block for block in parsed if block.kind == "enum"}
    relations = [relation_of(block, tables, enums) for block in tables.values()]
    models = [model_of(block, tables, enums) for block in tables.values()]
    schema = Schema((*relations, *join_tables(tables)), tuple(enum_of(block) for block in enums.values()))
    return Reading(schema, tuple(models))

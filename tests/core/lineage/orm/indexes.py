"""The index of a code base in memory, over the outlines of its files as in a scan."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.catalog.model import Schema
from headwater.core.lineage import orm, outlines
from headwater.core.lineage.symbols import Symbols
from headwater.readers import Reading
from headwater.testing.readers import CodeBase


def index_over(base: CodeBase, readings: Mapping[str, Reading], schema: Schema) -> orm.CodeIndex:
    """Return the index of a code base with these readings."""
    names = {path: outlines.decode(outlines.encode(module)) for path, module in base.modules.items()}
    keys = {path: (module.language, path.encode()) for path, module in base.modules.items()}
    files = orm.FactFiles(keys, b"", lambda paths: {path: base.modules[path] for path in paths})
    return orm.index(lambda: Symbols(names), files, readings, schema).value

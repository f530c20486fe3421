"""An index that is built when a file must be examined: after an edit, most files are not, and its key is enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import msgspec

from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.index_data import IndexData
from headwater.core.lineage.orm.signatures import Summary
from headwater.core.lineage.symbols import Symbols

Summaries = Mapping[tuple[str, str], Summary]


class LazyIndex(msgspec.Struct, dict=True):
    """An index, and the digest of everything that it depends on, which is known before.

    `symbols` and `summaries` return the parts of the index that take long to build.
    """

    key: bytes
    data: IndexData
    symbols: Callable[[], Symbols]
    summaries: Callable[[], Summaries] = dict

    @cached_property
    def value(self) -> CodeIndex:
        """The index itself."""
        models, relations, vocabularies, routed = msgspec.structs.astuple(self.data)
        return CodeIndex(self.symbols(), models, relations, vocabularies, self.summaries(), routed)

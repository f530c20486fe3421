"""The code base for readers: its files, their facts, and where a name used in one file is defined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from headwater.catalog import facts
from headwater.core.lineage import outlines
from headwater.core.lineage.cache import key_of
from headwater.core.lineage.extraction import EncodedFacts, Extracted
from headwater.core.lineage.file_names import names_of
from headwater.core.lineage.symbols import Found, Symbol, Symbols
from headwater.readers import SourceFile


class DecodedFacts(Mapping[str, facts.Module]):
    """The facts of every file, by path, decoded when they are asked for.

    They are decoded even if this scan has computed them: what is learnt from facts must not depend on which of their
    parts are the same object.
    """

    def __init__(self, encoded: EncodedFacts) -> None:
        self.encoded = encoded
        self._known: dict[str, facts.Module] = {}

    def __getitem__(self, path: str) -> facts.Module:
        if path not in self._known:
            self._known[path] = facts.decode(self.encoded[path])
        return self._known[path]

    def __contains__(self, path: object) -> bool:
        return path in self.encoded

    def __iter__(self) -> Iterator[str]:
        return iter(self.encoded)

    def __len__(self) -> int:
        return len(self.encoded)


class ScannedProject:
    """Implements `readers.CodeProject` over the facts of a scan."""

    def __init__(
        self,
        sources: Sequence[SourceFile],
        digests: Mapping[str, bytes],
        extracted: Mapping[str, Extracted],
        encoded: EncodedFacts,
    ) -> None:
        self._sources, self._digests = sources, digests
        self.extracted = extracted
        self.modules = DecodedFacts(encoded)
        self._definitions: dict[str, dict[int, facts.Stmt]] = {}  # by the identity of outlines, which stay

    def files(self) -> Iterable[SourceFile]:
        """Return all source files, by path."""
        return self._sources

    def module(self, path: str) -> facts.Module | None:
        """Return the facts of a file, or None when its language is not supported."""
        return self.modules.get(path)

    def load(self, paths: Sequence[str]) -> Mapping[str, facts.Module]:
        """Return the facts of these files."""
        self.modules.encoded.fetch(paths)
        return {path: self.modules[path] for path in paths}

    def resolve(self, path: str, name: str) -> tuple[str, facts.Stmt] | None:
        """Return where a dotted name used in a file is defined, or None."""
        return self._whole(self.outline.lookup(path, name))

    def resolve_import(self, path: str, stmt: facts.Import) -> tuple[str, facts.Stmt] | None:
        """Return where a name that an import in a file names is defined, or None."""
        return self._whole(self.outline.imported(path, stmt))

    def _whole(self, symbol: Symbol | None) -> tuple[str, facts.Stmt] | None:
        """Return the file and the whole statement of a definition that is known by its outline."""
        if not isinstance(symbol, Found):
            return None
        if symbol.path not in self._definitions:
            pairs = outlines.pairs(self.outline.files[symbol.path], names_of(self.modules[symbol.path]))
            self._definitions[symbol.path] = {id(outline): whole for outline, whole in pairs}
        return symbol.path, self._definitions[symbol.path][id(symbol.stmt)]

    @cached_property
    def outline(self) -> Symbols:
        """The names of all files without positions and the bodies of functions."""
        return Symbols({path: outlines.decode(file.header.outline) for path, file in self.extracted.items()})

    @cached_property
    def outline_key(self) -> bytes:
        """A digest of all that `outline` depends on."""
        return key_of(
            "outline", *(part for p, file in self.extracted.items() for part in (p.encode(), file.header.outline))
        )

    @cached_property
    def listing_key(self) -> bytes:
        """A digest of the paths and languages of all files."""
        return key_of("listing", *(part.encode() for file in self._sources for part in (file.path, file.language)))

    def digest_of(self, what: Literal["source", "facts", "names"], path: str) -> bytes:
        """Return a digest of the text or the facts of a file, or of the names of all files."""
        if what == "names":
            return self.outline_key
        if what == "source":
            return self._digests[path]
        return self.extracted[path].key if path in self.extracted else b""

"""The code base for readers: its files, their facts, and where a name used in one file is defined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from headwater.catalog import facts
from headwater.core.lineage.symbols import Found, Symbols, build
from headwater.readers import SourceFile


class ScannedProject:
    """Implements `readers.Project` over the facts of a scan."""

    def __init__(self, sources: Sequence[SourceFile], modules: Mapping[str, facts.Module], symbols: Symbols) -> None:
        self._sources = sources
        self._modules = modules
        self.symbols = symbols

    @classmethod
    def build(
        cls,
        sources: Sequence[SourceFile],
        encoded: Mapping[str, bytes],
    ) -> ScannedProject:
        """Decode the facts, also those of this scan, and link the symbols of all files.

        What is learnt from facts is compared by its bytes, which depend on which parts are the same object.
        """
        modules = {path: facts.decode(data) for path, data in encoded.items()}
        return cls(sources, modules, build(modules))

    def files(self) -> Iterable[SourceFile]:
        """Return all source files, by path."""
        return self._sources

    @property
    def modules(self) -> Mapping[str, facts.Module]:
        """The facts of every file, by path."""
        return self._modules

    def module(self, path: str) -> facts.Module | None:
        """Return the facts of a file, or None when its language is not supported."""
        return self._modules.get(path)

    def resolve(self, path: str, name: str) -> tuple[str, facts.Stmt] | None:
        """Return where a dotted name used in a file is defined, or None."""
        return self.symbols.resolve(path, name)

    def resolve_import(self, path: str, stmt: facts.Import) -> tuple[str, facts.Stmt] | None:
        """Return where a name that an import in a file names is defined, or None."""
        symbol = self.symbols.imported(path, stmt)
        return (symbol.path, symbol.stmt) if isinstance(symbol, Found) else None

"""Pass 2, facts: each source file is parsed at most once, in worker processes, cached by content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from headwater.catalog import facts
from headwater.core.lineage import outlines
from headwater.core.lineage.cache import Cache, key_of
from headwater.core.lineage.detection import Inspection
from headwater.core.lineage.pool import deep_calls, map_batches
from headwater.languages import by_name
from headwater.readers import SourceFile


class FactsHeader(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a scan needs to know about the facts of an unchanged file: their size, and the file's outline.

    `errors` counts the places that did not parse; `failure` is the error that left the file without facts.
    """

    size: int
    errors: int
    failure: str
    outline: bytes


class Extracted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file whose facts are known, by `key`.

    `spoken` says that an ORM of the code base supports its language, `sql` that it may contain SQL. A file with neither
    has empty facts.
    """

    path: str
    language: str
    key: bytes
    header: FactsHeader
    spoken: bool
    sql: bool


class EncodedFacts(Mapping[str, bytes]):
    """The facts of every file as bytes, by path; those of unchanged files stay in the cache until they are needed."""

    def __init__(
        self, sources: Iterable[SourceFile], keys: Mapping[str, bytes], fresh: dict[str, bytes], cache: Cache
    ) -> None:
        self._sources = {source.path: source for source in sources}
        self._keys, self._cache = keys, cache
        self._known = fresh

    def __getitem__(self, path: str) -> bytes:
        if path not in self._known:
            self.fetch([path])
        return self._known[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def fetch(self, paths: Iterable[str]) -> None:
        """Load the facts of these files at once; what the cache has forgotten is computed again."""
        absent = [path for path in paths if path not in self._known]
        wanted = {path: self._keys[path] for path in absent if path in self._keys}
        values = self._cache.get_many(wanted.values())
        for path in absent:
            source = self._sources[path]
            if path not in wanted:
                self._known[path] = _without_facts(source)[0]
            else:
                self._known[path] = values.get(wanted[path]) or _encoded(source)[0]


def extract(
    sources: Sequence[SourceFile],
    spoken: frozenset[str],
    inspected: Mapping[str, Inspection],
    digests: Mapping[str, bytes],
    cache: Cache,
    *,
    processes: int | None = None,
    on_bytes: Callable[[int], None] = lambda done: None,
) -> tuple[dict[str, Extracted], EncodedFacts]:
    """Return every source file in a supported language, by path, and their facts.

    Args:
        sources: the files that intake let through.
        spoken: the languages in which the code base can declare or use tables.
        inspected: what each file says of itself, by path; files with SQL or routes are read in any language.
        digests: the digest of each file, by path.
        cache: facts known from earlier scans; new ones are added.
        processes: upper bound of worker processes.
        on_bytes: called with the number of source bytes done so far; may raise to stop.
    """
    code = [source for source in sources if source.language in by_name()]
    own = {path for path, says in inspected.items() if says.sql or says.frameworks}
    wanted = [source for source in code if source.language in spoken or source.path in own]
    keys = {source.path: key_of("facts", digests[source.path]) for source in wanted}
    header_keys = {path: key_of("facts header", key) for path, key in keys.items()}
    headers, fresh = _Headers(header_keys, cache), dict[str, bytes]()
    done = sum(len(source.source) for source in code) - sum(len(source.source) for source in wanted)
    todo = headers.unknown(wanted)
    work = map_batches(
        _lower, todo, lambda s: len(s.source), processes=processes, share=cache.share, unknown=headers.unknown
    )
    for batch, results in work:
        cache.put_many({keys[path]: data for path, (data, _) in results.items()})
        cache.put_many({header_keys[path]: header for path, (_, header) in results.items()})
        fresh |= {path: data for path, (data, _) in results.items()}
        headers.add(batch, {path: header for path, (_, header) in results.items()})
        on_bytes(done + headers.bytes)
    files: dict[str, Extracted] = {}
    for path, language, source in ((s.path, s.language, s) for s in code):
        header = _header_decoder.decode(headers.known.get(path) or _without_facts(source)[1])
        key = keys.get(path) or key_of("no facts", digests[path])
        files[path] = Extracted(path, language, key, header, language in spoken, inspected[path].sql)
    return files, EncodedFacts(code, keys, fresh, cache)


class _Headers:
    """The headers that are known so far, by path, and the bytes of source that they are of."""

    def __init__(self, keys: Mapping[str, bytes], cache: Cache) -> None:
        self._keys, self._cache = keys, cache
        self.known: dict[str, bytes] = {}
        self.bytes = 0

    def add(self, sources: Iterable[SourceFile], headers: Mapping[str, bytes]) -> None:
        """Add the headers of some of these files."""
        self.bytes += sum(len(s.source) for s in sources if s.path in headers and s.path not in self.known)
        self.known.update(headers)

    def unknown(self, sources: Sequence[SourceFile]) -> list[SourceFile]:
        """Look these files up in the cache; return those that are not in it."""
        values = self._cache.get_many([self._keys[source.path] for source in sources])
        keys = {source.path: self._keys[source.path] for source in sources}
        self.add(sources, {path: values[key] for path, key in keys.items() if key in values})
        return [source for source in sources if source.path not in self.known]


_header_encoder = msgspec.msgpack.Encoder()
_header_decoder = msgspec.msgpack.Decoder(FactsHeader)


def _lower(batch: list[SourceFile]) -> dict[str, tuple[bytes, bytes]]:
    return {source.path: _encoded(source) for source in batch}


def _encoded(source: SourceFile) -> tuple[bytes, bytes]:
    """Return the facts of a file and their header; a file that its language fails on says so, and the others go on."""
    try:
        return _with_header(by_name()[source.language].facts(source.path, source.source))
    except Exception as error:
        return _without_facts(source, type(error).__name__)


def _without_facts(source: SourceFile, failure: str = "") -> tuple[bytes, bytes]:
    lines = source.source.count(b"\n") + 1
    return _with_header(facts.Module(source.path, source.language, (), lines, int(bool(failure)), failure=failure))


def _with_header(module: facts.Module) -> tuple[bytes, bytes]:
    data = facts.encode(module)
    with deep_calls():
        outline = outlines.encode(module)
    return data, _header_encoder.encode(FactsHeader(len(data), module.errors, module.failure, outline))

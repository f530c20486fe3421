"""Pass 1, intake: from a folder or archive to the text files worth reading, with a reason for each skipped file.

Sources are converted to UTF-8. Nothing is written to disk and no archive is unpacked: members are read one by one, into
bounded memory, and their true size is checked while they are read, whatever size they state.
"""

from __future__ import annotations

import codecs
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import charset_normalizer
import pathspec

from headwater.core.lineage import classify
from headwater.core.lineage.archives import ArchiveEntry, open_container
from headwater.core.lineage.limits import IntakeLimits
from headwater.core.lineage.result import ScannedFile
from headwater.kit.errors import HeadwaterError, TooLarge, Unreadable
from headwater.readers import SourceFile

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BROKEN = (
    OSError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    ValueError,
)

_NAMED = re.compile(r"\(\?P<\w+>")


@dataclass(slots=True)
class Intake:
    """The code base for the other passes: the sources to read, and an entry for every file.

    `others` are code in languages that are not read yet.
    """

    sources: list[SourceFile] = field(default_factory=list)
    files: list[ScannedFile] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    others: list[SourceFile] = field(default_factory=list)


def intake(
    source: Path,
    *,
    limits: IntakeLimits | None = None,
    keep_texts: bool = False,
    on_file: Callable[[int], None] = lambda count: None,
) -> Intake:
    """Read a folder, ZIP or tar archive.

    Args:
        source: path of the folder or archive.
        limits: the limits; the defaults if None.
        keep_texts: keep the text of files that are not read too, for a file browser.
        on_file: called with the number of files seen so far; may raise to stop.

    Raises:
        Unreadable: not a folder, not a complete archive, or no file in it.
        TooLarge: more entries or more text than the limits allow.
    """
    limits = limits or IntakeLimits()
    result = Intake()
    total = 0
    with open_container(source, limits) as entries:
        for entry in _without_ignored(entries, source) if source.is_dir() else entries:
            text = _take(result, entry, limits, keep_texts)
            total += len(text)
            if total > limits.total_bytes:
                raise TooLarge(f"The code base contains more than {limits.total_bytes >> 20} MB of text.")
            on_file(len(result.files))
    if not result.files:
        raise Unreadable(f"{source.name} contains no files.")
    return _below_common_folder(result) if not source.is_dir() else result


def _take(intake_result: Intake, entry: ArchiveEntry, limits: IntakeLimits, keep_texts: bool) -> bytes:
    language, supported = classify.language_of(entry.path)
    reason = entry.refused or classify.refusal_by_path(entry.path)
    code = bool(language) or keep_texts
    if not reason and entry.size > limits.file_bytes:
        reason = "too_large" if language else "not_code"
    raw = b""
    if not reason and code:
        raw, reason = _read(entry, limits)
    text = raw
    if not reason and code:
        text, reason = to_utf8(raw)
    if not reason and supported:
        reason = classify.refusal_by_content(entry.path, text)
    _record(intake_result, entry, language, supported, reason, text)
    if text and not reason and keep_texts:
        intake_result.texts[entry.path] = text
    return text


def _record(
    intake_result: Intake, entry: ArchiveEntry, language: str, supported: bool, reason: str, text: bytes
) -> None:
    reason = reason or ("" if language else "not_code")
    status = "skipped" if reason else "scanned" if supported else "unsupported"
    size = len(text) or entry.size
    lines = text.count(b"\n") + (not text.endswith(b"\n")) if text else 0
    intake_result.files.append(ScannedFile(entry.path, language, size, lines, status, reason))  # type: ignore[arg-type]
    if status != "skipped":
        files = intake_result.sources if supported else intake_result.others
        files.append(SourceFile(entry.path, language, text))


def _read(entry: ArchiveEntry, limits: IntakeLimits) -> tuple[bytes, str]:
    try:
        with entry.open() as file:
            raw = file.read(limits.file_bytes + 1)
    except (*_BROKEN, HeadwaterError, RuntimeError):
        return b"", "not_readable"
    return (b"", "too_large") if len(raw) > limits.file_bytes else (raw, "")


def to_utf8(raw: bytes) -> tuple[bytes, str]:
    """Return (the text as UTF-8 without a byte-order mark, "") or (b"", "binary")."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(encoding, "replace").encode(), ""
    if b"\0" in raw[:8192]:
        return b"", "binary"
    try:
        raw.decode()
    except UnicodeDecodeError:
        return _guess(raw)
    return raw, ""


def _guess(raw: bytes) -> tuple[bytes, str]:
    best = charset_normalizer.from_bytes(raw[:65536]).best()
    encoding = best.encoding if best else "latin-1"
    return raw.decode(encoding, "replace").encode(), ""


def _without_ignored(entries: Iterable[ArchiveEntry], root: Path) -> Iterable[ArchiveEntry]:
    """Apply each folder's .gitignore to its contents, as git does, nearest file last."""
    specs: dict[str, _Ignores] = {}
    for entry in entries:
        folders = _folders_of(entry.path)
        for folder in folders:
            if folder not in specs:
                specs[folder] = _ignores(os.path.join(root, folder, ".gitignore"))
        yield entry if entry.refused or not _ignored(entry.path, folders, specs) else _refuse(entry, "ignored")


def _folders_of(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]


def _ignores(file: str) -> _Ignores:
    if not os.path.isfile(file):
        return _NOTHING_IGNORED
    try:
        lines = Path(file).read_text("utf-8", "replace").splitlines()
        return _Ignores(pathspec.GitIgnoreSpec.from_lines(lines))
    except (OSError, ValueError):
        return _NOTHING_IGNORED


class _Ignores:
    """The patterns of a .gitignore; most paths match none of them, which one regular expression decides."""

    def __init__(self, spec: pathspec.GitIgnoreSpec) -> None:
        self._spec = spec
        texts = [pattern.regex.pattern for pattern in spec.patterns if pattern.regex is not None]
        self._any = re.compile("|".join(f"(?:{_NAMED.sub('(?:', text)})" for text in texts)) if texts else None

    def verdict(self, path: str) -> bool | None:
        """Return whether the file is ignored, or None if nothing is said about it."""
        if self._any is None or self._any.search(path) is None:
            return None
        return self._spec.check_file(path).include


_NOTHING_IGNORED = _Ignores(pathspec.GitIgnoreSpec.from_lines([]))


def _ignored(path: str, folders: list[str], specs: dict[str, _Ignores]) -> bool:
    verdict = False
    for folder in folders:
        verdict_here = specs[folder].verdict(path[len(folder) + 1 :] if folder else path)
        verdict = verdict if verdict_here is None else verdict_here
    return verdict


def _refuse(entry: ArchiveEntry, reason: str) -> ArchiveEntry:
    return ArchiveEntry(entry.path, entry.size, reason, entry.open)


def _below_common_folder(intake_result: Intake) -> Intake:
    """Remove the one folder that an archive wraps around everything (`app-main/`)."""
    heads = {file.path.partition("/")[0] for file in intake_result.files if "/" in file.path}
    loose = any("/" not in file.path for file in intake_result.files)
    if loose or len(heads) != 1 or not next(iter(heads)):
        return intake_result
    cut = len(next(iter(heads))) + 1
    return Intake(
        [SourceFile(f.path[cut:], f.language, f.source) for f in intake_result.sources],
        [ScannedFile(f.path[cut:], f.language, f.size, f.lines, f.status, f.reason) for f in intake_result.files],
        {path[cut:]: text for path, text in intake_result.texts.items()},
        [SourceFile(f.path[cut:], f.language, f.source) for f in intake_result.others],
    )

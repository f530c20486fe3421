"""Reads CSV files: their encoding, their delimiter, and their rows, in which an empty text and NULL differ.

A field without anything is NULL, a field of two quotes is the empty text. A quote that is never closed makes its row
bad, instead of making the rest of the file one value.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from headwater.kit.errors import Unreadable

LONGEST_FIELD, MOST_COLUMNS = 16 * 2**20, 2000
PIECE = 2**20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # in Windows-1252
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_NO_CODEC = "is not an encoding of text"


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How a CSV file is written; what is empty is detected. `null` is the text of NULL, besides a quoted one."""

    encoding: str = ""
    delimiter: str = ""
    quote: str = '"'
    null: str = ""


def encoding_of(path: Path) -> str:
    """Return the encoding of a file: by its byte order mark, UTF-8 if it has any of it, else a Western one.

    A file that has both valid and invalid UTF-8 is UTF-8 with bad rows.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    odd = undefined = False
    with path.open("rb") as file:
        piece = file.read(PIECE)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if piece.startswith(mark):
                return encoding
        while piece:
            text = decoder.decode(piece)
            if not text.isascii():
                rest = _SURROGATES.sub("", text)
                odd, undefined = odd or len(rest) < len(text), undefined or bool(_UNDEFINED.search(piece))
                if not rest.isascii():
                    return "utf-8"
            piece = file.read(PIECE)
    return ("latin-1" if undefined else "cp1252") if odd else "utf-8"


def check(options: CsvOptions) -> None:
    """Raise Unreadable for options that no file can have."""
    try:
        if options.encoding:
            "".encode(options.encoding)
    except (LookupError, ValueError) as error:
        raise Unreadable(f"{options.encoding!r} {_NO_CODEC}.", hint="For example utf-8, utf-16, cp1252.") from error
    for name, character in (("delimiter", options.delimiter), ("quote", options.quote)):
        if len(character) > 1 or character in {"\r", "\n"} or (character == "" and name == "quote"):
            raise Unreadable(f"The {name} {character!r} is not a single character.", hint="For a tab, give a tab.")
    if options.delimiter == options.quote:
        raise Unreadable("The delimiter and the quote are the same character.")


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a file as text with its own line ends: \\n, \\r\\n or \\r; invalid bytes become surrogates."""
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors=errors, newline="")


def header(path: Path, filename: str, options: CsvOptions) -> tuple[tuple[str, ...], CsvOptions]:
    """Return the columns of a file, and its options, with what was detected.

    Raises:
        Unreadable: the first row has no valid names of columns.
    """
    check(options)
    encoding = options.encoding or encoding_of(path)
    with open_text(path, encoding) as file:
        first = file.readline(LONGEST_FIELD)
        guess = "\t" if filename.lower().endswith((".tsv", ".tab")) else max(",;\t|", key=first.count)
        options = CsvOptions(encoding, options.delimiter or guess, options.quote, options.null)
        file.seek(0)
        try:
            names: list[str] = next(_reader(file, options), [])
        except csv.Error as error:
            raise Unreadable(
                f"The names of the columns in {filename} cannot be read: {_why(error, 1, options)}",
                hint="The first row must have the names of the columns.",
            ) from error
    columns = tuple(name.strip() or f"column_{number}" for number, name in enumerate(names, 1))
    _check_names(columns, filename)
    return columns, options


def _check_names(columns: tuple[str, ...], filename: str) -> None:
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(
            f"{filename} has {len(columns):,} columns; at most {MOST_COLUMNS:,} can be imported.",
            hint="Remove columns, or choose the delimiter.",
        )
    seen: set[str] = set()
    for name in columns:
        if name in seen:
            raise Unreadable(
                f"{filename} has two columns of the same name: {name[:80]!r}.",
                hint="Give each column a different name.",
            )
        if "\0" in name or _SURROGATES.search(name):
            raise Unreadable(f"{filename} has an invalid name of a column: {name[:80]!a}.", hint="Choose its encoding.")
        seen.add(name)


def _reader(lines: Iterator[str] | TextIO, options: CsvOptions) -> Any:
    csv.field_size_limit(LONGEST_FIELD)
    return csv.reader(lines, delimiter=options.delimiter, quotechar=options.quote, strict=True)


def _why(error: csv.Error, line: int, options: CsvOptions) -> str:
    """Return an error of Python's parser as a sentence; `line` is the line in which the row begins."""
    message = str(error)
    if "unexpected end of data" in message:
        return f"A quote in the row that begins in line {line} is never closed; nothing after it can be read."
    if "field larger" in message:
        return f"The row that begins in line {line} has a field of more than 16 MB; is one of its quotes never closed?"
    if "expected after" in message:
        quote = options.quote
        rule = f"Write {quote * 2} for a {quote} within quotes."
        return f"The row that begins in line {line} has text after a closing quote. {rule}"
    return f"The line {line} cannot be read: {message}."


@dataclass(slots=True)
class _Recorded:
    """The lines of a file; `taken` are those since the last row."""

    file: TextIO
    taken: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for line in self.file:
            self.taken.append(line)
            yield line


def rows(path: Path, columns: int, options: CsvOptions) -> Iterator[tuple[list[str | None], int, str]]:
    """Yield the rows after the header: their values, how many bytes were read, and what is wrong, if anything."""
    with open_text(path, options.encoding) as file:
        recorded = _Recorded(file)
        reader = _reader(iter(recorded), options)
        next(reader)
        while True:
            recorded.taken.clear()
            begins = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield [], file.buffer.tell(), _why(error, begins, options)
                if "field larger" in str(error):
                    return  # the parser would go on within the field
                continue
            if row or columns == 1:
                values = _values(row or [""], recorded.taken, options)
                yield values, file.buffer.tell(), _wrong(row or [""], columns, options)


def _values(row: list[str], lines: list[str], options: CsvOptions) -> list[str | None]:
    """Return the values of a row; fields that look like NULL are texts if they are quoted."""
    null = options.null
    if null not in row:
        return list(row)
    quoted = [False] * len(row)
    if any(options.quote in line for line in lines):
        quoted = _quoted("".join(lines), options)
    return [None if cell == null and not was else cell for cell, was in zip(row, quoted, strict=True)]


def _quoted(text: str, options: CsvOptions) -> list[bool]:
    """Return which fields of a row are quoted; the parser has accepted its text."""
    quote, delimiter = re.escape(options.quote), re.escape(options.delimiter)
    parts = re.compile(f"({quote}(?:[^{quote}]+|{quote}{quote})*{quote})|[^{delimiter}\r\n]*")
    flags, position = [], 0
    while match := parts.match(text, position):
        flags.append(match[1] is not None)
        position = match.end() + 1
        if not text.startswith(options.delimiter, match.end()):
            break
    return flags


def _wrong(row: list[str], columns: int, options: CsvOptions) -> str:
    if len(row) != columns:
        return f"The row has {len(row)} fields, not {columns}."
    text = "".join(row)
    if not text.isascii() and (match := _SURROGATES.search(text) or ("\ufffd" in text and re.search("\ufffd", text))):
        name = "UTF-8" if options.encoding.startswith("utf-8") else options.encoding
        return f"The row is not {name}: {text[max(match.start() - 20, 0) : match.end()]!a}."
    return ""

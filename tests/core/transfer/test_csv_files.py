"""CSV files: what is written is read back equal, NULL and the empty text differ, encodings are detected, bad rows named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headwater.catalog.results import ResultColumn
from headwater.core.transfer.csv_files import CsvOptions
from headwater.core.transfer.files import Line, lines, shape_of
from headwater.core.transfer.writers import WRITERS
from headwater.kit.errors import Unreadable
from suite.profiles import examples


def read(path: Path, content: str | bytes, options: CsvOptions | None = None) -> list[Line]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(lines(path, shape_of(path, path.name, options)))


CELLS = (
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.sampled_from(["", '"', "\r", ",", "\n"])
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(200))
@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=8)))
@example([(None,), ("",), (None,)])
@example([("", None), (None, ""), ('""', None)])
def test_written_rows_are_read_back_equal(tmp_path: Path, rows: list[tuple[str | None, ...]]) -> None:
    writer = WRITERS["csv"](tuple(ResultColumn(f"c{number}", "text") for number in range(len(rows[0]))))
    content = writer.open() + writer.rows(list(rows)) + writer.close()
    again = read(tmp_path / "a.csv", content)
    assert [(line.values, line.wrong) for line in again] == [(list(row), "") for row in rows]


@pytest.mark.parametrize(
    ("content", "options", "values"),
    [
        ('a,b\n1,""\n2,\n', CsvOptions(), [["1", ""], ["2", None]]),
        ('a,b\n1,NULL\n"NULL",\n', CsvOptions(null="NULL"), [["1", None], ["NULL", ""]]),
        ("a,b\n1,\\N\n", CsvOptions(null="\\N"), [["1", None]]),
        ("a,b\r1,x\r2,y\r", CsvOptions(), [["1", "x"], ["2", "y"]]),
        ('"a\nb",c\n1,"x\r\ny"\n', CsvOptions(), [["1", "x\r\ny"]]),
        ("a#b\n'x#y'#'it''s'\n", CsvOptions(delimiter="#", quote="'"), [["x#y", "it's"]]),
        ("a,b\n1,é\n".encode("utf-16"), CsvOptions(), [["1", "é"]]),
        (b"\xfe\xff" + "a,b\n1,é\n".encode("utf-16-be"), CsvOptions(), [["1", "é"]]),
        ("a,b\n1,é\n".encode("utf-16-le"), CsvOptions(encoding="utf-16-le"), [["1", "é"]]),
        ("a,b\n1,é€\n".encode("cp1252"), CsvOptions(), [["1", "é€"]]),
        ("a,b\n1,é\x81\n".encode("latin-1"), CsvOptions(), [["1", "é\x81"]]),
        ("a,b\n1,ł\n".encode("iso-8859-2"), CsvOptions(encoding="iso-8859-2"), [["1", "ł"]]),
        ("a,b\n1,x\0y\n", CsvOptions(), [["1", "x\0y"]]),
    ],
)
def test_values_encodings_and_line_ends(
    tmp_path: Path, content: str | bytes, options: CsvOptions, values: list[list[str]]
) -> None:
    assert [(line.values, line.wrong) for line in read(tmp_path / "a.csv", content, options)] == [
        (row, "") for row in values
    ]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ('id,v\n1,"x\n2,y\n3,z\n', {1: "A quote in the row that begins in line 2 is never closed"}),
        ('id,v\n0,a\n1,"x\n2,"y"\n3,z\n', {2: "The row that begins in line 3 has text after a closing quote"}),
        ("id,v\n1,é\n2,".encode() + b"\xff\n3,z\n", {2: "The row is not UTF-8: '2\\udcff'."}),
        ("id,v\n1\n2,b\n", {1: "The row has 1 fields, not 2."}),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, content: str | bytes, wrong: dict[int, str]) -> None:
    again = {line.number: line.wrong for line in read(tmp_path / "a.csv", content) if line.wrong}
    assert again.keys() == wrong.keys()
    assert all(again[number].startswith(sentence) for number, sentence in wrong.items()), again


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (",".join(f"c{n}" for n in range(100_000)) + "\n", CsvOptions(), "has 100,000 columns; at most 2,000"),
        ("a,b,a\n", CsvOptions(), "two columns of the same name: 'a'"),
        ("a,b\0\n", CsvOptions(), "invalid name of a column: 'b\\\\x00'"),
        ('a,"b\n1,2\n', CsvOptions(), "A quote in the row that begins in line 1 is never closed"),
        ("a,b\n", CsvOptions(encoding="klingon"), "'klingon' is not an encoding of text"),
        ("a,b\n", CsvOptions(encoding="base64"), "is not an encoding of text"),
        ("a,b\n", CsvOptions(delimiter="||"), "The delimiter '||' is not a single character"),
        ("a,b\n", CsvOptions(delimiter=",", quote=","), "are the same character"),
    ],
)
def test_unusable_headers_and_options_are_refused(tmp_path: Path, content: str, options: CsvOptions, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read(tmp_path / "a.csv", content, options)

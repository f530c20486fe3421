"""Data files: their formats, the kinds of their columns, and invalid rows."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.catalog.results import ResultColumn
from headwater.core.transfer.files import Line, lines, sample, shape_of
from headwater.core.transfer.inference import kind_of_values
from headwater.core.transfer.writers import WRITERS, Form
from headwater.kit.errors import BadInput, Unreadable
from suite.profiles import examples


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> list[Line]:
    return list(lines(path, shape_of(path, path.name)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'id,name\r\n1,"a, ""b""\nc"\r\n2,\r\n'),
        ("a.csv", '\ufeffid;name\n1;"a, ""b""\nc"\n\n2;\n'),
        ("a.tsv", 'id\tname\n1\t"a, ""b""\nc"\n2\t\n'),
        ("a.ndjson", '{"id":"1","name":"a, \\"b\\"\\nc"}\n\n{"id":"2"}\n'),
        ("a.json", '[{"id":"1","name":"a, \\"b\\"\\nc"},\n {"id":"2","name":null}]'),
    ],
)
def test_all_formats_give_the_same_rows(tmp_path: Path, name: str, content: str) -> None:
    path = written(tmp_path, name, content)
    assert shape_of(path, name).columns == ("id", "name")
    assert [line.values for line in read(path)] == [["1", 'a, "b"\nc'], ["2", None]]


def test_parquet_rows_are_read(tmp_path: Path) -> None:
    table = pa.table({"a": [1, None], "b": ["x", "y"], "c": [[1, 2], None], "d": [b"\x00", b""]})
    pyarrow.parquet.write_table(table, tmp_path / "t.bin")
    path = tmp_path / "t.bin"
    assert [line.values for line in read(path)] == [[1, "x", "[1,2]", b"\x00"], [None, "y", None, b""]]


def test_bad_rows_are_reported_and_others_read(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert [(line.number, line.wrong) for line in read(path)] == [
        (1, ""),
        (2, "The row has 1 fields, not 2."),
        (3, "The row has 3 fields, not 2."),
        (4, ""),
    ]
    path = written(tmp_path, "a.ndjson", '{"a":1}\n[1]\n{oops\n{"a":2}\n')
    assert [bool(line.wrong) for line in read(path)] == [False, True, True, False]
    assert sample(path, shape_of(path, "a.ndjson")) == [[1], [2]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ""),
        ("a.csv", "  \n"),
        ("a.xyz", "x"),
        ("a.parquet", "PAR"),
        ("a.parquet", "PAR1oops"),
        ("a.csv", "a,a\n1,2\n"),
        ("a.json", "[]"),
        ("a.json", "[1, 2"),
        ("a.ndjson", "1\n2\n"),
        ("a.json", '[{"a":1}, {oops'),
    ],
)
def test_unsupported_file_is_rejected(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(Unreadable):
        read(written(tmp_path, name, content))


def test_invalid_utf8_is_reported(tmp_path: Path) -> None:
    assert read(written(tmp_path, "a.csv", "a\né\n".encode() + b"\xff\n"))[-1].wrong


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", None], "integer"),
        (["1", "2.50"], "decimal"),
        (["1e5", "2"], "float"),
        ([1, 2.5], "float"),
        (["true", "f"], "boolean"),
        (["2026-01-31"], "date"),
        (["2026-01-31", "2026-01-31T10:00:00Z"], "timestamp"),
        (["10:00"], "time"),
        (["007"], "text"),
        (["1", "x"], "text"),
        ([None], "text"),
        ([], "text"),
        (['{"a": 1}'], "json"),
        (["6f1f9c3e-0000-4000-8000-000000000000"], "uuid"),
        (["2026-13-01"], "text"),
        ([True], "boolean"),
        ([b"x"], "binary"),
        (["99999999999999999999"], "decimal"),
        ([12345678901234567890, 1.5], "decimal"),
        ([2**53 + 1, 1.5], "decimal"),
        ([2**53, 1.5], "float"),
        (["9007199254740993", "1e3"], "decimal"),
        (["0.12345678901234567", "1e3"], "decimal"),
    ],
)
def test_kinds_are_inferred_from_sample(values: list[object], kind: str) -> None:
    assert kind_of_values(values).name == kind


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.integers() | st.text() | st.none(), min_size=1),
        min_size=1,
        max_size=20,
    )
)
def test_json_array_matches_json_parser(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    path = written(tmp_path, "p.json", json.dumps(rows, indent=1))
    shape = shape_of(path, "p.json")
    assert [line.values for line in lines(path, shape)] == [[row.get(name) for name in shape.columns] for row in rows]


def test_numbers_of_json_keep_their_digits(tmp_path: Path) -> None:
    numbers = ["12345678901234567890", "1.5", "0.1234567890123456789", "1e400", "123456789012345678901234567890"]
    expected = [12345678901234567890, 1.5, "0.1234567890123456789", f"1{'0' * 400}", 123456789012345678901234567890]
    rows = [f'{{"a":{number}}}' for number in numbers]
    for name, content in (("a.ndjson", "\n".join(rows)), ("a.json", f"[{','.join(rows)}]")):
        assert [line.values[0] for line in read(written(tmp_path, name, content))] == expected
    (line,) = read(written(tmp_path, "a.ndjson", '{"a":{"b":0.1234567890123456789}}'))
    assert line.values == ['{"b":0.1234567890123456789}']


def test_rows_of_json_have_one_key_for_each_column() -> None:
    names = ("a", "a_2", "a", "a")
    columns = (*(ResultColumn(name, "int", "number") for name in names), ResultColumn("j", "jsonb", "json"))
    row = (1, 2, 3, 4, '{"b":\n 1.10}')
    for form in ("ndjson", "json"):
        writer = WRITERS[form](columns)
        content = writer.open() + writer.rows([row]) + writer.close()
        assert b'{"a":1,"a_2":2,"a_3":3,"a_4":4,"j":{"b":  1.10}}' in content
    assert b'"j":"{oops"' in WRITERS["ndjson"](columns).rows([(*row[:4], "{oops")])
    assert b'"j":null' in WRITERS["ndjson"](columns).rows([(*row[:4], None)])


@pytest.mark.parametrize(
    ("type_", "cells"),
    [
        ("integer", [1, 1.5]),
        ("integer", [1, "abc"]),
        ("integer", [1, "\\x00"]),
        ("integer", [1, str(2**64)]),
        ("real", [1.5, "abc"]),
        ("real", [1.5, "9007199254740993"]),
    ],
)
@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_values_of_other_types_are_never_rounded(form: Form, type_: str, cells: list[object]) -> None:
    """SQLite has types of values: the first ones determine the type of a column in a file."""
    writer = WRITERS[form]((ResultColumn("v", type_, "number"),))
    writer.open()
    with pytest.raises(BadInput, match="The column v has the value"):
        writer.rows([(cell,) for cell in cells])
        writer.close()


def test_numbers_that_fit_are_written() -> None:
    for type_, cells, expected in (
        ("integer", [1, 2.0, "9223372036854775807", None], [1, 2, 2**63 - 1, None]),
        ("real", [1.5, 2, "Infinity", "9007199254740992", None], [1.5, 2.0, float("inf"), 2.0**53, None]),
    ):
        writer = WRITERS["parquet"]((ResultColumn("v", type_, "number"),))
        content = writer.open() + writer.rows([(cell,) for cell in cells]) + writer.close()
        assert pyarrow.parquet.read_table(io.BytesIO(content)).column(0).to_pylist() == expected

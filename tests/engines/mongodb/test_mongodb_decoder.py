"""Decoding of documents in snapshots: fields equal those of the document, JSON gives the document back."""

from __future__ import annotations

import asyncio
from typing import Any

import pyarrow as pa
import pytest
from bson import Binary, Decimal128, Int64, ObjectId, decode, encode, json_util
from bson.json_util import JSONMode, JSONOptions
from hypothesis import given, settings
from hypothesis import strategies as some

from engines.test_every_engine import subject
from headwater.catalog.model import Column, Relation, Schema
from headwater.engines import ConversionError, SnapshotColumn, SnapshotTable, engine
from headwater.engines.mongodb import documents
from headwater.engines.mongodb.decoder import CODEC, MongoDecoding, MongoFlattening, _value
from headwater.testing.engines.subject import run_all
from suite.profiles import examples

READ = JSONOptions(json_mode=JSONMode.RELAXED, tz_aware=True, strict_uuid=True)
NAMES = [f"f{n}" for n in range(documents.FIELDS + 4)]
values = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-(2**63), 2**63 - 1),
    some.floats(allow_nan=False),
    some.text(max_size=5),
    some.builds(lambda: {"a": [1, {"b": None}]}),
    some.builds(ObjectId),
    some.binary(max_size=4),
)


@given(some.lists(some.dictionaries(some.sampled_from(["_id", *NAMES]), values, max_size=22), max_size=12))
@settings(max_examples=examples(150), deadline=None)
def test_decoded_fields_match_documents(given_: list[dict[str, Any]]) -> None:
    """Law: what is cut out of the columns of a dump is what a driver finds in the document, wherever it stands."""
    stored = [encode(item) for item in given_]
    wanted = ["_id", *NAMES, "no such"]
    fields = documents.fields(documents.cut(b"".join(stored)), wanted)
    for name, cells in zip(wanted, fields, strict=True):
        for raw, cell in zip(stored, cells, strict=True):
            document = decode(raw, CODEC)
            assert (cell is not None) == (name in document)
            if cell is not None:
                assert encode({"": _value(cell)}) == encode({"": document[name]})


async def test_whole_document_json_round_trips() -> None:
    """Law: document → relaxed Extended JSON → driver → the same bytes, for values of every type that is not outdated."""
    tested = subject("mongodb")
    mongodb: Any = engine("mongodb")
    async with tested.fresh() as address:
        session = await mongodb.connect(address)
        for text in (tested.everything, tested.values):
            await run_all(session, text)
        await session.close()
        dump = await mongodb.snapshots.open_reader(address)
        try:
            for table in dump.tables:
                for batch in await asyncio.to_thread(list, dump.read(table)):
                    whole = mongodb.decoding.flattening.flat_columns(table, dump.schema)[-1]
                    decoder = mongodb.decoding.decoder(whole, dump.schema)
                    assert decoder.whole_document
                    displayed = decoder.cells(mongodb.decoding.flattening.flatten(batch, [whole]).column(0))
                    for text, raw in zip(displayed, documents.joined(batch), strict=True):
                        assert encode(json_util.loads(text, json_options=READ)) == raw, text
        finally:
            await dump.close()


def element(value: Any) -> bytes:
    return documents._bare(encode({"": value}))


@pytest.mark.parametrize(
    ("type_", "value", "read", "cell"),
    [
        ("int", 5, 5, 5),
        ("int | long | null", Int64(2**60), 2**60, str(2**60)),
        ("int", 5.5, None, 5.5),
        ("long", "x", None, "x"),
        ("double | int", 7, 7.0, 7),
        ("double", Int64(2**60), None, str(2**60)),
        ("double", float("inf"), float("inf"), "inf"),
        ("bool", True, True, True),
        ("bool", 1, None, 1),
        ("string", "é", "é", "é"),
        ("string", 5, "5", "5"),
        ("string", {"a": 1}, '{"a": 1}', '{"a": 1}'),
        ("int | string", "5", '"5"', '"5"'),
        ("int | string", 5, "5", "5"),
        ("objectId", ObjectId("507f1f77bcf86cd799439011"), "507f1f77bcf86cd799439011", "507f1f77bcf86cd799439011"),
        ("decimal", Decimal128("1.000"), "1.000", "1.000"),
        ("binData", b"ab", b"ab", "\\x6162"),
        ("binData", 5, None, 5),
        ("binData", Binary(bytes(16), 4), bytes(16), "00000000-0000-0000-0000-000000000000"),
        ("date", 5, None, 5),
        ("array<int>", [1, Int64(2)], '[1, {"$numberLong": "2"}]', '[1, {"$numberLong": "2"}]'),
        ("int", None, None, None),
    ],
)
def test_field_decoder_follows_sampled_types(type_: str, value: Any, read: Any, cell: Any) -> None:
    decoder = MongoDecoding().decoder(SnapshotColumn("f", type_), Schema())
    given_ = pa.array([element(value), None], pa.binary())
    assert decoder.cells(given_) == [cell, None]
    assert decoder.text(given_).to_pylist()[1] is None
    if read is None and value is not None:
        assert decoder.may_fail
        with pytest.raises(ConversionError):
            decoder.values(given_)
    else:
        assert decoder.values(given_).to_pylist() == [read, None]


def test_dates_out_of_microsecond_range_raise_conversion_error() -> None:
    decoder = MongoDecoding().decoder(SnapshotColumn("f", "date"), Schema())
    near, far = ((0x09).to_bytes() + ms.to_bytes(8, "little", signed=True) for ms in (-1, 2**62))
    assert decoder.values(pa.array([near])).cast(pa.int64()).to_pylist() == [-1000]
    with pytest.raises(ConversionError):
        decoder.values(pa.array([far]))
    assert decoder.cells(pa.array([near, far])) == [
        "1969-12-31T23:59:59.999Z",
        f'{{"$date": {{"$numberLong": "{2**62}"}}}}',
    ]


def test_whole_document_column_name_is_unique() -> None:
    fields = tuple(Column(name, "int") for name in ("Document", "document_", "a.b", "", "_id"))
    schema = Schema((Relation("t", fields, kind="collection"),))
    result = MongoFlattening().flat_columns(SnapshotTable(None, "t", documents.COLUMNS), schema)
    assert [item.name for item in result] == ["_id", "Document", "document_", "document__"]

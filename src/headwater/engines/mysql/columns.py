"""The columns of a result, and the conversion of the server's texts to cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pymysql.constants import FIELD_TYPE, FLAG

from headwater.catalog.results import SAFE_INTEGER, Cell, Kind, ResultColumn

BINARY = 63  # the character set number of binary data
_NUMBERS: Mapping[int, str] = {
    FIELD_TYPE.TINY: "tinyint",
    FIELD_TYPE.SHORT: "smallint",
    FIELD_TYPE.INT24: "mediumint",
    FIELD_TYPE.LONG: "int",
    FIELD_TYPE.LONGLONG: "bigint",
    FIELD_TYPE.YEAR: "year",
    FIELD_TYPE.FLOAT: "float",
    FIELD_TYPE.DOUBLE: "double",
    FIELD_TYPE.DECIMAL: "decimal",
    FIELD_TYPE.NEWDECIMAL: "decimal",
    FIELD_TYPE.BIT: "bit",
}
_TIMES: Mapping[int, str] = {
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.NEWDATE: "date",
    FIELD_TYPE.TIME: "time",
    FIELD_TYPE.DATETIME: "datetime",
    FIELD_TYPE.TIMESTAMP: "timestamp",
}
_BLOBS = frozenset(
    {
        FIELD_TYPE.BLOB,
        FIELD_TYPE.TINY_BLOB,
        FIELD_TYPE.MEDIUM_BLOB,
        FIELD_TYPE.LONG_BLOB,
    }
)


def _integer(text: str) -> Cell:
    number = int(text)
    return number if -SAFE_INTEGER <= number <= SAFE_INTEGER else text


DECODERS: dict[int, Callable[[str], Cell]] = {
    FIELD_TYPE.TINY: int,
    FIELD_TYPE.SHORT: int,
    FIELD_TYPE.INT24: int,
    FIELD_TYPE.LONG: int,
    FIELD_TYPE.LONGLONG: _integer,
    FIELD_TYPE.YEAR: int,
    FIELD_TYPE.FLOAT: float,
    FIELD_TYPE.DOUBLE: float,
}


def _hexadecimal(data: bytes) -> Cell:
    return "\\x" + data.hex()


def _bits(data: bytes) -> Cell:
    number = int.from_bytes(data)
    return number if number <= SAFE_INTEGER else str(number)


def prepare(result: Any) -> None:
    """Register decoders for the bytes of a result, which PyMySQL does not convert."""
    for index, (encoding, _) in enumerate(result.converters):
        if encoding is None:
            bits = result.fields[index].type_code == FIELD_TYPE.BIT
            result.converters[index] = (None, _bits if bits else _hexadecimal)


def described(fields: list[Any], database: str) -> tuple[ResultColumn, ...]:
    """Return the columns of a result; for a table of another database, its name is included."""
    return tuple(_column(field, database) for field in fields)


def _column(field: Any, database: str) -> ResultColumn:
    type_, kind = _type(field)
    other = field.db if field.db and field.db != database else None
    table = field.org_table or None
    return ResultColumn(
        field.name, type_, kind, other if table else None, table, field.org_name or None if table else None
    )


def _type(field: Any) -> tuple[str, Kind]:
    code, flags = field.type_code, field.flags
    if code in _NUMBERS:
        return _NUMBERS[code] + (" unsigned" if flags & FLAG.UNSIGNED and code != FIELD_TYPE.YEAR else ""), "number"
    if code in _TIMES:
        return _TIMES[code], "time"
    if code == FIELD_TYPE.JSON:
        return "json", "json"
    if code == FIELD_TYPE.GEOMETRY:
        return "geometry", "binary"
    if flags & FLAG.ENUM:
        return "enum", "enum"
    if flags & FLAG.SET:
        return "set", "text"
    blob = code in _BLOBS
    if field.charsetnr == BINARY:
        return "blob" if blob else "varbinary" if code != FIELD_TYPE.STRING else "binary", "binary"
    return "text" if blob else "varchar" if code != FIELD_TYPE.STRING else "char", "text"

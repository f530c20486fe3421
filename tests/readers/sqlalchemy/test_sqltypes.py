"""SQLAlchemy types and their database types."""

from __future__ import annotations

import pytest

from headwater.readers.sqlalchemy.sqltypes import spell

TYPES = {
    "db.String(128)": "varchar(128)",
    "sa.String(length=40)": "varchar(40)",
    "String": "varchar",
    "sa.Text()": "text",
    "db.Integer": "integer",
    "BigInteger": "bigint",
    "sa.Numeric(10, 2)": "numeric(10,2)",
    "Numeric(precision=5, scale=1)": "numeric(5,1)",
    "TIMESTAMP(timezone=True)": "timestamp with time zone",
    "sa.DateTime()": "timestamp",
    "postgresql.JSONB(none_as_null=True)": "jsonb",
    "ARRAY(String(3))": "varchar(3)[]",
    "ARRAY(StringEnum(Kind, length=16))": "StringEnum(Kind, length=16)[]",
    "bool": "boolean",
    "StringEnum(Visibility)": "StringEnum(Visibility)",
    "": "",
}


@pytest.mark.parametrize(("code", "database"), TYPES.items())
def test_types_are_spelled_for_the_database(code, database):
    assert spell(code) == database

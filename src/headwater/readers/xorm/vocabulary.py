"""The meaning of xorm's methods; an engine or a session is a query whose model the beans say."""

from __future__ import annotations

from typing import TypeVar

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

Meaning = TypeVar("Meaning")


def _all(names: str, meaning: Meaning) -> dict[str, Meaning]:
    return dict.fromkeys(names.split(), meaning)


_QUERY = {
    "Table": Op(texts="table"),
    **_all("Where And Or", Op("filter", named="filter", texts="sql", only=0)),
    **_all("In NotIn", Op("filter", texts="column", only=0)),
    **_all("Cols MustCols", Op("update", texts="column")),
    **_all("Omit Distinct", Op("projection", texts="column")),
    "Select": Op("projection", texts="sql", only=0),
    "OrderBy": Op("sort", texts="sql", only=0),
    **_all("Asc Desc", Op("sort", texts="column")),
    "GroupBy": Op("group", texts="sql", only=0),
    "Having": Op("filter", texts="sql", only=0),
    "Join": Op("join", texts="sql"),
    **_all("Get Exist Count Iterate", Op(named="filter", into=True, only=0)),
    **_all("Find FindAndCount Rows", Op(named="filter", into=True, only=1)),
    "Sum": Op("projection", texts="column", only=1, into=True),
    **_all("Insert InsertOne InsertMulti", Op(row="write", into=True)),
    "Update": Op(named="update", into=True, only=0),
    **_all("Incr Decr SetExpr", Op("update", texts="column", only=0)),
    "Delete": Op(named="filter", row="delete", into=True, only=0),
}

VOCABULARY = Vocabulary(
    packages=("xorm.io/xorm", "github.com/go-xorm/xorm", "xorm.io/builder"),
    languages=frozenset({"go"}),
    query=_QUERY,
    instance={"TableName": Op()},
    types={**_all("Engine Session EngineGroup EngineInterface Interface", "query")},
)

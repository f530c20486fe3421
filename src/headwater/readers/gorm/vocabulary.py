"""The meaning of GORM's methods, first and second version.

A `*gorm.DB` is a query whose model is known once `Model` or a method that stores rows says which. The name of a
model's table stands for the model.
"""

from __future__ import annotations

from typing import TypeVar

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

Meaning = TypeVar("Meaning")


def _all(names: str, meaning: Meaning) -> dict[str, Meaning]:
    return dict.fromkeys(names.split(), meaning)


_CONDITION = Op("filter", named="filter", texts="sql", only=0)
_JOIN = Op("join", texts="sql", only=0)

_QUERY = {
    "Model": Op(result="query"),
    "Table": Op(texts="table"),
    **_all("Where Or Not Having", _CONDITION),
    "Order": Op("sort", texts="sql"),
    "Group": Op("group", texts="sql"),
    "Select": Op("projection", texts="sql"),
    "Distinct": Op("projection", texts="column"),
    "Omit": Op("projection", texts="column"),
    **_all("Joins InnerJoins", _JOIN),
    "Preload": Op("load", texts="relation", only=0, lambdas="relation"),
    "Association": Op("load", texts="relation", only=0),
    **_all("First Last Take Find", Op("filter", named="filter", texts="sql", into=True, only=1)),
    **_all("Scan FindInBatches", Op(into=True)),
    **_all("FirstOrCreate FirstOrInit", Op(named="filter", into=True)),
    "Attrs": Op(named="write"),
    "Assign": Op(named="update"),
    "Pluck": Op("projection", texts="column", only=0),
    "Count": Op(),
    **_all("Create CreateInBatches", Op(row="write", into=True)),
    "Save": Op(row="update", into=True),
    **_all("Update UpdateColumn", Op("update", texts="column", named="update", only=0)),
    **_all("Updates UpdateColumns", Op(named="update", only=0)),
    "Delete": Op("filter", named="filter", texts="sql", row="delete", into=True, only=1),
}

VOCABULARY = Vocabulary(
    packages=("gorm.io/gorm", "github.com/jinzhu/gorm"),
    languages=frozenset({"go"}),
    query=_QUERY,
    instance={"TableName": Op()},
    types={**_all("DB", "query")},
)

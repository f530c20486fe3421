"""The meaning of SeaORM's methods: `Entity::find()` and what follows, active models, expressions over `Column`."""

from __future__ import annotations

from typing import TypeVar

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

Meaning = TypeVar("Meaning")


def _all(names: str, meaning: Meaning) -> dict[str, Meaning]:
    return dict.fromkeys(names.split(), meaning)


_SAME, _COLUMN = Op(), Op(result="column")

_QUERY = {
    **_all("find find_by_id into_model into_json into_tuple select_only", _SAME),
    **_all("find_also_related find_with_related", Op("join", result="beside")),
    **_all("filter having", Op("filter")),
    **_all("order_by order_by_asc order_by_desc", Op("sort", only=0)),
    "group_by": Op("group"),
    **_all("column columns column_as expr_as select_column select_column_as", Op("projection")),
    **_all("inner_join left_join right_join", Op("join")),
    "join": Op("join"),
    **_all("insert insert_many", Op("write", named="write", row="write")),
    **_all("update update_many", Op(row="update")),
    **_all("delete_many delete_by_id delete", Op(row="delete")),
    "col_expr": Op("update", only=0),
    "set": Op("update", named="update"),
    **_all("on_conflict update_column update_columns", Op("update")),
    "one": Op(result="one"),
    **_all("all stream fetch_page fetch", Op(result="many")),
    **_all("exec count exec_with_returning", Op(result="none")),
}

_COLUMN_METHODS = {
    **_all(
        "eq ne gt gte lt lte is_null is_not_null like not_like contains starts_with ends_with is_in is_not_in between"
        " not_between in_subquery not_in_subquery eq_any if_null ilike",
        Op("filter", result="column"),
    ),
    **_all(
        "col add add_option sub mul div into_expr max min sum count into_simple_expr and or not cast_as as_enum"
        " as_column_ref",
        _COLUMN,
    ),
    **_all("asc desc", Op("sort", result="column")),
}

# Methods of the standard library that pass a row, or a list of rows, on.
_PASSED_ON = _all(
    "unwrap expect unwrap_or_default clone cloned as_ref as_mut to_owned ok ok_or ok_or_else map_err or_else iter"
    " iter_mut into_iter collect rev skip take into_active_model try_into_model reset_all",
    _SAME,
)

VOCABULARY = Vocabulary(
    packages=("sea_orm", "sea_query"),
    languages=frozenset({"rust"}),
    functions={**_all("column columns", Op("filter", result="blank"))},
    query=_QUERY,
    rows={**_PASSED_ON, **_all("first last next pop", Op(result="one"))},
    column=_COLUMN_METHODS,
    instance={
        **_PASSED_ON,
        "insert": Op(row="write"),
        "update": Op(row="update", named="update"),
        "save": Op(row="update"),
        "delete": Op(result="none", row="delete"),
        "find_related": Op(result="query"),
    },
    queries_models=True,
)

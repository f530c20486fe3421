"""The meaning of Diesel's query builder, with diesel_async.

A `table!` is an entity: `users::table` and `users::dsl::users` are the table itself, `users::email` is a column.
"""

from __future__ import annotations

from typing import TypeVar

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

Meaning = TypeVar("Meaning")


def _all(names: str, meaning: Meaning) -> dict[str, Meaning]:
    return dict.fromkeys(names.split(), meaning)


_SAME, _COLUMN = Op(), Op(result="column")
_FILTER, _JOIN, _PROJECTION = Op("filter"), Op("join"), Op("projection", result="query")

_FUNCTIONS = {
    **_all("insert_into replace_into insert_or_ignore_into", Op(result="query", row="write")),
    "update": Op(result="query", row="update"),
    "delete": Op(result="query", row="delete"),
    "select": _PROJECTION,
    **_all(
        "exists not count count_star count_distinct sum avg max min any all sql excluded case_when date array coalesce",
        _COLUMN,
    ),
}

_QUERY = {
    **_all("filter or_filter filter_target having or_having on_conflict", _FILTER),
    "on": _JOIN,
    **_all("order order_by then_order_by distinct_on", Op("sort")),
    "group_by": Op("group"),
    **_all("select returning", _PROJECTION),
    **_all("inner_join left_join left_outer_join", _JOIN),
    "set": Op("update", named="update"),
    "values": Op("write", named="write"),
    **_all("as_select as_returning query belonging_to into_boxed", _SAME),
    **_all("first get_result", Op(result="one")),
    **_all("load get_results load_iter load_stream", Op(result="many")),
    "execute": Op(result="none"),
}

_COLUMN_METHODS = {
    **_all(
        "eq ne gt ge lt le is_null is_not_null like not_like ilike not_ilike eq_any ne_all between not_between"
        " similar_to not_similar_to is_distinct_from is_not_distinct_from contains is_contained_by overlaps_with"
        " has_key matches",
        Op("filter", result="column"),
    ),
    **_all("asc desc nulls_first nulls_last", Op("sort", result="column")),
    **_all("and or nullable assume_not_null concat escape cast into_sql field single_value as_sql", _COLUMN),
}

# Methods of the standard library that pass a row, or a list of rows, on.
_PASSED_ON = _all(
    "unwrap expect unwrap_or_default clone cloned copied as_ref as_mut as_deref to_owned optional ok ok_or ok_or_else"
    " map_err or_else context with_context await borrow borrow_mut iter iter_mut into_iter into_inner collect to_vec"
    " as_slice rev skip take inspect peekable or unwrap_or unwrap_or_else boxed",
    _SAME,
)

VOCABULARY = Vocabulary(
    packages=("diesel", "diesel_async"),
    languages=frozenset({"rust"}),
    functions=_FUNCTIONS,
    column_attributes=frozenset({"table", "dsl", "columns", "star"}),
    query=_QUERY,
    rows={**_PASSED_ON, **_all("first last next pop", Op(result="one"))},
    column=_COLUMN_METHODS,
    instance=_PASSED_ON,
    queries_models=True,
)

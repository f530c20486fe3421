"""The meaning of Active Record's query methods, of relations, and of the methods of records.

Sources: the Rails guides "Active Record Query Interface" and "Active Record Basics", and the modules
`ActiveRecord::QueryMethods`, `FinderMethods`, `Calculations` and `Persistence`.
"""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

_WHERE = Op("filter", named="filter", texts="sql", only=0)
_FIND_BY = Op("filter", named="filter", texts="sql", only=0, result="one")
_PART = Op(lambdas="element")
_QUERY = {
    **dict.fromkeys(("where", "rewhere", "where!", "not", "having", "invert_where"), _WHERE),
    **dict.fromkeys(("find_by", "find_by!", "find_sole_by"), _FIND_BY),
    **dict.fromkeys(
        ("find_or_create_by", "find_or_create_by!", "create_or_find_by", "create_or_find_by!", "find_or_initialize_by"),
        Op("filter", named="filter", texts="sql", only=0, lambdas="element", row="write", result="one"),
    ),
    "exists?": Op("filter", named="filter", texts="sql", only=0, result="none"),
    **dict.fromkeys(("order", "reorder", "in_order_of", "order!"), Op("sort", named="filter", texts="sql")),
    **dict.fromkeys(("group", "regroup"), Op("group", texts="sql")),
    **dict.fromkeys(("select", "reselect"), Op("projection", texts="sql", lambdas="element")),
    **dict.fromkeys(("pluck", "pick"), Op("projection", texts="sql", result="none")),
    **dict.fromkeys(
        ("sum", "average", "minimum", "maximum", "count"),
        Op("projection", texts="sql", only=0, lambdas="element", result="none"),
    ),
    **dict.fromkeys(("joins", "left_joins", "left_outer_joins"), Op("join", texts="relation")),
    **dict.fromkeys(("includes", "preload", "eager_load", "references"), Op("load", texts="relation")),
    **dict.fromkeys(("associated", "missing"), Op("join", texts="relation")),
    **dict.fromkeys(("find", "find!"), Op(lambdas="element", result="one")),
    **dict.fromkeys(("first", "first!", "last", "last!", "take", "take!", "sole", "second", "third"), Op(result="one")),
    **dict.fromkeys(("all", "to_a", "load", "records", "entries"), Op()),
    **dict.fromkeys(("new", "build"), Op("write", named="write", lambdas="element", result="one")),
    **dict.fromkeys(("create", "create!"), Op("write", named="write", row="write", lambdas="element", result="one")),
    "create_with": Op("write", named="write"),
    **dict.fromkeys(
        ("insert", "insert!", "insert_all", "insert_all!", "upsert", "upsert_all"),
        Op("write", named="write", row="write", only=0, result="none"),
    ),
    "update_all": Op("update", named="update", texts="sql", row="update", result="none"),
    **dict.fromkeys(("update", "update!"), Op("update", named="update", row="update", result="none")),
    **dict.fromkeys(("touch_all", "update_counters"), Op("update", texts="column", result="none")),
    "increment_counter": Op("update", texts="column", only=0, result="none"),
    **dict.fromkeys(
        ("destroy_all", "delete_all", "destroy_by", "delete_by"),
        Op("filter", named="filter", row="delete", result="none"),
    ),
    **dict.fromkeys(
        ("each", "find_each", "each_with_index", "each_with_object", "map", "collect", "flat_map", "filter_map"), _PART
    ),
    **dict.fromkeys(("reject", "sort_by", "group_by", "index_by", "min_by", "max_by", "partition", "filter"), _PART),
    **dict.fromkeys(("any?", "all?", "none?", "one?", "each_slice", "to_h", "to_set", "inject", "uniq"), _PART),
    **dict.fromkeys(("detect", "find_all"), Op(lambdas="element", result="one")),
}
_VALIDATES = Op("read", texts="column", result="none")
_QUERY |= {
    **dict.fromkeys(("validates", "validates!", "validates_presence_of", "validates_uniqueness_of"), _VALIDATES),
    **dict.fromkeys(("validates_length_of", "validates_format_of", "validates_inclusion_of"), _VALIDATES),
    **dict.fromkeys(
        ("validates_numericality_of", "validates_each", "validates_exclusion_of", "normalizes"), _VALIDATES
    ),
    **dict.fromkeys(
        ("encrypts", "serialize", "enum", "attribute", "store_accessor"), Op("read", texts="column", only=0)
    ),
}
_FACTORY = Op("write", named="write", texts="table", only=0, result="one")
_QUERY |= {"arel_table": Op(result="entity"), "delete": Op(row="delete", result="none")}
_INSTANCE = {
    **dict.fromkeys(
        ("update", "update!", "update_columns", "assign_attributes", "attributes=", "update_attributes"),
        Op("update", named="update", row="update"),
    ),
    **dict.fromkeys(
        (
            "update_column",
            "update_attribute",
            "update_attribute!",
            "increment",
            "increment!",
            "decrement",
            "decrement!",
        ),
        Op("update", texts="column", only=0),
    ),
    **dict.fromkeys(("toggle", "toggle!", "write_attribute"), Op("update", texts="column", only=0)),
    "touch": Op("update", texts="column"),
    **dict.fromkeys(("read_attribute", "read_attribute_before_type_cast"), Op("read", texts="column")),
    **dict.fromkeys(("destroy", "destroy!", "delete"), Op(row="delete")),
    **dict.fromkeys(("reload", "lock!", "dup", "becomes", "decorate", "presence", "itself"), Op()),
    **dict.fromkeys(("tap", "then", "yield_self"), Op(lambdas="element")),
}

VOCABULARY = Vocabulary(
    packages=("ActiveRecord",),
    languages=frozenset({"ruby"}),
    query=_QUERY,
    instance=_INSTANCE,
    flushes=frozenset({"save", "save!"}),
    queries_models=True,
    derived={
        "find_by_": Op(result="one"),
        "find_or_create_by_": Op(result="one"),
        "find_all_by_": Op(result="many"),
    },
    endings={"?": "read", "_changed?": "read", "_was": "read", "_before_type_cast": "read"},
    raw=frozenset({"sql"}),
    signed_in=frozenset({"current_user"}),
    helpers={
        **dict.fromkeys(("create", "build", "build_stubbed", "insert"), _FACTORY),
        **dict.fromkeys(
            ("create_list", "build_list"), Op("write", named="write", texts="table", only=0, result="many")
        ),
    },
    class_columns=False,
    table_names=frozenset({"table_name", "quoted_table_name"}),
    column={
        **dict.fromkeys(("eq", "not_eq", "lt", "lteq", "gt", "gteq", "in", "not_in", "matches"), Op("filter")),
        **dict.fromkeys(("does_not_match", "between", "eq_any", "matches_any", "is_distinct_from"), Op("filter")),
        **dict.fromkeys(("asc", "desc", "nulls_last", "nulls_first"), Op("sort")),
    },
    views=("views/", "Controller"),
    # Rails guide "Action Controller Overview", strong parameters.
    picks=frozenset({"permit", "slice"}),
)

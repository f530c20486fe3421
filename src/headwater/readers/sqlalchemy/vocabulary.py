"""The meaning of SQLAlchemy's functions and methods, 1.x and 2.x, with Flask-SQLAlchemy and SQLModel."""

from __future__ import annotations

from typing import TypeVar

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

Meaning = TypeVar("Meaning")


def _all(names: str, meaning: Meaning) -> dict[str, Meaning]:
    return dict.fromkeys(names.split(), meaning)


_COLUMN = Op(result="column")
_SAME = Op()
_FILTER = Op("filter")
_JOIN = Op("join")
_LOADER = Op("load", result="loader")
_ONE, _MANY = Op(result="one"), Op(result="many")
_NONE = Op(result="none")

_FUNCTIONS = {
    "select": Op("projection", result="query"),
    "update": Op(result="query", row="update"),
    "delete": Op(result="query", row="delete"),
    "insert": Op(result="query", row="write"),
    "exists": Op("projection", result="query"),
    "aliased": Op(result="entity"),
    "with_polymorphic": Op(result="entity"),
    "union": Op(result="derived"),
    "union_all": Op(result="derived"),
    "intersect": Op(result="derived"),
    "except_": Op(result="derived"),
    "desc": Op("sort", result="column"),
    "asc": Op("sort", result="column"),
    "nulls_last": Op("sort", result="column"),
    "nulls_first": Op("sort", result="column"),
    "nullslast": Op("sort", result="column"),
    "nullsfirst": Op("sort", result="column"),
    "relationship": Op("join", result="none"),
    "with_loader_criteria": Op("filter", result="loader"),
    **_all(
        "and_ or_ not_ case cast type_coerce literal_column literal label distinct extract over "
        "within_group tuple_ between collate nullif any_ all_ col try_cast funcfilter null true false "
        "text column",
        _COLUMN,
    ),
    **_all(
        "joinedload selectinload subqueryload lazyload contains_eager immediateload noload raiseload "
        "joinedload_all subqueryload_all eagerload",
        _LOADER,
    ),
    **_all(
        "load_only defer undefer undefer_group Load defaultload selectin_polymorphic",
        Op("projection", result="loader"),
    ),
}

_QUERY = {
    "where": _FILTER,
    "filter": _FILTER,
    "having": _FILTER,
    "on_conflict_do_update": Op(named="update"),
    "filter_by": Op(named="filter"),
    "order_by": Op("sort"),
    "group_by": Op("group"),
    "partition_by": Op("group"),
    "distinct": Op("projection"),
    "join": _JOIN,
    "outerjoin": _JOIN,
    "join_from": _JOIN,
    "outerjoin_from": _JOIN,
    "select_from": Op("join"),
    "select_entity_from": Op("join"),
    "options": Op("load"),
    "with_entities": Op("projection", result="query"),
    "with_only_columns": Op("projection", result="query"),
    "add_columns": Op("projection"),
    "add_column": Op("projection"),
    "add_entity": Op("projection"),
    "column": Op("projection"),
    "returning": Op("projection", result="query"),
    "values": Op(named="write"),
    "ordered_values": Op(named="update"),
    "update": Op(named="update", result="none", row="update"),
    "delete": Op(result="none", row="delete"),
    "scalar": Op(result="scalar"),
    "value": Op("projection", result="none"),
    "values_": _NONE,
    **_all(
        "first one one_or_none get get_or_404 first_or_404 one_or_404 first_or_none get_one one_or_404",
        _ONE,
    ),
    **_all("all yield_per paginate partitions", _MANY),
    **_all("count exists as_scalar_count", _NONE),
    **_all(
        "subquery cte alias lateral union union_all intersect except_ tablesample",
        Op(result="derived"),
    ),
    **_all("scalar_subquery as_scalar label", _COLUMN),
}

_ROWS = {
    "scalars": Op(result="scalars"),
    **_all("scalar scalar_one scalar_one_or_none", Op(result="scalar")),
    **_all("first one one_or_none fetchone pop popleft", _ONE),
    **_all(
        "all fetchall fetchmany unique mappings tuples partitions yield_per copy columns freeze to_list",
        _SAME,
    ),
}

_SESSION = {
    "query": Op("projection", result="query"),
    "execute": Op(result="rows"),
    "stream": Op(result="rows"),
    "exec": Op(result="many"),
    "scalars": Op(result="scalars"),
    "stream_scalars": Op(result="scalars"),
    "scalar": Op(result="scalar"),
    "scalar_one": Op(result="scalar"),
    "scalar_one_or_none": Op(result="scalar"),
    "get": _ONE,
    "get_one": _ONE,
    "get_or_404": _ONE,
    "first_or_404": Op(result="scalar"),
    "one_or_404": Op(result="scalar"),
    "paginate": Op(result="many"),
    "merge": _SAME,
    "delete": Op(result="none", row="delete"),
    "bulk_insert_mappings": Op(named="write", result="none"),
    "bulk_update_mappings": Op(named="update", result="none"),
}

_TABLE = {
    "select": Op("projection", result="query"),
    "insert": Op(result="query", row="write"),
    "update": Op(result="query", row="update"),
    "delete": Op(result="query", row="delete"),
    "join": _JOIN,
    "outerjoin": _JOIN,
    "alias": Op(result="entity"),
}

_RELATION = {
    "any": Op("filter", named="filter", result="column"),
    "has": Op("filter", named="filter", result="column"),
    "contains": Op(result="column"),
    "of_type": _SAME,
    "and_": Op("filter"),
    "is_": _COLUMN,
    "is_not": _COLUMN,
}

_COLUMN_METHODS = {
    "asc": Op("sort", result="column"),
    "desc": Op("sort", result="column"),
    "nulls_last": Op("sort", result="column"),
    "nulls_first": Op("sort", result="column"),
    "nullslast": Op("sort", result="column"),
    "nullsfirst": Op("sort", result="column"),
    **_all(
        "in_ not_in notin_ is_ is_not isnot like ilike not_like notlike not_ilike notilike contains "
        "startswith endswith between match regexp_match any has_key icontains istartswith iendswith "
        "is_distinct_from is_not_distinct_from overlap all_ contained_by has_any has_all any_ bool_op",
        Op("filter", result="column"),
    ),
}

VOCABULARY = Vocabulary(
    packages=("sqlalchemy", "sqlmodel", "flask_sqlalchemy", "sqlalchemy_utils", "geoalchemy2", "fastapi_sqlalchemy"),
    languages=frozenset({"python"}),
    functions=_FUNCTIONS,
    namespaces=frozenset({"func", "sql", "orm", "expression", "dialects", "postgresql", "mysql", "sqlite", "sa"}),
    query_attributes=frozenset({"query", "objects"}),
    column_attributes=frozenset({"c", "columns", "__table__"}),
    session=_SESSION,
    query=_QUERY,
    rows=_ROWS,
    column=_COLUMN_METHODS,
    relation=_RELATION,
    table=_TABLE,
    instance={"sqlmodel_update": Op(named="update"), "populate": Op(named="update")},
    current={
        "flask_login.current_user": "user_loader",
        "flask_security.current_user": "user_loader",
        "flask_jwt_extended.current_user": "user_lookup_loader",
        "flask_praetorian.current_user": "user_loader",
    },
    flushes=frozenset({"commit", "flush"}),
    declarations=frozenset(
        [
            "Column",
            "ForeignKey",
            "ForeignKeyConstraint",
            "UniqueConstraint",
            "Index",
            "CheckConstraint",
            "Table",
            "PrimaryKeyConstraint",
            "mapped_column",
            "column_property",
            "ExcludeConstraint",
        ]
    ),
    properties=frozenset({"hybrid_property", "expression"}),
    user_mixins=frozenset({"UserMixin"}),
    types={
        **_all("Select Query SelectOfScalar Update Delete BaseQuery GenerativeSelect", "query"),
        **_all("Result CursorResult AsyncResult ChunkedIteratorResult", "rows"),
        **_all("ScalarResult AsyncScalarResult TupleResult Pagination", "many"),
        **_all("Mapped WriteOnlyMapped DynamicMapped InstrumentedAttribute", "inner"),
        **_all(
            "Session AsyncSession scoped_session async_scoped_session sessionmaker async_sessionmaker "
            "SQLAlchemy Connection AsyncConnection Engine AsyncEngine",
            "session",
        ),
    },
)

"""The meaning of Eloquent's builders, relations, collections and models, and of the query builder under them.

Sources: the Laravel documentation ("Eloquent", "Query Builder", "Eloquent: EloquentRelations", "Collections").
"""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

_WHERE = Op("filter", named="filter", texts="column", lambdas="query", only=0)
_RAW = Op("filter", texts="sql", only=0)
_HAS = Op("join", texts="relation", lambdas="relation", only=0)
_PART = Op(lambdas="element")
_QUERY = {
    **dict.fromkeys(("where", "orWhere", "whereNot", "orWhereNot", "firstWhere", "having", "orHaving"), _WHERE),
    **dict.fromkeys(("whereIn", "whereNotIn", "orWhereIn", "orWhereNotIn", "whereIntegerInRaw"), _WHERE),
    **dict.fromkeys(("whereNull", "whereNotNull", "orWhereNull", "orWhereNotNull", "whereBetween"), _WHERE),
    **dict.fromkeys(("whereNotBetween", "orWhereBetween", "whereDate", "whereMonth", "whereDay", "whereYear"), _WHERE),
    **dict.fromkeys(("whereTime", "orWhereDate", "whereLike", "orWhereLike", "whereNotLike", "whereFullText"), _WHERE),
    **dict.fromkeys(("whereJsonContains", "whereJsonLength", "whereAny", "whereAll", "whereNone"), _WHERE),
    **dict.fromkeys(("whereColumn", "orWhereColumn", "whereBetweenColumns"), Op("filter", texts="column")),
    **dict.fromkeys(("whereRaw", "orWhereRaw", "havingRaw", "orHavingRaw"), _RAW),
    "firstWhere": Op("filter", named="filter", texts="column", only=0, result="one"),
    **dict.fromkeys(("orderBy", "orderByDesc", "latest", "oldest", "reorder"), Op("sort", texts="column", only=0)),
    "orderByRaw": Op("sort", texts="sql", only=0),
    "groupBy": Op("group", texts="column"),
    "groupByRaw": Op("group", texts="sql", only=0),
    **dict.fromkeys(("select", "addSelect"), Op("projection", texts="column")),
    "distinct": Op("projection", texts="column"),
    "selectRaw": Op("projection", texts="sql", only=0),
    **dict.fromkeys(("join", "leftJoin", "rightJoin", "joinWhere", "crossJoin"), Op("join", texts="column")),
    "on": Op("join", texts="column"),
    "orOn": Op("join", texts="column"),
    **dict.fromkeys(
        ("pluck", "value", "valueOrFail", "soleValue", "implode"), Op("projection", texts="column", result="none")
    ),
    **dict.fromkeys(("sum", "avg", "average", "min", "max", "count"), Op("projection", texts="column", result="none")),
    **dict.fromkeys(
        ("get", "all", "paginate", "simplePaginate", "cursorPaginate", "cursor", "lazy", "findMany"),
        Op("projection", texts="column", only=0, result="many"),
    ),
    **dict.fromkeys(
        ("first", "firstOrFail", "sole", "firstOr"), Op("projection", texts="column", only=0, result="one")
    ),
    **dict.fromkeys(("find", "findOrFail", "findOr", "findOrNew", "findSole"), Op(result="one")),
    **dict.fromkeys(("exists", "doesntExist"), Op(result="none")),
    **dict.fromkeys(("with", "load", "loadMissing", "without"), Op("load", texts="relation", lambdas="relation")),
    **dict.fromkeys(
        ("withCount", "withExists", "loadCount"), Op("load", texts="relation", lambdas="relation", result="same")
    ),
    **dict.fromkeys(("has", "orHas", "doesntHave", "whereHas", "orWhereHas", "whereDoesntHave"), _HAS),
    **dict.fromkeys(("orWhereDoesntHave", "withWhereHas", "whereBelongsTo"), _HAS),
    "whereRelation": Op("join", texts="relation", only=0),
    **dict.fromkeys(("when", "unless", "tap", "chunk"), Op(lambdas="query")),
    **dict.fromkeys(("chunkById", "chunkByIdDesc"), Op("filter", texts="column", only=2, lambdas="query")),
    **dict.fromkeys(("lazyById", "lazyByIdDesc"), Op("filter", texts="column", only=1)),
    **dict.fromkeys(("create", "forceCreate", "createQuietly"), Op("write", named="write", row="write", result="one")),
    **dict.fromkeys(
        ("insert", "insertOrIgnore", "insertGetId", "upsert", "createMany", "fillAndInsert"),
        Op("write", named="write", row="write", only=0, result="none"),
    ),
    **dict.fromkeys(
        ("firstOrCreate", "updateOrCreate", "firstOrNew", "updateOrInsert", "createOrFirst"),
        Op("filter", roles=("filter", "write"), result="one"),
    ),
    **dict.fromkeys(("make", "newInstance"), Op("write", named="write", result="one")),
    **dict.fromkeys(("update", "forceFill", "fill"), Op("update", named="update", row="update", result="none")),
    **dict.fromkeys(("increment", "decrement"), Op("update", texts="column", only=0, result="none")),
    **dict.fromkeys(("delete", "forceDelete", "truncate"), Op(row="delete", result="none")),
    **dict.fromkeys(("destroy",), Op(row="delete", result="none")),
    **dict.fromkeys(
        ("query", "newQuery", "newModelQuery", "newQueryWithoutScopes", "withTrashed", "onlyTrashed"), Op()
    ),
    **dict.fromkeys(("each", "map", "filter", "reject", "sortBy", "sortByDesc", "keyBy", "flatMap"), _PART),
    **dict.fromkeys(("mapWithKeys", "every", "some", "contains", "transform", "partition", "eachById"), _PART),
    **dict.fromkeys(("wherePivot", "wherePivotIn", "withPivot", "orderByPivot", "withTimestamps"), Op()),
}
_ROWS = Op("filter", named="filter", texts="table", result="none")
_INSTANCE = {
    **dict.fromkeys(("update", "fill", "forceFill", "updateQuietly"), Op("update", named="update", row="update")),
    **dict.fromkeys(("setAttribute",), Op("update", texts="column", only=0)),
    **dict.fromkeys(("increment", "decrement"), Op("update", texts="column", only=0)),
    **dict.fromkeys(
        ("getAttribute", "only", "getOriginal", "getRawOriginal", "getAttributeValue"), Op("projection", texts="column")
    ),
    **dict.fromkeys(("delete", "forceDelete", "deleteOrFail", "deleteQuietly"), Op(row="delete", result="none")),
    **dict.fromkeys(("refresh", "fresh", "append", "makeHidden", "makeVisible"), Op()),
    **dict.fromkeys(("load", "loadMissing", "loadCount"), Op("load", texts="relation", lambdas="relation")),
}

VOCABULARY = Vocabulary(
    packages=("Illuminate", "DB."),
    languages=frozenset({"php"}),
    query=_QUERY,
    instance=_INSTANCE,
    flushes=frozenset({"save", "saveOrFail", "push", "saveQuietly"}),
    queries_models=True,
    derived={"where": Op("filter"), "orWhere": Op("filter")},
    functions={"table": Op(texts="table", only=0)},
    scopes="scope",
    raw=frozenset({"raw"}),
    helpers={
        "factory": Op(result="query"),
        **dict.fromkeys(("assertDatabaseHas", "assertDatabaseMissing", "seeInDatabase", "dontSeeInDatabase"), _ROWS),
    },
    class_columns=False,
    model_methods=frozenset({"model", "getModelClass", "modelClass"}),
    views=("views/", "Controller"),
    # Laravel's documentation, "HTTP Requests" and "Validation".
    picks=frozenset({"only", "validate", "validateWithBag"}),
    view_data=frozenset({"view", "make", "with", "share", "render", "first"}),
    types={
        **dict.fromkeys(("Collection", "LengthAwarePaginator", "Paginator", "LazyCollection"), "many"),
        **dict.fromkeys(("Builder", "Relation", "BelongsToMany", "HasMany", "BelongsTo", "HasOne"), "many"),
        **dict.fromkeys(("HasManyThrough", "MorphMany", "MorphToMany", "EloquentBuilder"), "many"),
    },
    signed_in=frozenset({"user"}),
    user_mixins=frozenset({"Authenticatable", "User"}),
)

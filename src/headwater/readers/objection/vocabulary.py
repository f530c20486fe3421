"""The meaning of Objection's queries: Knex's, and methods for rows and relationships.

Source: vincit.github.io/objection.js, API of the query builder.
"""

from __future__ import annotations

from msgspec.structs import replace

from headwater.readers import Operation as Op
from headwater.readers.knex.vocabulary import VOCABULARY as KNEX

_WRITE = Op("write", named="write", row="write", result="one")
_UPDATE = Op("update", named="update", row="update")
_LOAD = Op("load", texts="relation", only=0)
_QUERY: dict[str, Op] = {
    **KNEX.query,
    **dict.fromkeys(
        ("query", "$query", "throwIfNotFound", "skipUndefined", "context", "allowGraph", "modifyGraph"), Op()
    ),
    **dict.fromkeys(("page", "range", "resultSize", "debug", "runAfter", "runBefore", "castTo"), Op()),
    "$relatedQuery": Op(texts="attribute"),
    **dict.fromkeys(("insertAndFetch", "insertGraph", "insertGraphAndFetch", "insertWithRelated"), _WRITE),
    **dict.fromkeys(("upsertGraph", "upsertGraphAndFetch"), Op("update", named="update", row="update", result="one")),
    "patch": _UPDATE,
    **dict.fromkeys(("patchAndFetch", "updateAndFetch"), Op("update", named="update", row="update", result="one")),
    **dict.fromkeys(
        ("patchAndFetchById", "updateAndFetchById"), Op("update", named="update", only=1, row="update", result="one")
    ),
    "findById": Op(result="one"),
    "findByIds": Op(),
    "findOne": Op("filter", named="filter", texts="column", only=0, lambdas="query", result="one"),
    "deleteById": Op(row="delete"),
    **dict.fromkeys(("withGraphFetched", "withGraphJoined", "eager", "joinEager", "withGraph"), _LOAD),
    **dict.fromkeys(
        ("joinRelated", "innerJoinRelated", "leftJoinRelated", "joinRelation", "leftJoinRelation"),
        Op("join", texts="relation", only=0),
    ),
}

VOCABULARY = replace(
    KNEX,
    packages=("objection",),
    query=_QUERY,
    instance={
        **dict.fromkeys(("throwIfNotFound", "skipUndefined", "context", "allowGraph", "first", "castTo", "$set"), Op()),
        **dict.fromkeys(("withGraphFetched", "withGraphJoined", "eager", "$fetchGraph"), _LOAD),
    },
    queries_models=True,
    class_columns=False,
    types={"QueryBuilder": "query", "ModelObject": "inner", "PartialModelObject": "inner"},
)

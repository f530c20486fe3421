"""The meaning of Mongoose's models, queries and documents.

Source: mongoosejs.com, API of `Model`, `Query`, `Document` and `Aggregate`; mongodb.com, operators.
"""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import OptionsShape, Vocabulary
from headwater.readers._scripts import LANGUAGES

_FIND = Op(roles=("filter", "projection", "options"))
_ONE = Op(roles=("filter", "projection", "options"), result="one")
_BY_ID = Op(roles=("value", "projection", "options"), result="one")
_CHANGE = Op(roles=("filter", "update", "options"), row="update", result="one")
_DELETE = Op(roles=("filter", "options"), row="delete", result="one")
_WORDS, _SORT = Op("projection", texts="words", roles=("projection",)), Op("sort", texts="words", roles=("sort",))
_LOAD = Op("load", texts="words", only=0)
_PATH = Op("filter", texts="words", only=0, roles=("filter",))
_PLAIN = dict.fromkeys(("lean", "limit", "skip", "session", "setOptions", "read", "collation", "hint", "orFail"), Op())

_QUERY = {
    "find": _FIND,
    **dict.fromkeys(("findOne", "exists"), _ONE),
    "findById": _BY_ID,
    **dict.fromkeys(
        ("updateOne", "updateMany", "update", "replaceOne"),
        Op(roles=("filter", "update", "options"), row="update", result="none"),
    ),
    **dict.fromkeys(("findOneAndUpdate", "findOneAndReplace"), _CHANGE),
    "findByIdAndUpdate": Op(roles=("value", "update", "options"), row="update", result="one"),
    **dict.fromkeys(("findOneAndDelete", "findOneAndRemove"), _DELETE),
    **dict.fromkeys(("findByIdAndDelete", "findByIdAndRemove"), Op(row="delete", result="one")),
    **dict.fromkeys(("deleteOne", "deleteMany", "remove"), Op(roles=("filter",), row="delete", result="none")),
    **dict.fromkeys(("count", "countDocuments"), Op(roles=("filter",), result="none")),
    "estimatedDocumentCount": Op(result="none"),
    "distinct": Op("projection", texts="words", only=0, roles=("value", "filter"), result="none"),
    "create": Op(roles=("write",), row="write", result="one"),
    "insertMany": Op(roles=("write",), row="write", result="many"),
    "aggregate": Op(roles=("stages",), result="none"),
    "match": Op(roles=("filter",)),
    **dict.fromkeys(("where", "equals", "gte", "gt", "lt", "lte", "in", "nin", "ne"), _PATH),
    **dict.fromkeys(("or", "and", "nor"), Op(roles=("filter",))),
    **dict.fromkeys(("select", "projection"), _WORDS),
    "sort": _SORT,
    "populate": _LOAD,
    "set": Op(roles=("update",)),
    **_PLAIN,
    "exec": Op(result="many"),
    "cursor": Op(result="many"),
    **dict.fromkeys(("pre", "post"), Op(lambdas="element")),
}
_ROW = {
    "model": Op(texts="table"),
    "save": Op(row="update"),
    "set": Op("update", roles=("update",), texts="words", only=0),
    **dict.fromkeys(("get", "isModified", "markModified", "isDirectModified"), Op("read", texts="words", only=0)),
    **dict.fromkeys(("updateOne", "update"), Op(roles=("update",), row="update", result="none")),
    **dict.fromkeys(("deleteOne", "remove", "delete"), Op(row="delete", result="none")),
    "populate": _LOAD,
    "select": _WORDS,
    **_PLAIN,
    **dict.fromkeys(("exec", "toObject", "toJSON", "execPopulate", "overwrite"), Op()),
}
_THROUGH = frozenset(
    {"$set", "$unset", "$inc", "$mul", "$min", "$max", "$push", "$pull", "$pullAll", "$addToSet", "$pop", "$rename"}
    | {"$currentDate", "$setOnInsert", "$or", "$and", "$nor", "$not", "$elemMatch", "$each", "$all"}
)

VOCABULARY = Vocabulary(
    packages=("mongoose", "@nestjs/mongoose"),
    languages=LANGUAGES,
    queries_models=True,
    class_columns=False,
    awaited=True,
    functions={"model": Op(texts="table")},
    helpers={"model": Op(texts="table")},
    user_attributes=frozenset({"req.user", "request.user", "ctx.state.user"}),
    holders={"methods": "row", "statics": "model", "query": "model"},
    query=_QUERY,
    instance=_ROW,
    types={
        **dict.fromkeys(("Model", "PaginateModel", "SoftDeleteModel"), "repository"),
        **dict.fromkeys(("HydratedDocument", "FlattenMaps", "LeanDocument", "UpdateQuery"), "inner"),
    },
    shape=OptionsShape(
        keys={
            "sort": "sort",
            **dict.fromkeys(("projection", "select", "fields"), "projection"),
        },
        through=_THROUGH,
        types={"FilterQuery": "filter", "UpdateQuery": "update"},
        stages={
            "$match": "filter",
            "$sort": "sort",
            "$group": "group",
            **dict.fromkeys(("$project", "$addFields", "$set", "$unwind", "$bucket", "$sortByCount"), "projection"),
            "$lookup": "join",
        },
        regroups=frozenset({"$group", "$project", "$bucket", "$sortByCount", "$facet", "$replaceRoot", "$count"}),
    ),
)

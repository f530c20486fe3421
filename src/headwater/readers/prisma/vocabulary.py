"""The meaning of Prisma client calls: `client.user.findMany({where, select, include, orderBy, data, …})`."""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import OptionsShape, Vocabulary
from headwater.readers._scripts import LANGUAGES

_ONE, _MANY, _NONE = Op("options", result="one"), Op("options", result="many"), Op("options", result="none")

_CLIENT = {
    **dict.fromkeys(("findUnique", "findUniqueOrThrow", "findFirst", "findFirstOrThrow", "findRaw"), _ONE),
    "findMany": _MANY,
    "create": Op("options", named="write", result="one"),
    "createMany": Op("options", named="write", result="none"),
    "createManyAndReturn": Op("options", named="write", result="many"),
    "update": Op("options", named="update", result="one"),
    "updateMany": Op("options", named="update", result="none"),
    "updateManyAndReturn": Op("options", named="update", result="many"),
    "upsert": Op("options", named="update", result="one"),
    "delete": Op("options", result="one", row="delete"),
    "deleteMany": Op("options", result="none", row="delete"),
    "count": _NONE,
    "aggregate": _NONE,
    "groupBy": _NONE,
}

VOCABULARY = Vocabulary(
    packages=("@prisma/client", ".prisma/client", "@prisma"),
    languages=LANGUAGES,
    client=_CLIENT,
    shape=OptionsShape(
        keys={
            "where": "filter",
            "having": "filter",
            "cursor": "filter",
            "orderBy": "sort",
            "by": "group",
            "select": "projection",
            "distinct": "projection",
            "omit": "projection",
            **dict.fromkeys(("_count", "_sum", "_avg", "_min", "_max", "count"), "projection"),
            "include": "join",
            "data": "value",
            "create": "write",
            "update": "update",
        },
        through=frozenset(
            {"AND", "OR", "NOT", "some", "every", "none", "is", "isNot", "data", "set", "upsert", "connectOrCreate"}
            | {"_count", "_sum", "_avg", "_min", "_max"}
        ),
        roles={
            "create": "write",
            "createMany": "write",
            "update": "update",
            "updateMany": "update",
            "where": "filter",
            "connect": "filter",
            "disconnect": "filter",
            "delete": "filter",
            "deleteMany": "filter",
        },
        links={
            **dict.fromkeys(("connect", "disconnect", "connectOrCreate", "set"), "update"),
            **dict.fromkeys(("create", "createMany"), "write"),
        },
        types={
            "Args": "options",
            "WhereInput": "filter",
            "WhereUniqueInput": "filter",
            "ScalarWhereInput": "filter",
            "CreateInput": "write",
            "UncheckedCreateInput": "write",
            "CreateManyInput": "write",
            "UpdateInput": "update",
            "UncheckedUpdateInput": "update",
            "UpdateManyMutationInput": "update",
            "Select": "projection",
            "Include": "join",
            "OrderByWithRelationInput": "sort",
            "OrderByInput": "sort",
            "GetPayload": "value",
        },
    ),
)

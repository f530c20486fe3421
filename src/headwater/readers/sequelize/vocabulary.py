"""The meaning of Sequelize's finders, changes, operators and instances."""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import OptionsShape, Vocabulary
from headwater.readers._scripts import LANGUAGES

_OPERATORS = frozenset(
    {"and", "or", "not", "eq", "ne", "is", "in", "notIn", "gt", "gte", "lt", "lte", "between", "notBetween", "like"}
    | {"notLike", "iLike", "notILike", "startsWith", "endsWith", "substring", "contains", "contained", "overlap", "any"}
    | {"all", "col", "match", "regexp", "iRegexp"}
)
_ONE, _MANY = Op(roles=("options",), result="one"), Op(roles=("options",), result="many")

VOCABULARY = Vocabulary(
    packages=("sequelize", "sequelize-typescript", "@sequelize/core"),
    languages=LANGUAGES,
    queries_models=True,
    registry=True,
    functions={
        "col": Op(texts="column", result="column"),
        "fn": Op(texts="column", result="column"),
        "cast": Op(texts="column", result="column"),
        "literal": Op(texts="sql", result="column"),
    },
    query={
        "findAll": _MANY,
        "findOne": _ONE,
        "findByPk": Op(roles=("value", "options"), result="one"),
        "findAndCountAll": Op(roles=("options",), result="many"),
        "findOrCreate": Op(roles=("options",), result="pair"),
        "findOrBuild": Op(roles=("options",), result="pair"),
        "findCreateFind": Op(roles=("options",), result="pair"),
        "findAllInBatches": _MANY,
        "count": Op(roles=("options",), result="none"),
        **dict.fromkeys(("create", "build"), Op(roles=("write", "options"), row="write", result="one")),
        "bulkCreate": Op(roles=("write", "options"), row="write", result="many"),
        "upsert": Op(roles=("write", "options"), row="write", result="pair"),
        "update": Op(roles=("update", "options"), row="update", result="none"),
        "destroy": Op(roles=("options",), row="delete", result="none"),
        "restore": Op(roles=("options",), row="update", result="none"),
        "truncate": Op(row="delete", result="none"),
        **dict.fromkeys(("max", "min", "sum"), Op("projection", texts="column", only=0, roles=("value", "options"))),
        **dict.fromkeys(
            ("increment", "decrement"), Op("update", texts="column", only=0, roles=("update", "options"), result="none")
        ),
        **dict.fromkeys(("scope", "unscoped", "schema", "withScope"), Op()),
    },
    instance={
        "update": Op("update", named="update", result="same"),
        "set": Op("update", named="update", texts="column", only=0),
        **dict.fromkeys(("get", "getDataValue", "changed", "previous"), Op("read", texts="column", only=0)),
        "setDataValue": Op("update", texts="column", only=0),
        "save": Op("update", texts="column", row="update"),
        "destroy": Op(row="delete", result="none"),
        **dict.fromkeys(("increment", "decrement"), Op("update", named="update", texts="column", only=0)),
        "reload": Op(),
    },
    types={
        **dict.fromkeys(("ModelStatic", "ModelCtor"), "class"),
        **dict.fromkeys(("InferAttributes", "InferCreationAttributes", "NonAttribute", "CreationOptional"), "inner"),
    },
    shape=OptionsShape(
        keys={
            "where": "filter",
            "having": "filter",
            "attributes": "projection",
            "order": "sort",
            "group": "group",
            "include": "join",
            "defaults": "write",
            "fields": "update",
        },
        through=_OPERATORS | {"include", "exclude"},
        types={"WhereOptions": "filter", "FindOptions": "options"},
    ),
)

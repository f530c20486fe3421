"""The meaning of Drizzle's core query builder, its operators, and its relational queries."""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import OptionsShape, Vocabulary
from headwater.readers._scripts import LANGUAGES

_COMPARISONS = (
    "eq ne gt gte lt lte isNull isNotNull inArray notInArray between notBetween like ilike notIlike notLike "
    "arrayContains arrayContained arrayOverlaps exists notExists"
)
_ONE, _MANY = Op("options", roles=("options",), result="one"), Op("options", roles=("options",), result="many")

VOCABULARY = Vocabulary(
    packages=("drizzle-orm",),
    languages=LANGUAGES,
    functions={
        **dict.fromkeys(_COMPARISONS.split(), Op("filter", result="column")),
        **dict.fromkeys(("and", "or", "not", "sql", "cast"), Op(result="column")),
        **dict.fromkeys(("asc", "desc"), Op("sort", result="column")),
        **dict.fromkeys(
            ("count", "countDistinct", "sum", "sumDistinct", "avg", "avgDistinct", "min", "max"),
            Op("projection", result="column"),
        ),
        **dict.fromkeys(("alias", "getTableColumns", "getColumns"), Op(result="entity")),
        "relations": Op("join", result="none"),
    },
    awaited=True,
    session={
        **dict.fromkeys(("select", "selectDistinct", "selectDistinctOn"), Op("projection", result="query")),
        "insert": Op(result="query", row="write"),
        "update": Op(result="query", row="update"),
        "delete": Op(result="query", row="delete"),
        "$count": Op("filter", result="none"),
    },
    query={
        "from": Op(result="source"),
        **dict.fromkeys(("leftJoin", "rightJoin", "innerJoin", "fullJoin", "crossJoin"), Op("join")),
        "where": Op("filter"),
        "having": Op("filter"),
        "orderBy": Op("sort"),
        "groupBy": Op("group"),
        "values": Op(named="write", row="write"),
        "set": Op(named="update", row="update"),
        "returning": Op("projection", result="query"),
        "onConflictDoUpdate": Op(roles=("options",)),
        "onDuplicateKeyUpdate": Op(roles=("options",)),
        "onConflictDoNothing": Op(roles=("options",)),
        "as": Op(result="derived"),
        "get": Op(result="one"),
        "all": Op(result="many"),
        "execute": Op(result="many"),
        "prepare": Op(),
    },
    client={"findMany": Op("options", result="many"), "findFirst": Op("options", result="one")},
    declarations=frozenset(
        {"pgTable", "mysqlTable", "sqliteTable", "singlestoreTable", "pgView", "mysqlView", "sqliteView", "index"}
        | {"uniqueIndex", "unique", "primaryKey", "foreignKey", "check", "references", "relations"}
    ),
    types={
        **dict.fromkeys(("InferSelectModel", "InferInsertModel", "InferModel"), "inner"),
    },
    shape=OptionsShape(
        keys={
            "where": "filter",
            "columns": "projection",
            "with": "join",
            "orderBy": "sort",
            "extras": "projection",
            "target": "filter",
            "targetWhere": "filter",
            "setWhere": "filter",
            "set": "update",
        },
    ),
)

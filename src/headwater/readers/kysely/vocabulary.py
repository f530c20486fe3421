"""The meaning of Kysely's query builder: it names the tables of the Schema and their columns in texts."""

from __future__ import annotations

from headwater.readers import Operation, Vocabulary
from headwater.readers._scripts import LANGUAGES

_JOIN = Operation("join", texts="table", lambdas="query")
_SELECT = Operation("projection", texts="column", lambdas="query", result="query")
_COUNT = Operation("projection", texts="column")
_COMPARE = Operation("filter", texts="column", only=0, lambdas="query")
_SORT, _GROUP = Operation("sort", texts="column", only=0, lambdas="query"), Operation("group", texts="column")
_FIRST = Operation(result="one")
_START = {
    "selectFrom": Operation(texts="table", result="blank"),
    "insertInto": Operation(texts="table", result="blank", row="write"),
    "replaceInto": Operation(texts="table", result="blank", row="write"),
    "mergeInto": Operation(texts="table", result="blank", row="update"),
    "updateTable": Operation(texts="table", result="blank", row="update"),
    "deleteFrom": Operation(texts="table", result="blank", row="delete"),
}

VOCABULARY = Vocabulary(
    packages=("kysely", "prisma-extension-kysely"),
    languages=LANGUAGES,
    names_tables=True,
    functions={"sql": Operation(texts="sql", result="column")},
    query_attributes=frozenset({"fn"}),
    session=_START,
    query={
        **_START,
        **dict.fromkeys(("innerJoin", "leftJoin", "rightJoin", "fullJoin", "crossJoin", "using", "from"), _JOIN),
        **dict.fromkeys(("innerJoinLateral", "leftJoinLateral"), Operation("join", lambdas="query")),
        **dict.fromkeys(("where", "having"), _COMPARE),
        **dict.fromkeys(("whereRef", "havingRef", "refTuple"), Operation("filter", texts="column")),
        "ref": _COUNT,
        "on": Operation("join", texts="column", only=0, lambdas="query"),
        "onRef": Operation("join", texts="column"),
        **dict.fromkeys(("select", "returning", "distinctOn"), _SELECT),
        **dict.fromkeys(("count", "sum", "avg", "min", "max", "coalesce", "agg", "jsonAgg", "toJson"), _COUNT),
        "orderBy": _SORT,
        "groupBy": _GROUP,
        "set": Operation("update", named="update", texts="column", only=0, lambdas="query"),
        **dict.fromkeys(("values", "columns"), Operation("write", named="write", texts="column")),
        "doUpdateSet": Operation("update", named="update", lambdas="query"),
        **dict.fromkeys(("column", "columns"), Operation("filter", texts="column")),
        **dict.fromkeys(("onConflict", "onDuplicateKeyUpdate", "$if", "$call", "as"), Operation(lambdas="query")),
        **dict.fromkeys(("executeTakeFirst", "executeTakeFirstOrThrow"), _FIRST),
        "execute": Operation(result="many"),
        "stream": Operation(result="many"),
        **dict.fromkeys(("exists", "and", "or", "not", "between", "val", "lit", "cast"), Operation(lambdas="query")),
    },
    calls=Operation("filter", texts="column", only=0),
)

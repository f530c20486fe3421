"""The meaning of Knex's query builder: `knex("users").where("email", x)`; tables and columns are named in texts.

Source: knexjs.org, "Query Builder".
"""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary
from headwater.readers._scripts import LANGUAGES

_FROM = Op(texts="table", result="blank", lambdas="query")
_SELECT = Op("projection", texts="column", lambdas="query", result="query")
_COUNT = Op("projection", texts="column")
_COMPARE = Op("filter", named="filter", texts="column", only=0, lambdas="query")
_JOIN = Op("join", texts="table", lambdas="query")
_ON = Op("join", texts="column", lambdas="query")
_WRITE = Op("write", named="write", texts="column", row="write", only=0, lambdas="query", roles=("value", "projection"))

_WHERE = ("where", "whereNot", "whereIn", "whereNotIn", "whereNull", "whereNotNull", "whereBetween", "whereNotBetween")
_MORE = ("whereLike", "whereILike", "whereJsonPath", "whereJsonObject", "whereJsonSupersetOf", "whereJsonSubsetOf")
_HAVING = ("having", "havingIn", "havingNotIn", "havingNull", "havingNotNull", "havingBetween", "havingNotBetween")


def _conditions(names: tuple[str, ...], operation: Op) -> dict[str, Op]:
    """Return the operation under these names, and with `and` and `or` before them."""
    spelled = ((name, f"and{name[0].upper()}{name[1:]}", f"or{name[0].upper()}{name[1:]}") for name in names)
    return {name: operation for group in spelled for name in group}


_JOINS = ("join", "innerJoin", "leftJoin", "leftOuterJoin", "rightJoin", "rightOuterJoin", "fullOuterJoin", "crossJoin")
_COUNTS = ("count", "countDistinct", "min", "max", "sum", "sumDistinct", "avg", "avgDistinct")

VOCABULARY = Vocabulary(
    packages=("knex",),
    languages=LANGUAGES,
    names_tables=True,
    awaited=True,
    opens=Op(texts="table", result="blank"),
    openers=frozenset({"knex", "trx", "tx", "db", "database", "transaction", "conn", "connection", "client"}),
    computed=Op("filter", texts="column", only=0),
    session={
        **dict.fromkeys(("table", "from", "into"), Op(texts="table", result="blank")),
        "batchInsert": Op("write", texts="table", named="write", result="none"),
    },
    query={
        **dict.fromkeys(("from", "into", "table"), _FROM),
        **dict.fromkeys(("select", "distinct", "column", "columns", "distinctOn"), _SELECT),
        "returning": Op("projection", texts="column"),
        "first": Op("projection", texts="column", result="one"),
        "pluck": Op("projection", texts="column"),
        **dict.fromkeys(_COUNTS, _COUNT),
        **_conditions((*_WHERE, *_MORE), _COMPARE),
        **_conditions(("whereColumn",), Op("filter", texts="column")),
        **_conditions(("whereExists", "whereNotExists"), Op("filter", lambdas="query")),
        **_conditions(("whereRaw",), Op("filter", texts="sql", only=0)),
        **dict.fromkeys(("and", "or", "not", "modify", "as", "with", "withRecursive"), Op(lambdas="query")),
        **dict.fromkeys(("union", "unionAll", "intersect", "except"), Op(lambdas="query")),
        **_conditions(_HAVING, _COMPARE),
        **_conditions(("havingRaw",), Op("filter", texts="sql", only=0)),
        **dict.fromkeys(_JOINS, _JOIN),
        "joinRaw": Op("join", texts="sql", only=0),
        "using": _ON,
        **_conditions(("on", "onIn", "onNotIn", "onNull", "onNotNull"), _ON),
        **_conditions(("onVal",), Op("join", texts="column", only=0)),
        "orderBy": Op("sort", texts="column", only=0, lambdas="query"),
        "orderByRaw": Op("sort", texts="sql", only=0),
        "groupBy": Op("group", texts="column"),
        "groupByRaw": Op("group", texts="sql", only=0),
        "insert": _WRITE,
        "upsert": _WRITE,
        "update": Op("update", named="update", texts="column", only=0, row="update"),
        **dict.fromkeys(("increment", "decrement"), Op("update", named="update", texts="column", only=0)),
        "onConflict": Op("filter", texts="column"),
        "merge": Op("update", named="update", texts="column"),
        **dict.fromkeys(("del", "delete", "truncate"), Op(row="delete")),
    },
    raw=frozenset({"raw"}),
    types={"Knex": "session", "Transaction": "session"},
)

"""The meaning of Dapper's extension methods of a connection, and of those of Dapper.Contrib.

Sources: the readme of Dapper ("Execute a query and map it to a list of typed objects", "Multi mapping"), and that of
Dapper.Contrib.
"""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

_MANY = ("Query", "QueryUnbufferedAsync", "QueryAsync", "Read", "ReadAsync", "GetAll", "GetAllAsync", "GetList")
_ONE = tuple(
    f"{name}{suffix}"
    for name in ("QueryFirst", "QueryFirstOrDefault", "QuerySingle", "QuerySingleOrDefault")
    for suffix in ("", "Async")
) + ("ReadFirst", "ReadFirstOrDefault", "ReadSingle", "ReadSingleOrDefault", "Get", "GetAsync")
# The methods with the class of rows as a type argument, and SQL as their first argument.
ASKED = frozenset({*_MANY, *_ONE})

VOCABULARY = Vocabulary(
    packages=("Dapper",),
    languages=frozenset({"csharp"}),
    session={
        **dict.fromkeys(_MANY, Op(result="many")),
        **dict.fromkeys(_ONE, Op(result="one")),
    },
    types={
        **dict.fromkeys(("IEnumerable", "ICollection", "IList", "IReadOnlyList", "IReadOnlyCollection"), "many"),
        **dict.fromkeys(("IAsyncEnumerable", "HashSet", "ISet", "Collection"), "many"),
        **dict.fromkeys(("Task", "ValueTask", "ActionResult", "Nullable", "Lazy"), "inner"),
    },
    unwraps=frozenset({"ConfigureAwait", "AsTask", "GetAwaiter", "GetResult"}),
    loads_lists=True,
)

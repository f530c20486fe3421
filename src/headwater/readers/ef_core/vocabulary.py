"""The meaning of EF Core: LINQ on sets of a context, and the methods of the context itself.

Source: the EF Core documentation ("Querying Data", "Saving Data", "ExecuteUpdate and ExecuteDelete").
"""

from __future__ import annotations

from collections.abc import Iterable

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary


def _with_async(names: Iterable[str], operation: Op) -> dict[str, Op]:
    """Return an operation under these names, and under their asynchronous spelling."""
    return {spelled: operation for name in names for spelled in (name, f"{name}Async")}


_FIRST = Op("filter", lambdas="row", result="one")
_WHETHER = Op("filter", lambdas="row", result="none")
_TOTAL = Op("projection", lambdas="row", result="none")
_QUERY = {
    **dict.fromkeys(("Where", "SkipWhile", "TakeWhile"), Op("filter", lambdas="row")),
    **dict.fromkeys(("OrderBy", "OrderByDescending", "ThenBy", "ThenByDescending"), Op("sort", lambdas="row")),
    "GroupBy": Op("group", lambdas="row"),
    "Select": Op("projection", lambdas="row", result="query"),
    "SelectMany": Op("projection", lambdas="row", result="query"),
    "Include": Op("load", lambdas="row", texts="relation"),
    "ThenInclude": Op("load", lambdas="last"),
    **dict.fromkeys(("Join", "LeftJoin", "GroupJoin", "RightJoin"), Op("join", lambdas="keys", result="query")),
    **_with_async(("First", "FirstOrDefault", "Single", "SingleOrDefault", "Last", "LastOrDefault"), _FIRST),
    **_with_async(("ElementAt", "ElementAtOrDefault", "Find"), Op(result="one")),
    **_with_async(("Any", "All", "Count", "LongCount", "Contains"), _WHETHER),
    **_with_async(("Sum", "Max", "Min", "Average"), _TOTAL),
    **_with_async(("ToList", "ToArray", "ToHashSet", "AsAsyncEnumerable", "AsEnumerable"), Op(result="many")),
    **_with_async(("ToDictionary", "ToLookup"), Op("projection", lambdas="row", result="many")),
    **_with_async(("ForEach",), Op(result="none")),
    **_with_async(("Load",), Op(result="none")),
    **_with_async(("ExecuteDelete",), Op(row="delete", result="none")),
    **_with_async(("ExecuteUpdate",), Op("update", lambdas="query", result="none")),
    "SetProperty": Op("update", only=0, lambdas="row"),
    **_with_async(("Add", "AddRange", "Attach", "AttachRange"), Op(row="write", result="none")),
    **_with_async(("Update", "UpdateRange"), Op(row="update", result="none")),
    **_with_async(("Remove", "RemoveRange", "BulkDelete"), Op(row="delete", result="none")),
    "Entity": Op(),
}
_SESSION = {
    "Set": Op(result="query"),
    **_with_async(("Add", "AddRange", "Attach"), Op(row="write", result="same")),
    **_with_async(("Update", "UpdateRange"), Op(row="update", result="same")),
    **_with_async(("Remove", "RemoveRange"), Op(row="delete", result="none")),
    **_with_async(("Find",), Op(result="one")),
}

# What a collection of a row, or a group, can be asked for within a query.
_IN_QUERIES = (
    *("Any", "All", "Count", "LongCount", "Where", "First", "FirstOrDefault", "Single", "SingleOrDefault", "Last"),
    *("LastOrDefault", "Sum", "Max", "Min", "Average", "Select", "SelectMany", "OrderBy", "OrderByDescending"),
)

VOCABULARY = Vocabulary(
    packages=("Microsoft.EntityFrameworkCore", "System.Linq"),
    languages=frozenset({"csharp"}),
    query=_QUERY,
    relation={name: _QUERY[name] for name in _IN_QUERIES},
    session=_SESSION,
    instance={"with": Op(named="update")},
    types={
        **dict.fromkeys(("DbSet", "IQueryable", "IOrderedQueryable", "IIncludableQueryable", "IDbSet"), "repository"),
        **dict.fromkeys(("IEnumerable", "ICollection", "IList", "IReadOnlyList", "IReadOnlyCollection"), "many"),
        **dict.fromkeys(("IAsyncEnumerable", "HashSet", "ISet", "Collection", "ObservableCollection"), "many"),
        **dict.fromkeys(("Task", "ValueTask", "ActionResult", "Nullable", "Lazy", "IDbContextFactory"), "inner"),
        **dict.fromkeys(("DbContext", "IdentityDbContext"), "session"),
    },
    unwraps=frozenset(
        {"CreateDbContext", "CreateDbContextAsync", "ConfigureAwait", "AsTask", "GetAwaiter", "GetResult"}
    ),
    otherwise=Op("filter", lambdas="row"),
    functional=dict.fromkeys(("Func", "Predicate"), "row"),
    loads_lists=True,
    navigates=True,
)

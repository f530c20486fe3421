"""What the methods of lists do in the languages that we read: streams of Java, LINQ on lists, Kotlin, JavaScript.

A method is known by its name alone; it counts only where the receiver is known to be a list, or one optional row.
"""

from __future__ import annotations

# Called with a function of an item: the result is a list of what it returns, of the items of that, or one item.
MAPS = frozenset(
    {"map", "mapNotNull", "mapIndexed", "mapToObj", "mapToInt", "mapToLong", "mapToDouble", "mapTo", "Select"}
    | {"ConvertAll", "collectList", "mapSeries"}
)
FLATS = frozenset({"flatMap", "SelectMany", "flatMapTo", "mapMulti"})
FIRSTS = frozenset(
    {"find", "findLast", "First", "FirstOrDefault", "Single", "SingleOrDefault", "Last", "LastOrDefault", "Find"}
    | {"FindLast", "MaxBy", "MinBy", "first", "firstOrNull", "single", "singleOrNull", "last", "lastOrNull", "maxBy"}
    | {"maxByOrNull", "minBy", "minByOrNull"}
)
# The result is a mapping whose values are items, or lists of them.
KEYED = frozenset({"associateBy", "ToDictionary", "toMap", "keyBy"})
GROUPED = frozenset({"groupBy", "GroupBy", "ToLookup", "groupingBy", "partition"})
# The result is the list again, or nothing that matters.
OTHERS = frozenset(
    {
        "filter",
        "forEach",
        "some",
        "every",
        "findIndex",
        "sort",
        "toSorted",
        "reduce",
        "forEachOrdered",
        "peek",
        "sorted",
    }
    | {"anyMatch", "allMatch", "noneMatch", "takeWhile", "dropWhile", "removeIf", "max", "min", "replaceAll"}
    | {"filterNot", "any", "all", "none", "count", "sumOf", "sumBy", "onEach", "distinctBy", "sortedBy", "joinToString"}
    | {"sortedByDescending", "sortedWith", "sortBy", "sortByDescending", "filterNotNull", "removeAll", "indexOfFirst"}
    | {"Where", "Any", "All", "Count", "Sum", "Max", "Min", "Average", "OrderBy", "OrderByDescending", "ThenBy"}
    | {"ThenByDescending", "ForEach", "DistinctBy", "TakeWhile", "SkipWhile", "RemoveAll", "FindAll", "Exists"}
    | {"TrueForAll", "FindIndex", "doOnNext"}
)
ITERATORS = MAPS | FLATS | FIRSTS | KEYED | GROUPED | OTHERS
# Called without a function: the same list, or one item of it.
KEEPERS = frozenset(
    {"copy", "filter", "slice", "concat", "reverse", "sort", "toSorted", "union", "difference", "stream", "toList"}
    | {"parallelStream", "collect", "iterator", "distinct", "limit", "skip", "sorted", "asSequence", "toSet"}
    | {"toMutableList", "toMutableSet", "orEmpty", "filterNotNull", "subList", "drop", "take", "plus", "minus"}
    | {"getContent", "content", "reversed", "shuffled", "toTypedArray", "ToList", "ToArray", "AsEnumerable", "Distinct"}
    | {"Take", "Skip", "Concat", "Union", "Except", "ToHashSet", "AsReadOnly", "Reverse", "OfType", "Cast", "boxed"}
    | {
        "DefaultIfEmpty",
        "toImmutableList",
        "AsQueryable",
        "ToImmutableList",
        "ToListAsync",
        "ToArrayAsync",
        "asReversed",
    }
)
TAKERS = frozenset(
    {"pop", "popleft", "find", "at", "shift", "findFirst", "findAny", "first", "last", "firstOrNull", "lastOrNull"}
    | {"single", "singleOrNull", "getFirst", "getLast", "elementAt", "getOrNull", "next", "poll", "First", "Last"}
    | {
        "FirstOrDefault",
        "LastOrDefault",
        "Single",
        "SingleOrDefault",
        "ElementAt",
        "random",
        "removeFirst",
        "removeLast",
    }
    | {"removeAt"}
)
# Of one row that may be missing, or that is still to come: the row itself, or a function that is called with it.
UNWRAPPERS = frozenset(
    {
        "get",
        "build",
        "orElse",
        "orElseThrow",
        "orElseGet",
        "orElseNull",
        "getOrThrow",
        "getOrNull",
        "getOrElse",
        "block",
        "join",
    }
    | {"stream", "toOptional", "ConfigureAwait", "AsTask", "GetAwaiter", "GetResult", "or", "switchIfEmpty", "getNow"}
)
CALLED_WITH_ROW = frozenset(
    {"map", "flatMap", "filter", "ifPresent", "ifPresentOrElse", "thenApply", "thenAccept", "thenCompose", "subscribe"}
    | {"doOnNext", "doOnSuccess", "takeIf", "takeUnless"}
)

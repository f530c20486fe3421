"""Names of generic types that every language has, by what a value of them is made of."""

from __future__ import annotations

MANY = frozenset(
    {"list", "List", "set", "Set", "frozenset", "FrozenSet", "Sequence", "Iterable", "Iterator", "Collection"}
    | {"Generator", "AsyncGenerator", "AsyncIterator", "AsyncIterable", "MutableSequence", "deque", "Deque"}
    | {"Array", "ReadonlyArray", "AbstractSet", "Page", "ListResource", "Paginated"}
)
KEYED = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "Record", "Map"}
    | {"Dictionary", "IDictionary", "IReadOnlyDictionary", "ConcurrentDictionary", "SortedDictionary", "ILookup"}
    | {"MutableMap", "HashMap", "LinkedHashMap", "TreeMap", "SortedMap", "ConcurrentMap", "ConcurrentHashMap"}
)
INNER = frozenset(
    {"Annotated", "Optional", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "Promise", "Partial"}
    | {"TypeGuard", "TypeIs", "NonNullable", "Readonly", "AsyncContextManager", "ContextManager"}
    | {"AbstractAsyncContextManager", "AbstractContextManager", "Awaited", "Task", "Future"}
    | {"Expand", "Simplify", "Prettify", "DeepReadonly", "Jsonify", "SerializeFrom"}
)
LAST = frozenset({"Awaitable", "Coroutine"})
PLAIN = frozenset(
    {"int", "str", "bool", "float", "bytes", "None", "Any", "object", "dict", "list", "tuple", "set", "type"}
    | {"string", "number", "boolean", "void", "any", "unknown", "undefined", "null", "never", "datetime", "UUID"}
)
# Functions: what matters is what they return, the last argument.
FUNCTIONS = frozenset({"Func", "Function", "BiFunction"})

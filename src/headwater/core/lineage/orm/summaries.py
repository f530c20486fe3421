"""Learns what functions without type annotations return, and what they do with mapping arguments.

It runs twice: the second round uses the results of the first. Only functions with incomplete signatures are examined,
so typed code costs next to nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable as Fn
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage import pickles
from headwater.core.lineage.cache import Cache, key_of, remembered
from headwater.core.lineage.file_names import flat
from headwater.core.lineage.orm.assignments import bind
from headwater.core.lineage.orm.expressions import evaluate
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex, own_of
from headwater.core.lineage.orm.lazy_index import LazyIndex, Summaries
from headwater.core.lineage.orm.name_heuristics import by_name
from headwater.core.lineage.orm.signatures import Summary
from headwater.core.lineage.orm.statements import enter, run
from headwater.core.lineage.orm.templates import SHARED
from headwater.core.lineage.orm.values import (
    Callable,
    Cell,
    ClassValue,
    Dict,
    Entity,
    InstanceValue,
    Keyed,
    ListValue,
    Object,
    Parameter,
    QueryValue,
    ResultOf,
    Row,
    TypeOf,
    Union,
    Value,
    Variable,
    each,
    union,
)
from headwater.core.lineage.orm.vocabularies import words_of_language
from headwater.readers import Vocabulary

ROUNDS = 2
Key = tuple[str, str]
Modules = Fn[[list[str]], Mapping[str, f.Module]]
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "Any", "TypedDict", "object"})
_ANYTHING = frozenset({"any", "unknown"})
_HANDED = (InstanceValue, Entity, Object, ClassValue, ListValue, QueryValue, Row, Union)
_DIGEST = 20  # size of the digest before pickled findings


class _Definition(NamedTuple):
    """A function or method of a file: its dotted name, the value of `self`, and the body of the class around it."""

    name: str
    stmt: f.Function
    own: Value
    around: tuple[f.Stmt, ...]


class _Findings(NamedTuple):
    """What the functions of one file say: of themselves, and in source order of the functions that they call.

    `arguments` are those without a declared type, `results` what results are used as, `members` what attributes of
    objects are.
    """

    summaries: dict[str, Summary]
    arguments: list[tuple[Key, str, Value]]
    results: list[tuple[Key, Value]]
    members: list[tuple[Key, Value]]


def summarise(index: LazyIndex, file_keys: Mapping[str, bytes], modules: Modules, cache: Cache) -> LazyIndex:
    """Return the index with summaries of the functions of these files.

    Args:
        index: what is known about the code base before.
        file_keys: the digest of the facts of each file in a language of the index, by path.
        modules: returns the facts of files.
        cache: findings of earlier scans; those of a file depend on its facts and the index, and have both in their key.
    """
    paths = sorted(file_keys)
    whole = _examines_all(index, file_keys, modules, cache)
    for _ in range(ROUNDS):
        keys = {path: key_of("summaries", index.key, file_keys[path], bytes([whole])) for path in paths}
        compute = partial(_of_files, index, modules, whole)
        encoded = remembered(cache, keys, compute)
        key = key_of("summarised", index.key, *(encoded[path][:_DIGEST] for path in paths))
        index = LazyIndex(key, index.data, index.symbols, partial(_combined, [(path, encoded[path]) for path in paths]))
    return index


def _examines_all(index: LazyIndex, file_keys: Mapping[str, bytes], modules: Modules, cache: Cache) -> bool:
    """Return True if every function is examined: if most signatures have no types, what callers pass justifies it."""
    vocabularies = index.data.vocabularies
    if any(words.opens for words in vocabularies.values()):  # rows have no types where tables are texts
        return True
    names = ",".join(vocabularies).encode()
    keys = {path: key_of("open functions", names, key) for path, key in file_keys.items()}

    def compute(paths: list[str]) -> dict[str, bytes]:
        return {path: _count(module, vocabularies) for path, module in modules(paths).items()}

    counts = [(value[:4], value[4:]) for value in remembered(cache, keys, compute).values()]
    every, opened = (sum(int.from_bytes(count, "little") for count in column) for column in zip(*counts, strict=True))
    return opened > every / 2


def _count(module: f.Module, vocabularies: Mapping[str, Vocabulary]) -> bytes:
    words = words_of_language(vocabularies, module.language)
    functions = [stmt for _, stmt, _ in _functions(module.body)]
    opened = sum(_is_open(stmt, words) for stmt in functions)
    return len(functions).to_bytes(4, "little") + opened.to_bytes(4, "little")


def _of_files(index: LazyIndex, modules: Modules, whole: bool, paths: list[str]) -> dict[str, bytes]:
    return {path: _encode(_of_file(index.value, module, whole)) for path, module in modules(paths).items()}


def _encode(findings: _Findings) -> bytes:
    """Return findings as bytes that begin with a digest, which is the same for equal findings.

    What is pickled is not: it depends on which of its parts are the same object.
    """
    return hashlib.blake2b(repr(findings).encode(), digest_size=_DIGEST).digest() + pickles.dumps(tuple(findings))


def _of_file(index: CodeIndex, module: f.Module, whole: bool) -> _Findings:
    findings = _Findings({}, [], [], [])
    for definition in _definitions(index, module):
        if whole or _is_open(definition.stmt, index.words(module.path)):
            findings.summaries[definition.name] = _summary(index, module.path, definition, findings)
    summaries = {name: summary for name, summary in findings.summaries.items() if summary != Summary()}
    return findings._replace(summaries=summaries)


def _combined(encoded: list[tuple[str, bytes]]) -> Summaries:
    """Return the summaries that the findings of all files make together."""
    findings = [(path, _Findings(*pickles.loads(data[_DIGEST:]))) for path, data in encoded]
    summaries = {(path, name): known for path, file in findings for name, known in file.summaries.items()}
    arguments: dict[Key, dict[str, Value]] = {}
    results: dict[Key, dict[Value, None]] = {}
    members: dict[Key, Value] = {}
    for _, file in findings:
        for key, name, value in file.arguments:
            known = arguments.setdefault(key, {})
            known[name] = union(known.get(name), value)
        for key, value in file.results:
            results.setdefault(key, {})[value] = None
        for key, value in file.members:
            members[key] = union(members.get(key), value)
    for key, parameters in arguments.items():
        summaries[key] = msgspec.structs.replace(summaries.get(key, Summary()), parameters=parameters)
    for key, member in members.items():
        summaries[key] = Summary(member)
    for key, shapes in results.items():
        summaries[key] = msgspec.structs.replace(summaries.get(key, Summary()), shapes=tuple(shapes))
    return {key: summary for key, summary in summaries.items() if summary != Summary()}


def _definitions(index: CodeIndex, module: f.Module) -> Iterator[_Definition]:
    owners: dict[str, Value] = {}
    for name, stmt, around in _functions(module.body):
        owner = name.rpartition(".")[0]
        if owner and owner not in owners:
            owners[owner] = own_of(index, module.path, owner)
        yield _Definition(name, stmt, owners.get(owner), around)


def _functions(body: tuple[f.Stmt, ...], prefix: str = "") -> Iterator[tuple[str, f.Function, tuple[f.Stmt, ...]]]:
    """Yield the functions and methods of a body with their dotted names and the bodies of their classes."""
    for stmt in flat(body):
        if isinstance(stmt, f.Function):
            yield prefix + stmt.name, stmt, body if prefix else ()
        elif isinstance(stmt, f.Class):
            yield from _functions(stmt.body, f"{prefix}{stmt.name}.")


def _is_open(stmt: f.Function, words: Vocabulary) -> bool:
    """Return True if a signature does not say enough about a function: no type, or one that only says "several"."""
    if stmt.returns is None or dotted_name(stmt.returns) in _MAPPINGS or dotted_name(stmt.returns) in words.types:
        return not (stmt.name.startswith("test_") or stmt.name == "__init__")
    if stmt.name in words.model_methods:
        return True
    return any(param.kind == "**" or _is_mapping(param.annotation) for param in stmt.params)


def _is_mapping(annotation: f.Expr | None) -> bool:
    if isinstance(annotation, f.Binary):
        return _is_mapping(annotation.left) or _is_mapping(annotation.right)
    head = annotation.value if isinstance(annotation, f.Subscript) else annotation
    return dotted_name(head).rsplit(".", 1)[-1] in _MAPPINGS


def _summary(index: CodeIndex, path: str, definition: _Definition, findings: _Findings) -> Summary:
    """Examine one function; what it says of others is added to the findings."""
    name, stmt, own, around = definition
    frame = Frame(index, path, evaluate, run, bind)
    frame.calls = []
    try:
        enter(frame, stmt, own, name)
    except Exception:  # the pass that examines the whole file meets it again, and reports the file
        return Summary()
    for function, params, values in frame.calls:
        open_params = tuple(param for param in params if _is_weak(param, frame.words))
        findings.arguments.extend(_handed_in(function, open_params, values))
    findings.results.extend(((result.path, result.name), shape) for result, shape in frame.shapes)
    if frame.words.queries_models:
        findings.members.extend(_members(frame, own, around))
    effects = tuple(dict.fromkeys(effect for effect in frame.effects if effect.target))
    return Summary(lasting(_returned(frame, stmt, own)), effects)


def _returned(frame: Frame, stmt: f.Function, own: Value) -> Value:
    says = dotted_name(stmt.returns) if stmt.returns is not None else "Any"
    is_said = says not in _MAPPINGS and says not in frame.words.types and stmt.name not in frame.words.model_methods
    returns = None if is_said else union(*frame.returns)
    passed = _passed_on(stmt)
    if passed and frame.words.queries_models and not is_said:
        returns = Parameter(passed)
    if isinstance(own, Object):
        returns = union(*(Variable("Self") if item == own else item for item in each(returns)))
    return returns


def _passed_on(stmt: f.Function) -> str:
    """Return the parameter that a function returns in all of its returns, or ""."""
    names = {param.name for param in stmt.params if param.annotation is None}
    values = [inner.value for inner in flat(stmt.body) if isinstance(inner, f.Return)]
    returned = {value.id if isinstance(value, f.Name) else "" for value in values}
    return returned.pop() if len(returned) == 1 and returned <= names else ""


def _members(frame: Frame, own: Value, around: tuple[f.Stmt, ...]) -> Iterator[tuple[Key, Value]]:
    """Yield what a method assigns to attributes of its object, and what it hands to views.

    If callers pass the value of an attribute, it is a row by its name and its use in the class around the method.
    """
    for name, value in frame.env.items():
        receiver, _, attribute = name.partition(".")
        if isinstance(own, Object) and attribute and receiver in ("self", "this"):
            if isinstance(value, Parameter):
                value = by_name(frame.index, own.path, attribute, around) or value
            yield (own.path, f"{own.name}@{attribute}"), _doubtful(lasting(value))
    for name, value in frame.shared:
        yield ("", SHARED + name), _doubtful(lasting(value))


def _is_weak(param: f.Param, words: Vocabulary) -> bool:
    """Return True if a parameter's type does not say of which model its rows are."""
    return _is_untyped(param.annotation) or words.types.get(dotted_name(param.annotation).rpartition(".")[2]) == "query"


def _handed_in(
    function: Callable, params: tuple[f.Param, ...], values: dict[str, Value]
) -> Iterator[tuple[Key, str, Value]]:
    """Yield the arguments of a call for parameters without a type."""
    for param in params:
        if not param.kind and isinstance(values.get(param.name), _HANDED):
            yield (function.path, function.name), param.name, _doubtful(lasting(values[param.name]))


def _is_untyped(annotation: f.Expr | None) -> bool:
    """Return True if a parameter has no type, or one that can be anything: `any`, `any[]`."""
    inner = annotation.index if isinstance(annotation, f.Subscript) else annotation
    return inner is None or (isinstance(inner, f.Name) and inner.id in _ANYTHING)


def _doubtful(value: Value) -> Value:
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, value.why, False)
    if isinstance(value, ListValue):
        return ListValue(_doubtful(value.item))
    return union(*(_doubtful(item) for item in value.items)) if isinstance(value, Union) else value


def lasting(value: Value) -> Value:
    """Return a value without the parts that belong to one function: pending usages, spans, mutable mappings."""
    keep = _LASTING.get(type(value))
    return keep(value) if keep else None


def _lasting_query(value: QueryValue) -> QueryValue:
    items = tuple(map(lasting, value.items))
    return msgspec.structs.replace(value, items=items, at=(0, 0), deferred=())


def _lasting_object(value: Dict) -> Value:
    """Return an object that a function returns, as its rows and functions by name, if there are any.

    Another one can be a part of a query, which the use of the result decides. Objects inside of it are left out: one
    that is held in several places would be written out for each.
    """
    known = [(entry.key, lasting(entry.value) if _is_flat(entry.value) else None) for entry in value.entries]
    if all(item is None for _, item in known):
        return None
    return Row(tuple(item for _, item in known), tuple(name for name, _ in known))


def _is_flat(value: Value) -> bool:
    """Return True for rows, a list of rows, or a function."""
    inner = value.item if isinstance(value, ListValue) else value
    return isinstance(inner, InstanceValue) or (isinstance(value, Callable) and value.owner is None)


_LASTING: dict[type, Fn[[Any], Value]] = {
    **{kind: lambda value: value for kind in (Entity, Cell, Object, ClassValue, TypeOf, Variable, ResultOf, Parameter)},
    Callable: lambda value: value,
    Dict: _lasting_object,
    InstanceValue: lambda value: InstanceValue(value.model, value.why, value.sure),
    ListValue: lambda value: ListValue(lasting(value.item)),
    Keyed: lambda value: Keyed(lasting(value.value)),
    Row: lambda value: Row(tuple(map(lasting, value.items)), value.names),
    QueryValue: _lasting_query,
    Union: lambda value: union(*map(lasting, value.items)),
}

"""Mapper documents and the annotations of mapper interfaces: which class receives which columns of which statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.markup import MarkupElement, parse
from headwater.readers import CodeProject, SourceFile
from headwater.readers._annotations import annotation, items, last, value
from headwater.readers.mybatis.classes import ClassIndex, JavaClass

_STATEMENTS = ("select", "insert", "update", "delete")
_RESULTS = ("id", "result", "idArg", "arg")
_INSIDE = ("association", "collection", "discriminator")
_ELEMENTS = frozenset({"mapper", "resultMap", "sql", "include", *_STATEMENTS, *_RESULTS, *_INSIDE})
ANNOTATIONS = ("Select", "Insert", "Update", "Delete")


class Received(msgspec.Struct):
    """A class with the columns of its attributes, and the SQL of its rows; `stored`: it also stores them."""

    cls: JavaClass
    pairs: dict[str, str] = {}
    texts: list[str] = []
    stored: bool = False


def of_document(file: SourceFile, classes: ClassIndex) -> Iterator[Received]:
    """Yield what the result maps and the statements of a mapper document say of classes."""
    text = file.source.decode("utf-8", "replace")
    for mapper in parse(text, _ELEMENTS).inside("mapper"):
        maps = {element.attributes.get("id", ""): element for element in mapper.inside("resultMap")}
        fragments = {element.attributes.get("id", ""): element for element in mapper.inside("sql")}
        statements = [(element, _sql(text, element, fragments)) for element in mapper.inside(*_STATEMENTS)]
        for name, element in maps.items():
            cls = classes.named(element.attributes.get("type", ""))
            texts = [sql for each, sql in statements if _short(each, "resultMap") == name]
            if cls is not None:
                yield Received(cls, _pairs(element, maps), texts)
        interface = classes.named(mapper.attributes.get("namespace", ""))
        for each, sql in statements:
            cls = classes.named(each.attributes.get("resultType", ""))
            if cls is not None:
                yield Received(cls, {}, [sql])
            for given in _given(each, interface, classes) if each.name in ("insert", "update") else ():
                yield Received(given, {}, [sql], True)


def _given(statement: MarkupElement, interface: JavaClass | None, classes: ClassIndex) -> Iterator[JavaClass]:
    """Yield the classes of the arguments of a statement, by its attribute or by the method that it belongs to."""
    named = classes.named(statement.attributes.get("parameterType", ""))
    if named is not None:
        yield named
    for method in interface.stmt.body if interface and named is None else ():
        if isinstance(method, f.Function) and method.name == statement.attributes.get("id"):
            known = (classes.element(interface.path, param.annotation) for param in method.params) if interface else ()
            yield from (cls for cls in known if cls is not None)


def _short(element: MarkupElement, key: str) -> str:
    return element.attributes.get(key, "").rpartition(".")[2]


def _sql(text: str, element: MarkupElement, fragments: dict[str, MarkupElement]) -> str:
    included = (fragments.get(_short(inner, "refid")) for inner in element.inside("include"))
    around = [text[part.start : part.end] for part in included if part is not None and part is not element]
    return " ".join([*around, text[element.start : element.end]])


def _pairs(element: MarkupElement, maps: dict[str, MarkupElement]) -> dict[str, str]:
    """Return the columns of attributes in a result map, with those of the map that it extends."""
    above = maps.get(_short(element, "extends"))
    pairs = _pairs(above, maps) if above is not None and above is not element else {}
    for result in element.children:
        if isinstance(result, MarkupElement) and result.name in _RESULTS:
            name, column = result.attributes.get("property") or result.attributes.get("name"), result.attributes
            if name and column.get("column"):
                pairs[name] = column["column"].strip('`"[]')
    return pairs


def of_interface(file: SourceFile, project: CodeProject, classes: ClassIndex) -> Iterator[Received]:
    """Yield what the annotations of mapper interfaces in a file say of classes."""
    module = project.module(file.path)
    for cls in (stmt for stmt in module.body if isinstance(stmt, f.Class)) if module else ():
        for method in (stmt for stmt in cls.body if isinstance(stmt, f.Function)):
            statement = annotation(method.decorators, *ANNOTATIONS)
            text = " ".join(_literals(items(value(statement, "value"))))
            if not text:
                continue
            received = classes.element(file.path, method.returns)
            if received is not None:
                yield Received(received, dict(_results(method.decorators)), [text])
            if last(statement) in ("Insert", "Update"):
                known = (classes.element(file.path, param.annotation) for param in method.params)
                yield from (Received(given, {}, [text], True) for given in known if given is not None)


def _literals(exprs: Iterable[f.Expr]) -> Iterator[str]:
    for expr in exprs:
        if isinstance(expr, f.Text):
            yield "".join(part.text for part in expr.parts if isinstance(part, f.Chunk))
        elif isinstance(expr, f.Binary):
            yield from _literals((expr.left, expr.right))


def _results(decorators: tuple[f.Expr, ...]) -> Iterator[tuple[str, str]]:
    """Yield the attributes and columns of `@Results({@Result(property = "name", column = "user_name")})`."""
    results = annotation(decorators, "Results")
    for result in items(value(results, "value")):
        names = ["".join(_literals(items(value(result, key)))) for key in ("property", "column")]
        if all(names):
            yield names[0], names[1].strip('`"[]')

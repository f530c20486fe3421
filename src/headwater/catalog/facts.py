"""Facts: source code of any language as one small tree; lineage sees nothing else of a language.

Each language converts its syntax tree to these few nodes and drops the tree. Whatever does not concern data
(visibility, async, casts without effect) is left out: `await x` is `x`, `(x)` is `x`, `x!` is `x`. Positions are byte
offsets into the UTF-8 source and mark the *name* that a reader of the code would point at. Nodes are msgspec structs so
that they can be pickled, cached and sent between processes as bytes (`encode`, `decode`).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="node"):
    """A node with the half-open byte range of the name or token that it is about."""

    start: int
    end: int


# ---------------------------------------------------------------- expressions


class Name(Node, frozen=True, tag=1):
    """A variable, or in a type position a type."""

    id: str


class Attr(Node, frozen=True, tag=2):
    """`value.name`; the range is that of `name`."""

    value: Expr
    name: str


class Call(Node, frozen=True, tag=3):
    """`func(args, keywords)`, also `new func(…)` and a tagged template; the range is that of the whole call."""

    func: Expr
    args: tuple[Expr, ...] = ()
    keywords: tuple[Keyword, ...] = ()


class Keyword(Node, frozen=True, tag=4):
    """`name=value` in a call or class header; name None is `**value`. The range is that of `name`."""

    name: str | None
    value: Expr


class Subscript(Node, frozen=True, tag=5):
    """`value[index]`, also a generic type `value<index>` (several arguments: a Sequence)."""

    value: Expr
    index: Expr


class Chunk(Node, frozen=True, tag=6):
    """Literal text of a string. Where its UTF-8 length differs from its range it is an escape sequence."""

    text: str


class Text(Node, frozen=True, tag=7):
    """A string: chunks and holes (expressions of an f-string or template) in order; adjacent literals are one."""

    parts: tuple[Expr, ...] = ()


class Const(Node, frozen=True, tag=8):
    """A number, boolean, None/null/undefined or other literal, as the source spells it."""

    text: str


class Binary(Node, frozen=True, tag=9):
    """`left op right`; op as the language spells it, lower-case (`and`, `||`, `==`, `+`, `in`, `not in`, `is`)."""

    op: str
    left: Expr
    right: Expr


class Unary(Node, frozen=True, tag=10):
    """`op operand` (`not`, `-`, `~`, `!`, `typeof`)."""

    op: str
    operand: Expr


class SequenceExpr(Node, frozen=True, tag=11):
    """A list, tuple, set or array literal, and several expressions in one place."""

    items: tuple[Expr, ...] = ()


class DictEntry(Node, frozen=True, tag=12):
    """`key: value` of a mapping; key None is a spread. A plain JS key is a Text; the range is that of the key."""

    key: Expr | None
    value: Expr


class Mapping(Node, frozen=True, tag=13):
    """A dict or object literal; shorthand `{a}` is an Entry whose value is Name a."""

    entries: tuple[DictEntry, ...] = ()


class Lambda(Node, frozen=True, tag=14):
    """An anonymous function; an expression body is one Return."""

    params: tuple[Param, ...]
    body: tuple[Stmt, ...]


class Comprehension(Node, frozen=True, tag=15):
    """`[element for target in iterable if …]`; a dict comprehension's element is a Sequence of two."""

    element: Expr
    clauses: tuple[Clause, ...]


class Clause(Node, frozen=True, tag=16):
    """One `for target in iterable if conditions` of a comprehension."""

    target: Expr
    iterable: Expr
    conditions: tuple[Expr, ...] = ()


class Choice(Node, frozen=True, tag=17):
    """`then if test else otherwise`, `test ? then : otherwise`."""

    test: Expr
    then: Expr
    otherwise: Expr


class Spread(Node, frozen=True, tag=18):
    """`*value`, `...value`."""

    value: Expr


class Cast(Node, frozen=True, tag=19):
    """`value as type`, `<type>value`, `value satisfies type`."""

    value: Expr
    type: Expr


class Bind(Node, frozen=True, tag=20):
    """An assignment that is an expression: `(name := value)`, JS `a.b = value`."""

    target: Expr
    op: str
    value: Expr


# ----------------------------------------------------------------- statements


class Assign(Node, frozen=True, tag=30):
    """`targets = value` with op `=` or `+=` …; `annotation` is the declared type; a bare declaration has no value.

    `decorators` are what stands at a field of a class: annotations, attributes, the tags of a Go struct (a Text).
    """

    targets: tuple[Expr, ...]
    value: Expr | None = None
    annotation: Expr | None = None
    op: str = "="
    decorators: tuple[Expr, ...] = ()


class Do(Node, frozen=True, tag=31):
    """An expression statement; also `del x`, `throw x`, `assert x` with their keyword in `word`."""

    value: Expr
    word: str = ""


class Return(Node, frozen=True, tag=32):
    """`return value`; with word `yield`, `yield value`; with `yield from`, every item of the value."""

    value: Expr | None = None
    word: str = "return"


class Branch(Node, frozen=True, tag=33):
    """`if`/`elif`/`else`, `switch`: a test and what follows either way."""

    test: Expr
    body: tuple[Stmt, ...]
    otherwise: tuple[Stmt, ...] = ()


class Loop(Node, frozen=True, tag=34):
    """`for target in iterable` (target None: a `while` whose condition is `iterable`)."""

    target: Expr | None
    iterable: Expr | None
    body: tuple[Stmt, ...]


class Scope(Node, frozen=True, tag=35):
    """`with`, `try` and plain blocks: context values bound to targets (a Binary `as` each), then the body in order."""

    items: tuple[Expr, ...]
    body: tuple[Stmt, ...]


class Param(Node, frozen=True, tag=36):
    """A parameter: `kind` is "", "*", "**" or, for a named receiver as in Go and Rust, "self".

    A destructured parameter has its pattern in `pattern`.
    """

    name: str
    annotation: Expr | None = None
    default: Expr | None = None
    kind: str = ""
    pattern: Expr | None = None


class Function(Node, frozen=True, tag=37):
    """A function or method; the range is that of its name (an arrow function bound to a const has that name)."""

    name: str
    params: tuple[Param, ...]
    returns: Expr | None
    decorators: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    exported: bool = False


class Class(Node, frozen=True, tag=38):
    """A class, struct, interface, trait, record, enum or type alias of an object type, as `kind` says.

    Fields are Assigns. Kind `extension` adds members to the class of this name in the same scope (see
    `headwater.languages`): Go methods, Rust `impl` blocks, further parts of a C# partial class, a reopened Ruby class,
    Kotlin extension functions.
    """

    name: str
    bases: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    decorators: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    kind: str = "class"
    exported: bool = False


class Import(Node, frozen=True, tag=39):
    """One imported name.

    `import a.b as c` is (module="a.b", name=None, alias="c"); `from a import b` is ("a", "b", "b"); a star has
    name "*" (with the alias "global" it holds for all files below its folder, as a `global using` does); a JS default
    import has name "default". Relative Python modules keep their leading dots.
    """

    module: str
    name: str | None
    alias: str


class Export(Node, frozen=True, tag=40):
    """`export {local as name} from module`, `export * from module` (name "*"); default has name "default"."""

    name: str
    local: str | None = None
    module: str | None = None


Expr: TypeAlias = (
    Name
    | Attr
    | Call
    | Keyword
    | Subscript
    | Chunk
    | Text
    | Const
    | Binary
    | Unary
    | SequenceExpr
    | DictEntry
    | Mapping
    | Lambda
    | Comprehension
    | Choice
    | Spread
    | Cast
    | Bind
)
Stmt: TypeAlias = Assign | Do | Return | Branch | Loop | Scope | Function | Class | Import | Export


class Module(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The facts of one file. `errors` counts the places where the parser had to guess.

    `package` is the package or namespace that the file declares, its parts joined by dots. `failure` is the error that
    left the file without facts, if there was one.
    """

    path: str
    language: str
    body: tuple[Stmt, ...]
    lines: int
    errors: int = 0
    package: str = ""
    failure: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Module)


def encode(module: Module) -> bytes:
    """Return the facts as compact bytes, for the cache and for other processes."""
    return _encoder.encode(module)


def decode(data: bytes) -> Module:
    """Return facts from the bytes that `encode` returned."""
    return _decoder.decode(data)

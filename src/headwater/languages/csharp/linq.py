"""C# query syntax to method calls, as the language specification translates it.

Several range variables travel as one object, which the next lambda takes apart by a pattern:
`from u in A join o in B on u.Id equals o.UserId where o.Paid select o.Total` is
`A.Join(B, u => u.Id, o => o.UserId, (u, o) => {u, o}).Where({u, o} => o.Paid).Select({u, o} => o.Total)`.
"""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import Lower, constant, returned, word
from headwater.languages.csharp.grammar import kinds

_FROM, _JOIN, _INTO, _LET = (
    kinds("from_clause"),
    kinds("join_clause"),
    kinds("join_into_clause"),
    kinds("let_clause"),
)
_WHERE, _ORDER, _SELECT = kinds("where_clause"), kinds("order_by_clause"), kinds("select_clause")
_GROUP, _IDENTIFIER = kinds("group_clause"), kinds("identifier")
_COMMENT = kinds("comment")


class _Query:
    """A query so far: the calls, and the names that the next clause can use."""

    def __init__(self, value: f.Expr, variable: f.Name) -> None:
        self.value = value
        self.variables = [variable]

    def call(self, clause: Node, method: str, *args: f.Expr) -> None:
        """Add a call of a method."""
        start = clause.start_byte
        func = f.Attr(start, start, self.value, method)
        self.value = f.Call(self.value.start, clause.end_byte, func, args)

    def lambda_(self, clause: Node, body: f.Expr, more: tuple[f.Name, ...] = ()) -> f.Lambda:
        """Return a function of the range variables, and of `more` as a parameter each."""
        start, end = clause.start_byte, clause.end_byte
        others = tuple(f.Param(name.start, name.end, name.id) for name in more)
        return f.Lambda(start, end, (self._parameter(), *others), returned(body))

    def _parameter(self) -> f.Param:
        first = self.variables[0]
        if len(self.variables) == 1:
            return f.Param(first.start, first.end, first.id)
        return f.Param(first.start, first.end, "", pattern=self.together())

    def together(self, *more: tuple[f.Name, f.Expr]) -> f.Mapping:
        """Return the range variables, and further ones with their values, as one object."""
        pairs = [*((name, name) for name in self.variables), *more]
        entries = tuple(f.DictEntry(name.start, name.end, _key(name), value) for name, value in pairs)
        return f.Mapping(self.variables[0].start, self.variables[0].end, entries)


def _key(name: f.Name) -> f.Text:
    return f.Text(name.start, name.end, (f.Chunk(name.start, name.end, name.id),))


def query(node: Node, source: bytes, lower: Lower) -> f.Expr:
    """Lower a query expression; `lower` lowers the expressions in its clauses."""
    state: _Query | None = None
    for clause in node.named_children:
        if state is None:
            if clause.kind_id in _FROM:
                state = _Query(*_source(clause, source, lower))
        elif clause.kind_id in _IDENTIFIER:  # a continuation: `into x`
            state.variables = [_name(clause, source)]
        else:
            _apply(state, clause, source, lower)
    return constant(node, source) if state is None else state.value


def _name(node: Node, source: bytes) -> f.Name:
    return f.Name(node.start_byte, node.end_byte, word(node, source))


def _parts(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.kind_id not in _COMMENT]


def _source(clause: Node, source: bytes, lower: Lower) -> tuple[f.Expr, f.Name]:
    parts, name = _parts(clause), clause.child_by_field_name("name") or clause
    value = lower(parts[-1], source)
    if (typed := clause.child_by_field_name("type")) is not None:
        kind = lower(typed, source)
        value = f.Cast(value.start, value.end, value, f.Subscript(kind.start, kind.end, _named(kind, "list"), kind))
    return value, _name(name, source)


def _named(at: f.Expr, text: str) -> f.Name:
    return f.Name(at.start, at.start, text)


def _apply(state: _Query, clause: Node, source: bytes, lower: Lower) -> None:
    kind, parts = clause.kind_id, _parts(clause)
    if not parts:
        return
    if kind in _WHERE:
        state.call(clause, "Where", state.lambda_(clause, lower(parts[0], source)))
    elif kind in _SELECT:
        state.call(clause, "Select", state.lambda_(clause, lower(parts[0], source)))
    elif kind in _ORDER:
        _order(state, clause, source, lower)
    elif kind in _JOIN:
        _join(state, clause, source, lower)
    elif kind in _FROM:
        value, name = _source(clause, source, lower)
        inner = state.lambda_(clause, value)
        state.call(clause, "SelectMany", inner, state.lambda_(clause, state.together((name, name)), (name,)))
        state.variables.append(name)
    elif kind in _LET and len(parts) > 1:
        name = _name(parts[0], source)
        state.call(clause, "Select", state.lambda_(clause, state.together((name, lower(parts[-1], source)))))
        state.variables.append(name)
    elif kind in _GROUP and len(parts) > 1:
        element, key = lower(parts[0], source), lower(parts[1], source)
        state.call(clause, "GroupBy", state.lambda_(clause, key), state.lambda_(clause, element))


def _order(state: _Query, clause: Node, source: bytes, lower: Lower) -> None:
    method = "OrderBy"
    children = clause.children
    for child, following in zip(children, [*children[1:], None], strict=True):
        if child.is_named and child.kind_id not in _COMMENT:
            falling = following is not None and following.type == "descending"
            name = f"{method}Descending" if falling else method
            state.call(clause, name, state.lambda_(clause, lower(child, source)))
            method = "ThenBy"


def _join(state: _Query, clause: Node, source: bytes, lower: Lower) -> None:
    into = next((child for child in clause.named_children if child.kind_id in _INTO), None)
    parts = [child for child in _parts(clause) if child.kind_id not in _INTO]
    if len(parts) < 4:
        return
    name_at, other, left, right = parts[-4:]
    name = _name(name_at, source)
    key = f.Lambda(
        clause.start_byte,
        clause.end_byte,
        (f.Param(name.start, name.end, name.id),),
        returned(lower(right, source)),
    )
    joined = _name(into.named_children[0], source) if into is not None and into.named_children else name
    result = state.lambda_(clause, state.together((joined, joined)), (joined,))
    method = "Join" if joined is name else "GroupJoin"
    state.call(clause, method, lower(other, source), state.lambda_(clause, lower(left, source)), key, result)
    state.variables.append(joined)

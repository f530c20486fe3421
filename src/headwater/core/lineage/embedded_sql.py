"""SQL in strings and SQL files: every rope that is a statement is parsed, and its columns are claimed.

A string counts as SQL if it begins like a statement, some dialect can parse it, and it names a table of the Schema. A
string that names such a table and cannot be parsed is reported as not understood. Annotations can hold statements, too,
and texts can have elements that make parts of a statement optional (`sql_markup`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import msgspec
from sqlglot import exp

from headwater.catalog import facts as f
from headwater.catalog import sqltext
from headwater.catalog.fact_queries import called_name, options
from headwater.catalog.model import Schema
from headwater.catalog.usages import Evidence
from headwater.core.lineage import routines
from headwater.core.lineage.claims import Claim, Missed
from headwater.core.lineage.ropes import Flat, Piece, Rope, blank_fill, flatten, name_fill, rope_of
from headwater.core.lineage.sql_markup import SqlMarkup, is_markup
from headwater.core.lineage.sqlroles import ColumnRole, roles
from headwater.core.lineage.walk import annotated, functions

_STATEMENT = re.compile(
    r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(?:select\b.+?\bfrom\b|insert\s+(?:or\s+\w+\s+|ignore\s+)?into\b|update\b.+?\bset\b"
    r"|delete\s+(?:(?:\S+\s+)?from|[\w.\[\]]+\s+where)\b|with\s+(?:recursive\s+)?[\w\"`]+\s*(?:\([^)]*\)\s*)?as\b|merge\s+(?:into\s+)?\S+|replace\s+into\b"
    r"|create\s+(?:or\s+replace\s+|or\s+alter\s+)?(?:temp(?:orary)?\s+)?(?:materialized\s+)?view\b)",
    re.IGNORECASE | re.DOTALL,
)
_ROUTINE = re.compile(
    r"\s*(?:create|alter)\s+(?:or\s+(?:replace|alter)\s+)?(?:function|procedure|proc|trigger)\b", re.IGNORECASE
)
_VERB = re.compile(r"\b(?:select|insert|update|delete|merge|replace|with|create|alter)\b", re.IGNORECASE)
_INSIDE = re.compile(r"\(\s*(?:select|with|insert|update|delete)\b", re.IGNORECASE)
_PARENTHESES = re.compile(r"'(?:[^']|'')*'|[()]")
_WORDS = re.compile(r"[\w$]+")
_LONG_INSERT = re.compile(r"\s*(?:insert|replace)\b[^;]*?\bvalues\s*\(", re.IGNORECASE)
_DANGLING = re.compile(
    r"(?:\s+(?:where|and|or|having|on|limit|offset|set|(?:order|group)\s+by|(?:left|inner)\s+join|join|in))?(?:\s*[,(])?\s*\Z",
    re.IGNORECASE,
)
_LONG = 20_000
_APPENDS = frozenset({"append", "push", "add"})
_EXCERPT = 300


class _Names(msgspec.Struct):
    """The strings that names stand for, in one function and its module."""

    local: dict[str, f.Expr | f.Function]
    around: dict[str, f.Expr | f.Function]

    def lookup(self, name: str) -> f.Expr | f.Function | None:
        return self.local.get(name) or self.around.get(name)


def claims(
    module: f.Module, schema: Schema, annotations: frozenset[str] = frozenset()
) -> tuple[list[Claim], list[Missed]]:
    """Return the claims of all SQL in one file, and the SQL that could not be parsed.

    Args:
        module: the facts of the file.
        schema: the tables that SQL may speak of.
        annotations: the names of those that hold a statement.
    """
    finder = _Finder(module, schema)
    for symbol, body, roots in functions(module):
        finder.function(symbol, body, roots)
    for symbol, texts in annotated(module, annotations) if annotations else ():
        finder.annotation(symbol, texts)
    return finder.claims, finder.missed


class _Finder:
    """Collects the claims of one module."""

    def __init__(self, module: f.Module, schema: Schema) -> None:
        self.claims: list[Claim] = []
        self.missed: list[Missed] = []
        self._module = module
        self._schema = schema
        self._tables = {relation.name.casefold() for relation in schema}
        self._globals = _constants(module.body)
        self._is_document = module.language == "xml"
        self._is_part = False  # of a text that was searched as a whole

    def function(self, symbol: str, body: tuple[f.Stmt, ...], strings: list[f.Expr]) -> None:
        """Search the strings directly in one function."""
        if not strings:
            return
        lookup = _Names(_constants(body), self._globals).lookup
        whole: f.Expr | None = None
        for expr in strings:
            rope = rope_of(expr, lookup)
            self._is_part = whole is not None and whole.start <= expr.start and expr.end <= whole.end
            whole = whole if self._is_part or not isinstance(expr, f.Binary) else expr
            if rope and (self._is_document or _looks_like_sql(rope)):
                self._rope(rope, symbol)

    def annotation(self, symbol: str, texts: tuple[f.Expr, ...]) -> None:
        """Search the text of an annotation, whose lines can be those of an array."""
        ropes = [rope_of(expr, _Names({}, self._globals).lookup) for expr in texts]
        lines = [line for rope in ropes for line in (*(rope or (Piece("", -1, -1, hole=True),)), Piece(" ", -1, -1))]
        if _looks_like_sql(tuple(lines)):
            self._rope(tuple(lines), symbol)

    def _rope(self, rope: Rope, symbol: str) -> None:
        flat = flatten(rope)
        if self._is_document or is_markup(flat.text):
            self._markup(rope, flat, symbol)
            return
        whole = _STATEMENT.match(flat.text) or _ROUTINE.match(flat.text)
        if (not whole and not _INSIDE.search(flat.text)) or sqltext.is_foreign(flat.text):
            return
        if not self._names_table(flat.text):
            return
        if _ROUTINE.match(flat.text):
            self._routine(flat, symbol)
        elif not (whole and (self._statement(flat, 0, flat.text, symbol) or self._second_try(rope, symbol))):
            salvaged = self._salvage(flat, symbol)
            if whole and not salvaged and not self._is_part and not self._beginning(flat, symbol):
                self._miss(flat)

    def _names_table(self, text: str) -> bool:
        return any(word.casefold() in self._tables for word in _WORDS.findall(text))

    def _markup(self, rope: Rope, flat: Flat, symbol: str) -> None:
        """Claim what a text with elements stands for; it is missed if nothing of it can be parsed."""
        if not symbol:
            return  # a fragment: it is claimed where it is included
        markup = SqlMarkup(rope, _Names({}, self._globals).lookup)
        if not markup.includes and not self._names_table(flat.text):
            return
        parsed = [
            self._variant(variant, symbol) or self._reduced(markup, n, symbol) for n, variant in markup.variants()
        ]
        if not any(parsed):
            self._miss(flat)

    def _variant(self, rope: Rope, symbol: str) -> bool:
        flat = flatten(rope)
        return self._statement(flat, 0, flat.text, symbol) or self._second_try(rope, symbol)

    def _reduced(self, markup: SqlMarkup, number: int, symbol: str) -> bool:
        parsed = [self._variant(rope, symbol) for rope in markup.reduced(number, _parses)]
        return any(parsed)

    def _beginning(self, flat: Flat, symbol: str) -> bool:
        """Claim a statement whose end is put together elsewhere: `"select a from t where " + conditions`."""
        text = _DANGLING.sub("", flat.text)
        opened = ")" * max(0, text.count("(") - text.count(")"))
        return any(self._statement(flat, 0, tried, symbol) for tried in (text + opened, f"{text} 0{opened}"))

    def _salvage(self, flat: Flat, symbol: str) -> bool:
        """Claim the parenthesised queries of a text that is a statement only together with other texts."""
        any_claimed = False
        position = 0
        while opening := _INSIDE.search(flat.text, position):
            close = _closing(flat.text, opening.start())
            inside = flat.text[opening.start() + 1 : close]
            any_claimed = self._statement(flat, opening.start() + 1, inside, symbol) or any_claimed
            position = close
        return any_claimed

    def _second_try(self, rope: Rope, symbol: str) -> bool:
        if not any(piece.hole for piece in rope):
            return False
        tries = (flatten(rope, fill) for fill in (blank_fill, name_fill))
        return any(self._statement(flat, 0, flat.text, symbol) for flat in tries)

    def _statement(self, flat: Flat, offset: int, text: str, symbol: str) -> bool:
        """Claim the columns of statements whose text begins at `offset` of the rope; return False if none parses."""
        if len(text) > _LONG and (head := _LONG_INSERT.match(text)):
            text = text[: head.end()] + "0)"
        trees, _ = sqltext.parse(sqltext.mask(text))
        if not trees or any(isinstance(tree, exp.Command) for tree in trees):
            return False
        for tree in trees:
            for role in roles(tree, self._schema):
                self._claim(flat, offset, role, symbol)
        return True

    def _routine(self, flat: Flat, symbol: str) -> None:
        """Claim the columns of the statements in a routine's body, one by one; most parsers do not parse bodies."""
        for statement in routines.statements(flat.text):
            if not self._statement(flat, statement.start, statement.text, symbol):
                self._miss(flat, statement.start, statement.text)

    def _claim(self, flat: Flat, offset: int, role: ColumnRole, symbol: str) -> None:
        span = flat.span(offset + role.start, offset + role.end)
        if span is None:
            return
        why = Evidence(f"SQL {_PHRASES[role.usage_type]}; {role.why}.")
        self.claims.append(
            Claim(role.table, role.column, *span, symbol, role.usage_type, role.sub_type, "sql", role.tier, (why,))
        )

    def _miss(self, flat: Flat, start: int = 0, text: str = "") -> None:
        first_byte = next((piece.start for piece in flat.pieces if piece.start >= 0), 0)
        span = flat.span(start, start + 1)
        excerpt = " ".join((text or flat.text).split())[:_EXCERPT]
        self.missed.append(Missed(span[0] if span else first_byte, excerpt, "No SQL dialect can parse it."))


_PHRASES = {
    "read": "reads it",
    "write": "inserts it",
    "update": "sets it",
    "delete": "deletes rows",
    "join": "joins on it",
    "filter": "filters, sorts or groups by it",
    "projection": "selects it",
}


def _parses(rope: Rope) -> bool:
    """Return True if some dialect can parse a statement."""
    trees, _ = sqltext.parse(sqltext.mask(flatten(rope).text))
    return bool(trees) and not any(isinstance(tree, exp.Command) for tree in trees)


def _looks_like_sql(rope: Rope) -> bool:
    """Return True if some piece of the rope contains a word that every statement has; cheap."""
    return any(_VERB.search(piece.text) for piece in rope)


def _closing(text: str, opening: int) -> int:
    """Return the position of the parenthesis that matches the one at `opening`; quotes in SQL are balanced."""
    depth = 0
    for match in _PARENTHESES.finditer(text, opening):
        depth += 1 if match[0] == "(" else -1 if match[0] == ")" else 0
        if depth == 0:
            return match.start()
    return len(text)


def _constants(body: tuple[f.Stmt, ...]) -> dict[str, f.Expr | f.Function]:
    """Return the value of each name in a body, assigned once or built with `+=`; ambiguous names are left out."""
    values: dict[str, list[tuple[str, f.Expr]]] = defaultdict(list)
    for statement in _statements(body):
        if isinstance(statement, f.Do) and (added := _appended(statement.value)) is not None:
            values[added[0]].append(("append", added[1]))
        if isinstance(statement, f.Assign) and statement.value is not None:
            for target in statement.targets:
                if isinstance(target, f.Name):
                    values[target.id].append((statement.op, statement.value))
                    for key, text in options(statement.value).items():  # `T.USERS` of a constant object
                        values[f"{target.id}.{key}"].append((statement.op, text))
    known: dict[str, f.Expr | f.Function] = {stmt.name: stmt for stmt in body if isinstance(stmt, f.Function)}
    built = ((name, _put_together(name, parts)) for name, parts in values.items())
    return known | {name: expr for name, expr in built if expr is not None}


def _put_together(name: str, parts: list[tuple[str, f.Expr]]) -> f.Expr | None:
    first_op, whole = parts[0]
    if isinstance(whole, f.SequenceExpr):
        return _list_of(name, parts)
    parts = [part for part in parts if part[0] != "append"]
    first_op, whole = parts[0] if parts else ("", whole)
    if first_op != "=" or (len(parts) > 1 and not isinstance(whole, (f.Text, f.Binary, f.Call))):
        return None
    for op, value in parts[1:]:
        grown = _grown(name, value) if op == "=" else value if op == "+=" else None
        if grown is None:
            return None
        whole = f.Binary(value.start, value.end, "+", whole, grown)
    return whole


def _appended(expr: f.Expr) -> tuple[str, f.Expr] | None:
    """Return the list that a statement adds to, and what it adds: `fields.push("a", "b")`."""
    func = expr.func if isinstance(expr, f.Call) else None
    if not isinstance(expr, f.Call) or not isinstance(func, f.Attr) or not isinstance(func.value, f.Name):
        return None
    is_one = func.name in _APPENDS and bool(expr.args)
    return (func.value.id, f.SequenceExpr(expr.start, expr.end, expr.args)) if is_one else None


def _list_of(name: str, parts: list[tuple[str, f.Expr]]) -> f.Expr | None:
    """Return a list with all that is added to it, under whatever condition; None if another one is assigned."""
    whole = parts[0][1]
    listed: list[f.Expr] = list(whole.items) if isinstance(whole, f.SequenceExpr) else []
    for op, value in parts[1:]:
        args = value.args if isinstance(value, f.Call) and called_name(value) == "append" else ()
        if op == "append" and isinstance(value, f.SequenceExpr):
            listed += value.items
        elif op == "=" and args and isinstance(args[0], f.Name) and args[0].id == name:  # Go
            listed += args[1:]
        else:
            return None
    return f.SequenceExpr(whole.start, whole.end, tuple(listed))


def _grown(name: str, value: f.Expr) -> f.Expr | None:
    """Return what `name = name + more` appends."""
    if isinstance(value, f.Binary) and value.op == "+" and isinstance(value.left, f.Name) and value.left.id == name:
        return value.right
    return None


def _statements(body: tuple[f.Stmt, ...]) -> Iterator[f.Stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, f.Branch):
            yield from _statements(statement.body)
            yield from _statements(statement.otherwise)
        elif isinstance(statement, (f.Loop, f.Scope)):
            yield from _statements(statement.body)

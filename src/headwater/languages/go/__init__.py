"""Go source to facts, by tree-sitter.

`expressions.py`, `strings.py` and `types.py` convert values and types, `statements.py` statements and declarations.
Each function takes a syntax node and the source; a table indexed by the grammar's node kind selects it. The methods
of a type are extensions of its class, embedded structs are bases, the tag of a field is a decorator, and the tag of
an embedded struct is a keyword of the class with the name of that struct.
"""

from __future__ import annotations

from headwater.catalog.facts import Module
from headwater.languages import Scope
from headwater.languages._grammar import count_errors
from headwater.languages.go.grammar import GRAMMAR, word
from headwater.languages.go.statements import statements

NAME = "go"
SUFFIXES = (".go",)
SCOPE: Scope = "folder"


def facts(path: str, source: bytes) -> Module:
    """Convert Go source to facts; places that the parser had to guess are counted, never raised."""
    root = GRAMMAR.parser.parse(source).root_node
    errors = count_errors(root) if root.has_error else 0
    top = root.named_children
    try:
        body = statements(top, source)
    except RecursionError:
        body, errors = (), errors + 1
    clause = next((node for node in top if node.type == "package_clause"), None)
    package = word(clause.named_children[-1], source) if clause is not None and clause.named_children else ""
    return Module(path, NAME, body, source.count(b"\n") + 1, errors, package)

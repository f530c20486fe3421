"""PHP source to facts, by tree-sitter; also the PHP inside HTML and Blade templates.

`$name` is the name without its mark, `$this` the name `this`; `self` and `static` are the class around them, and
`User::class` is the class itself. A namespace and what is imported are spelt
with dots. An anonymous class is a class named for its file, after the statement that makes it.
"""

from __future__ import annotations

import re

from headwater.catalog.facts import Module
from headwater.languages import Scope
from headwater.languages._grammar import count_errors
from headwater.languages.php import blade, definitions
from headwater.languages.php.source import GRAMMAR, PhpSource, dotted
from headwater.languages.php.statements import statements

__all__ = ["INTERPRETERS", "NAME", "SCOPE", "SUFFIXES", "facts"]

NAME = "php"
SUFFIXES = (".php", ".phtml", ".php5", ".php7")
INTERPRETERS = ("php",)
SCOPE: Scope = "package"

assert definitions  # its handlers of classes and functions are in the table of statements once it is imported


def facts(path: str, source: bytes) -> Module:
    """Convert PHP source, or the PHP of a template, to facts."""
    is_blade = path.lower().endswith(".blade.php")
    code = PhpSource(blade.php_of(source) if is_blade else source)
    code.anonymous = []
    code.stem = re.sub(r"\W+", "_", path.rpartition("/")[2].partition(".")[0])
    root = GRAMMAR.parser.parse(code).root_node
    errors = count_errors(root) if root.has_error else 0
    package = ""
    for child in root.named_children:
        if child.type == "namespace_definition" and (name := child.child_by_field_name("name")) is not None:
            package = dotted(name, code)
            break
    try:
        body = statements(root.named_children, code)
    except RecursionError:
        body, errors = (), errors + 1
    if is_blade:
        body = blade.moved(body, len(source))
    return Module(path, NAME, body, source.count(b"\n") + 1, errors, package)

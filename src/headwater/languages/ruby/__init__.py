"""Ruby source to facts, by tree-sitter; also the Ruby inside ERB templates.

A bare name that was not assigned before is a call, as in Ruby itself. The value of the last statement of a method or
block is returned. `@name` is a member `@name` of `self`. `include` adds to the bases of a class, and the blocks of a
concern
(`included do … end`, `class_methods do … end`) are part of its module's body.
"""

from __future__ import annotations

from headwater.catalog.facts import Module
from headwater.languages import Scope
from headwater.languages._grammar import count_errors
from headwater.languages.ruby import definitions, templates
from headwater.languages.ruby.source import GRAMMAR, RubySource
from headwater.languages.ruby.statements import statements

__all__ = ["IMPLICIT_RECEIVER", "INTERPRETERS", "NAME", "SCOPE", "SUFFIXES", "facts"]

NAME = "ruby"
SUFFIXES = (".rb", ".rake", ".erb", ".jbuilder", ".ru")
INTERPRETERS = ("ruby",)
SCOPE: Scope = "global"
IMPLICIT_RECEIVER = True
BARE_CALLS = True

assert definitions  # its handlers of classes and methods are in the table of statements once it is imported


def facts(path: str, source: bytes) -> Module:
    """Convert Ruby source, or the Ruby of a template, to facts."""
    code = RubySource(templates.ruby_of(source) if path.lower().endswith(".erb") else source)
    root = GRAMMAR.parser.parse(code).root_node
    errors = count_errors(root) if root.has_error else 0
    code.prepare(root)
    try:
        body = statements(root.named_children, code)
    except RecursionError:
        body, errors = (), errors + 1
    return Module(path, NAME, body, source.count(b"\n") + 1, errors)

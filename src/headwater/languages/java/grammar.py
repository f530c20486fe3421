"""The Java grammar."""

from __future__ import annotations

import tree_sitter_java

from headwater.languages._grammar import LanguageGrammar

GRAMMAR = LanguageGrammar(tree_sitter_java.language())
SKIPPED = ("line_comment", "block_comment")
kinds = GRAMMAR.kinds

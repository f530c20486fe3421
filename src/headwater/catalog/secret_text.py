"""Masks passwords and other secrets in statements, for the history, logs and lists of sessions.

The text need not be valid, and its dialect need not be known: the tokens of SQL and of the MongoDB shell are enough to
find what follows PASSWORD, IDENTIFIED BY or a field `pwd`. Within a statement about users, servers or subscriptions,
every literal that is not known to be harmless is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MASK = "•••"
# A shorter secret is not looked for in messages: it would be part of other words.
SHORTEST = 4

# Whether there can be a secret at all; most texts end here.
_CANDIDATE = re.compile(
    r"pass|pwd|identified|secret|token|api_?key|attach|conninfo|crypt|pragma|auth|://[^/\s:@]*:[^@\s]|•",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(
    r"(?:\w*_)?(?:pass(?:word|wd|phrase)?|pwd|secret(?:_?(?:access)?_?key)?|token|api_?key|conninfo)", re.IGNORECASE
)
# What in a string makes it a statement with a secret, or a connection string.
_SECRET_CONTENT = re.compile(
    r"\b(?:ssl)?(?:password|passwd|pwd)\s*[=:(]?\s*\S|\bidentified\s+\S|://[^/\s:@]*:[^@\s]+@", re.IGNORECASE
)
_PLAIN = (
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<string>[Ee]'(?:[^'\\]|''|\\.?)*+(?:'|\Z)|(?:U&|[NnBbXx])?'(?:[^']|'')*+(?:'|\Z))"
    r"|(?P<quoted>\"(?:[^\"]|\"\")*+(?:\"|\Z)|`[^`]*+(?:`|\Z))"
    r"|(?P<dollar>(?<![\w$])\$(?:[A-Za-z_]\w*)?\$)"
)
# In MySQL, MariaDB and the shell of MongoDB, a backslash in any string is an escape character.
_ESCAPED = (
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z)|#[^\n]*|//[^\n]*)"
    r"|(?P<string>[NnBbXx]?'(?:[^'\\]|''|\\.?)*+(?:'|\Z))"
    r"|(?P<quoted>\"(?:[^\"\\]|\"\"|\\.?)*+(?:\"|\Z)|`[^`]*+(?:`|\Z))"
)
_REST = (
    r"|(?P<number>\b\d[\w.]*)"
    r"|(?P<word>[^\W\d][\w$]*|\$\d+)"
    r"|(?P<space>\s+)"
    r"|(?P<mark>:=|=>|\|\||.)"
)
TOKEN = re.compile(_PLAIN + _REST, re.DOTALL)
ESCAPED_TOKEN = re.compile(_ESCAPED + _REST, re.DOTALL)
_OBJECTS = frozenset({"USER", "ROLE", "GROUP", "LOGIN", "SERVER", "SUBSCRIPTION", "SECRET", "MAPPING"})
_VERBS = frozenset({"CREATE", "ALTER", "REPLACE", "PERSISTENT", "TEMPORARY"})
# After these words, a literal of a statement about users is a name, an address or a date.
_HARMLESS = frozenset(
    [
        "USER",
        "ROLE",
        "GROUP",
        "FOR",
        "EXISTS",
        "TO",
        "FROM",
        "UNTIL",
        "COMMENT",
        "ATTRIBUTE",
        "TYPE",
        "VERSION",
        "HOST",
        "HOSTADDR",
        "PORT",
        "DBNAME",
        "SERVER",
        "ON",
        "CIPHER",
        "ISSUER",
        "SUBJECT",
        "WITH",
        "MASTER_HOST",
        "MASTER_USER",
        "MASTER_LOG_FILE",
        "SOURCE_HOST",
        "SOURCE_USER",
        "IS",
    ]
)
# Words after PASSWORD that are options of it.
_OPTIONS = frozenset(
    [
        "NULL",
        "EXPIRE",
        "HISTORY",
        "REUSE",
        "REQUIRE",
        "FOR",
        "DEFAULT",
        "LOCK",
        "UNBOUNDED",
        "AS",
        "FROM",
        "IS",
        "NOT",
        "IN",
        "AND",
        "OR",
        "TEXT",
        "VARCHAR",
        "CHAR",
        "CHARACTER",
        "PASSWORD",
        "OPTION",
        "TO",
        "INVALID",
        "DISABLE",
    ]
)
_FUNCTIONS = frozenset(
    [
        "CRYPT",
        "PGP_SYM_ENCRYPT",
        "PGP_SYM_DECRYPT",
        "AES_ENCRYPT",
        "AES_DECRYPT",
        "PASSWORD",
        "OLD_PASSWORD",
        "AUTH",
        "CHANGEUSERPASSWORD",
    ]
)
_ASSIGNS = frozenset({"=", ":=", "=>", ":", "TO", "("})
# Before the key of an encrypted file: ATTACH 'file' AS name KEY '…' (SQLite), (ENCRYPTION_KEY '…') (DuckDB).
_FILE_KEYS = frozenset({"KEY", "HEXKEY", "ENCRYPTION_KEY"})
_JOINS = frozenset({"||", "+"})


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A text without its secrets, and what these were."""

    text: str
    secrets: frozenset[str] = frozenset()

    def hide(self, message: str) -> str:
        """Return a message about the text, such as an error that quotes it, without the secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= SHORTEST:
                message = message.replace(secret, MASK)
        return message


def mask_statements(text: str, *, backslashes: bool = False) -> MaskedText:
    """Return the text of SQL statements, or of commands of the MongoDB shell, with its secrets masked.

    Args:
        text: valid or not.
        backslashes: whether a backslash in any string is an escape character, as in MySQL and MongoDB.
    """
    if not _CANDIDATE.search(text):
        return MaskedText(text)
    masker = _Masker(backslashes=backslashes)
    return MaskedText("".join(masker.masked(text)), frozenset(masker.secrets))


def mask_any_dialect(text: str) -> str:
    """Return a statement whose dialect is not known, or its beginning, with its secrets masked."""
    return mask_statements(mask_statements(text).text, backslashes=True).text


class _Masker:
    """The state while the tokens of a text are read."""

    def __init__(self, *, backslashes: bool) -> None:
        self.secrets: set[str] = set()
        self._backslashes = backslashes
        self._token = ESCAPED_TOKEN if backslashes else TOKEN
        self._sensitive = False
        self._attaches = False
        self._previous = ""  # the previous word or mark, in upper case
        self._before = ""  # the one before it
        self._joined = False  # the previous token was masked, or joins the next one to it
        self._depth = 0  # of parentheses within a function that takes secrets

    def masked(self, text: str) -> Iterator[str]:
        """Yield the parts of the text."""
        position = 0
        while match := self._token.match(text, position):
            position, kind, token = match.end(), match.lastgroup, match[0]
            if kind == "dollar":
                end = text.find(token, position)
                body, end = (text[position:], len(text)) if end < 0 else (text[position:end], end + len(token))
                yield self._dollar(token, body)
                position = end
            elif kind == "comment":
                mark = 1 if token.startswith("#") else 2
                yield token[:mark] + self._nested(token[mark:])
            elif kind == "space":
                yield token
            elif kind in {"string", "quoted"}:
                yield self._literal(token, text[position : position + 1], is_string=kind == "string")
            else:
                yield self._plain(token, is_number=kind == "number", next_=text[position : position + 1])

    def _dollar(self, mark: str, body: str) -> str:
        if self._joined or self._depth or self._follows_name():
            return self._mask("'", body, "'")
        self._advance("'")
        return mark + self._nested(body) + mark

    def _nested(self, text: str) -> str:
        """Return the text of a comment, or the body of a routine, with its secrets masked."""
        masked = mask_statements(text, backslashes=self._backslashes)
        self.secrets |= masked.secrets
        return masked.text

    def _literal(self, token: str, next_: str, *, is_string: bool) -> str:
        begin = token.index(token.lstrip("UuEeNnBbXx&")[0])
        mark, content = token[begin], token[begin + 1 :]
        content = content[:-1] if content.endswith(mark) else content
        if self._is_secret(content, next_, is_string=is_string):
            return self._mask(token[: begin + 1], content, mark)
        self._advance(content.upper() if self._previous not in _ASSIGNS else "'")
        return token

    def _is_secret(self, content: str, next_: str, *, is_string: bool) -> bool:
        """Return whether a literal is a secret, by what stands before it."""
        if self._joined or self._depth or self._follows_name() or (is_string and _SECRET_CONTENT.search(content)):
            return True
        if not is_string or not self._sensitive:
            return False
        return next_ != "@" and self._previous not in _HARMLESS | {"@"} and self._before not in _HARMLESS

    def _follows_name(self) -> bool:
        """Return True after `PASSWORD`, `IDENTIFIED BY`, `password =` and the like."""
        if self._previous in _ASSIGNS and _SECRET_NAME.fullmatch(self._before):
            return self._previous != "(" or self._sensitive
        is_named = _SECRET_NAME.fullmatch(self._previous) is not None
        if self._attaches and self._previous in _FILE_KEYS:
            return True
        return (is_named and (self._sensitive or self._previous in {"PASSWORD", "PASSWD"})) or (
            self._previous in {"BY", "AS"} and self._sensitive
        )

    def _plain(self, text: str, *, is_number: bool, next_: str) -> str:
        upper = text.upper()
        if is_number and (self._joined or self._follows_name()):
            return self._mask("", text, "")
        if self._is_bare_secret(upper, next_):
            return self._mask("", text, "")
        if self._depth:
            self._depth += {"(": 1, ")": -1}.get(text, 0)
        elif text == "(" and self._previous in _FUNCTIONS:
            self._depth = 1
        if text == ";":
            self._sensitive, self._attaches, self._depth = False, False, 0
        self._attaches = self._attaches or upper == "ATTACH"
        self._sensitive = self._sensitive or self._begins_sensitive(upper)
        self._joined = self._joined and upper in _JOINS
        self._advance(upper)
        return text

    def _is_bare_secret(self, upper: str, next_: str) -> bool:
        """Return True for a word where a password was meant: `PASSWORD secret`, which the server refuses."""
        is_word = upper[0].isalnum()
        follows = self._previous in {"PASSWORD", "BY"} and self._sensitive and self._before != "REUSE"
        return is_word and follows and upper not in _OPTIONS and next_ not in {"(", "."}

    def _begins_sensitive(self, upper: str) -> bool:
        return (
            (upper in _OBJECTS and self._previous in _VERBS)
            or (upper == "PASSWORD" and self._previous == "SET")
            or upper == "IDENTIFIED"
            or (upper in {"MASTER", "SOURCE"} and self._previous in {"CHANGE", "REPLICATION"})
            or (upper == "KEY" and self._previous == "PRAGMA")
        )

    def _advance(self, word: str) -> None:
        self._before, self._previous = self._previous, word

    def _mask(self, begin: str, content: str, end: str) -> str:
        if content != MASK:
            self.secrets |= {content, content.replace("''", "'")}
        self._joined = True
        self._advance("'")
        return f"{begin}{MASK}{end}"

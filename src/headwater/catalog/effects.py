"""What became of the statements of a run: committed, rolled back, or in a transaction that is open.

The session says after each statement whether a transaction is open; a statement after which none is open has ended it.
So this is right for engines that commit at once when the schema changes, whatever the statement is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, TypeAlias

Effect: TypeAlias = Literal["committed", "rolled_back", "open"]

_NAME = r"(?P<name>\"[^\"]*\"|`[^`]*`|\w+)"
_SAVEPOINT = re.compile(rf"SAVEPOINT\s+{_NAME}", re.IGNORECASE)
_BACK = re.compile(rf"ROLLBACK\b(?:\s+(?:WORK|TRANSACTION))?\s+TO\s+(?:SAVEPOINT\s+)?{_NAME}", re.IGNORECASE)
_NEW = re.compile(r"(?:BEGIN|START\s+TRANSACTION)\b", re.IGNORECASE)
_CHAIN = re.compile(r"(?P<word>COMMIT|ROLLBACK)\b[^;]*\bAND\s+CHAIN\b", re.IGNORECASE)
_NAMED = 3


class Effects:
    """The effects of the statements of a run, by number; `commits_on_begin` if BEGIN commits an open transaction."""

    def __init__(self, *, commits_on_begin: bool = False) -> None:
        self.by_statement: dict[int, Effect] = {}
        self._commits_on_begin = commits_on_begin
        self._savepoints: dict[str, int] = {}

    def record(self, number: int, text: str, command: str, *, in_transaction: bool) -> None:
        """Record that a statement has ended, and whether a transaction is open after it.

        Args:
            number: its number.
            text: the statement, without comments before it.
            command: what the server says was done: it answers ROLLBACK to a COMMIT of a failed transaction.
            in_transaction: whether a transaction is open now.
        """
        if in_transaction and self._commits_on_begin and _NEW.match(text):
            self.end("committed")
        if chain := _CHAIN.match(text):
            self.end("rolled_back" if "ROLLBACK" in (chain["word"].upper(), command) else "committed")
        self.by_statement[number] = "open"
        if point := _SAVEPOINT.match(text):
            self._savepoints[_folded(point)] = number
        elif (back := _BACK.match(text)) and _folded(back) in self._savepoints:
            self._end_after(self._savepoints[_folded(back)], number)
        if not in_transaction:
            self.end("rolled_back" if command.startswith("ROLLBACK") else "committed")

    def end(self, effect: Effect) -> None:
        """Record what became of the open transaction."""
        self._savepoints = {}
        for number, known in self.by_statement.items():
            if known == "open":
                self.by_statement[number] = effect

    def _end_after(self, savepoint: int, until: int) -> None:
        for number, known in self.by_statement.items():
            if known == "open" and savepoint < number < until:
                self.by_statement[number] = "rolled_back"


def _folded(match: re.Match[str]) -> str:
    return match["name"].strip('"`').casefold()


def explain(effects: Iterable[tuple[int, Effect, str]]) -> str:
    """Return sentences about statements: number (counted from 1), effect and text of each, in order.

    A few committed statements are named with their text; many are given as ranges of numbers.
    """
    known = list(effects)
    committed = [(number, text) for number, effect, text in known if effect == "committed"]
    sentences = []
    if 0 < len(committed) <= _NAMED:
        sentences.append(f"Committed: {', '.join(f'{number} ({_head(text)})' for number, text in committed)}.")
        known = [item for item in known if item[1] != "committed"]
    words = {
        "committed": ("was committed", "were committed"),
        "rolled_back": ("was rolled back", "were rolled back"),
        "open": ("is in an open transaction", "are in an open transaction"),
    }
    for effect, verb in words.items():
        numbers = [number for number, each, _ in known if each == effect]
        if numbers:
            noun, be = ("Statement", verb[0]) if len(numbers) == 1 else ("Statements", verb[1])
            sentences.append(f"{noun} {', '.join(_ranges(numbers))} {be}.")
    return " ".join(sentences)


def _ranges(numbers: list[int]) -> Iterator[str]:
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield str(members[0]) if len(members) == 1 else f"{members[0]} to {members[-1]}"


def _head(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"

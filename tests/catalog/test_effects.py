"""Effects of statements, as tables: statements, what the session says after each, and what became of them."""

from __future__ import annotations

import pytest

from headwater.catalog.effects import Effects, explain

CASES = {
    # A schema change commits at once.
    "a; BEGIN 1; insert 1; create": "committed committed committed committed",
    "BEGIN 1; insert 1; ROLLBACK": "rolled_back rolled_back rolled_back",
    "BEGIN 1; insert 1; COMMIT; insert": "committed committed committed committed",
    "BEGIN 1; a 1; SAVEPOINT s 1; b 1; ROLLBACK TO s 1; c 1; COMMIT": "committed committed committed rolled_back committed committed committed",
    "BEGIN 1; a 1; COMMIT AND CHAIN 1; b 1": "committed committed open open",
    "BEGIN 1; a 1; BEGIN 1": "committed committed open",
}


@pytest.mark.parametrize(("script", "expected"), CASES.items())
def test_effects_follow_the_transaction(script: str, expected: str) -> None:
    effects = Effects(commits_on_begin=True)
    for number, given in enumerate(script.split("; ")):
        text = given.removesuffix(" 1")
        effects.record(number, text, text.split()[0], in_transaction=given.endswith(" 1"))
    assert list(effects.by_statement.values()) == expected.split()


def test_server_that_rolls_back_a_commit_is_believed() -> None:
    effects = Effects()
    effects.record(0, "BEGIN", "BEGIN", in_transaction=True)
    effects.record(1, "COMMIT", "ROLLBACK", in_transaction=False)
    assert set(effects.by_statement.values()) == {"rolled_back"}


def test_effects_are_explained() -> None:
    assert explain([(1, "committed", "create  table t\n(a int)"), (2, "rolled_back", ""), (3, "rolled_back", "")]) == (
        "Committed: 1 (create table t (a int)). Statements 2 to 3 were rolled back."
    )
    many = [(number, "committed", "") for number in (1, 2, 3, 4, 6)]
    assert (
        explain([*many, (7, "open", "")])
        == "Statements 1 to 4, 6 were committed. Statement 7 is in an open transaction."
    )
    assert explain([]) == ""

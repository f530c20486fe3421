"""The score of personal data: what is right, wrong, missed, and not counted."""

from __future__ import annotations

from bench.personal import first_run, pooled, row, score

TRUTH = {
    "repo": "acme/shop",
    "first_run": [1, 2, 3],
    "columns": [
        ["users", "email", "text", False, "email"],
        ["users", "phone", "text", True, ""],
        ["users", "nick", "text", False, "person_name"],
        ["users", "shoe_size", "text", False, "health"],
        ["users", "name", "text", False, "?"],
        ["users", "bio", "text", False, ""],
        ["shops", "password", "text", False, ""],
    ],
}


def test_a_wrong_class_is_wrong_and_missed() -> None:
    result = score(TRUTH)
    assert result.right == 1
    assert result.wrong == ["users.nick: username, not person_name", "shops.password: credential, not personal"]
    assert result.missed == ["users.nick: person_name, not username", "users.shoe_size: health, not named"]
    assert (round(result.precision, 2), round(result.recall, 2)) == (0.33, 0.33)


def test_scores_are_pooled_and_compared_with_the_target() -> None:
    result = pooled([score(TRUTH), first_run([TRUTH])])
    assert (result.right, len(result.wrong), len(result.missed), result.columns) == (2, 4, 5, 14)
    assert not row("all", result).holds

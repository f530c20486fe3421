"""What changed between two scans: moved lines and files do not count, everything else does."""

from __future__ import annotations

import json

from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.usages import Usage
from headwater.core.lineage.questions.scan_diff import Changes, ScanState, difference, to_json, to_markdown


def usage(column: str, path: str, line: int, code: str, **more: str) -> Usage:
    fields = {"symbol": "work", "usage_type": "read"} | more
    return Usage(
        "users",
        column,
        path,
        line,
        line,
        0,
        1,
        code_snippet=code,
        language="python",
        sub_type=None,
        via="orm",
        tier="A",
        **fields,
    )  # type: ignore[arg-type]


def schema(**tables: str) -> Schema:
    return Schema(tuple(Relation(name, tuple(map(Column, names.split()))) for name, names in tables.items()))


def state(*usages: Usage, **tables: str) -> ScanState:
    return ScanState("app", schema(**(tables or {"users": "id email"})), usages)


def lines(changes: Changes) -> list[tuple[str, str, int]]:
    return [(item.column_name, item.file_path, item.line_number) for item in changes.usages]


def test_moved_lines_files_and_white_space_are_no_change() -> None:
    before = state(usage("email", "a.py", 3, "user.email"), usage("id", "a.py", 4, "f(user.id,\n  1)"))
    after = state(usage("Email", "b.py", 9, "user.email"), usage("id", "a.py", 7, "f(user.id, 1)"))
    assert difference(before, after).is_empty


def test_symbol_kind_code_and_column_are_a_change() -> None:
    old = usage("email", "a.py", 3, "user.email")
    for new in (
        usage("email", "a.py", 3, "user.email", symbol="play"),
        usage("email", "a.py", 3, "user.email", usage_type="update"),
        usage("email", "a.py", 3, "user.email + 1"),
        usage("id", "a.py", 3, "user.email"),
    ):
        diff = difference(state(old), state(new))
        assert (len(diff.appeared.usages), len(diff.disappeared.usages)) == (1, 1)


def test_of_several_alike_the_one_in_a_file_of_its_own_is_named() -> None:
    before = state(usage("email", "b.py", 1, "x"))
    after = state(usage("email", "a.py", 5, "x"), usage("email", "b.py", 1, "x"), usage("email", "b.py", 2, "x"))
    assert lines(difference(before, after).appeared) == [("email", "a.py", 5), ("email", "b.py", 1)]


def test_tables_and_columns_appear_and_go() -> None:
    diff = difference(state(users="id email", old="a b"), state(Users="id mail", new="c"))
    assert (diff.appeared.tables, diff.appeared.columns) == (("new",), ("Users.mail",))
    assert (diff.disappeared.tables, diff.disappeared.columns) == (("old",), ("users.email",))


def test_formats_say_what_changed() -> None:
    diff = difference(state(users="id"), state(usage("id", "a|b.py", 1, "if a | `b`:\n  c"), users="id email"))
    assert json.loads(to_json(diff))["appeared"]["columns"] == ["users.email"]
    text = to_markdown(diff).decode()
    assert "- column `users.email`" in text and "- 1 usage\n" in text
    assert "| `users.id` | read | `a|b.py:1` | `if a \\| 'b':` |" in text
    assert "Nothing has changed." in to_markdown(difference(state(), state())).decode()

"""Laws of the small helpers."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.kit import ids, paging, plugins
from headwater.kit.errors import BadInput, HeadwaterError, NotFound, did_you_mean


def every_error() -> list[type[HeadwaterError]]:
    result, todo = [], [HeadwaterError]
    while todo:
        result.append(todo.pop())
        todo += result[-1].__subclasses__()
    return result


@pytest.mark.parametrize("kind", every_error())
def test_error_has_sentence_status_and_exit_code(kind):
    sentence = inspect.getdoc(kind) or ""
    assert sentence[0].isupper() and sentence.endswith(".")
    assert 400 <= kind.status < 600
    assert kind.exit_code in (1, 2)


def test_default_message_is_the_class_docstring():
    assert NotFound().message == "Nothing with this name exists."
    assert NotFound("There is no x.", hint="Try y.").hint == "Try y."


def test_did_you_mean():
    assert did_you_mean("emial", ["email", "name"]) == "Did you mean email?"
    assert did_you_mean("zzz", ["b", "a"]) == "Available: a, b"
    assert did_you_mean("x", []) == "There are none yet."


def test_unknown_plugin_lists_known_ones():
    with pytest.raises(NotFound) as caught:
        plugins.load("languages", "pyhton")
    assert caught.value.hint == "Did you mean python?"


def test_ids_sort_by_time_and_are_version_7():
    created = [ids.new_id() for _ in range(2000)]
    assert len(set(created)) == 2000
    assert {item.version for item in created} == {7}
    assert {item.variant for item in created} == {"specified in RFC 4122"}
    assert [item.int >> 80 for item in created] == sorted(item.int >> 80 for item in created)


@given(st.lists(st.one_of(st.text(), st.integers(-(2**53), 2**53)), min_size=1, max_size=4))
def test_cursor_round_trip(key):
    assert list(paging.decode_cursor(paging.encode_cursor(*key), *(type(part) for part in key))) == key


@given(st.text(max_size=40))
def test_invalid_cursor_is_rejected(text):
    try:
        key = paging.decode_cursor(text, str, int)
    except BadInput:
        return
    assert [type(part) for part in key] == [str, int]


def test_last_page_has_no_cursor():
    full = paging.cut([1, 2, 3], 2, lambda item: (item,))
    assert full.items == (1, 2)
    assert paging.decode_cursor(full.next or "", int) == (2,)
    assert paging.cut([1, 2], 2, lambda item: (item,)).next is None

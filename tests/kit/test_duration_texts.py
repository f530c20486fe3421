"""Durations as people type them."""

from __future__ import annotations

import pytest

from headwater.kit.durations import seconds
from headwater.kit.errors import BadInput


def test_durations_are_read_with_their_units() -> None:
    assert [seconds(text) for text in ("45s", "30m", "12h", "7d")] == [45, 1_800, 43_200, 604_800]


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5h", "7 d", "7w", "\u0667d", "7D"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a duration"):
        seconds(text)

"""How several workers share one scan: each begins with a part of the files, and leaves out what another has done.

They agree on nothing but the cache. A worker that dies leaves work undone, which the others do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class WorkShare:
    """The part of the work that one of several workers does first; after it, it does what is left of the others.

    Attributes:
        part: number of the part, from 0.
        parts: number of all parts.
        check: called before each batch; may raise to stop.
    """

    part: int
    parts: int
    check: Callable[[], None] = lambda: None

    def order(self, batches: Sequence[Item]) -> list[Item]:
        """Return batches in the order in which this worker does them: its part, then the others' at random.

        Two workers that have done their parts would meet at the same batch again and again if both went by a rule.
        """
        first, last = (len(batches) * part // self.parts for part in (self.part, self.part + 1))
        others = [*batches[:first], *batches[last:]]
        random.Random(self.part).shuffle(others)  # noqa: S311 - not a secret
        return [*batches[first:last], *others]


def in_turn(
    share: WorkShare | None, batches: Sequence[list[Item]], unknown: Callable[[list[Item]], list[Item]]
) -> Iterator[list[Item]]:
    """Yield the batches to compute, each without the items that another worker has computed by then.

    Args:
        share: the share of this worker; None if it works alone.
        batches: all batches.
        unknown: returns those of the items that are not in the cache now.
    """
    if share is None:
        yield from batches
        return
    for batch in share.order(batches):
        share.check()
        if left := unknown(batch):
            yield left

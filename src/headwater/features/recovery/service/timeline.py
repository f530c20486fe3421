"""Computes which moments can be restored, from the base backups and log segments in a vault; pure functions.

A continuous range is a part of the log without a gap. A base backup whose log lies within a range can restore every
moment from its own end up to the end of the range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from headwater.features.recovery.models import ArchiveBase, ArchiveLog
from headwater.kit.errors import Conflict


class OutOfReach(Conflict):
    """The database cannot be restored to this moment."""

    code = "out_of_reach"


@dataclass(slots=True)
class ContinuousRange:
    """A part of a log without a gap, and the base backups whose log lies in it, oldest first."""

    timeline: int
    first: int
    ends: int
    reaches: datetime | None
    logs: list[ArchiveLog] = field(default_factory=list)
    bases: list[ArchiveBase] = field(default_factory=list)

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """The first and the last moment that can be restored, if there are any."""
        starts = [base.finished_at for base in self.bases if base.finished_at]
        if not starts or self.reaches is None or self.reaches < min(starts):
            return None
        return min(starts), self.reaches


def continuous_ranges(
    bases: Sequence[ArchiveBase],
    logs: Sequence[ArchiveLog],
    covered: datetime | None = None,
    to: int | None = None,
    breaks: Sequence[int] = (),
) -> list[ContinuousRange]:
    """Return the continuous ranges of a log, oldest first.

    Args:
        bases: base backups; only complete ones count.
        logs: log segments, ordered by timeline and position.
        covered: all transactions committed before this time lie before `to`.
        to: the position where the archived log ends.
        breaks: positions where archiving was off, so that the log before one does not lead to the log behind it.
    """
    ranges: list[ContinuousRange] = []
    for log in logs:
        last = ranges[-1] if ranges else None
        if last is None or not _continues(last, log, breaks):
            last = ContinuousRange(log.timeline, log.first, log.first, None)
            ranges.append(last)
        last.logs.append(log)
        last.ends = max(last.ends, log.ends)
        last.reaches = max(filter(None, (last.reaches, log.reaches)), default=None)
    if ranges and covered and ranges[-1].ends == to:
        ranges[-1].reaches = max(covered, ranges[-1].reaches or covered)
    for base in sorted(bases, key=lambda item: item.finished_at or item.created_at):
        home = next((candidate for candidate in ranges if _carries(candidate, base)), None)
        if home:
            home.bases.append(base)
    return ranges


def _continues(log_range: ContinuousRange, log: ArchiveLog, breaks: Sequence[int]) -> bool:
    if log.timeline != log_range.timeline or log.first > log_range.ends:
        return False
    return not any(log_range.first < position <= log.first for position in breaks)


def _carries(log_range: ContinuousRange, base: ArchiveBase) -> bool:
    if base.status != "complete" or base.first is None or base.ends is None or base.timeline != log_range.timeline:
        return False
    return log_range.first <= base.first and base.ends <= log_range.ends


@dataclass(frozen=True, slots=True)
class RecoveryPath:
    """How to restore a moment: the base backup to start from, and the log segments to replay."""

    base: ArchiveBase
    logs: tuple[ArchiveLog, ...]


def to_time(ranges: Sequence[ContinuousRange], at: datetime) -> RecoveryPath:
    """Return the path to a time; raise OutOfReach with the nearest moments that can be restored."""
    for log_range in reversed(ranges):
        starts = [base for base in log_range.bases if base.finished_at and base.finished_at <= at]
        if starts and log_range.reaches and at <= log_range.reaches:
            needed = [log for log in log_range.logs if log.ends > _first(starts[-1])]
            # The first segment that reaches this time ends after everything that was committed by then.
            enough = next((index for index, log in enumerate(needed) if log.reaches and log.reaches >= at), len(needed))
            last = _end_of(starts[-1])
            upto = [log for index, log in enumerate(needed) if index <= enough or log.first < last]
            return RecoveryPath(starts[-1], tuple(upto))
    raise _unreached(ranges, at)


def to_position(ranges: Sequence[ContinuousRange], position: int, display_position: str) -> RecoveryPath:
    """Return the path to a position of the log, or raise OutOfReach."""
    for log_range in reversed(ranges):
        starts = [base for base in log_range.bases if _end_of(base) <= position]
        if starts and position <= log_range.ends:
            needed = [log for log in log_range.logs if log.ends > _first(starts[-1]) and log.first <= position]
            return RecoveryPath(starts[-1], tuple(needed))
    every = [base for log_range in ranges for base in log_range.bases]
    if not every:
        raise _no_base()
    if position < min(map(_end_of, every)):
        raise OutOfReach(
            f"{display_position} is before the end of the first base backup.", hint="Choose a later position."
        )
    if position > max(key_range.ends for key_range in ranges):
        raise OutOfReach(f"The log up to {display_position} is not in the vault yet.", hint="Try again in a moment.")
    raise OutOfReach(f"The log has a gap before {display_position}.", hint="Choose a position outside the gap.")


def _first(base: ArchiveBase) -> int:
    return base.first or 0


def _end_of(base: ArchiveBase) -> int:
    return base.ends or 0


def _unreached(ranges: Sequence[ContinuousRange], at: datetime) -> OutOfReach:
    windows = [key_range.window for key_range in ranges if key_range.window]
    if not windows:
        return _no_base()
    if at < windows[0][0]:
        return OutOfReach(
            f"{_text(at)} is before the first base backup.",
            hint=f"The earliest moment that can be restored is {_text(windows[0][0])}.",
        )
    if at > windows[-1][1]:
        return OutOfReach(
            f"The log up to {_text(at)} is not in the vault.",
            hint=f"The latest moment that can be restored is {_text(windows[-1][1])}.",
        )
    before = max((end for _, end in windows if end < at), default=None)
    after = min(start for start, _ in windows if start > at)
    since = f"after {_text(before)} and " if before else ""
    return OutOfReach(
        f"A part of the log is missing at {_text(at)}.", hint=f"Nothing can be restored {since}before {_text(after)}."
    )


def _no_base() -> OutOfReach:
    return OutOfReach(
        "There is no usable base backup yet.",
        hint="Wait until the base backup is complete, or create one: headwater recovery base",
    )


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"

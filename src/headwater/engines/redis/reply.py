"""The reply to one command as frames: elements become rows as they arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from headwater.catalog.results import Frame, Meter, Row, Rows, Started
from headwater.engines.redis import errors, rows
from headwater.engines.redis.command_text import Command
from headwater.engines.redis.resp import ErrorReply, Head, RespConnection, Status, Value

CHUNK = 1000


@dataclass(slots=True)
class Reply:
    """A sent command and the server's reply; `whole` when the reply was read completely."""

    channel: RespConnection
    number: int
    command: Command
    meter: Meter
    most: int | None
    whole: bool = False
    notices: tuple[str, ...] = ()

    def queues(self, before: bool) -> bool:
        """True if the commands after this one are queued until EXEC."""
        if self.command.verb in {"EXEC", "DISCARD"}:
            return False
        return before or (self.command.verb == "MULTI" and self.whole)

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Send the command and yield its frames except the last.

        Raises:
            QueryError: the server refused it.
        """
        self.channel.send(*self.command.words)
        head = await self.channel.head()
        if head.aggregate and self.command.verb not in rows.SCANS:
            async for frame in self._elements(head):
                yield frame
            return
        value = await self.channel.value(head, self.most)
        self.whole = True
        if isinstance(value, ErrorReply):
            raise errors.refusal(value, self.number, self.command.start)
        for frame in self._short(value):
            yield frame

    async def _elements(self, head: Head) -> AsyncGenerator[Frame, None]:
        columns = rows.columns(self.command, None, pairs=head.kind == "%")
        chunk: list[Row] = []
        for index in range(head.size):
            value = await self.channel.element(self.most)
            if head.kind == "%":
                value = [value, await self.channel.element(self.most)]
            if index == 0:
                first = value[1] if head.kind == "%" and isinstance(value, list) else value
                columns = rows.columns(self.command, first, pairs=head.kind == "%")
                yield self._started(columns)
            chunk.append(rows.row(columns, value))
            if len(chunk) == CHUNK:
                if rows_ := self.meter.take(chunk):
                    yield Rows(rows_)
                chunk = []
                if self.meter.full:
                    return
        self.whole = True
        if not head.size:
            yield self._started(columns)
        if rows_ := self.meter.take(chunk):
            yield Rows(rows_)

    def _short(self, value: Value) -> list[Frame]:
        """Return the frames of a reply that is not a list."""
        if isinstance(value, Status) and value in {"OK", "QUEUED"}:
            self.notices = () if value == "OK" else ("It is queued until EXEC.",)
            return [self._started(None)]
        if self.command.verb in rows.SCANS and isinstance(value, list) and len(value) == 2:
            return self._page(rows.cell(value[0]), value[1] if isinstance(value[1], list) else [])
        columns = rows.columns(self.command, value)
        info = (
            rows.info(value) if columns[-1].name == "value" and len(columns) > 1 and isinstance(value, bytes) else None
        )
        return self._given(columns, info if info is not None else [rows.row(columns, value)])

    def _page(self, cursor: object, values: list[Value]) -> list[Frame]:
        """Return one page of SCAN, HSCAN and so on: names, or names with values."""
        self.notices = ("This was the last page." if cursor == "0" else f"The next cursor is {cursor}.",)
        if self.command.verb not in {"HSCAN", "ZSCAN"}:
            return self._given(rows.columns(self.command, b""), [(rows.cell(value),) for value in values])
        pairs: list[Row] = [
            (rows.cell(name), rows.cell(of)) for name, of in zip(values[::2], values[1::2], strict=False)
        ]
        return self._given(rows.columns(self.command, None, pairs=True), pairs)

    def _given(self, columns: rows.Columns, given: list[Row]) -> list[Frame]:
        rows_ = self.meter.take(given)
        return [self._started(columns), Rows(rows_)] if rows_ else [self._started(columns)]

    def _started(self, columns: rows.Columns | None) -> Started:
        return Started(self.number, self.command.start, self.command.end, columns)

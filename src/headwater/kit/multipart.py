"""Forms with a file upload (multipart/form-data): their OpenAPI description, and streaming of the file.

Nothing is buffered in memory or in temporary folders: the caller of `chunks` decides where they go.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from headwater.kit.errors import BadInput

FIELD_LIMIT = 10_000
MOST_PARTS = 50


def described(file: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of such a request: its file, and the schemas of other fields."""
    properties = {"file": {"type": "string", "format": "binary", "description": file}, **fields}
    schema = {"type": "object", "required": ["file"], "properties": properties, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@dataclass(slots=True)
class _Part:
    """One part of the form, as far as it was received."""

    name: str = ""
    filename: str | None = None
    value: bytearray = field(default_factory=bytearray)


class Upload:
    """The form of an upload: the fields before the file, then the file's chunks, then the fields after it.

    Args:
        content_type: the header of the request.
        stream: the body of the request.
        field_name: the field with the file.
        others: the other fields that the form may have; BadInput is raised for any further one.
    """

    def __init__(
        self,
        content_type: str | None,
        stream: AsyncIterator[bytes],
        field_name: str = "file",
        others: Collection[str] = (),
    ) -> None:
        kind, options = parse_options_header(content_type or "")
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise BadInput("Send the file as multipart/form-data, in the field `file`.")
        self._field_name, self._others = field_name, others
        self._stream = stream
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
        )
        self._part = _Part()
        self._name, self._value = bytearray(), bytearray()
        self._chunks: list[bytes] = []
        self._complete = False
        self._parts = 0
        self.fields: dict[str, str] = {}
        self.filename: str | None = None

    async def open(self) -> None:
        """Read until the file begins; then `filename` and the fields before it are known."""
        while self.filename is None and await self._feed():
            pass
        if self.filename is None:
            raise BadInput(f"The field `{self._field_name}` with the file is missing.")

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the content of the file; raises BadInput if the request ends too early."""
        while True:
            for chunk in self._chunks:
                yield chunk
            self._chunks.clear()
            if not await self._feed():
                break
        for chunk in self._chunks:
            yield chunk

    async def _feed(self) -> bool:
        try:
            async for data in self._stream:
                if data:
                    self._parser.write(data)
                    return True
        except MultipartParseError as error:
            raise BadInput("The form cannot be read.", hint="Send multipart/form-data.") from error
        if not self._complete:
            raise BadInput("The upload is incomplete.", hint="Send it again.")
        return False

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise BadInput("The form has too many fields.")
        self._part = _Part()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._check_header()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._name) + len(self._value) > FIELD_LIMIT:
            raise BadInput("A header in the form is too long.")

    def _header_end(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
            if (filename := options.get(b"filename")) is not None:
                self._part.filename = filename.decode("utf-8", "replace")
            if self._part.name not in {self._field_name, *self._others}:
                raise BadInput(f"The form has an unknown field, {self._part.name[:50]!r}.", hint=self._hint())
            if self._part.name == self._field_name and self.filename is None:
                self.filename = self._part.filename or "upload"
        self._name.clear()
        self._value.clear()

    def _hint(self) -> str:
        return f"Its fields are: {', '.join((self._field_name, *self._others))}."

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == self._field_name:
            self._chunks.append(data[start:end])
        elif len(self._part.value) + end - start <= FIELD_LIMIT:
            self._part.value += data[start:end]
        else:
            raise BadInput(f"The field `{self._part.name[:50]}` is too long.")

    def _end(self) -> None:
        if self._part.name and self._part.name != self._field_name:
            self.fields[self._part.name] = self._part.value.decode("utf-8", "replace")

    def _finish(self) -> None:
        self._complete = True

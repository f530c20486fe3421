"""Blobs in a bucket of S3 or a compatible store, with obstore."""

from __future__ import annotations

import bisect
import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import obstore
from obstore import exceptions
from obstore.store import S3Store

from headwater.vault.blobs import Blob
from headwater.vault.errors import AccessDenied, Damaged, Missing, StorageFull, StorageUnavailable

# No call may hang: the last attempt begins before `_PATIENCE` is over and takes at most `_TIMEOUT`: less than 100 s.
_RETRIES, _PATIENCE, _TIMEOUT = 6, timedelta(seconds=35), timedelta(seconds=60)
_SOON_SECONDS = 5.0  # a lost connection fails at once; a longer wait means enough attempts
_NEAR = 2**20  # a gap that is read to save a request; at least as large as in obstore


class S3Blobs:
    """A bucket, or a prefix in a bucket.

    Args:
        bucket: its name; it must exist.
        prefix: a folder of it, or "".
        options: `endpoint region access_key_id secret_access_key session_token`, as obstore names them.
        http: whether connections without TLS are allowed.
        retries: how often a failed request is repeated, with growing delays.
    """

    def __init__(
        self, bucket: str, prefix: str = "", *, http: bool = False, retries: int = _RETRIES, **options: str
    ) -> None:
        self._retries = retries
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config={"region": "us-east-1", **options},  # type: ignore[arg-type]
            client_options={"allow_http": http, "timeout": _TIMEOUT},
            retry_config={"max_retries": retries, "retry_timeout": _PATIENCE},
        )

    def create(self, name: str, data: bytes) -> bool:
        """See `Blobs`; If-None-Match decides which writer was first.

        obstore does not retry a create whose answer is lost. It is retried here, because writing the same bytes twice
        is safe.
        """
        began = time.monotonic()
        try:
            return self._created(name, data)
        except StorageUnavailable:
            if not self._retries or time.monotonic() - began > _SOON_SECONDS:
                raise
            return self._created(name, data)

    def _created(self, name: str, data: bytes) -> bool:
        try:
            with _told(name):
                obstore.put(self._store, name, data, mode="create", use_multipart=False)
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            return self.read(name) == data  # by our own request, whose answer was lost
        return True

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """See `Blobs`."""
        if length is None and not start:
            with _told(name):
                return bytes(obstore.get(self._store, name).bytes())
        if length is None:
            length = self._size(name) - start
        return self.read_parts(name, [(start, length)])[0]

    def read_parts(self, name: str, parts: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """See `Blobs`; adjacent parts are fetched with one request."""
        if any(length <= 0 for _, length in parts):
            self._reaches(name, parts)  # S3 has no range for an empty part
        spans = _spans([(start, start + length) for start, length in parts if length])
        if not spans:
            return [b""] * len(parts)
        begins, ends = [begin for begin, _ in spans], [end for _, end in spans]
        with _told(name):
            got = obstore.get_ranges(self._store, name, starts=begins, ends=ends)
        views = [memoryview(part) for part in got]
        if [len(view) for view in views] != [end - begin for begin, end in spans]:
            raise _cut_off(name)
        return [_cut(begins, views, start, length) for start, length in parts]

    def find(self, name: str) -> Blob | None:
        """See `Blobs`."""
        try:
            with _told(name):
                return _blob(obstore.head(self._store, name))
        except Missing:
            return None

    def list(self, prefix: str) -> Iterator[Blob]:
        """See `Blobs`."""
        with _told(prefix):
            for page in obstore.list(self._store, prefix.rstrip("/")):
                for blob in page:
                    yield _blob(blob)

    def delete(self, name: str) -> None:
        """See `Blobs`."""
        with _told(name), contextlib.suppress(FileNotFoundError, exceptions.NotFoundError):
            obstore.delete(self._store, name)

    def sweep(self, older: timedelta) -> None:
        """See `Blobs`; an upload is one request and leaves nothing behind."""

    def _size(self, name: str) -> int:
        with _told(name):
            return int(obstore.head(self._store, name)["size"])

    def _reaches(self, name: str, parts: Sequence[tuple[int, int]]) -> None:
        size = self._size(name)
        if any(length < 0 or start + length > size for start, length in parts):
            raise _cut_off(name)


def _spans(wanted: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges to fetch with one request each; obstore would do it, but panics if a blob ends too early."""
    spans: list[tuple[int, int]] = []
    for begin, end in sorted(wanted):
        if spans and begin - spans[-1][1] <= _NEAR:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


def _cut(begins: Sequence[int], views: Sequence[memoryview], start: int, length: int) -> bytes:
    if not length:
        return b""
    index = bisect.bisect_right(begins, start) - 1
    return bytes(views[index][start - begins[index] : start - begins[index] + length])


def _cut_off(name: str) -> Damaged:
    return Damaged(f"{name} of the vault is truncated.", hint="Verify the vault.")


def _blob(meta: Any) -> Blob:
    return Blob(meta["path"], meta["size"], meta["last_modified"])


def _denied() -> AccessDenied:
    return AccessDenied("The storage rejected the access key.", hint="Check the access key and its permissions.")


def _status(error: Exception) -> int | None:
    """Return the HTTP status that an error of obstore reports; its text has other numbers, too, such as the port."""
    reported = re.search(r"status code: (\d{3})\b", str(error))
    return int(reported[1]) if reported else None


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn errors of obstore into sentences; its messages may contain addresses and keys, and are not shown."""
    try:
        yield
    except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
        raise
    except (FileNotFoundError, exceptions.NotFoundError) as error:
        raise Missing(f"{name} of the vault is missing.", hint="Verify the vault.") from error
    except (PermissionError, exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise _denied() from error
    except (exceptions.BaseError, OSError) as error:
        status = _status(error)
        if status in {401, 403}:  # of a listing, for which obstore has no classes
            raise _denied() from error
        if status == 404:
            raise StorageUnavailable(
                "There is no such bucket, or the endpoint is not an S3 service.",
                hint="Check the bucket and the endpoint.",
            ) from error
        if status == 416 or "InvalidRange" in str(error):  # a part that begins after the end
            raise _cut_off(name) from error
        if status == 507 or "InsufficientStorage" in str(error):
            raise StorageFull from error
        raise StorageUnavailable(hint="Check endpoint, port and network. No data was lost.") from error

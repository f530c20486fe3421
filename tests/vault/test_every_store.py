"""Every store of a vault passes the conformance suite; and errors that are specific to a store."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from headwater.testing import vaults
from headwater.vault.blobs import Blobs
from headwater.vault.errors import Missing, StorageFull, StorageUnavailable
from headwater.vault.local import LocalBlobs
from suite.ports import free_port
from vault import s3


@pytest.mark.parametrize("check", vaults.CHECKS, ids=lambda check: check.__name__)
def test_store_conforms(place: Callable[[], Blobs], check: vaults.Check) -> None:
    check(place())


@pytest.mark.parametrize("check", vaults.CHECKS, ids=lambda check: check.__name__)
def test_faulty_double_conforms_without_faults(tmp_path: Path, check: vaults.Check) -> None:
    check(vaults.FaultyBlobs(LocalBlobs(tmp_path)))


class _Forgetful(LocalBlobs):
    """A store that overwrites: what the suite is there to catch."""

    def create(self, name: str, data: bytes) -> bool:
        self.delete(name)
        super().create(name, data)
        return True


@pytest.mark.parametrize("check", [vaults.is_created_once, vaults.has_one_winner])
def test_overwriting_store_does_not_conform(tmp_path: Path, check: vaults.Check) -> None:
    with pytest.raises((AssertionError, Missing)):
        check(_Forgetful(tmp_path))


def test_unreachable_storage_is_reported_quickly() -> None:
    port = free_port()
    blobs = s3.Place(f"http://127.0.0.1:{port}").blobs("507")  # the number of a status, in a URL that errors contain
    began = time.monotonic()
    for call in (
        lambda: blobs.create("config", b""),
        lambda: blobs.read("config"),
        lambda: blobs.read("config", 1, 2),
        lambda: blobs.find("config"),
        lambda: list(blobs.list("packs/")),
        lambda: blobs.delete("config"),
    ):
        with pytest.raises(StorageUnavailable) as raised:
            call()
        assert str(port) not in raised.value.message
        assert type(raised.value) is StorageUnavailable
    assert time.monotonic() - began < 60


def test_wrong_keys_and_buckets_are_reported(storage: s3.Place) -> None:
    wrong = s3.S3Blobs(s3.BUCKET, "x", http=True, retries=0, **{**storage.options, "secret_access_key": "not-that"})
    with pytest.raises(StorageUnavailable, match="rejected") as raised:
        wrong.create("config", b"")
    assert "not-that" not in str(raised.value.hint) + raised.value.message
    nowhere = s3.S3Blobs("no-such-bucket", "x", http=True, retries=0, **storage.options)
    assert nowhere.find("config") is None


def test_prefixes_are_isolated(storage: s3.Place) -> None:
    first, two = storage.blobs("apart"), storage.blobs("apart2")
    assert first.create("config", b"1")
    assert two.create("config", b"2")
    assert [blob.name for blob in first.list("")] == ["config"]
    assert (first.read("config"), two.read("config")) == (b"1", b"2")


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, StorageUnavailable)],
)
@pytest.mark.parametrize("function", ["write", "fsync", "link", "open"])
def test_disk_error_leaves_no_blob(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception], function: str
) -> None:
    blobs = LocalBlobs(tmp_path / "vault")
    blobs.create("packs/00/first", b"1")

    def failing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, function, failing)
        with pytest.raises(error):
            blobs.create("packs/00/second", b"22")
    assert [blob.name for blob in blobs.list("")] == ["packs/00/first"]
    assert not list((tmp_path / "vault" / "temporary").iterdir())
    assert blobs.create("packs/00/second", b"22")


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:1000]))
    blobs = LocalBlobs(tmp_path)
    blobs.create("packs/00/it", bytes(5_000))
    assert blobs.read("packs/00/it") == bytes(5_000)


def test_unreadable_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.create("snapshots/one", b"")
    real = os.scandir

    def failing(path: os.PathLike[str] | str) -> object:
        if Path(path).name == "snapshots":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    monkeypatch.setattr(os, "scandir", failing)
    with pytest.raises(StorageUnavailable):
        list(blobs.list("snapshots/"))
    with pytest.raises(StorageUnavailable):
        list(blobs.list(""))


def test_leftovers_of_killed_writers_are_swept(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.create("config", b"{}")
    old, new = tmp_path / "temporary" / "1-old", tmp_path / "temporary" / "1-new"
    for path in (old, new):
        path.write_bytes(b"half")
    day_ago = time.time() - 90_000
    os.utime(old, (day_ago, day_ago))
    assert [blob.name for blob in blobs.list("")] == ["config"]
    blobs.sweep(timedelta(hours=24))
    assert (old.exists(), new.exists()) == (False, True)


def test_only_the_owner_can_read_files(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "vault")
    blobs.create("packs/00/it", b"")
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "vault").rglob("*")}
    assert modes == {0o700, 0o600}
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o700

"""The spool: guarantees of the archive command, and names of segments and positions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headwater.engines import Instance
from headwater.engines.postgresql import wal_spool
from headwater.kit.errors import BadInput

NAME = "000000010000000000000002"
MB = 2**20


@pytest.fixture(params=["plain", 'a b\'c "d" $e %f 100%'])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Instance:
    folder = tmp_path / request.param
    folder.mkdir()
    return Instance(folder, "shop", "pw", archive_log=True)


def archive(instance: Instance, segment: Path) -> int:
    """Run the command as the archiver does: it replaces what begins with a percent sign, then asks the shell."""
    signs = {"%%": "%", "%p": segment.name, "%f": segment.name}
    text, command = wal_spool.settings(instance)["archive_command"], ""
    while text:
        sign = text[:2]
        command += signs.get(sign, text[0])
        text = text[2 if sign in signs else 1 :]
    return subprocess.run(command, shell=True, check=False, cwd=segment.parent, capture_output=True).returncode


def write_segment(folder: Path, content: bytes, name: str = NAME) -> Path:
    location = folder / "pg_wal"
    location.mkdir(exist_ok=True)
    (location / name).write_bytes(content)
    return location / name


def test_segment_copy_is_atomic_and_idempotent(instance: Instance) -> None:
    segment = write_segment(instance.folder, bytes(range(256)) * 4096)
    assert [archive(instance, segment) for _ in range(2)] == [0, 0]
    (part,) = wal_spool.spooled_segments(instance)
    assert (part.name, part.timeline, part.first, part.end) == (NAME, 1, 2 * MB, 3 * MB)
    assert part.path.read_bytes() == segment.read_bytes()


def test_existing_segment_is_not_overwritten(instance: Instance) -> None:
    assert archive(instance, write_segment(instance.folder, b"a" * MB)) == 0
    assert archive(instance, write_segment(instance.folder, b"b" * MB)) != 0
    assert wal_spool.spooled_segments(instance)[0].path.read_bytes() == b"a" * MB


def test_partial_segment_is_ignored_and_recopied(instance: Instance) -> None:
    segment = write_segment(instance.folder, b"a" * MB)
    folder = wal_spool.spool_folder(instance)
    folder.mkdir()
    (folder / f".{NAME}").write_bytes(b"a" * 1000)
    assert wal_spool.spooled_segments(instance) == []
    assert archive(instance, segment) == 0
    assert wal_spool.spooled_segments(instance)[0].path.read_bytes() == b"a" * MB


def test_full_spool_accepts_only_existing_segments(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal_spool, "MOST", 2)
    first = write_segment(instance.folder, b"a" * MB)
    second = write_segment(instance.folder, b"b" * MB, NAME[:-1] + "3")
    third = write_segment(instance.folder, b"c" * MB, NAME[:-1] + "4")
    assert [archive(instance, item) for item in (first, second, third, first)] == [0, 0, 1, 0]
    wal_spool.spooled_segments(instance)[0].path.unlink()
    assert archive(instance, third) == 0


def test_history_files_are_removed_and_unknown_files_kept(instance: Instance) -> None:
    folder = wal_spool.spool_folder(instance)
    folder.mkdir()
    for name in (f"{NAME}.00000028.backup", "00000002.history", "notes.txt"):
        (folder / name).write_text("x")
    assert wal_spool.spooled_segments(instance) == []
    assert [item.name for item in folder.iterdir()] == ["notes.txt"]


def test_lsn_is_parsed_and_formatted() -> None:
    assert wal_spool.format_position(wal_spool.parse_position("1/16b3748")) == "1/16B3748"
    for wrong in ("", "0/", "1/2/3", "0/G", "0/123456789", "-1/0"):
        with pytest.raises(BadInput, match="not an LSN"):
            wal_spool.parse_position(wrong)
    assert [wal_spool.rounded_up(at, MB) for at in (MB, MB + 40, MB + 41, 2 * MB - 1)] == [MB, MB, 2 * MB, 2 * MB]


def test_symlinks_in_spool_are_ignored(instance: Instance, tmp_path: Path) -> None:
    folder = wal_spool.spool_folder(instance)
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"s" * MB)
    (folder / NAME).symlink_to(tmp_path / "secret")
    (folder / (NAME[:-1] + "3")).mkdir()
    (folder / (NAME[:-1] + "4")).write_bytes(b"not as long as a segment")
    assert wal_spool.spooled_segments(instance) == []

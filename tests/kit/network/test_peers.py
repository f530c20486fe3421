"""Server processes agree about owners, and do not wait for one that is gone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from headwater.kit.errors import Unavailable
from headwater.kit.network import unix_sockets
from headwater.kit.network.peers import PeerRequest, Peers, socket_path
from headwater.kit.settings import Settings


def test_every_key_has_one_owner_and_all_agree(tmp_path: Path) -> None:
    peers = [Peers(Settings(home=tmp_path, servers=4), number) for number in range(4)]
    owned = [0] * 4
    for key in range(400):
        answers = [each.owner_elsewhere("database", key, "tab") for each in peers]
        owner = answers.index(None)
        assert [answer for answer in answers if answer is not None] == [owner] * 3
        owned[owner] += 1
    assert min(owned) > 50


def test_only_process_owns_everything_and_asks_nobody(tmp_path: Path) -> None:
    alone = Peers(Settings(home=tmp_path, servers=1), 0)
    assert alone.owner_elsewhere("x") is None and not alone.others
    assert list(Peers(Settings(home=tmp_path, servers=2)).others) == [0, 1]  # a worker is none of them


async def test_process_that_is_gone_is_left_out(tmp_path: Path) -> None:
    peers = Peers(Settings(home=tmp_path, servers=3), 0)
    assert await peers.ask_others("GET", "/private/metrics") == []
    with pytest.raises(Unavailable, match="does not answer"):
        await peers.send(1, PeerRequest("GET", "/"))
    await peers.close()


@pytest.mark.parametrize("depth", [1, 20])
def test_sockets_are_private_wherever_they_are(tmp_path: Path, depth: int) -> None:
    home = tmp_path.joinpath(*["folder"] * depth)
    home.mkdir(parents=True)
    path = socket_path(Settings(home=home), 3)
    assert len(str(path)) <= unix_sockets.PATH_LIMIT
    for _ in range(2):  # what an earlier process has left does not matter
        with unix_sockets.listener(path, 1):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()

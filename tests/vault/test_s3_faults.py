"""Storage faults on a real S3: at each call as for the other stores, and at each HTTP request.

Each way to fail takes its share of the calls and requests of a snapshot, and each is tried on every request that writes;
the profile says how large the shares are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import obstore
import pytest
from obstore.store import S3Store

from faults.test_vault_faults import SMALL, given_, restored, wanted
from headwater.kit.errors import HeadwaterError
from headwater.testing.vaults import FAULTS, Fault, FaultyBlobs
from headwater.vault import verification
from headwater.vault.manifest import Manifest
from headwater.vault.s3 import S3Blobs
from headwater.vault.vault import Vault
from suite.profiles import rounds
from vault import builders, s3
from vault.s3_proxy import SPOILS, Proxy, Spoil, proxied

# Each way to fail gets the calls of a share; `HEADWATER_TEST_S3_SHARES=1` gives all calls to all of them.
SHARES = rounds("S3_SHARES", len(SPOILS), quick=4 * len(SPOILS))
WRITE_SHARES = rounds("S3_WRITE_SHARES", 1, quick=3)
# A request that fails once is made again, and nothing is noticed. A body that is cut is made again by no one below us.
RETRIED: tuple[Spoil, ...] = ("internal", "slow-down", "reset", "lost")
_numbers = itertools.count()


def is_due(at: int, number: int, shares: int = SHARES) -> bool:
    """Whether a call is one of the share of a way to fail."""
    return at % shares == number % shares


def begun(blobs: S3Blobs) -> tuple[Vault, Manifest]:
    vault = Vault.create(blobs, builders.KEY)
    return vault, builders.snapshot(vault, given_(1), sizes=SMALL, threads=1)


def second(vault: Vault, parent: Manifest, id_: str) -> None:
    builders.snapshot(vault, given_(2), parent=vault.manifest(parent.id), sizes=SMALL, id_=id_, threads=1)


def holds(vault: Vault, parent: Manifest, id_: str) -> bool:
    """Check the laws after a snapshot that may have failed; return whether it is there.

    The old one restores, the new one is whole or not there, whatever was answered, and the next one is right.
    """
    name = f"snapshots/{id_}"
    result = vault.blobs.find(name) is not None and vault.blobs.read(name) != b"somebody else's"
    for item, seed in ((parent.id, 1), (id_, 2)) if result else ((parent.id, 1),):
        assert restored(vault, item) == wanted(given_(seed))
    assert verification.deep(vault, [parent.id, id_] if result else [parent.id]).sound
    return result


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from-then-on"])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_every_call(storage: s3.Place, fault: Fault, lasting: bool) -> None:
    prefix = f"calls-{next(_numbers)}"
    vault, parent = begun(storage.blobs(prefix))
    for at in itertools.count():
        if not is_due(at, FAULTS.index(fault)):
            continue
        faulty, id_ = FaultyBlobs(storage.blobs(prefix), at, fault, lasting=lasting), f"second-{at}"
        try:
            second(Vault(faulty, vault.config, vault.keys), parent, id_)
        except HeadwaterError as error:
            assert error.message
            holds(vault, parent, id_)
        else:
            assert holds(vault, parent, id_)
        third = builders.snapshot(vault, given_(3), parent=parent, sizes=SMALL)
        assert restored(vault, third.id) == wanted(given_(3))
        if not faulty.failed:
            break
    assert at > 10


@pytest.fixture(scope="module")
def proxy(storage: s3.Place) -> Iterator[Proxy]:
    options = {"region": "us-east-1", **storage.options}
    store = S3Store(s3.BUCKET, config=options, client_options={"allow_http": True})

    def rival(path: str) -> None:
        obstore.put(store, path.removeprefix(f"/{s3.BUCKET}/"), b"somebody else's")

    with proxied(storage, rival) as result:
        yield result


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from-then-on"])
@pytest.mark.parametrize("spoil", SPOILS)
def test_fault_at_every_request(storage: s3.Place, proxy: Proxy, spoil: Spoil, lasting: bool) -> None:
    prefix = f"requests-{next(_numbers)}"
    vault, parent = begun(storage.blobs(prefix))
    spoilt = Vault(proxy.place.blobs(prefix), vault.config, vault.keys)
    proxy.arm(None)
    second(spoilt, parent, "second")
    writes = {at for at, method in enumerate(proxy.methods) if method == "PUT"}
    assert len(writes) >= 4
    failed = 0
    for at in itertools.count():
        number = SPOILS.index(spoil)
        is_write_due = not lasting and at in writes and is_due(at, number, WRITE_SHARES)
        if not is_write_due and not is_due(at, number):
            continue
        id_ = f"second-{at}"
        proxy.arm(at, spoil, lasting=lasting)
        try:
            second(spoilt, parent, id_)
        except HeadwaterError as error:
            failed += 1
            assert error.message
            assert lasting or spoil not in RETRIED, (at, error.message)
            holds(vault, parent, id_)
        else:
            assert holds(vault, parent, id_)
        over, seen = not proxy.spoilt, len(proxy.methods)
        proxy.arm(None)
        third = builders.snapshot(spoilt, given_(3), parent=parent, sizes=SMALL)
        assert restored(vault, third.id) == wanted(given_(3))
        if over:
            break
    assert seen > 10
    assert failed or not lasting or spoil in {"cut", "race"}

"""A database of its own, provisioned as Headwater does, for tests of what its users may do."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from headwater.drivers import Spec
from headwater.drivers.local import LocalDriver


@contextlib.asynccontextmanager
async def provisioned(version: str, quotas: Mapping[str, int]) -> AsyncIterator[tuple[LocalDriver, Spec]]:
    """Create and start a database of a major version; it is deleted at the end."""
    root = Path(tempfile.mkdtemp(prefix="hw-instance-"))
    root.chmod(0o755)
    driver = LocalDriver(root / "databases")
    spec = Spec(uuid.uuid4(), "postgresql", "shop", uuid.uuid4().hex, quotas, {"version": version})
    await driver.create(spec)
    await driver.start(spec)
    yield driver, spec
    await driver.close()
    shutil.rmtree(root, ignore_errors=True)

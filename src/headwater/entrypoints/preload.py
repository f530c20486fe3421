"""What all processes of `headwater up` import: loaded once, in the process that they are copies of.

Nothing here may start a thread or open a connection: a copy has neither.
"""

from __future__ import annotations

import gc
import signal

# What is imported stays, so that looking for garbage meanwhile only delays the start.
gc.disable()

# The fork server outlives its children, which stop by themselves when they are told to; it ends with `headwater up`.
signal.signal(signal.SIGTERM, signal.SIG_IGN)

from headwater.entrypoints.proxy import run as proxy_run  # noqa: E402
from headwater.entrypoints.server import run as server_run  # noqa: E402
from headwater.entrypoints.worker import run as worker_run  # noqa: E402
from headwater.features import collect  # noqa: E402

for role in ("models", "endpoints", "tasks", "startup"):
    collect(role)
server_run.application()

COMMANDS = {"serve": server_run.main, "worker": worker_run.main, "proxy": proxy_run.main}

# Garbage collection would write to every object, and so copy the memory that processes share.
gc.collect()
gc.freeze()
gc.enable()

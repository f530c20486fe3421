"""Starts, watches and stops the server that replays a log; clients cannot connect to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from headwater.engines import Instance, RecoveryResult, RecoveryTarget, ServerCommand
from headwater.features.databases.service.instances import LocalInstance
from headwater.features.jobs.context import Attempt
from headwater.kit import process
from headwater.kit.errors import Unavailable

LOG, OUTPUT = "replay", "log"
POLL_SECONDS, STOP_SECONDS = 0.1, 60.0


def put(instance: Instance, path: Path, content: bytes) -> None:
    """Write a file that only the server of an instance can read."""
    with open(path, "xb", opener=_private) as file:
        file.write(content)
    if instance.owner:
        os.chown(path, instance.owner.uid, instance.owner.gid)


def _written(path: Path) -> IO[bytes]:
    return open(path, "wb", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


async def replayed(
    attempt: Attempt, local: LocalInstance, instance: Instance, facts: Mapping[str, Any], goal: RecoveryTarget, was: str
) -> RecoveryResult:
    """Replay the log in the staging folder up to a target, then stop the server.

    If the log ends before the target, nothing was committed between its end and the target, because the plan checked
    that the log covers it. Then the whole log is replayed.
    """
    output = await _run(attempt, local, instance, facts, goal, was)
    if local.engine.target_not_reached(output):
        output = await _run(attempt, local, instance, facts, RecoveryTarget("end"), was)
    if local.engine.target_not_reached(output):
        raise Unavailable("The log ended before the requested moment.")
    return local.engine.recovery_result(output)


async def _run(
    attempt: Attempt, local: LocalInstance, instance: Instance, facts: Mapping[str, Any], goal: RecoveryTarget, was: str
) -> str:
    """Run the server until it has reached the target or missed it; return its output."""
    program = await asyncio.to_thread(local.engine.recovery_command, instance, facts, goal, instance.folder / LOG)
    output = instance.folder / OUTPUT
    with _written(output) as file:
        child = process.spawn(
            program.command,
            death_signal=program.stop_signal,
            identity=instance.owner,
            env=program.environment,
            cwd=instance.folder,
            output=file,
            memory_mb=program.memory_mb,
        )
    (instance.folder / "pid").write_text(f"{child.pid} {int(program.stop_signal)}")
    try:
        if await _until_arrived(attempt, local, instance, child):
            attempt.report("handing over", 0, 1, unit="steps", message=instance.name)
            await local.engine.take_ownership(instance, was)
    finally:
        await _stopped(child, program)
    text = output.read_text(errors="replace")
    (instance.folder / "pid").unlink(missing_ok=True)
    return text


async def _until_arrived(
    attempt: Attempt, local: LocalInstance, instance: Instance, child: subprocess.Popen[bytes]
) -> bool:
    """Wait until the server has reached the target; return False if the log ends before it."""
    engine, output = local.engine, instance.folder / OUTPUT
    while not local.provisioning.is_ready(instance):
        if child.poll() is not None:
            text = output.read_text(errors="replace")
            if engine.target_not_reached(text):
                return False
            last = " ".join(line.replace(str(instance.folder), "…") for line in text.strip().splitlines()[-3:])
            raise Unavailable("The log could not be replayed.", hint=f"The server reported: {last}"[:600])
        attempt.report("replaying", 0, 0, unit="steps", message="the server is replaying the log")
        await asyncio.sleep(POLL_SECONDS)
    return True


async def _stopped(child: subprocess.Popen[bytes], program: ServerCommand) -> None:
    await asyncio.shield(process.stop(child, program.stop_signal, STOP_SECONDS))

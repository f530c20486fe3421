"""Child processes that never outlive us: each has its own process group and a death signal."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """The operating-system user of a child."""

    name: str
    uid: int
    gid: int


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    identity: Identity | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | None = None,
    errors: IO[bytes] | None = None,
    memory_mb: int | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in a new process group.

    Args:
        command: the program and its arguments.
        death_signal: the signal that the kernel sends it when the thread that started it dies (Linux).
        identity: the user to run as; None is the current one.
        env: its complete environment; None is ours.
        cwd: its working folder.
        output: where its stdout and stderr go; None is ours.
        errors: where its stderr goes, if not where its stdout does.
        memory_mb: the most memory that each of its processes may map (RLIMIT_AS).
        pass_fds: open files that it inherits.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        start_new_session=True,
        preexec_fn=_prepared(death_signal, memory_mb),
        user=identity.uid if identity else None,
        group=identity.gid if identity else None,
        extra_groups=[] if identity else None,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        pass_fds=pass_fds,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors or (subprocess.STDOUT if output else None),
    )


def _prepared(death_signal: signal.Signals, memory_mb: int | None) -> Callable[[], None]:
    limit = memory_mb * 2**20 if memory_mb else None
    libc = _libc()

    def prepare() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        if libc:
            libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)

    return prepare


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def die_with_parent(death_signal: signal.Signals) -> None:
    """Let the kernel send this process a signal when the one that started it ends (Linux)."""
    if libc := _libc():
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


async def wait(process: subprocess.Popen[bytes], patience: float | None = None) -> int | None:
    """Return the exit code of a child, or None if it still runs after `patience` seconds."""
    loop = asyncio.get_running_loop()
    end = None if patience is None else loop.time() + patience
    pause = 0.02
    while (code := process.poll()) is None:
        if end is not None and loop.time() >= end:
            return None
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.25)
    return code


async def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> None:
    """Stop a child with its stop signal, then by force, and kill what remains of its group."""
    if process.poll() is None:
        process.send_signal(how)
        if await wait(process, patience) is None:
            process.kill()
            await wait(process, 5.0)
    kill_group(process.pid)


def kill_group(leader: int) -> None:
    """Kill the remaining processes in the group of a child that has ended."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def command_line(pid: int) -> str:
    """Return the command line of a running process, or an empty string if it does not exist."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    result = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return result.stdout.strip()


def raise_file_limit(wanted: int) -> int:
    """Let this process open more files, up to the limit that the system sets; return how many it may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        return allowed
    return wanted if soft == resource.RLIM_INFINITY else soft

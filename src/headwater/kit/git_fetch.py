"""Fetches one commit of a remote repository with the system's git, and writes its files as a tar archive.

What runs is bounded and knows nothing of this machine: no configuration of the user or the system, no hooks, no
submodules, no filters, no prompts, no redirects, no proxies of the environment; only https and ssh; only the address
that the guard has checked. Secrets reach git through a pipe or stay with us (`git_ssh`): they are never in an argument,
an environment or a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from headwater.kit import process as processes
from headwater.kit.errors import TooLarge
from headwater.kit.git_address import GitAddress
from headwater.kit.git_commit import LOG_FORMAT, GitCommit, of_log
from headwater.kit.git_errors import GitFailed, failure_of
from headwater.kit.network.guard import NetworkPolicy, parse_host, resolve
from headwater.kit.network.tunnels import SshTunnel

# The first version that connects to a checked address instead of resolving the name again (http.curloptResolve).
OLDEST = (2, 37)
POLL_SECONDS = 0.05
MB = 1_048_576
# Files are larger than what is sent of them, which is compressed.
EXPANSION = 4
MAX_ANSWER = 16 * MB
REF = "refs/heads/fetched"
# The folder around everything in the archive: the intake takes one such folder away, so that no other is missed.
TOP = "source/"
# Attributes that change what an archive contains have no say: all files are read, as they are stored.
ATTRIBUTES = "* -export-ignore -export-subst -ident -filter -text -eol !working-tree-encoding\n"


@dataclass(frozen=True, slots=True)
class GitAccess:
    """A repository and the credentials for it: none, a token with a user name, or a key with the pinned host key."""

    address: GitAddress
    username: str = ""
    token: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    host_key: str = ""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much may be fetched, in megabytes as they are sent, and how long that may take."""

    megabytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RemoteHead:
    """The commit at which a branch is."""

    commit: str
    branch: str


@contextlib.asynccontextmanager
async def opened(
    access: GitAccess, folder: Path, policy: NetworkPolicy, limits: FetchLimits, check: Callable[[], None]
) -> AsyncIterator[RemoteRepository]:
    """Yield a remote repository that is fetched into an empty folder; `check` may raise to stop what runs.

    Raises:
        Blocked: the address may not be used.
        HostKeyUnknown, HostKeyChanged, DeployKeyRefused, TunnelFailed: see `git_ssh.connected`.
    """
    await _check_version()
    address = access.address
    if address.scheme != "ssh":
        ips = [endpoint.ip for endpoint in await resolve(address.host, address.port, policy)]
        yield RemoteRepository(access, folder, limits, check, ips=ips)
        return
    from headwater.kit import git_ssh  # several megabytes of memory that are needed only for SSH

    key, pinned = access.private_key or None, access.host_key or None
    tunnel = SshTunnel(address.host, address.user, address.port, private_key=key, host_key=pinned)
    async with git_ssh.connected(tunnel, policy) as connection:
        yield RemoteRepository(access, folder, limits, check, connection=connection)


class RemoteRepository:
    """A remote repository, and the folder into which one commit of it is fetched."""

    def __init__(
        self,
        access: GitAccess,
        folder: Path,
        limits: FetchLimits,
        check: Callable[[], None],
        *,
        ips: Sequence[str] = (),
        connection: Any = None,
    ) -> None:
        self._access, self._folder, self._limits, self._check = access, folder, limits, check
        self._ips, self._connection = ips, connection
        self._repository = folder / "repository"
        self._deadline = time.monotonic() + limits.seconds

    async def head(self, branch: str | None) -> RemoteHead:
        """Return where a branch is; None is the branch that the repository itself names as its default.

        Raises:
            GitFailed: there is no such branch or repository, or the credentials are refused.
        """
        names = [f"refs/heads/{branch}"] if branch else ["HEAD"]
        answer = await self._remote("ls-remote", "--symref", "--", self._access.address.url, *names)
        wanted, target = names[0], ""
        for line in answer.splitlines():
            value, _, name = line.partition("\t")
            if name == wanted and value.startswith("ref: "):
                target = value.removeprefix("ref: refs/heads/")
            elif name == wanted and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value):
                return RemoteHead(value, branch or target)
        if branch:
            raise GitFailed(f"There is no branch {branch} in the repository.", hint="Enter the name of another branch.")
        raise GitFailed("The repository is empty.", hint="Push a commit to it first.")

    async def fetch(self, head: RemoteHead) -> GitCommit:
        """Fetch the commit at which a branch is now, without its history.

        Raises:
            TooLarge: more is sent than the limit allows.
            GitFailed: it cannot be fetched.
        """
        kind = "sha256" if len(head.commit) == 64 else "sha1"
        await self._local("init", "--quiet", "--bare", "--template=", f"--object-format={kind}", "repository")
        (self._repository / "info").mkdir(exist_ok=True)
        (self._repository / "info" / "attributes").write_text(ATTRIBUTES)
        options = ["--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"]
        source = f"refs/heads/{head.branch}" if head.branch else "HEAD"
        await self._remote("fetch", *options, "--", self._access.address.url, f"+{source}:{REF}")
        answer = await self._local("log", "-1", "--no-show-signature", f"--format={LOG_FORMAT}", REF, "--")
        return of_log(answer, head.branch)

    async def archive(self, commit: GitCommit, subfolder: str, target: Path) -> int:
        """Write the files of a commit, or of one folder of it, as a tar archive; return its size in bytes.

        Raises:
            GitFailed: there is no such folder.
            TooLarge: the files are larger than the limit allows.
        """
        tree = f"{commit.id}:{subfolder}"
        try:
            is_folder = (await self._local("cat-file", "-t", tree)).strip() == "tree"
        except GitFailed:
            is_folder = False
        if not is_folder:
            raise GitFailed(f"There is no folder {subfolder} in branch {commit.branch}.", hint="Check its spelling.")
        most = self._limits.megabytes * EXPANSION
        await self._local("archive", "--format=tar", f"--prefix={TOP}", tree, output=target, megabytes=most)
        return _bytes_of(target)

    async def _local(self, *arguments: str, output: Path | None = None, megabytes: int | None = None) -> str:
        return await self._run(arguments, {}, output=output, megabytes=megabytes or self._limits.megabytes)

    async def _remote(self, *arguments: str) -> str:
        if self._connection is not None:
            return await self._over_ssh(arguments)
        return await self._over_http(arguments)

    async def _over_http(self, arguments: Sequence[str]) -> str:
        address, access = self._access.address, self._access
        config = {"http.followRedirects": "false", "http.proxy": "", "http.emptyAuth": "false"}
        if parse_host(address.host) is None:
            config["http.curloptResolve"] = f"{address.host}:{address.port}:{','.join(map(_bracketed, self._ips))}"
        if not access.token:
            return await self._run(arguments, config, megabytes=self._limits.megabytes)
        read_end, write_end = os.pipe()
        try:
            with os.fdopen(write_end, "wb") as pipe:
                pipe.write(f"username={access.username}\npassword={access.token}\n".encode())
            helper = f'!f() {{ test "$1" = get && cat /dev/fd/{read_end}; }}; f'
            config["credential.helper"] = helper
            return await self._run(arguments, config, megabytes=self._limits.megabytes, pass_fds=(read_end,))
        finally:
            os.close(read_end)

    async def _over_ssh(self, arguments: Sequence[str]) -> str:
        from headwater.kit import git_ssh

        ours, theirs = socket.socketpair()
        relay = asyncio.create_task(git_ssh.relay(self._connection, ours))
        try:
            with theirs:
                line = git_ssh.command_line(theirs.fileno())
                task = self._run(
                    arguments, {}, megabytes=self._limits.megabytes, pass_fds=(theirs.fileno(),), ssh=line, said=relay
                )
                return await task
        finally:
            relay.cancel()
            await asyncio.gather(relay, return_exceptions=True)

    async def _run(
        self,
        arguments: Sequence[str],
        config: dict[str, str],
        *,
        megabytes: int,
        output: Path | None = None,
        pass_fds: Sequence[int] = (),
        ssh: str = "",
        said: asyncio.Task[str] | None = None,
    ) -> str:
        """Run git, and return what it printed; it is stopped when a limit is exceeded or `check` raises."""
        location = ["--git-dir=repository"] if arguments[0] not in {"init", "ls-remote"} else []
        out, err = output or self._folder / "out", self._folder / "err"
        env = _environment(self._folder, self._access.address.scheme, config, ssh)
        with out.open("wb") as stdout, err.open("wb") as stderr:
            code = await self._watched(["git", *location, *arguments], env, (stdout, stderr), pass_fds, megabytes)
        if code == 0:
            return "" if output else _text(out)
        lost = ""
        if said is not None:
            with contextlib.suppress(TimeoutError):
                lost = await asyncio.wait_for(asyncio.shield(said), 2.0)
        raise failure_of(_text(err) + "\n" + lost, self._access.address, self._access.token)

    async def _watched(
        self,
        command: Sequence[str],
        env: dict[str, str],
        streams: tuple[IO[bytes], IO[bytes]],
        pass_fds: Sequence[int],
        megabytes: int,
    ) -> int:
        child = processes.spawn(
            command,
            death_signal=signal.SIGKILL,
            env=env,
            cwd=self._folder,
            output=streams[0],
            errors=streams[1],
            pass_fds=pass_fds,
        )
        try:
            while (code := await processes.wait(child, POLL_SECONDS)) is None:
                self._check()
                self._check_limits(megabytes)
            self._check_limits(megabytes)
            return code
        finally:
            await processes.stop(child, signal.SIGKILL)

    def _check_limits(self, megabytes: int) -> None:
        if time.monotonic() > self._deadline:
            minutes = self._limits.seconds / 60
            raise GitFailed(
                f"The repository could not be fetched within {minutes:.0f} minutes.",
                hint="Try again, or let CI upload it with headwater scan --push.",
            )
        if _size(self._folder) > megabytes * MB:
            raise TooLarge(
                f"The repository is larger than {self._limits.megabytes} MB, even without its history.",
                hint="Let CI upload it with headwater scan --push, or raise HEADWATER_MAX_UPLOAD_MB.",
            )


def _environment(folder: Path, scheme: str, config: dict[str, str], ssh: str) -> dict[str, str]:
    """Return the whole environment of git: nothing of ours but the search path and the trusted certificates."""
    every = {
        "core.hooksPath": os.devnull,
        "credential.helper": "",
        "fetch.recurseSubmodules": "false",
        "gc.auto": "0",
        "http.lowSpeedLimit": "1000",
        "http.lowSpeedTime": "60",
        "maintenance.auto": "false",
        "pack.threads": "1",
        "submodule.recurse": "false",
    } | config
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_ALLOW_PROTOCOL": scheme,
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_CONFIG_COUNT": str(len(every)),
    }
    for number, (name, value) in enumerate(every.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    if certificates := os.environ.get("SSL_CERT_FILE"):
        env["GIT_SSL_CAINFO"] = certificates
    if ssh:
        env |= {"GIT_SSH_COMMAND": ssh, "GIT_SSH_VARIANT": "ssh"}
    return env


async def _check_version() -> None:
    """Raise GitFailed unless git is installed and new enough to be pinned to an address."""
    try:
        child = await asyncio.create_subprocess_exec("git", "--version", stdout=asyncio.subprocess.PIPE)
    except FileNotFoundError as error:
        raise GitFailed(
            "git is not installed where Headwater runs.", hint="Install git 2.37 or newer there."
        ) from error
    answer = (await child.communicate())[0].decode("utf-8", "replace")
    match = re.search(r"(\d+)\.(\d+)", answer)
    if not match or (int(match[1]), int(match[2])) < OLDEST:
        raise GitFailed(f"{answer.strip()} is too old.", hint="Install git 2.37 or newer where Headwater runs.")


def _bytes_of(file: Path) -> int:
    return file.stat().st_size


def _bracketed(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def _text(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(MAX_ANSWER).decode("utf-8", "replace")


def _size(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_size
    return total

"""Fetching one commit with the system's git: over HTTP with a token, over SSH with a key, and everything it refuses."""

from __future__ import annotations

import asyncio
import os
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from git_server import TOKEN, USER, GitRepository, HttpGitHost, git, http_git_host, ssh_git_host
from headwater.kit import git_address, git_keys
from headwater.kit.errors import Cancelled, HeadwaterError, Invalid, TooLarge
from headwater.kit.git_commit import GitCommit
from headwater.kit.git_errors import GitFailed, GitUnreachable
from headwater.kit.git_fetch import FetchLimits, GitAccess, opened
from headwater.kit.git_ssh import DeployKeyRefused
from headwater.kit.network.guard import Blocked, NetworkPolicy
from headwater.kit.network.tunnels import HostKeyChanged, HostKeyUnknown

LOOPBACK = NetworkPolicy(loopback=True)
LIMITS = FetchLimits(2, 60.0)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository.create(tmp_path / "served" / "shop")
    made.commit("First", README_dot_md="Hello\n")
    made.commit(
        "Orders\n\nAnd a body",
        api__app_dot_py="x = 1\n",
        api__win_dot_sql=b"SELECT 1;\r\n",
        _dot_gitattributes="api/app.py export-ignore\n*.sql text eol=crlf\n",
    )
    return made


@pytest.fixture
def host(repository: GitRepository, tmp_path: Path) -> Iterator[HttpGitHost]:
    with http_git_host(tmp_path / "served") as made:
        yield made


async def fetch(
    access: GitAccess,
    folder: Path,
    branch: str | None = None,
    subfolder: str = "",
    *,
    policy: NetworkPolicy = LOOPBACK,
    limits: FetchLimits = LIMITS,
) -> tuple[GitCommit, dict[str, bytes]]:
    """Fetch a commit; return it and its files."""
    folder.mkdir(exist_ok=True)
    async with opened(access, folder, policy, limits, lambda: None) as remote:
        commit = await remote.fetch(await remote.head(branch))
        await remote.archive(commit, subfolder, folder / "files.tar")
    with tarfile.open(folder / "files.tar") as tar:
        files = {
            member.name.removeprefix("source/"): tar.extractfile(member).read() for member in tar if member.isfile()
        }  # type: ignore[union-attr]
    return commit, files


def access(host: HttpGitHost, token: str = "", path: str = "shop/.git") -> GitAccess:
    return GitAccess(git_address.parse(f"{host.url}/{path}"), username=USER, token=token)


async def test_default_branch_is_fetched_without_history(host: HttpGitHost, tmp_path: Path) -> None:
    commit, files = await fetch(access(host), tmp_path / "a")
    assert (commit.branch, commit.subject) == ("main", "Orders")
    assert commit.id == git(host.folder / "shop", "rev-parse", "HEAD")
    assert commit.authored_at is not None
    assert commit.authored_at.isoformat() == "2026-03-01T12:00:00+01:00"
    assert git(tmp_path / "a" / "repository", "rev-list", "--count", commit.id) == "1"
    # All files as they are stored: what attributes say about archives and line ends does not count.
    assert (files["api/app.py"], files["api/win.sql"]) == (b"x = 1\n", b"SELECT 1;\n")
    assert set(files) == {"README.md", "api/app.py", "api/win.sql", ".gitattributes"}


async def test_branch_and_folder_can_be_chosen(host: HttpGitHost, repository: GitRepository, tmp_path: Path) -> None:
    git(repository.folder, "switch", "--quiet", "--create", "feature/one")
    wanted = repository.commit("On a branch", api__new_dot_py="y = 2\n")
    git(repository.folder, "switch", "--quiet", "main")
    commit, files = await fetch(access(host), tmp_path / "a", "feature/one", "api")
    assert (commit.id, commit.branch) == (wanted, "feature/one")
    assert set(files) == {"app.py", "win.sql", "new.py"}


@pytest.mark.parametrize(
    ("branch", "subfolder", "sentence"),
    [("gone", "", "There is no branch gone"), (None, "nowhere", "no folder nowhere"), (None, "README.md", "no folder")],
)
async def test_what_does_not_exist_is_named(
    host: HttpGitHost, tmp_path: Path, branch: str | None, subfolder: str, sentence: str
) -> None:
    with pytest.raises(GitFailed, match=sentence):
        await fetch(access(host), tmp_path / "a", branch, subfolder)


async def test_token_is_sent_only_when_it_is_asked_for_and_lies_nowhere(host: HttpGitHost, tmp_path: Path) -> None:
    host.token = TOKEN
    seen: list[str] = []
    host.before = lambda path: seen.extend(_processes_with(TOKEN))
    commit, _ = await fetch(access(host, TOKEN), tmp_path / "a")
    assert commit.subject == "Orders"
    assert seen == []
    texts = [path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert not any(TOKEN.encode() in text for text in texts)


def _processes_with(text: str) -> list[str]:
    """Return the command lines and environments of other processes that contain a text."""
    holders = []
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                content = (process / name).read_bytes()
            except OSError:
                continue
            if text.encode() in content and int(process.name) != os.getpid():
                holders.append(f"{process.name} {name}")
    return holders


@pytest.mark.parametrize("token", ["", "wrong-token"])
async def test_refused_credentials_end_in_one_sentence_without_them(
    host: HttpGitHost, tmp_path: Path, token: str
) -> None:
    host.token = TOKEN
    with pytest.raises(GitFailed, match="refused the credentials") as caught:
        await fetch(access(host, token), tmp_path / "a")
    assert "wrong-token" not in f"{caught.value.message} {caught.value.hint}"


async def test_repository_that_does_not_exist(host: HttpGitHost, tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="no such repository"):
        await fetch(access(host, path="nothing.git"), tmp_path / "a")


async def test_redirects_are_not_followed(host: HttpGitHost, repository: GitRepository, tmp_path: Path) -> None:
    with http_git_host(host.folder) as elsewhere:
        host.redirects["/shop/.git"] = f"{elsewhere.url}/shop/.git"
        with pytest.raises(GitFailed, match="another address"):
            await fetch(access(host, TOKEN), tmp_path / "a")
        assert elsewhere.requests == []


async def test_addresses_of_this_machine_are_blocked_without_permission(host: HttpGitHost, tmp_path: Path) -> None:
    with pytest.raises(Blocked):
        await fetch(access(host), tmp_path / "a", policy=NetworkPolicy())
    assert host.requests == []


async def test_name_is_resolved_once_and_then_pinned(host: HttpGitHost, tmp_path: Path) -> None:
    """git connects to the address that was checked, whatever the name resolves to later."""
    port = int(host.url.rsplit(":", 1)[1])
    address = git_address.parse(f"http://localhost:{port}/shop/.git")
    checked = GitAccess(address)
    (tmp_path / "a").mkdir()
    async with opened(checked, tmp_path / "a", LOOPBACK, LIMITS, lambda: None) as remote:
        remote._ips = ["127.9.9.9"]  # nobody listens there: if git resolved the name itself, it would succeed
        with pytest.raises(GitUnreachable):
            await remote.head(None)
        remote._ips = ["127.0.0.1"]
        assert (await remote.head(None)).branch == "main"


async def test_too_much_is_stopped(host: HttpGitHost, repository: GitRepository, tmp_path: Path) -> None:
    repository.commit("Large", large_dot_bin=os.urandom(3 * 1_048_576))
    with pytest.raises(TooLarge, match="larger than 2 MB"):
        await fetch(access(host), tmp_path / "a")


async def test_files_that_expand_are_stopped(host: HttpGitHost, repository: GitRepository, tmp_path: Path) -> None:
    repository.commit("Zeros", zeros_dot_bin=bytes(20 * 1_048_576))
    with pytest.raises(TooLarge):
        await fetch(access(host), tmp_path / "a")


async def test_time_and_cancelling_stop_git(host: HttpGitHost, tmp_path: Path) -> None:
    held = threading.Event()
    host.before = lambda path: held.wait(60) and None
    try:
        with pytest.raises(GitFailed, match="within 0 minutes"):
            await fetch(access(host), tmp_path / "a", limits=FetchLimits(2, 0.2))

        def cancel() -> None:
            raise Cancelled

        (tmp_path / "b").mkdir()
        with pytest.raises(Cancelled):
            async with opened(access(host), tmp_path / "b", LOOPBACK, LIMITS, cancel) as remote:
                await remote.head(None)
    finally:
        held.set()


async def test_server_that_does_not_answer_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(GitUnreachable) as caught:
        await fetch(GitAccess(git_address.parse("http://127.0.0.1:9/x.git")), tmp_path / "a")
    assert caught.value.status == 503


async def test_empty_repository(tmp_path: Path) -> None:
    GitRepository.create(tmp_path / "served" / "empty")
    with http_git_host(tmp_path / "served") as host, pytest.raises(GitFailed, match="empty"):
        await fetch(access(host, path="empty/.git"), tmp_path / "a")


async def test_hooks_filters_and_settings_of_the_user_have_no_say(
    host: HttpGitHost, repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(f'[filter "x"]\n smudge = touch {tmp_path}/smudged\n[url "file:///etc/"]\n insteadOf = http\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    repository.commit("Filter", _dot_gitattributes="* filter=x\n")
    _, files = await fetch(access(host), tmp_path / "a")
    assert "api/app.py" in files
    assert not (tmp_path / "smudged").exists()


async def test_ssh_with_a_deploy_key(repository: GitRepository, tmp_path: Path) -> None:
    private, public = git_keys.new_key("headwater:shop")
    async with ssh_git_host(tmp_path / "served") as host:
        address = git_address.parse(host.address("shop/.git"))
        first = GitAccess(address, private_key=private)
        with pytest.raises(HostKeyUnknown) as unknown:
            await fetch(first, tmp_path / "a")
        assert unknown.value.fingerprint == git_keys.fingerprint(unknown.value.key) == host.host_key.get_fingerprint()
        pinned = GitAccess(address, private_key=private, host_key=unknown.value.key)
        with pytest.raises(DeployKeyRefused, match="refused the deploy key"):
            await fetch(pinned, tmp_path / "b")
        host.public_keys.add(public)
        with pytest.raises(Blocked):
            await fetch(pinned, tmp_path / "blocked", policy=NetworkPolicy())
        commit, files = await fetch(pinned, tmp_path / "c")
        assert commit.subject == "Orders"
        assert files["api/app.py"] == b"x = 1\n"
        assert {command.split()[0] for command in host.commands} == {"git-upload-pack"}
        texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert not any(private.split("\n")[1].encode() in text for text in texts)
        changed = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        with pytest.raises(HostKeyChanged):
            await fetch(GitAccess(address, private_key=private, host_key=changed), tmp_path / "d")
        with pytest.raises(GitFailed, match="no such repository"):
            missing = GitAccess(
                git_address.parse(host.address("no.git")), private_key=private, host_key=pinned.host_key
            )
            await fetch(missing, tmp_path / "e")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://github.com/acme/shop.git", ("https", "github.com", 443, "", "shop")),
        ("https://git.example.org:8443/shop", ("https", "git.example.org", 8443, "", "shop")),
        ("ssh://git@git.example.org:2222/acme/shop.git/", ("ssh", "git.example.org", 2222, "git", "shop")),
        ("git@gitlab.com:acme/team/shop.git", ("ssh", "gitlab.com", 22, "git", "shop")),
        ("http://127.0.0.1:3000/shop/.git", ("http", "127.0.0.1", 3000, "", "shop")),
    ],
)
def test_addresses_that_are_understood(text: str, expected: tuple[str, str, int, str, str]) -> None:
    address = git_address.parse(text)
    assert (address.scheme, address.host, address.port, address.user, address.name) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        "/srv/shop.git",
        "file:///srv/shop.git",
        "ext::sh -c touch% /tmp/x",
        "ext::id",
        "git://example.org/shop.git",
        "http://example.org/shop.git",
        "https://ada:secret-word@example.org/shop.git",
        "https://secret-word@example.org/shop.git",
        "https://example.org",
        "https://example.org/shop.git?x=1",
        "https://exa mple.org/shop.git",
        "ssh://-oProxyCommand=id/shop.git",
        "-oProxyCommand=id:shop.git",
        "git@-example.org:shop.git",
        "ssh://git@example.org:99999/shop.git",
        "https://example.org/shop.git\nhost=evil",
        "https://[::1/shop.git",
        "https://example.org./shop.git",
        "https://0x7f.1/shop.git",
        "https://2130706433/shop.git",
        "git@127.1:shop.git",
        "--upload-pack=id",
    ],
)
def test_other_addresses_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        git_address.parse(text)
    assert "secret-word" not in f"{caught.value.message} {caught.value.hint}"


def test_keys() -> None:
    private, public = git_keys.new_key("headwater:shop")
    assert public.startswith("ssh-ed25519 ") and public.endswith(" headwater:shop")
    assert public.startswith(git_keys.public_half(private))
    assert git_keys.fingerprint(public) == asyncssh.import_public_key(public).get_fingerprint()
    protected = asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh", "words").decode()
    with pytest.raises(Invalid, match="passphrase"):
        git_keys.public_half(protected)
    for wrong in ("", "hello", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"):
        with pytest.raises(HeadwaterError):
            git_keys.public_half(wrong)
    for wrong in ("hello", "ssh-ed25519 AAAA", "SHA256:x y z"):
        with pytest.raises(Invalid):
            git_keys.fingerprint(wrong)


async def test_nothing_is_left_running(host: HttpGitHost, tmp_path: Path) -> None:
    held = threading.Event()
    host.before = lambda path: held.wait(60) and None
    (tmp_path / "a").mkdir()

    async def ask() -> None:
        async with opened(access(host), tmp_path / "a", LOOPBACK, LIMITS, lambda: None) as remote:
            await remote.head(None)

    task = asyncio.create_task(ask())
    while not host.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    held.set()
    assert not [line for line in _command_lines() if "ls-remote" in line and host.url in line]


def _command_lines() -> list[str]:
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return lines

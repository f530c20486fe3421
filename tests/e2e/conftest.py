"""Owns what the browser tests share: a real server of their own, Chromium, a signed-in page, pictures."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import headwater

HERE = Path(__file__).parent
WEB = Path(headwater.__file__).parent / "web"
PICTURES = HERE.parents[1] / "test-artifacts"
CHROMIUM = (os.environ.get("HEADWATER_CHROMIUM", ""), "/usr/bin/chromium", "/usr/bin/chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EMAIL, PASSWORD, NAME = "ines@marlowfinch.example", "a river runs over stones", "Ines Moreau"

Theme = Literal["light", "dark"]
OpenPage = Callable[..., Page]


def missing(what: str) -> None:
    """Skip, saying what is absent; fail where everything is required, as in CI."""
    if os.environ.get("HEADWATER_TEST_REQUIRE") == "all":
        pytest.fail(what)
    pytest.skip(what)


@dataclass(frozen=True)
class Site:
    """A running server and the account that was made on it first."""

    url: str
    sample: str
    """The id of the sample project."""


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the server's health check, at most two minutes."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"the server ended at once:\n{log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"the server was not ready in two minutes:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a home of its own, stopped when the tests end."""
    if not (WEB / "index.html").is_file():
        missing("the web UI is not built: run `python hatch_build.py`")
    home, port = tmp_path_factory.mktemp("home"), free_port()
    log = home / "server.log"
    command = [sys.executable, "-m", "headwater", "up", "--port", str(port)]
    environment = {**os.environ, "HEADWATER_HOME": str(home)}
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, server, log)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the machine."""
    path = next((path for path in CHROMIUM if path and Path(path).exists()), None)
    if path is None:
        missing("no Chromium: install it, or name it in HEADWATER_CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def open_page(browser: Browser, server_url: str) -> Iterator[OpenPage]:
    """Opens a page in a window of its own; every window must end without errors or foreign requests."""
    problems: list[str] = []

    def open_page(theme: Theme = "dark", width: int = 1440, height: int = 900) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            reduced_motion="reduce",
            base_url=server_url,
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
        page.on("request", lambda request: problems.extend(foreign(request.url, server_url)))
        return page

    yield open_page
    assert problems == []


def foreign(url: str, server_url: str) -> list[str]:
    """The address, when it leaves the host."""
    return [] if url.startswith((server_url, "blob:", "data:")) else [f"request to {url}"]


def sign_in(page: Page) -> None:
    """Sign in through the form and wait for home."""
    page.goto("/sign-in")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


@pytest.fixture(scope="session")
def site(server_url: str, open_page: OpenPage) -> Site:
    """The server after its first sign-up, with the sample project scanned."""
    page = open_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    picture(page, "sign-up")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("link", name="Bookshop sample").click()
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible(timeout=60_000)
    sample = page.url.split("/p/")[1].split("?")[0].split("/")[0]
    page.context.close()
    return Site(url=server_url, sample=sample)


@pytest.fixture(scope="session")
def clinic_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ZIP of the small app in data/clinic."""
    archive = tmp_path_factory.mktemp("upload") / "clinic.zip"
    root = HERE / "data" / "clinic"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            out.write(path, path.relative_to(root))
    return archive


def picture(page: Page, name: str) -> None:
    """Save what the page shows, for people to look at."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")

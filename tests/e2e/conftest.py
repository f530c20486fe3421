"""Owns what the browser tests share: a real server of their own, Chromium, a first account, an archive to upload."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import find
from e2e.browser_helpers import (
    CORP,
    COUNT_REQUESTS,
    EMAIL,
    HERE,
    NAME,
    PASSWORD,
    PATIENCE_MS,
    SAMPLE,
    OpenPage,
    Site,
    Theme,
    foreign,
    missing,
    picture,
    pictures,
    require_web,
    signed_in,
)
from entrypoints.headwater_process import start_headwater

expect.set_options(timeout=PATIENCE_MS)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests go last: the browser's driver keeps an event loop, beside which no asyncio test can run."""
    items.sort(key=lambda item: item.path.is_relative_to(HERE))


# Closes the browser and its driver; closed a second time, it does nothing.
_open_browser = contextlib.ExitStack()
_pages: list[Page] = []
_WINDOWS_BEFORE = pytest.StashKey[int]()
JOBS_SHOWN = 5


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Report what the open windows showed, and the newest jobs, when a test failed: a timeout alone explains nothing."""
    report = yield
    if item.path.is_relative_to(HERE) and report.failed and call.when == "call":
        for page in _pages:
            if not page.is_closed():
                report.sections.append((f"window at {page.url}", shown_in(page)))
    return report


def shown_in(page: Page) -> str:
    """Return the text of a window, and the jobs of its server as JSON."""
    try:
        text = page.locator("body").inner_text(timeout=2000)
        with signed_in(urljoin(page.url, "/").rstrip("/")) as client:
            jobs = client.get("/jobs", params={"limit": JOBS_SHOWN}).json()
        return f"{text}\n\nJobs: {json.dumps(jobs, indent=1)}"
    except Exception as error:  # the report of the failure itself must not fail
        return f"(cannot be read: {error})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Remember which windows the fixtures had opened before the test."""
    item.stash[_WINDOWS_BEFORE] = len(_pages)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    """Close the windows that nobody looks at any more: they go on polling the server.

    A test's own window is closed after it, a fixture's after the last test of the file. The browser is closed after the
    last browser test of a worker, which may have asyncio tests to run after it.
    """
    result = yield
    if item.path.is_relative_to(HERE):
        if nextitem is not None:  # else the browser has been closed with the session
            is_last = nextitem.path != item.path
            _close_windows(0 if is_last else item.stash.get(_WINDOWS_BEFORE, len(_pages)))
        if nextitem is None or not nextitem.path.is_relative_to(HERE):
            _open_browser.close()
    return result


def _close_windows(first: int) -> None:
    for page in _pages[first:]:
        page.context.close()
    del _pages[first:]


@pytest.fixture(scope="session", autouse=True)
def _pictures(pytestconfig: pytest.Config) -> None:
    pictures.wanted = pytestconfig.getoption("--pictures")


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of a server with a home of its own, stopped when the tests end."""
    require_web()
    home = Path(tempfile.mkdtemp(prefix="hw-e2e-"))
    provider = {"id": "corp", "name": "Corp", "issuer": CORP, "client_id": "headwater", "client_secret": "s"}
    variables = {"HEADWATER_ALLOW_LOOPBACK": "true", "HEADWATER_OIDC_PROVIDERS": json.dumps([provider])}
    # Browsers treat loopback as secure, so the cookies of production are what is tested here.
    with start_headwater(home, HEADWATER_SECURE_COOKIES="true", **variables) as server:
        yield f"http://127.0.0.1:{server.port}"
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the machine."""
    path = find()
    if path is None:
        missing("no Chromium is installed")
    with _open_browser:
        playwright = _open_browser.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        _open_browser.callback(chromium.close)
        yield chromium


@pytest.fixture(scope="session")
def open_page(browser: Browser, server_url: str) -> Iterator[OpenPage]:
    """Opens a page in a window of its own; at the end no window may have met a script error or a foreign request."""
    problems: list[str] = []

    def open_page(theme: Theme = "dark", width: int = 1440, height: int = 900) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            reduced_motion="reduce",
            base_url=server_url,
        )
        context.add_init_script(COUNT_REQUESTS)
        page = context.new_page()
        _pages.append(page)
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
        page.on("request", lambda request: problems.extend(foreign(request.url, server_url)))
        return page

    yield open_page
    assert problems == []


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
    page.get_by_role("link", name=SAMPLE).click()
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    sample = page.url.split("/p/")[1].split("?")[0].split("/")[0]
    page.context.close()
    return Site(url=server_url, sample=sample, database=_database(server_url, sample))


TABLES = """
CREATE TABLE teams (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO teams VALUES (1, 'red'), (2, 'blue');
CREATE TABLE people (id int PRIMARY KEY, name text, team int REFERENCES teams, joined timestamptz, data jsonb);
INSERT INTO people SELECT g, 'name ' || g, 1 + g % 2, '2026-01-01'::timestamptz + g * interval '1 h', '{"a": 1}'
FROM generate_series(1, 3000) g; ANALYZE
"""


def _database(url: str, project: str) -> str:
    """Make a database with a few tables, over the API."""
    with signed_in(url) as client:
        created = client.post(f"/projects/{project}/databases", json={"name": "club"}).json()
        assert client.post(f"/databases/{created['id']}/query", json={"text": TABLES}).json()["error"] is None
        return str(created["id"])


@pytest.fixture(scope="session")
def clinic_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ZIP of the small app in data/clinic."""
    archive = tmp_path_factory.mktemp("upload") / "clinic.zip"
    root = HERE / "data" / "clinic"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix in {".py", ".sql"}):
            out.write(path, path.relative_to(root))
    return archive

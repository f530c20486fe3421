"""Owns what the browser tests say in words: opening windows, signing in, pictures, and what is missing here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

import headwater
from suite.ports import free_port

PATIENCE_MS = 120_000  # of everything that is waited for: a machine that is busy is no fault
HERE = Path(__file__).parent
WEB = Path(headwater.__file__).parent / "web"
PICTURES = HERE.parents[1] / "test-artifacts"
EMAIL, PASSWORD, NAME = "ines@marlowfinch.example", "a river runs over stones", "Ines Moreau"
SAMPLE = "Bookshop sample"
# The identity provider in the settings of the server; the tests of signing in with it run it.
CORP = f"http://127.0.0.1:{free_port()}"

# Counts the requests of a page that are not answered; streams of events, which never end, do not count.
COUNT_REQUESTS = """(() => {
  const original = window.fetch
  window.unansweredRequests = 0
  window.fetch = async (...request) => {
    window.unansweredRequests++
    const answered = () => setTimeout(() => window.unansweredRequests--)
    try {
      const response = await original(...request)
      if (response.headers.get('content-type')?.startsWith('text/event-stream')) answered()
      else response.clone().arrayBuffer().then(answered, answered)
      return response
    } catch (error) {
      answered()
      throw error
    }
  }
})()"""
# Settled: a heading, nothing unanswered, no skeleton, in three looks at a row, between which answers are drawn.
SETTLED = """(patience) => new Promise((resolve, reject) => {
  const end = performance.now() + patience
  let calm = 0
  const look = () => {
    const skeleton = document.querySelector('.skeleton')
    const busy = window.unansweredRequests > 0 || skeleton !== null || document.querySelector('h1') === null
    calm = busy ? 0 : calm + 1
    if (calm === 3) resolve()
    else if (performance.now() > end)
      reject(new Error(`the page has not settled: ${window.unansweredRequests} requests, skeleton: ${skeleton !== null}`))
    else setTimeout(() => requestAnimationFrame(look), 10)
  }
  look()
})"""

AXE = Axe()
RUN_AXE = """axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`))"""

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("dark", "light")
OpenPage = Callable[..., Page]


@dataclass
class Pictures:
    """Whether pages are pictured."""

    wanted: bool = False


pictures = Pictures()


@dataclass(frozen=True)
class Site:
    """A running server, signed up to, with its sample project scanned."""

    url: str
    sample: str
    """The id of the sample project."""
    database: str
    """The id of a database in it, with a few tables."""


def missing(what: str) -> NoReturn:
    """Skip, saying what is absent; fail where everything is required, as in CI."""
    if os.environ.get("HEADWATER_TEST_REQUIRE") == "all":
        pytest.fail(what)
    pytest.skip(what)


def require_web() -> None:
    """Say how to build the web UI where it is not built."""
    if not (WEB / "index.html").is_file():
        missing("the web UI is not built: run `python hatch_build.py`")


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


@contextmanager
def signed_in(url: str) -> Iterator[httpx.Client]:
    """Give a client of the API that is signed in, as at another window."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
        answer = client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


def write(page: Page, text: str) -> None:
    """Put a text into the editor as somebody who pastes it."""
    page.locator(".monaco-editor").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Escape")


def findings(page: Page) -> list[str]:
    """What axe finds, each with its first place; a page gets its half a megabyte of code once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    violations: list[str] = page.evaluate(RUN_AXE)
    return violations


def check_accessible(page: Page, name: str, widths: Sequence[int] = (1440, 390)) -> None:
    """Check what a page shows now, in both themes and at some widths: no finding of axe, no sideways scroll."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            settle(page)
            picture(page, f"{name}.{theme}.{width}")
            assert findings(page) == [], (name, theme, width)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, width)


def settle(page: Page) -> None:
    """Wait until a page shows what it asked the server for."""
    page.evaluate(SETTLED, PATIENCE_MS)


def picture(page: Page, name: str) -> None:
    """Save what the page shows, for people to look at, where `--pictures` asks for it."""
    if not pictures.wanted:
        return
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def ended(client: httpx.Client, job: str, seconds: float = 120.0) -> None:
    """Wait until a job has ended."""
    end = time.monotonic() + seconds
    while (state := client.get(f"/jobs/{job}").json()["state"]) in {"pending", "running"}:
        assert time.monotonic() < end, f"the job is {state} after {seconds} s"
        time.sleep(0.05)


def demand_proof_once(page: Page, address: str) -> None:
    """Let the first change at an address be answered as the server does when the last proof is too old."""
    refusals: list[str] = []

    def refuse_once(route: Route) -> None:
        if route.request.method != "POST" or refusals:
            return route.continue_()
        refusals.append(route.request.url)
        body = {"status": 403, "code": "proof_needed", "detail": "Confirm that it is you."}
        return route.fulfill(status=403, content_type="application/problem+json", body=json.dumps(body))

    page.route(address, refuse_once)

"""The lineage graph of 500 tables and 20,000 usages: the answers of the server, and layout and pan in a real Chromium."""

from __future__ import annotations

import io
import statistics
import time
import zipfile
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.rows import Row
from browser import find
from e2e.conftest import ARGUMENTS
from entrypoints.headwater_process import HeadwaterProcess, start_signed_up

COMMAND = "make bench PART=operations ARGS=graph"
TABLES, SERVICES, FILES, FUNCTIONS, COLUMNS, ROUNDS, FRAMES = 500, 20, 25, 10, 8, 7, 200
# Times each answer of the worker that lays out.
TIME_LAYOUTS = """(() => {
  window.layouts = []
  const Plain = window.Worker
  window.Worker = class extends Plain {
    postMessage(message, ...rest) {
      if (message && message.cmd === 'layout') {
        const began = performance.now()
        const done = ({ data }) => {
          if (data.id !== message.id) return
          this.removeEventListener('message', done)
          window.layouts.push(performance.now() - began)
        }
        this.addEventListener('message', done)
      }
      super.postMessage(message, ...rest)
    }
  }
})()"""
# Moves the drawing a little in each frame, as the fingers on a touchpad do.
PAN = """frames => new Promise(done => {
  const pane = document.querySelector('.react-flow__pane'), took = []
  const view = document.querySelector('.react-flow__viewport'), places = new Set()
  let last = null, step = 0
  const frame = now => {
    if (last !== null) took.push(now - last)
    last = now
    places.add(view.style.transform)
    if (took.length >= frames) return done([took, places.size])
    const sign = Math.floor(step++ / 40) % 2 ? -1 : 1
    pane.dispatchEvent(new WheelEvent('wheel', { deltaX: sign * 3, deltaY: sign * 24, bubbles: true, cancelable: true }))
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})"""


def graph() -> list[Row]:
    """Scan a generated codebase, ask for its graph, and look at it."""
    with start_signed_up() as headwater:
        codebase, project = _scanned(headwater)
        usages = headwater.get(f"/codebases/{codebase}")["scan"]["usages"]
        return [*_answers(headwater, codebase, usages), *_drawing(headwater, project, usages)]


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in _sources():
            archive.writestr(path, text)
    return out.getvalue()


def _sources() -> Iterator[tuple[str, str]]:
    columns = ", ".join(f"c{number} text" for number in range(COLUMNS))
    yield (
        "db/schema.sql",
        "".join(
            f"CREATE TABLE t{n} (id int PRIMARY KEY, parent_id int REFERENCES t{n // 3}, {columns});\n"
            for n in range(TABLES)
        ),
    )
    for service in range(SERVICES):
        yield f"services/s{service}/pyproject.toml", f'[project]\nname = "s{service}"\n'
        for file in range(FILES):
            yield f"services/s{service}/app/f{file}.py", "".join(_functions(service, file))


def _functions(service: int, file: int) -> Iterator[str]:
    yield "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n"
    for number in range(FUNCTIONS):
        n = (service * FILES + file) * FUNCTIONS + number
        # Some tables are used everywhere, most in one service.
        table = n * 7919 % 25 if number % 4 == 0 else service * 25 + n * 31 % 25
        if number == 0:
            yield f'@router.get("/s{service}/f{file}/{{key}}")\n'
        yield f"def do_{number}(cursor, key):\n    cursor.execute('SELECT c{n % 8}, c{(n + 3) % 8}, c{(n + 5) % 8} "
        yield f"FROM t{table} WHERE id = %s', (key,))\n\n"


def _scanned(headwater: HeadwaterProcess) -> tuple[str, str]:
    project = headwater.get("/projects")["items"][0]
    created = headwater.post("/projects", organization_id=project["organization_id"], name="graph")
    files = {"file": ("graph.zip", _archive())}
    answer = headwater.client.post(f"/api/v1/projects/{created['id']}/codebases", files=files).json()
    while (state := headwater.get(f"/jobs/{answer['job']['id']}")["state"]) in {"pending", "running"}:
        time.sleep(0.2)
    assert state == "completed", state
    return answer["codebase"]["id"], created["id"]


def _answers(headwater: HeadwaterProcess, codebase: str, usages: int) -> list[Row]:
    paths = {
        "the most used tables": "graph",
        "one column": "graph?table=t0&column=id",
        "all services": "graph/groups?by=service",
    }
    rows = []
    for name, path in paths.items():
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            headwater.get(f"/codebases/{codebase}/{path}")
            times.append((time.perf_counter() - began) * 1000)
        rows.append(_row(f"lineage graph, {usages:,} usages: answer with {name}", statistics.median(times), 500))
    return rows


def _row(what: str, milliseconds: float, limit: int, others: str = "") -> Row:
    holds = milliseconds <= limit
    ours = f"{others}{milliseconds:.0f} ms"
    return Row(what, ours, f"{limit} ms", "limit", milliseconds / limit, f"≤ {limit} ms", holds, COMMAND)


def _drawing(headwater: HeadwaterProcess, project: str, usages: int) -> list[Row]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page.add_init_script(TIME_LAYOUTS)
        _sign_in(headwater, page)
        address = f"http://127.0.0.1:{headwater.port}/p/{project}/lineage"
        rows = [*_overview(page, address, usages), *_whole(page, address)]
        browser.close()
        return rows


def _overview(page: Page, address: str, usages: int) -> list[Row]:
    page.goto(address)
    page.locator(".node").first.wait_for()
    boxes = page.locator(".react-flow__node").count()
    what = f"lineage page, {usages:,} usages, as it opens ({boxes} boxes)"
    return [_row(f"{what}: layout", page.evaluate("layouts.at(-1)"), 1500), _pan(page, f"{what}: frame of a pan", 40)]


def _whole(page: Page, address: str) -> list[Row]:
    page.goto(f"{address}?group=service")
    page.locator(".node").first.wait_for()
    layouts = page.evaluate("layouts.length")
    page.get_by_role("button", name="more tables").click()
    page.wait_for_function("before => layouts.length > before", arg=layouts)
    what = f"lineage page, {TABLES} tables and {SERVICES} services"
    rows = [_row(f"{what}: layout", page.evaluate("layouts.at(-1)"), 3000)]
    rows.append(_pan(page, f"{what}: frame of a pan, at a size that can be read", 60))
    page.get_by_role("button", name="Fit everything").click()
    page.locator(".flow.farthest").wait_for()
    return [*rows, _pan(page, f"{what}: frame of a pan, everything in view", 60)]


def _pan(page: Page, what: str, limit: int) -> Row:
    took, places = page.evaluate(PAN, FRAMES)
    assert places > FRAMES // 10, "the drawing does not move"
    frames: list[float] = sorted(took)
    p50, p95 = frames[len(frames) // 2], frames[int(len(frames) * 0.95)]
    return _row(what, p95, limit, f"p50 {p50:.0f}, p95 ")


def _sign_in(headwater: HeadwaterProcess, page: Page) -> Any:
    page.goto(f"http://127.0.0.1:{headwater.port}/sign-in")
    page.get_by_label("Email").fill("fault@example.org")
    page.get_by_label("Password").fill("seven wooden boats")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Home", level=1).wait_for()

"""Cells in a real browser on every engine with tables: references picked by name, times and bytes that come back as they were."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from e2e.browser_helpers import EMAIL, PASSWORD, OpenPage, Site, picture, settle, sign_in
from headwater.engines import all_engines

# The types of: a moment, a day, a time of the day, bytes; then how a moment is written, with all digits it has.
TYPES = {
    "postgresql": ("timestamptz", "date", "time", "bytea"),
    "mysql": ("datetime(6)", "date", "time(3)", "longblob"),
    "sqlite": ("DATETIME", "DATE", "TIME", "BLOB"),
}
MOMENT = {
    "postgresql": "2026-01-02 10:20:30.123456+00",
    "mysql": "2026-01-02 10:20:30.123456",
    "sqlite": "2026-01-02T10:20:30.123456789Z",
}
MADE = """
CREATE TABLE teams (id integer PRIMARY KEY, motto varchar(40), name varchar(40) NOT NULL);
INSERT INTO teams VALUES {teams};
CREATE TABLE places (country varchar(2), code integer, title varchar(40), PRIMARY KEY (country, code));
INSERT INTO places VALUES ('de', 1, 'Ulm'), ('fr', 1, 'Paris'), ('fr', 2, 'Lyon');
CREATE TABLE people (id integer PRIMARY KEY, team integer, country varchar(2), place integer, seen {moment},
  born {day}, wakes {time}, face {bytes}, FOREIGN KEY (team) REFERENCES teams (id),
  FOREIGN KEY (country, place) REFERENCES places (country, code));
INSERT INTO people VALUES (1, 2, NULL, NULL, '{written}', '1990-05-06', '07:08:09', {face});
INSERT INTO people (id) VALUES (2)
"""
COLUMNS = ("id", "team", "country", "place", "seen", "born", "wakes", "face")
BYTES = bytes(range(256)) * 20


@dataclass
class Table:
    """The grid of people in one database, and its rows as the server has them."""

    page: Page
    client: httpx.Client
    database: str

    def cell(self, row: int, column: str) -> Locator:
        return self.page.locator(f"[data-row='{row}'] [data-column='{COLUMNS.index(column)}']")

    def edit(self, row: int, column: str) -> Locator:
        """Go to a cell with the keys, and open its editor."""
        grid = self.page.get_by_role("grid")
        grid.focus()
        self.page.keyboard.press("Control+Home")
        for key, times in (("ArrowDown", row), ("ArrowRight", COLUMNS.index(column))):
            for _ in range(times):
                self.page.keyboard.press(key)
        expect(self.cell(row, column)).to_have_attribute("aria-selected", "true")
        self.page.keyboard.press("Enter")
        editor = self.page.get_by_role("dialog")
        expect(editor).to_be_visible()
        return editor

    def apply(self) -> str:
        """Apply what is staged, and return the SQL that was shown."""
        self.page.get_by_role("button", name="Review SQL").click()
        dialog = self.page.get_by_role("dialog")
        displayed = dialog.locator("pre").inner_text()
        dialog.get_by_role("button", name="Apply").click()
        expect(self.page.get_by_text("unsaved change")).to_be_hidden()
        return displayed

    def kept(self, columns: str, key: int = 1) -> list[Any]:
        """What the server has of a row."""
        text = f"SELECT {columns} FROM people WHERE id = {key}"
        answer = self.client.post(f"/databases/{self.database}/query", json={"text": text}).json()
        return list(answer["results"][0]["rows"][0])


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{site.url}/api/v1", timeout=90) as client:
        answer = client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    page = open_page(theme="light")
    sign_in(page)
    return page


@pytest.fixture(params=TYPES)
def table(request: pytest.FixtureRequest, site: Site, client: httpx.Client, page: Page) -> Table:
    provisioning = all_engines()[request.param].provisioning
    assert provisioning
    if reason := provisioning.unavailable_reason():
        pytest.skip(reason)
    moment, day, time, kind = TYPES[request.param]
    teams = ", ".join(
        f"({number}, 'motto {number}', '{'red' if number % 2 else 'blue'} {number}')" for number in range(1, 121)
    )
    face = "'\\x00ff'" if request.param == "postgresql" else "x'00ff'"
    text = MADE.format(
        teams=teams, moment=moment, day=day, time=time, bytes=kind, written=MOMENT[request.param], face=face
    )
    body = {"name": f"c{uuid.uuid4().hex[:8]}", "engine": request.param}
    created = client.post(f"/projects/{site.sample}/databases", json=body, params={"wait": 60}).json()
    answer = client.post(f"/databases/{created['id']}/query", json={"text": text}).json()
    assert answer["error"] is None, answer
    page.goto(f"/p/{site.sample}/d/{created['id']}/data/people")
    expect(page.locator("[data-row='0'] [data-column='0']")).to_have_text("1")
    return Table(page, client, created["id"])


def problems(page: Page) -> list[str]:
    """What axe finds."""
    return [violation["id"] for violation in Axe().run(page).response["violations"]]


def test_a_reference_is_searched_and_picked_with_the_keys(table: Table) -> None:
    page = table.page
    editor = table.edit(0, "team")
    expect(editor.get_by_role("option", selected=True)).to_contain_text("blue 2")
    picture(page, "reference-picker")
    assert problems(page) == []
    page.keyboard.press("Escape")
    expect(editor).to_be_hidden()
    expect(page.get_by_role("grid")).to_be_focused()
    table.edit(0, "team")
    page.keyboard.type("red 11")
    expect(editor.get_by_role("option")).to_have_count(7)  # 11, 111 … 119, and the text itself
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(table.cell(0, "team")).to_have_text("111")
    table.edit(1, "team")
    page.keyboard.type("12")
    page.keyboard.press("Enter")  # before there is an answer
    expect(table.cell(1, "team")).to_have_text("12")
    table.apply()
    assert (table.kept("team"), table.kept("team", 2)) == ([111], [12])


def test_the_pages_of_a_reference_go_on_and_none_is_a_choice(table: Table) -> None:
    page = table.page
    editor = table.edit(0, "team")
    expect(editor.get_by_role("option", name="50 ")).to_have_count(1)
    last = editor.get_by_role("option", name="120 blue")
    for _ in range(100):
        page.keyboard.press("PageDown")
        if last.count() and last.get_attribute("aria-selected") == "true":
            break
        settle(page)
    expect(last).to_be_in_viewport()
    page.keyboard.press("Control+0")
    expect(table.cell(0, "team")).to_have_text("NULL")
    assert " = NULL WHERE" in table.apply()
    assert table.kept("team") == [None]


def test_a_composite_key_is_one_edit_in_a_new_row_too(table: Table) -> None:
    page = table.page
    editor = table.edit(0, "place")
    page.keyboard.type("lyo")
    expect(editor.get_by_role("option").first).to_contain_text("fr · 2")
    editor.get_by_role("option").first.click()
    expect(page.get_by_text("1 unsaved change")).to_be_visible()
    expect(table.cell(0, "country")).to_have_text("fr")
    page.get_by_role("button", name="Row", exact=True).click()
    table.edit(0, "country")
    page.keyboard.type("Ulm")
    expect(editor.get_by_role("option").first).to_contain_text("de · 1")
    page.keyboard.press("Enter")
    expect(table.cell(0, "place")).to_have_text("1")
    table.cell(0, "id").dblclick()
    page.get_by_role("textbox", name="id, ").fill("9")
    page.keyboard.press("Enter")
    table.apply()
    assert (table.kept("country, place"), table.kept("country, place", 9)) == (["fr", 2], ["de", 1])


def test_a_time_keeps_what_is_not_changed(table: Table, request: pytest.FixtureRequest) -> None:
    page, engine = table.page, request.node.callspec.params["table"]
    editor = table.edit(0, "seen")
    picture(page, f"time-editor-{engine}")
    assert problems(page) == []
    page.keyboard.press("Enter")
    expect(editor).to_be_hidden()
    expect(page.get_by_text("unsaved change")).to_be_hidden()
    table.edit(0, "seen")
    editor.get_by_label("Day of seen").fill("2027-03-04")
    editor.get_by_label("Time of seen").fill("23:58:59")
    editor.get_by_role("button", name="OK").click()
    table.edit(0, "born")
    editor.get_by_label("Day of born").fill("1991-02-03")
    page.get_by_role("searchbox").evaluate("field => field.focus()")  # focus that somebody else moves ends nothing
    expect(editor.get_by_label("Day of born")).to_have_value("1991-02-03")
    page.mouse.click(400, 500)  # beside it: what was chosen is kept
    expect(editor).to_be_hidden()
    table.edit(0, "wakes")
    editor.get_by_label("wakes, time").fill("06:07:08")
    page.keyboard.press("Enter")
    wanted = MOMENT[engine].replace("2026-01-02", "2027-03-04").replace("10:20:30", "23:58:59")
    expect(table.cell(0, "seen")).to_have_text(wanted)
    table.apply()
    assert [str(item)[: len(wanted)] for item in table.kept("seen, born")] == [wanted, "1991-02-03"]
    assert str(table.kept("wakes")[0]).startswith("06:07:08")
    table.edit(1, "seen")
    editor.get_by_role("button", name="Now").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("unsaved change")).to_be_hidden()


def test_bytes_are_looked_at_uploaded_pasted_and_saved(table: Table, tmp_path: Path) -> None:
    page = table.page
    editor = table.edit(0, "face")
    expect(editor.get_by_role("region", name="Bytes of face")).to_contain_text("00 ff")
    editor.get_by_label("Hex or base64").fill("0f f")
    expect(editor.get_by_role("status")).to_contain_text("Odd number of hex digits")
    expect(editor.get_by_role("button", name="OK")).to_be_disabled()
    (tmp_path / "face.bin").write_bytes(BYTES)
    editor.get_by_label("File for face").set_input_files(tmp_path / "face.bin")
    expect(editor.get_by_role("status")).to_contain_text("5,120 bytes from face.bin")
    picture(page, "binary-editor")
    assert problems(page) == []
    editor.get_by_role("button", name="OK").click()
    table.edit(1, "face")
    editor.get_by_label("Hex or base64").fill("SGVhZHdhdGVy")
    expect(editor.get_by_role("status")).to_contain_text("9 bytes from base64")
    page.keyboard.press("Control+Enter")
    table.apply()
    assert (table.kept("face"), table.kept("face", 2)) == ([f"\\x{BYTES.hex()}"], [f"\\x{b'Headwater'.hex()}"])
    table.edit(0, "face")
    expect(editor.get_by_text("5,120 bytes")).to_be_visible()
    with page.expect_download() as download:
        editor.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == BYTES
    editor.get_by_label("Hex or base64").fill("00")
    editor.get_by_role("button", name="OK").click()
    table.apply()
    assert table.kept("face") == ["\\x00"]

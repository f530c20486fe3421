"""The lineage graph in a browser: focus, expand, lock, filter, group, search, move, export, and the list by keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, picture, sign_in
from features.codebases.test_lineage_graph import SHOP

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    page = open_page()
    sign_in(page)
    return page


@pytest.fixture(scope="module")
def lineage(page: Page, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the lineage page of a project whose code was scanned."""
    archive = tmp_path_factory.mktemp("upload") / "shop.zip"
    archive.write_bytes(SHOP)
    page.goto("/")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("graph")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("No code yet.")).to_be_visible()
    page.get_by_label("ZIP file to upload").set_input_files(archive)
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    return f"{page.url.split('?')[0].rstrip('/')}/lineage"


def wide(page: Page, address: str) -> Locator:
    """Open an address on a wide screen; return the flow."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(address)
    flow = page.get_by_label("Flow from columns to code")
    expect(flow.get_by_role("article").first).to_be_visible()
    return flow


def box(flow: Locator, name: str) -> Locator:
    return flow.get_by_role("article", name=name, exact=True)


def search_of(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlparse(page.url).query).items()}


def test_it_opens_collapsed_and_locks_one_path_at_a_time(page: Page, lineage: str) -> None:
    flow = wide(page, lineage)
    expect(page.get_by_text("Everything: ")).to_be_visible()
    users = box(flow, "table users")
    expect(users.get_by_role("button", name="email")).to_have_count(0)
    users.get_by_role("button", name="2 of 3 columns used of users").click()
    users.get_by_role("button", name="email").click()
    expect(users.get_by_role("button", name="email")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Release users.email")).to_be_visible()
    expect(box(flow, "file services/jobs/nightly.py")).to_have_class(re.compile(r"\boff\b"))
    expect(box(flow, "file services/api/app.py")).to_have_class(re.compile(r"\bon\b"))
    detail = page.get_by_role("complementary", name="Usage")
    expect(detail.get_by_role("heading", name="in find")).to_be_visible()
    users.get_by_role("button", name="of users").click()
    expect(users.get_by_role("button", name="email")).to_be_visible()  # the locked column is never collapsed
    check_accessible(page, "lineage-locked", (1440,))
    flow.get_by_role("button", name="GET /orders").click()
    expect(page.get_by_role("button", name="Release GET /orders")).to_be_visible()
    expect(page.get_by_role("button", name="Release users.email")).to_have_count(0)
    expect(box(flow, "table orders")).to_have_class(re.compile(r"\bon\b"))
    page.reload()
    expect(page.get_by_role("button", name="Release GET /orders")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Release GET /orders")).to_have_count(0)
    assert "lock" not in search_of(page)


def test_a_locked_path_can_be_all_that_is_shown(page: Page, lineage: str) -> None:
    flow = wide(page, f"{lineage}?lock=column:users::id")
    page.get_by_role("button", name="Pin users.id: show only its path").click()
    expect(box(flow, "file report.sql")).to_have_count(0)
    expect(box(flow, "table users").get_by_role("button", name="id")).to_have_attribute("aria-pressed", "true")
    # The other end of the foreign key is named, although nothing is used there.
    expect(box(flow, "table orders").get_by_role("button", name="user_id")).to_be_visible()
    page.get_by_role("button", name="Unpin users.id").click()
    expect(box(flow, "file report.sql")).to_be_visible()


def test_filters_ask_for_what_they_name(page: Page, lineage: str) -> None:
    flow = wide(page, lineage)
    filters = page.get_by_role("group", name="Filters")
    filters.get_by_role("button", name="Delete").click()
    expect(flow.get_by_role("article")).to_have_count(2)
    filters.get_by_role("button", name="All").click()
    filters.get_by_label("Language").select_option("sql")
    expect(box(flow, "file report.sql")).to_be_visible()
    expect(box(flow, "file services/api/app.py")).to_have_count(0)
    filters.get_by_label("Folder").fill("services")
    filters.get_by_label("Folder").press("Enter")
    expect(page.get_by_text("No usages match these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(box(flow, "file services/api/app.py")).to_be_visible()


def test_the_whole_codebase_is_grouped_and_each_group_opens(page: Page, lineage: str) -> None:
    flow = wide(page, lineage)
    page.get_by_role("group", name="Code as").get_by_role("button", name="Services").click()
    expect(box(flow, "service services/api")).to_be_visible()
    box(flow, "table users").get_by_role("button", name="users").click()
    expect(box(flow, "file report.sql")).to_have_class(re.compile(r"\boff\b"))
    check_accessible(page, "lineage-groups", (1440, 390))
    page.set_viewport_size({"width": 1440, "height": 900})
    flow.get_by_role("button", name="Open service services/api").click()
    expect(page.get_by_role("button", name="Leave service services/api")).to_be_visible()
    expect(box(flow, "file services/api/app.py")).to_be_visible()
    expect(box(flow, "file services/jobs/nightly.py")).to_have_count(0)


def test_the_search_goes_to_what_is_in_the_graph(page: Page, lineage: str) -> None:
    wide(page, lineage)
    page.keyboard.press("/")
    page.keyboard.type("get /us")
    target = page.get_by_role("group", name="In this graph").get_by_role("button", name="GET /users/{key}")
    expect(target).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(target).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Release GET /users/{key}")).to_be_visible()


def test_a_box_stays_where_it_was_moved_until_it_is_tidied(page: Page, lineage: str) -> None:
    flow = wide(page, lineage)
    users = box(flow, "table users")
    before = users.bounding_box()
    assert before
    page.mouse.move(before["x"] + 150, before["y"] + 14)
    page.mouse.down()
    page.mouse.move(before["x"] + 180, before["y"] + 214, steps=100)
    page.mouse.up()
    page.reload()
    expect(users).to_be_visible()
    moved = users.bounding_box()
    assert moved
    assert abs(moved["y"] - before["y"] - 200) < 8
    page.get_by_role("button", name="Tidy up").click()
    page.wait_for_function(
        "top => Math.abs(document.querySelector('[aria-label=\"table users\"]').getBoundingClientRect().top - top) < 8",
        arg=before["y"],
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_drawing_is_saved_as_a_file_that_opens_alone(page: Page, lineage: str, theme: str, tmp_path: Path) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    wide(page, f"{lineage}?lock=column:users::email")
    expect(page.get_by_role("button", name="Release users.email")).to_be_visible()
    export = page.get_by_role("button", name="Export the diagram")
    export.click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="SVG").click()
    assert download.value.suggested_filename == "lineage-of-users-email.svg"
    download.value.save_as(tmp_path / "graph.svg")
    root = ElementTree.parse(tmp_path / "graph.svg").getroot()
    texts = {"".join(node.itertext()) for node in root.iter(f"{SVG}text")}
    assert {"Lineage of users.email", "users", "email", "find", "GET /users/{key}", "Foreign key"} <= texts
    background = next(iter(root.iter(f"{SVG}rect"))).get("fill")
    assert background == {"light": "#fcfcfb", "dark": "#0f1110"}[theme]
    export.click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="PNG").click()
    download.value.save_as(tmp_path / "graph.png")
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


def test_the_list_is_the_same_by_keyboard_and_on_a_phone(page: Page, lineage: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{lineage}?view=list")
    tables = page.get_by_role("list", name="Tables and columns")
    expect(tables.get_by_role("button", name="2 of 3 columns used of users")).to_be_visible()
    tables.get_by_role("button", name="2 of 3 columns used of users").press("Enter")
    expect(tables.get_by_role("button", name="Show fewer columns of users")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(tables.get_by_role("button", name="whole row")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(tables.get_by_role("button", name="email")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Release users.email")).to_be_visible()
    expect(tables.get_by_role("button", name="email")).to_have_attribute("aria-pressed", "true")
    endpoints = page.get_by_role("list", name="Endpoints that reach this code")
    expect(endpoints.get_by_role("button", name="GET /users/{key}")).to_be_visible()
    check_accessible(page, "lineage-list", (1440, 390))
    page.goto(lineage)
    expect(page.get_by_role("list", name="Code that uses these columns")).to_be_visible()
    picture(page, "lineage-phone")
    page.keyboard.press("Escape")

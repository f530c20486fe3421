"""Endpoints in a browser: a Rails application is uploaded, its endpoints are read, and a usage leads to them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, picture, sign_in

DATA = Path(__file__).parent / "data" / "library_rails"


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    page = open_page()
    sign_in(page)
    return page


@pytest.fixture(scope="module")
def library(page: Page, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a project whose code was scanned."""
    archive = tmp_path_factory.mktemp("upload") / "library.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(path for path in DATA.rglob("*") if path.is_file()):
            out.write(path, path.relative_to(DATA))
    page.goto("/")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("endpoints")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("No code yet.")).to_be_visible()
    page.get_by_label("ZIP file to upload").set_input_files(archive)
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    return page.url.split("?")[0].rstrip("/")


def test_an_endpoint_shows_its_columns_and_the_way_to_them(page: Page, library: str) -> None:
    page.goto(f"{library}/endpoints")
    endpoints = page.get_by_role("list", name="Endpoints by path")
    expect(endpoints.get_by_role("button")).to_have_count(2)
    loans = endpoints.get_by_role("button", name="GET /loans")
    loans.focus()
    page.keyboard.press("Enter")
    columns = page.get_by_role("list", name="Columns of GET /loans")
    expect(columns.get_by_role("link", name="members.card_number")).to_be_visible()
    expect(columns.get_by_role("link", name="LoansController.index").first).to_be_visible()
    picture(page, "endpoints-open")
    check_accessible(page, "endpoints-open")


def test_endpoints_are_searched_and_chosen_by_table(page: Page, library: str) -> None:
    page.goto(f"{library}/endpoints")
    endpoints = page.get_by_role("list", name="Endpoints by path")
    page.get_by_label("Find an endpoint").fill("health")
    expect(endpoints.get_by_role("button")).to_have_count(1)
    page.get_by_label("Find an endpoint").fill("")
    page.get_by_label("Table").select_option("members")
    expect(endpoints.get_by_role("button", name="GET /loans")).to_be_visible()
    expect(endpoints.get_by_role("button")).to_have_count(1)
    page.goto(f"{library}/endpoints?table=members&column=nothing")
    expect(page.get_by_text("No endpoint is seen to use members.nothing.")).to_be_visible()


def test_a_usage_leads_to_the_endpoints_that_reach_it(page: Page, library: str) -> None:
    page.goto(f"{library}/lineage?table=members&column=card_number&view=list")
    code = page.get_by_role("list", name="Code that uses these columns").get_by_role("listitem")
    code.filter(has_text="index.html.erb").get_by_role("button").first.click()
    reaching = page.get_by_role("list", name="Endpoints that reach this line")
    expect(reaching.get_by_role("link", name="GET /loans")).to_be_visible()
    reaching.get_by_role("link", name="GET /loans").click()
    expect(page.get_by_role("list", name="Endpoints by path").get_by_role("button")).to_have_count(1)

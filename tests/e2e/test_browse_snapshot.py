"""The inside of a snapshot in a real browser: rows, SQL on them, files and links, without restoring anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, picture, sign_in, signed_in, write

TABLES = """
CREATE TABLE books (id int PRIMARY KEY, title varchar(80) NOT NULL, price numeric(8,2), blurb text);
CREATE TABLE loans (id int PRIMARY KEY, book int REFERENCES books, since timestamptz);
INSERT INTO books SELECT g, 'Book ' || g, g + 0.50, CASE g WHEN 1 THEN repeat('long ', 600) END FROM generate_series(1, 1200) g;
INSERT INTO loans SELECT g, g, '2026-01-01' FROM generate_series(1, 40) g
"""


@dataclass(frozen=True)
class Shelf:
    """A snapshot with two tables, and the page of its inside."""

    client: httpx.Client
    page: Page
    history: str
    snapshot: str
    inside: str


def take(client: httpx.Client, database: str, label: str) -> str:
    """Take a snapshot, wait until it is complete, and return its id."""
    created: str = client.post(f"/databases/{database}/snapshots", json={"label": label}).json()["id"]
    end = time.monotonic() + 240
    while client.get(f"/snapshots/{created}").json()["status"] != "complete":
        assert time.monotonic() < end
        time.sleep(0.1)
    return created


@pytest.fixture(scope="module")
def shelf(site: Site, open_page: OpenPage) -> Iterator[Shelf]:
    page = open_page(theme="light")
    sign_in(page)
    with signed_in(site.url) as client:
        database = client.post(f"/projects/{site.sample}/databases", json={"name": "shelf"}).json()["id"]
        answer = client.post(f"/databases/{database}/query", json={"text": TABLES}).json()
        assert answer["error"] is None, answer["error"]
        created = take(client, database, "Before")
        client.post(f"/databases/{database}/query", json={"text": "DROP TABLE loans; UPDATE books SET price = 0"})
        base = f"/p/{site.sample}/d/{database}"
        yield Shelf(client, page, f"{base}/history", created, f"{base}/snapshots/{created}")
    page.context.close()


def test_from_the_history_to_rows_and_sql(shelf: Shelf) -> None:
    page = shelf.page
    page.goto(f"{shelf.history}?snapshot={shelf.snapshot}")
    page.get_by_role("complementary").get_by_role("link", name="public.loans").click()
    expect(page.get_by_role("grid", name="Rows of public.loans")).to_be_visible()
    expect(page.get_by_text("40 rows")).to_be_visible()
    page.get_by_role("list", name="Tables").get_by_role("link", name="public.books").click()
    grid = page.get_by_role("grid", name="Rows of public.books")
    expect(grid.get_by_role("gridcell", name="Book 3", exact=True)).to_be_visible()
    grid.evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(grid.get_by_role("gridcell", name="Book 1200", exact=True)).to_be_visible()
    write(page, "select count(*) as books, sum(price) as worth from books join loans on book = books.id")
    page.get_by_role("button", name="Run", exact=True).click()
    result = page.get_by_role("grid", name="Result")
    expect(result.get_by_role("gridcell", name="840.00")).to_be_visible(timeout=20_000)
    write(page, "select nothing from books")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="nothing")).to_be_visible(timeout=20_000)


def test_a_cut_value_is_shown_whole(shelf: Shelf) -> None:
    page = shelf.page
    page.goto(f"{shelf.inside}?table=public.books")
    page.get_by_role("grid", name="Rows of public.books").get_by_role("gridcell", name="long").first.dblclick()
    expect(page.get_by_role("textbox", name="blurb")).to_have_value("long " * 600)
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="blurb")).to_have_count(0)


def test_a_file_is_downloaded_and_a_link_made_for_others(shelf: Shelf, tmp_path: Path) -> None:
    page = shelf.page
    page.goto(f"{shelf.inside}?table=public.loans")
    page.get_by_role("button", name="Export table").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("One CSV file.")
    with page.expect_download() as coming:
        dialog.get_by_role("button", name="Download").click()
    assert coming.value.suggested_filename == "public.loans.csv"
    coming.value.save_as(tmp_path / "loans.csv")
    assert (tmp_path / "loans.csv").read_text().count("\n") == 41
    dialog.get_by_role("button", name="SQL").click()
    expect(dialog).to_contain_text("One script to load into an empty database with psql")
    dialog.get_by_role("button", name="Create link").click()
    url = dialog.get_by_label("Link", exact=True).input_value()
    picture(page, "extracts-link")
    script = httpx.get(url).text
    assert "COPY" in script
    assert "loans" in script
    links = dialog.get_by_role("list", name="Active links")
    expect(links.get_by_role("listitem").first).to_contain_text("SQL, public.loans")
    links.get_by_role("button", name="Revoke the link SQL, public.loans").click()
    expect(links.get_by_role("button", name="Revoke the link SQL, public.loans")).to_have_count(0)
    assert httpx.get(url).status_code == 404


def test_a_snapshot_is_copied_into_another_engine(shelf: Shelf, site: Site) -> None:
    page = shelf.page
    created = shelf.client.post(
        f"/projects/{site.sample}/databases", json={"name": "light", "engine": "sqlite"}, params={"wait": 60}
    ).json()
    page.goto(f"{shelf.history}?snapshot={shelf.snapshot}")
    page.get_by_role("complementary").get_by_role("button", name="More actions for Before").click()
    page.get_by_role("menuitem", name="Copy to another database").click()
    expect(page.get_by_text("A snapshot of shelf into another database")).to_be_visible()
    page.get_by_label("Into").select_option(created["id"])
    page.get_by_label("I accept these losses").check()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("row", name="loans")).to_contain_text("40")
    query = {"text": "SELECT count(*), sum(price) FROM books"}
    assert shelf.client.post(f"/databases/{created['id']}/query", json=query).json()["results"][0]["rows"][0][0] == 1200


def test_the_inside_and_the_export_dialog_are_accessible(shelf: Shelf, open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page)
    page.goto(f"{shelf.inside}?table=public.books")
    expect(page.get_by_role("gridcell", name="Book 3", exact=True)).to_be_visible()
    check_accessible(page, "extracts-inside")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("One script to load into an empty database with psql")
    check_accessible(page, "extracts-export")
    page.context.close()


def test_a_snapshot_is_compared_with_the_next_one(shelf: Shelf) -> None:
    database = shelf.history.split("/")[4]
    shelf.client.post(f"/databases/{database}/query", json={"text": "DELETE FROM books WHERE id = 7"})
    taken = take(shelf.client, database, "After")
    page = shelf.page
    page.goto(f"{shelf.history}?snapshot={taken}")
    page.get_by_role("button", name="More actions for After").click()
    page.get_by_role("menuitem", name="Compare with another snapshot").click()
    tables = page.get_by_role("region", name="Tables")
    expect(tables.get_by_role("row", name="public.books Rows differ – 1 1,199 price 1,199")).to_be_visible()
    expect(tables.get_by_role("row", name="public.loans Table removed")).to_be_visible()
    tables.get_by_role("link", name="public.books").click()
    rows = page.get_by_role("region", name="public.books")
    expect(rows.get_by_role("row", name="Changed 3 Book 3 3.50 0.00")).to_be_visible()
    picture(page, "snapshot-diff")
    check_accessible(page, "snapshot-diff")
    rows.get_by_role("button", name="Removed").click()
    expect(rows.get_by_role("row", name="Removed 7 Book 7")).to_be_visible()
    expect(rows.get_by_role("row", name="Changed")).to_have_count(0)

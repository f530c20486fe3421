"""Transfers in a real browser: a file becomes a table, the table is copied to another engine, compared, exported."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, picture, sign_in

ROWS = 3000


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    page = open_page(theme="light")
    sign_in(page)
    return page


def create(page: Page, site: Site, name: str, engine: str) -> str:
    """Create a database by hand; return its address."""
    page.goto(f"/p/{site.sample}/databases")
    page.get_by_role("button", name="New database").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Engine").select_option(engine)
    dialog.get_by_role("button", name="Create database").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible(timeout=30_000)
    return page.url.split("?")[0]


def test_in_across_and_out(page: Page, site: Site, tmp_path: Path) -> None:
    lite, main = create(page, site, "moved-lite", "sqlite"), create(page, site, "moved", "postgresql")
    file = tmp_path / "Readers.csv"
    file.write_text(
        "id,name,since,fee\n" + "".join(f"{n},Reader {n},2026-01-01,{n}.50\n" for n in range(1, ROWS)) + "x,Bad,,1\n"
    )

    page.goto(f"{main}/transfers/import")
    page.get_by_label("File to import").set_input_files(file)
    expect(page.get_by_label("Type of fee")).to_have_value("numeric")
    page.get_by_label("Type of id").fill("integer")
    page.get_by_label("Type of fee").fill("numeric(10,2)")
    picture(page, "import")
    page.get_by_role("button", name="Skip it").click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("2,999 rows imported.")).to_be_visible()
    expect(page.get_by_text("'x' is not a valid integer")).to_be_visible()
    picture(page, "import-done")

    page.goto(f"{main}/transfers/copy")
    page.get_by_label("Into").select_option(label="moved-lite (sqlite)")
    page.locator("summary", has_text="public.readers").click()
    expect(page.get_by_text("DECIMAL(10,2)")).to_be_visible()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("The same rows on both sides")).to_be_visible()
    expect(page.get_by_role("cell", name="2,999").first).to_be_visible()
    picture(page, "copy-done")

    page.goto(f"{lite}/transfers/export")
    page.get_by_role("button", name="NDJSON").click()
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert archive.read("readers.ndjson").count(b"\n") == ROWS - 1
    page.goto(f"{lite}/transfers")
    expect(page.get_by_role("row")).to_have_count(3)
    picture(page, "transfers")


def test_dump_is_loaded_and_what_it_left_out_is_listed(page: Page, site: Site) -> None:
    main = create(page, site, "loaded", "sqlite")
    page.goto(f"{main}/transfers/import")
    page.get_by_label("File to import").set_input_files(
        {
            "name": "shop.sql",
            "mimeType": "application/sql",
            "buffer": b"PRAGMA journal_mode=WAL;\nBEGIN;\nCREATE TABLE t (a);\nINSERT INTO t VALUES (1), (2);\nCOMMIT;\n",
        }
    )
    page.get_by_role("button", name="Run the script").click()
    expect(page.get_by_text("2 rows imported.")).to_be_visible()
    left_out = page.get_by_role("region", name="1 statement left out")
    expect(left_out.get_by_text("PRAGMA journal_mode=WAL")).to_be_visible()
    expect(left_out.get_by_text("A setting of the file that an import does not change.")).to_be_visible()
    picture(page, "import-dump")

"""The audit log in a browser: filtered, an entry opened, exported, and its chains checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import THEMES, OpenPage, Site, findings, picture, settle, sign_in

PASSED_BY = "p4ssing-Value"


@pytest.fixture
def page(site: Site, open_page: OpenPage) -> Iterator[Page]:
    page = open_page(width=1280)
    sign_in(page)
    yield page
    page.context.close()


def test_a_statement_is_found_opened_exported_and_its_chain_checked(site: Site, page: Page, tmp_path: Path) -> None:
    page.goto(f"/p/{site.sample}/d/{site.database}/sql")
    settle(page)
    page.evaluate(
        """async ([database, text]) => {
            const renewed = await fetch('/api/v1/auth/refresh', {method: 'POST'})
            const {access_token} = await renewed.json()
            const headers = {authorization: `Bearer ${access_token}`, 'content-type': 'application/json'}
            await fetch(`/api/v1/databases/${database}/query`, {method: 'POST', headers, body: JSON.stringify({text})})
        }""",
        [
            site.database,
            f"CREATE TABLE audited (a text); INSERT INTO audited VALUES ('{PASSED_BY}'); DROP TABLE audited",
        ],
    )
    page.goto("/settings/audit")
    settle(page)
    page.get_by_label("Action", exact=True).select_option("statement.")
    page.get_by_label("Text", exact=True).fill("audited insert")
    page.get_by_role("button", name="Apply").click()
    table = page.get_by_role("group", name="Audit entries")
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(table).to_contain_text("INSERT INTO audited VALUES (?)")
    expect(page).to_have_url(re.compile(r"action=statement\."))
    table.get_by_role("button").first.click()
    dialog = page.get_by_role("dialog", name="statement.insert")
    expect(dialog).to_contain_text("Editor", ignore_case=True)
    assert PASSED_BY not in page.content()
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        picture(page, f"audit-entry.{theme}")
        assert findings(page) == [], theme
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export NDJSON").click()
    file = tmp_path / "audit.ndjson"
    download.value.save_as(file)
    (entry,) = map(json.loads, file.read_text("utf-8").splitlines())
    assert entry["action"] == "statement.insert"
    page.get_by_role("button", name="Check the chain").click()
    expect(page.get_by_text("No sealed entry was changed or removed")).to_be_visible()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        picture(page, f"audit-checked.{width}")
        assert findings(page) == []
    page.get_by_role("button", name="Clear").click()
    expect(table.locator("tbody tr").nth(2)).to_be_visible()

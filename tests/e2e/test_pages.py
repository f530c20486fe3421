"""Every page, in both themes and three widths: no accessibility finding, one h1, no sideways scroll."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from e2e.browser_helpers import THEMES, OpenPage, Site, findings, picture, settle, sign_in

PAGES = {
    "home": "/",
    "overview": "/p/{sample}",
    "lineage": "/p/{sample}/lineage",
    "lineage-column": "/p/{sample}/lineage?table=books&column=title",
    "lineage-list": "/p/{sample}/lineage?table=books&column=title&view=list",
    "columns": "/p/{sample}/columns",
    "columns-unused": "/p/{sample}/columns?use=unused",
    "personal-data": "/p/{sample}/personal-data",
    "scan-diff": "/p/{sample}/scan-diff",
    "shared-tables": "/p/{sample}/shared-tables?show=all",
    "endpoints": "/p/{sample}/endpoints",
    "impact": "/p/{sample}/impact?of=books.title&action=drop",
    "impact-folders": "/p/{sample}/impact?sql=ALTER%20TABLE%20books%20DROP%20COLUMN%20price&by=folder",
    "schema": "/p/{sample}/schema/books",
    "files": "/p/{sample}/files",
    "file": "/p/{sample}/files/shop/catalogue.py?line=15",
    "databases": "/p/{sample}/databases",
    "database": "/p/{sample}/d/{database}",
    "sql": "/p/{sample}/d/{database}/sql",
    "data": "/p/{sample}/d/{database}/data/people",
    "structure": "/p/{sample}/d/{database}/structure",
    "migrations": "/p/{sample}/d/{database}/migrations",
    "history": "/p/{sample}/d/{database}/history",
    "diagram": "/p/{sample}/d/{database}/diagram",
    "dashboards": "/p/{sample}/dashboards",
    "sessions": "/p/{sample}/d/{database}/sessions",
    "extensions": "/p/{sample}/d/{database}/extensions",
    "project-jobs": "/p/{sample}/jobs",
    "jobs": "/jobs",
    "profile": "/settings/profile",
    "security": "/settings/security",
    "keys": "/settings/keys",
    "members": "/settings/members",
    "storage": "/settings/storage",
    "users": "/settings/users",
    "instance": "/settings/instance",
    "audit": "/settings/audit",
    "nowhere": "/no/such/page",
}
WIDE, NARROW = 1440, (768, 390)


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Iterator[Page]:
    """A window that is signed in, for every page."""
    page = open_page(width=WIDE)
    sign_in(page)
    yield page
    page.context.close()


def visit(page: Page, address: str) -> None:
    """Open the address, dark and wide, and wait until the page shows what it asked for."""
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.goto(address)
    settle(page)


def assert_nothing_overhangs(page: Page) -> None:
    """The page does not scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate("document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth") <= 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_in_each_theme_and_fits_each_width(site: Site, page: Page, name: str) -> None:
    visit(page, PAGES[name].format(sample=site.sample, database=site.database))
    assert page.locator("h1").count() == 1
    assert_nothing_overhangs(page)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        picture(page, f"{name}.{theme}")
        assert findings(page) == [], theme
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        picture(page, f"{name}.{width}")
        assert_nothing_overhangs(page)


@pytest.mark.parametrize("address", ["/sign-in", "/sign-up", "/invite", "/reset-request", "/reset", "/confirm-email"])
def test_a_page_before_signing_in_is_accessible_in_each_theme(site: Site, open_page: OpenPage, address: str) -> None:
    page = open_page()
    visit(page, address)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        picture(page, f"{address.strip('/')}.{theme}")
        assert findings(page) == [], theme
    page.context.close()


@pytest.mark.parametrize("key", ["Control+k", "?"])
def test_a_layer_is_accessible(site: Site, page: Page, key: str) -> None:
    visit(page, f"/p/{site.sample}")
    page.keyboard.press(key)
    page.get_by_role("dialog").wait_for()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")

"""Every page, in both themes and three widths: no accessibility finding, one h1, no sideways scroll."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from e2e.browsing import OpenPage, Site, Theme, findings, picture, sign_in

pytestmark = pytest.mark.timeout(300)

PAGES = {
    "home": "/",
    "overview": "/p/{sample}",
    "lineage": "/p/{sample}/lineage",
    "lineage-column": "/p/{sample}/lineage?table=books&column=title",
    "lineage-list": "/p/{sample}/lineage?table=books&column=title&view=list",
    "columns": "/p/{sample}/columns",
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
    "project-jobs": "/p/{sample}/jobs",
    "jobs": "/jobs",
    "profile": "/settings/profile",
    "security": "/settings/security",
    "keys": "/settings/keys",
    "members": "/settings/members",
    "storage": "/settings/storage",
    "instance": "/settings/instance",
    "audit": "/settings/audit",
    "nowhere": "/no/such/page",
}
# Narrower than the windows that axe looks through.
NARROW = (390, 768)
_windows: dict[tuple[Theme, int], Page] = {}


def window(open_page: OpenPage, theme: Theme, width: int) -> Page:
    """One signed-in window for each theme and width, kept for all pages."""
    if (theme, width) not in _windows:
        page = open_page(theme=theme, width=width)
        sign_in(page)
        _windows[theme, width] = page
    return _windows[theme, width]


def visit(page: Page, address: str) -> None:
    """Open the address and wait until nothing loads any more."""
    page.goto(address)
    page.locator("h1").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")


def assert_nothing_overhangs(page: Page) -> None:
    """The page does not scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate("document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth") <= 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(site: Site, open_page: OpenPage, name: str, theme: Theme) -> None:
    page = window(open_page, theme, 1440)
    visit(page, PAGES[name].format(sample=site.sample, database=site.database))
    picture(page, f"{name}.{theme}")
    assert findings(page) == []
    assert page.locator("h1").count() == 1
    assert_nothing_overhangs(page)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("address", ["/sign-in", "/sign-up"])
def test_axe_finds_nothing_before_signing_in(site: Site, open_page: OpenPage, address: str, theme: Theme) -> None:
    page = open_page(theme=theme)
    visit(page, address)
    picture(page, f"{address.strip('/')}.{theme}")
    assert findings(page) == []
    page.context.close()


@pytest.mark.parametrize("width", NARROW)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(site: Site, open_page: OpenPage, name: str, width: int) -> None:
    page = window(open_page, "dark", width)
    visit(page, PAGES[name].format(sample=site.sample, database=site.database))
    if width == 390:
        picture(page, f"{name}.phone")
    assert_nothing_overhangs(page)


@pytest.mark.parametrize("key", ["Control+k", "?"])
def test_axe_finds_nothing_in_a_layer(site: Site, open_page: OpenPage, key: str) -> None:
    page = window(open_page, "dark", 1440)
    visit(page, f"/p/{site.sample}")
    page.keyboard.press(key)
    page.get_by_role("dialog").wait_for()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")

"""Going back to a moment in a real browser: turned on, a point named, a mistake made, and the way back found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, sign_in, signed_in


@dataclass(frozen=True)
class Shop:
    """A database with a table, and the page of its history."""

    client: httpx.Client
    page: Page
    id: str
    history: str

    def run(self, text: str, database: str = "") -> list[list[object]]:
        """Run a statement in a database; return the rows of its last result."""
        answer = self.client.post(f"/databases/{database or self.id}/query", json={"text": text}).json()
        assert answer["error"] is None, answer["error"]
        rows: list[list[object]] = answer["results"][-1]["rows"]
        return rows


@pytest.fixture(scope="module")
def shop(site: Site, open_page: OpenPage) -> Iterator[Shop]:
    page = open_page(theme="light")
    sign_in(page)
    with signed_in(site.url) as client:
        created = client.post(f"/projects/{site.sample}/databases", json={"name": "till"}).json()
        result = Shop(client, page, created["id"], f"/p/{site.sample}/d/{created['id']}/history")
        result.run("CREATE TABLE sale (id int PRIMARY KEY, price int); INSERT INTO sale VALUES (1, 10), (2, 20)")
        yield result
    page.context.close()


def test_a_mistake_is_taken_back(shop: Shop) -> None:
    page = shop.page
    page.goto(shop.history)
    card = page.get_by_role("region", name="Point-in-time recovery")
    card.get_by_role("button", name="Turn on").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The database restarts once")
    dialog.get_by_role("button", name="Turn on and restart").click()
    expect(card).to_contain_text("Any time from")
    card.get_by_role("button", name="Create restore point").click()
    dialog.get_by_label("Name").fill("before the mistake")
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog).to_have_count(0)
    shop.run("DELETE FROM sale")
    card.get_by_role("button", name="Restore to…").click()
    dialog.get_by_role("button", name="Restore point").click()
    dialog.get_by_label("Restore point").select_option("before the mistake")
    expect(dialog).to_contain_text("till itself is not changed")
    dialog.get_by_role("button", name="Restore as till-restored").click()
    dialog.get_by_role("link", name="Open till-restored").click()
    page.wait_for_url(re.compile(r"/d/[0-9a-f-]+$"))
    back = page.url.rsplit("/", 1)[1]
    assert shop.run("SELECT id, price FROM sale ORDER BY id", back) == [[1, 10], [2, 20]]
    assert shop.run("SELECT count(*) FROM sale") == [[0]]


def test_the_card_and_its_dialog_are_accessible(shop: Shop, open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page)
    page.goto(shop.history)
    card = page.get_by_role("region", name="Point-in-time recovery")
    expect(card).to_contain_text("Any time from")
    check_accessible(page, "moment-card")
    card.get_by_role("button", name="Restore to…").click()
    expect(page.get_by_role("dialog")).to_contain_text("is not changed")
    check_accessible(page, "moment-dialog")
    page.context.close()

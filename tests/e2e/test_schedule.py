"""A policy in a real browser: set with a preview, run, told of when it fails; both themes, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, picture, settle, sign_in, signed_in

TABLES = "CREATE TABLE book (id integer PRIMARY KEY, title text); CREATE TABLE cart (id integer PRIMARY KEY)"


@dataclass(frozen=True)
class Shop:
    """A database with two tables, and the page of its history."""

    client: httpx.Client
    page: Page
    id: str
    project: str

    @property
    def history(self) -> str:
        return f"/p/{self.project}/d/{self.id}/history"

    def run(self, text: str) -> None:
        """Run a statement in the database."""
        answer = self.client.post(f"/databases/{self.id}/query", json={"text": text}).json()
        assert answer["error"] is None, answer["error"]


@pytest.fixture(scope="module")
def shop(site: Site, open_page: OpenPage) -> Iterator[Shop]:
    page = open_page(theme="light")
    sign_in(page)
    with signed_in(site.url) as client:
        body = {"name": "kiosk", "engine": "sqlite"}
        created = client.post(f"/projects/{site.sample}/databases", json=body).json()
        result = Shop(client, page, created["id"], site.sample)
        result.run(TABLES)
        yield result
    page.context.close()


def run_now(page: Page) -> None:
    settle(page)  # a menu that opens while the page still moves lies elsewhere
    page.get_by_role("button", name="More about the policy").click()
    page.get_by_role("menuitem", name="Run now").click()


def test_set_with_its_next_times_and_run_by_hand(shop: Shop) -> None:
    page = shop.page
    page.goto(shop.history)
    page.get_by_role("link", name="Schedule").click()
    panel = page.get_by_role("complementary")
    expect(panel.get_by_text("There are no snapshots yet.")).to_be_visible()
    expect(panel.get_by_role("list", name="Next runs").get_by_role("listitem")).to_have_count(5)
    panel.get_by_label("Schedule", exact=True).select_option("Custom (cron)")
    panel.get_by_label("Cron", exact=True).fill("61 * * * *")
    expect(panel.get_by_text("This is not a cron expression: bad minute.")).to_be_visible()
    panel.get_by_label("Cron", exact=True).fill("0 0 29 2 *")  # not while these tests run, as every hour would be
    panel.get_by_role("button", name="By rules").click()
    panel.get_by_label("Label", exact=True).fill("Hourly")
    panel.get_by_role("button", name="Set policy").click()
    expect(page.get_by_text("24 hourly, 14 daily, 8 weekly").first).to_be_visible()
    for number in (1, 2):
        shop.run(f"INSERT INTO book VALUES ({number}, 'Book {number}')")
        run_now(page)
        rows = page.get_by_role("region", name="Snapshots").get_by_role("listitem")
        expect(rows).to_have_count(number)
        expect(rows.get_by_text("Verified")).to_have_count(number)


def test_the_preview_says_what_would_be_deleted_and_why(shop: Shop) -> None:
    page = shop.page
    page.goto(f"{shop.history}?schedule=true")
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="The last 10").click()
    expect(panel.get_by_text("All 2 snapshots would be kept.")).to_be_visible()
    panel.get_by_label("Last", exact=True).fill("1")
    expect(panel.get_by_text("1 snapshot would be deleted, 1 kept.")).to_be_visible()
    going = panel.get_by_role("list", name="Would be deleted").get_by_role("listitem")
    expect(going).to_have_count(1)
    expect(going).to_contain_text("not among the last 1")
    expect(page.get_by_role("region", name="Snapshots").get_by_role("listitem")).to_have_count(2)
    picture(page, "policy-preview")
    panel.get_by_label("Last", exact=True).fill("")
    expect(panel.get_by_role("button", name="Save policy")).to_be_disabled()


def test_a_failure_is_told_on_every_page_until_somebody_knows(shop: Shop) -> None:
    page = shop.page
    page.goto(f"{shop.history}?schedule=true")
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="All except").click()
    panel.get_by_label("cart").check()
    panel.get_by_role("button", name="Save policy").click()
    expect(page.get_by_text("Policy saved")).to_be_visible()
    shop.run("DROP TABLE cart")
    run_now(page)
    alerts = page.get_by_role("region", name="Alerts")
    expect(alerts).to_contain_text("Snapshot failed")
    expect(alerts).to_contain_text("There is no table 'cart'.")
    page.goto("/")
    expect(page.get_by_role("region", name="Alerts").get_by_role("link", name="kiosk")).to_be_visible()
    page.goto(f"/p/{shop.project}/databases")
    page.get_by_role("link", name="1 alert").click()
    expect(alerts).to_contain_text("Snapshot failed")


def test_the_panel_is_accessible(shop: Shop, open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page)
    page.goto(f"{shop.history}?schedule=true")
    expect(page.get_by_role("complementary")).to_contain_text("Recent runs")
    expect(page.get_by_role("complementary")).to_contain_text("would be kept")
    check_accessible(page, "policy")
    page.context.close()


def test_acknowledged_paused_and_removed(shop: Shop) -> None:
    page = shop.page
    page.goto(shop.history)
    alerts = page.get_by_role("region", name="Alerts")
    alerts.get_by_role("button", name="Acknowledge").click()
    expect(alerts).to_have_count(0)
    page.get_by_role("link", name="Schedule").click()
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="All", exact=True).click()
    settle(page)  # a menu that opens while the page still moves lies elsewhere
    panel.get_by_role("button", name="More about the policy").click()
    page.get_by_role("menuitem", name="Remove policy").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove policy").click()
    expect(panel.get_by_role("button", name="Set policy")).to_be_visible()
    expect(page.get_by_role("region", name="Snapshots").get_by_role("listitem")).to_have_count(3)

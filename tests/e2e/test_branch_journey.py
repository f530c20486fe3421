"""Branches in a real browser: created, changed, reset and deleted; both themes, wide and narrow."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, settle, sign_in, signed_in


def test_branch_is_created_reset_and_deleted(site: Site, open_page: OpenPage) -> None:
    page = open_page(theme="light")
    sign_in(page)
    with signed_in(site.url) as client:
        path = f"/projects/{site.sample}/databases"
        shop = client.post(path, json={"name": "stall", "engine": "sqlite"}, params={"wait": 60}).json()
        text = "CREATE TABLE item (id integer PRIMARY KEY); INSERT INTO item VALUES (1), (2)"
        assert client.post(f"/databases/{shop['id']}/query", json={"text": text}).json()["error"] is None
        page.goto(f"/p/{site.sample}/d/{shop['id']}")
        page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Branches").click()
        expect(page.get_by_text("stall has no branches.")).to_be_visible()
        page.get_by_role("button", name="Create branch").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("Not a name")
        dialog.get_by_role("button", name="Create branch").click()
        expect(dialog.get_by_text("Use up to 40 lowercase letters")).to_be_visible()
        dialog.get_by_label("Name").fill("feature")
        dialog.get_by_label("Delete it").select_option("After 7 days")
        dialog.get_by_role("button", name="Create branch").click()
        merge = page.get_by_role("button", name="Merge feature into stall")
        expect(merge).to_be_visible()
        branch = client.get(f"/databases/{shop['id']}/branches").json()["items"][0]
        count = client.post(f"/databases/{branch['database_id']}/query", json={"text": "SELECT count(*) FROM item"})
        assert count.json()["results"][-1]["rows"] == [[2]]
        check_accessible(page, "branches")
        page.set_viewport_size({"width": 1440, "height": 900})
        settle(page)
        page.get_by_role("button", name="More actions for feature").click()
        page.get_by_role("menuitem", name="Reset branch").click()
        page.get_by_role("dialog").get_by_role("button", name="Reset branch").click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(merge).to_be_visible()
        anew = client.get(f"/databases/{shop['id']}/branches").json()["items"]
        assert [row["name"] for row in anew] == ["feature"] and anew[0]["database_id"] != branch["database_id"]
        settle(page)
        page.get_by_role("button", name="More actions for feature").click()
        page.get_by_role("menuitem", name="Delete branch").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete branch").click()
        expect(page.get_by_text("stall has no branches.")).to_be_visible()

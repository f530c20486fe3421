"""The life of an account in a browser: limited and rotated keys, export, deletion that is taken back, deactivation."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, findings, picture, sign_in
from e2e.test_account_journey import at_home, enter, signed_up


def new_key(page: Page, name: str) -> str:
    """Create a key for the first project of the user and one network; return its secret."""
    page.goto("/settings/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Reaches").select_option(index=1)
    dialog.get_by_label("Valid at").fill("10.0.0.1/8")
    dialog.get_by_role("button", name="Create key").click()
    expect(dialog.get_by_text("Do you mean 10.0.0.0/8?")).to_be_visible()
    assert findings(page) == []
    picture(page, "new-key")
    dialog.get_by_label("Valid at").fill("127.0.0.0/8, ::1")
    dialog.get_by_role("button", name="Create key").click()
    secret = dialog.locator(".secret code").inner_text()
    dialog.get_by_role("button", name="I have copied it").click()
    return secret


def test_a_key_is_limited_and_rotated(site: Site, open_page: OpenPage) -> None:
    email, page = signed_up(site), open_page()
    enter(page, email)
    at_home(page)
    old = new_key(page, "Pipeline")
    row = page.get_by_role("row", name="Pipeline")
    expect(row).to_contain_text("127.0.0.0/8, ::1/128")
    row.get_by_role("button", name="Rotate").click()
    dialog = page.get_by_role("dialog")
    assert findings(page) == []
    picture(page, "rotate-key")
    dialog.get_by_role("button", name="Rotate key").click()
    new = dialog.locator(".secret code").inner_text()
    dialog.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_text("rotated", exact=True)).to_be_visible()
    for secret in (old, new):
        with httpx.Client(base_url=f"{site.url}/api/v1", headers={"authorization": f"Bearer {secret}"}) as client:
            assert len(client.get("/projects").json()["items"]) == 1
            assert client.get("/keys").status_code == 403
    check_accessible(page, "keys")
    page.context.close()


def test_data_is_exported(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    email, page = signed_up(site), open_page()
    enter(page, email)
    at_home(page)
    page.goto("/settings/profile")
    page.get_by_role("button", name="Export my data").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    file = tmp_path / "export.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        assert email.encode() in archive.read("profile.json")
    check_accessible(page, "profile")
    page.context.close()


def test_an_account_is_deleted_and_taken_back(site: Site, open_page: OpenPage) -> None:
    email, page = signed_up(site), open_page()
    enter(page, email)
    at_home(page)
    page.goto("/settings/profile")
    page.get_by_role("button", name="Delete account").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete my account")).to_be_disabled()
    dialog.get_by_label("What happens to it").select_option("delete")
    assert findings(page) == []
    picture(page, "delete-account")
    dialog.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", name="Sign in to Headwater")).to_be_visible()
    enter(page, email)
    expect(page.get_by_text("This account is deleted on")).to_be_visible()
    assert findings(page) == []
    picture(page, "account-ending")
    page.get_by_role("button", name="Keep my account and sign in").click()
    at_home(page)
    page.context.close()


def test_an_administrator_deactivates_an_account(site: Site, open_page: OpenPage) -> None:
    email, page = signed_up(site), open_page()
    sign_in(page)
    page.goto("/settings/users")
    page.get_by_role("textbox", name="Search").fill(email)
    row = page.get_by_role("row", name=email)
    row.get_by_role("button", name="Actions for").click()
    page.get_by_role("menuitem", name="Sessions").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Python")).to_be_visible()
    assert findings(page) == []
    picture(page, "user-sessions")
    page.keyboard.press("Escape")
    row.get_by_role("button", name="Actions for").click()
    page.get_by_role("menuitem", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(row.get_by_text("deactivated", exact=True)).to_be_visible()
    check_accessible(page, "accounts")
    page.context.close()

    other = open_page()
    enter(other, email)
    expect(other.get_by_text("This account is deactivated.")).to_be_visible()
    other.context.close()


def test_rules_of_passwords_are_visible_before_typing(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=390)
    page.goto("/sign-up")
    expect(page.get_by_text("No common or leaked password")).to_be_visible()
    page.get_by_label("Name").fill("Noor")
    page.get_by_label("Email").fill("noor@example.org")
    page.get_by_label("Password").fill("Password123!")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("This password is too common")).to_be_visible()
    check_accessible(page, "sign-up-rules", widths=(390,))
    page.goto("/reset#a-token")
    expect(page.get_by_label("Revoke all my API keys, too")).not_to_be_checked()
    expect(page.get_by_text("No common or leaked password")).to_be_visible()
    check_accessible(page, "reset", widths=(390,))
    page.context.close()

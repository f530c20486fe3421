"""An account in a browser: second factor, proof before a key is created, an invitation that is accepted by signing up."""

from __future__ import annotations

import uuid

import httpx
import pyotp
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, demand_proof_once, findings

PASSWORD = "seven wooden boats"


def signed_up(site: Site) -> str:
    """Create an account, and return its address."""
    email = f"{uuid.uuid4().hex}@example.org"
    body = {"email": email, "password": PASSWORD, "name": "Noor"}
    httpx.post(f"{site.url}/api/v1/auth/signup", json=body, timeout=60).raise_for_status()
    return email


def enter(page: Page, email: str) -> None:
    """Enter address and password on the sign-in page."""
    page.goto("/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def at_home(page: Page) -> None:
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


def turn_on(page: Page) -> list[str]:
    """Turn the second factor on; return the recovery codes."""
    page.goto("/settings/security")
    page.get_by_role("region", name="Second factor").get_by_role("button", name="Turn on").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_alt_text("QR code of the secret")).to_be_visible()
    assert findings(page) == []
    secret = dialog.locator("code.secret").inner_text()
    dialog.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    dialog.get_by_role("button", name="Turn on").click()
    listed = dialog.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(listed).to_have_count(10)
    codes = listed.all_inner_texts()
    dialog.get_by_role("button", name="I have kept them").click()
    return codes


def test_second_factor_is_turned_on_and_asked_for(site: Site, open_page: OpenPage) -> None:
    email, page = signed_up(site), open_page()
    enter(page, email)
    at_home(page)
    codes = turn_on(page)
    assert len(codes) == 10
    expect(page.get_by_text("10 recovery codes are left.")).to_be_visible()
    page.context.clear_cookies()
    enter(page, email)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The code is wrong, or was used already.")).to_be_visible()
    assert findings(page) == []
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    at_home(page)
    page.context.close()


def test_proof_is_asked_for_before_a_key_is_created(site: Site, open_page: OpenPage) -> None:
    email, page = signed_up(site), open_page()
    enter(page, email)
    at_home(page)
    demand_proof_once(page, "**/api/v1/keys")
    page.goto("/settings/keys")
    page.get_by_role("button", name="New key").first.click()
    page.get_by_label("Name").fill("nightly")
    page.get_by_role("button", name="Create key").click()
    asked = page.get_by_role("dialog", name="Confirm that it is you")
    asked.get_by_label("Password or code").fill("not my password")
    asked.get_by_role("button", name="Confirm").click()
    expect(asked.get_by_text("This is not your password.")).to_be_visible()
    asked.get_by_label("Password or code").fill(PASSWORD)
    asked.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Copy the key now.")).to_be_visible()
    page.context.close()


def test_invitation_is_accepted_by_signing_up(site: Site, open_page: OpenPage) -> None:
    email, page = signed_up(site), open_page()
    enter(page, email)
    at_home(page)
    page.goto("/settings/members")
    guest = f"{uuid.uuid4().hex}@example.org"
    page.get_by_label("Email").fill(guest)
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_role("dialog").locator("code").inner_text()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    other = open_page()
    other.goto(link)
    expect(other.get_by_text(f"Noor invites {guest} to Noor as member.")).to_be_visible()
    assert "#" not in other.url, "the token stays in no history"
    assert findings(other) == []
    other.get_by_role("link", name="Create an account").click()
    expect(other.get_by_label("Email")).to_have_value(guest)
    other.get_by_label("Name").fill("Guest")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Create account").click()
    at_home(other)
    page.reload()
    expect(page.get_by_role("group", name="Members").get_by_text(guest)).to_be_visible()
    expect(page.get_by_role("group", name="Invitations").get_by_text("Accepted")).to_be_visible()
    other.context.close()
    page.context.close()


def test_a_command_line_is_signed_in_through_the_browser(site: Site, open_page: OpenPage) -> None:
    email, page = signed_up(site), open_page()
    api = f"{site.url}/api/v1/auth/device"
    request = httpx.post(api, json={"name": "ada's laptop"}, timeout=60).json()
    page.goto(f"/device?code={request['user_code']}")
    page.get_by_label("Email").fill(email)  # whoever is not signed in comes back to the page afterwards
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Code")).to_have_value(request["user_code"])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("ada's laptop")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The command line is signed in.")).to_be_visible()
    redeemed = httpx.post(f"{api}/key", json={"device_code": request["device_code"]}, timeout=60)
    assert redeemed.status_code == 201, redeemed.text
    page.get_by_role("link", name="API keys", exact=True).last.click()
    expect(page.get_by_text("Command line on ada's laptop")).to_be_visible()
    page.context.close()

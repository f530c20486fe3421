"""Passkeys in Chromium, with the virtual authenticator of its developer tools: nothing of them is ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from e2e.browser_helpers import PATIENCE_MS, Site, check_accessible, demand_proof_once, findings, picture
from e2e.test_account_journey import at_home, enter, signed_up


class Device:
    """A virtual authenticator of a window."""

    def __init__(self, page: Page) -> None:
        self.tools: CDPSession = page.context.new_cdp_session(page)
        self.tools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.id = self.tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def verifies(self, value: bool) -> None:
        """Let its user be recognized, or not."""
        self.tools.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": value})

    def credentials(self) -> list[dict[str, Any]]:
        """Return its passkeys."""
        listed: list[dict[str, Any]] = self.tools.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return listed

    def restore(self, credential: dict[str, Any]) -> None:
        """Replace a passkey by an earlier copy of it."""
        key = {"authenticatorId": self.id, "credentialId": credential["credentialId"]}
        self.tools.send("WebAuthn.removeCredential", key)
        self.tools.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A window at a name: browsers create no passkeys for addresses."""
    url = site.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=url, color_scheme="dark", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def add(page: Page, name: str) -> list[str]:
    """Add a passkey in the settings; return the recovery codes, if it is the first second factor."""
    page.goto("/settings/security")
    panel = page.get_by_role("region", name="Passkeys")
    panel.get_by_role("button", name="Add a passkey").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    assert findings(page) == []
    dialog.get_by_role("button", name="Go on").click()
    listed = dialog.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(listed).to_have_count(10)
    codes = listed.all_inner_texts()
    dialog.get_by_role("button", name="I have kept them").click()
    expect(panel.get_by_role("cell", name=name, exact=True)).to_be_visible()
    return codes


def test_a_passkey_is_added_used_renamed_and_deleted(page: Page, site: Site) -> None:
    email, device = signed_up(site), Device(page)
    enter(page, email)
    at_home(page)
    add(page, "Laptop")
    assert len(device.credentials()) == 1
    expect(page.get_by_text("Your passkeys are your second factor.")).to_be_visible()
    check_accessible(page, "security-passkeys", widths=(1280, 390))

    page.context.clear_cookies()
    page.goto("/sign-in")
    assert findings(page) == []
    picture(page, "sign-in-with-passkey")
    page.get_by_role("button", name="Continue with a passkey").click()
    at_home(page)

    page.goto("/settings/security")
    panel = page.get_by_role("region", name="Passkeys")
    panel.get_by_role("button", name="Rename Laptop").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Old laptop")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    panel.get_by_role("button", name="Delete Old laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(panel.get_by_text("None yet.")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Continue with a passkey").click()
    expect(page.get_by_text("This passkey is not known here.")).to_be_visible()
    assert findings(page) == []
    enter(page, email)
    at_home(page)


def test_a_passkey_is_the_second_factor_of_a_password_and_a_proof(page: Page, site: Site) -> None:
    email, device = signed_up(site), Device(page)
    enter(page, email)
    at_home(page)
    add(page, "Key")
    page.context.clear_cookies()
    enter(page, email)
    expect(page.get_by_label("Code")).to_be_visible()
    picture(page, "second-factor-with-passkey")
    page.get_by_role("button", name="Use a passkey").click()
    at_home(page)

    page.goto("/settings/keys")
    demand_proof_once(page, "**/api/v1/keys")
    page.get_by_role("button", name="New key").first.click()
    page.get_by_label("Name").fill("nightly")
    page.get_by_role("button", name="Create key").click()
    asked = page.get_by_role("dialog", name="Confirm that it is you")
    device.verifies(False)
    asked.get_by_role("button", name="Use a passkey").click()
    expect(asked.get_by_text("No passkey was used")).to_be_visible()
    picture(page, "proof-with-passkey")
    device.verifies(True)
    asked.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Copy the key now.")).to_be_visible()


def test_a_copied_passkey_is_refused(page: Page, site: Site) -> None:
    email, device = signed_up(site), Device(page)
    enter(page, email)
    at_home(page)
    add(page, "Key")
    (copy,) = device.credentials()
    for _ in range(2):
        page.context.clear_cookies()
        page.goto("/sign-in")
        page.get_by_role("button", name="Continue with a passkey").click()
        at_home(page)
    device.restore(copy)
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Continue with a passkey").click()
    expect(page.get_by_text("perhaps it was copied")).to_be_visible()

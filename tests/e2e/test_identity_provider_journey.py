"""Signing in with an identity provider in a browser, against a provider of others (oidc-provider-mock, on Authlib)."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.browser_helpers import CORP, PATIENCE_MS, Site, check_accessible, demand_proof_once, findings, picture
from e2e.test_account_journey import PASSWORD, at_home, enter, turn_on


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The provider that the settings of the server name; who signs in there enters a subject."""
    words = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(urlsplit(CORP).port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                httpx.get(f"{CORP}/.well-known/openid-configuration").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield CORP
    finally:
        process.terminate()
        process.wait(30)


def new_subject(provider: str) -> str:
    """Let the provider know somebody with a verified address; return their subject."""
    subject = uuid.uuid4().hex
    # It says who is asked again only if it is told to.
    claims = {"email": f"{subject}@example.org", "email_verified": True, "name": "Mara", "auth_time": int(time.time())}
    httpx.put(f"{provider}/users/{subject}", json=claims).raise_for_status()
    return subject


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A window that may leave the server."""
    context = browser.new_context(base_url=site.url, color_scheme="dark", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def authorize(page: Page, subject: str) -> None:
    """Sign in at the provider."""
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize", exact=True).click()


def arrive(page: Page, subject: str) -> None:
    """Sign in with the provider from the sign-in page."""
    page.goto("/sign-in")
    page.get_by_role("button", name="Continue with Corp").click()
    authorize(page, subject)


def test_account_of_a_provider_is_made_secured_and_left_without_it(page: Page, provider: str) -> None:
    subject = new_subject(provider)
    page.goto("/sign-in?next=/settings/security")
    expect(page.get_by_role("button", name="Continue with Corp")).to_be_visible()
    picture(page, "sign-in-with-provider")
    assert findings(page) == []
    page.get_by_role("button", name="Continue with Corp").click()
    authorize(page, subject)
    identities = page.get_by_role("region", name="Linked identities")
    expect(identities.get_by_text(f"{subject}@example.org")).to_be_visible()
    assert "code=" not in page.url
    check_accessible(page, "security-linked", widths=(1280, 390))

    identities.get_by_role("button", name="Unlink").click()
    page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("the only way")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_label("Current password")).to_be_visible()
    identities.get_by_role("button", name="Unlink").click()
    page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    expect(identities.get_by_text("None yet.")).to_be_visible()
    page.context.clear_cookies()
    enter(page, f"{subject}@example.org")
    at_home(page)


def test_proof_is_given_at_the_provider_in_another_window(page: Page, provider: str, site: Site) -> None:
    subject = new_subject(provider)
    arrive(page, subject)
    at_home(page)
    page.goto("/settings/keys")
    demand_proof_once(page, "**/api/v1/keys")
    page.get_by_role("button", name="New key").first.click()
    page.get_by_label("Name").fill("nightly")
    page.get_by_role("button", name="Create key").click()
    asked = page.get_by_role("dialog", name="Confirm that it is you")
    expect(asked.get_by_role("button", name="Sign in again with Corp")).to_be_visible()
    assert findings(page) == []
    picture(page, "proof-with-provider")
    httpx.put(
        f"{provider}/users/{subject}",
        json={"email": f"{subject}@example.org", "email_verified": True, "auth_time": int(time.time())},
    ).raise_for_status()
    with page.context.expect_page() as opened:
        asked.get_by_role("button", name="Sign in again with Corp").click()
    authorize(opened.value, subject)
    expect(page.get_by_text("Copy the key now.")).to_be_visible()


def test_second_factor_is_asked_for_and_refusals_are_sentences(page: Page, provider: str) -> None:
    subject = new_subject(provider)
    arrive(page, subject)
    at_home(page)
    page.goto("/settings/security")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_label("Current password")).to_be_visible()
    codes = turn_on(page)
    page.context.clear_cookies()
    arrive(page, subject)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The code is wrong, or was used already.")).to_be_visible()
    assert findings(page) == []
    picture(page, "second-step-after-provider")
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    at_home(page)

    page.context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Continue with Corp").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text("The sign-in was cancelled or refused at the provider.")).to_be_visible()
    assert findings(page) == []
    picture(page, "cancelled-at-provider")
    page.reload()
    expect(page.get_by_role("button", name="Continue with Corp")).to_be_visible()

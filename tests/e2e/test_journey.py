"""One person's first visit, from sign-up to sign-out, in a real browser against a real server."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, picture, sign_in


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    page = open_page()
    sign_in(page)
    return page


@pytest.fixture(scope="module")
def clinic(page: Page, clinic_zip: Path) -> str:
    """The address of a new project, after its upload was scanned in front of the reader."""
    page.goto("/")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("Clinic")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("No code yet.")).to_be_visible()
    page.get_by_label("ZIP file to upload").set_input_files(clinic_zip)
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    picture(page, "scan-result")
    return page.url.split("?")[0].rstrip("/")


def test_the_sample_project_is_there_from_the_start(page: Page, site: Site) -> None:
    page.goto("/")
    expect(page.get_by_role("link", name="Bookshop sample")).to_be_visible()
    expect(page.get_by_text("sample", exact=True)).to_be_visible()
    picture(page, "home")


def test_the_scan_says_what_it_found(page: Page, clinic: str) -> None:
    page.goto(clinic)
    languages = page.get_by_role("region", name="Languages")
    expect(languages.get_by_role("row", name=re.compile("Python"))).to_be_visible()
    sources = page.get_by_role("region", name="Schema sources")
    expect(sources.get_by_text("clinic/models.py")).to_be_visible()


def test_a_column_leads_to_its_usages_and_to_the_line(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}/lineage?table=patients&column=email")
    flow = page.get_by_label("Flow from columns to code")
    expect(flow.get_by_role("button", name="change_email")).to_be_visible()
    picture(page, "lineage")
    flow.get_by_role("button", name="change_email").click()
    detail = page.get_by_role("complementary", name="Usage")
    expect(detail.get_by_role("heading", name=re.compile("in change_email"))).to_be_visible()
    expect(detail.get_by_text("patient.email")).to_be_visible()
    expect(detail.get_by_text("Evidence")).to_be_visible()
    picture(page, "usage")
    detail.get_by_role("link", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="service.py", level=1)).to_be_attached()
    side = page.get_by_role("complementary", name="Columns used in this file")
    expect(side.get_by_role("link", name="patients.email").first).to_be_visible()
    picture(page, "file")


def test_the_list_twin_tells_the_same_as_the_flow(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}/lineage?table=patients&column=email&view=list")
    twin = page.get_by_role("list", name="Code that uses these columns")
    for function in ("find_by_email", "register", "change_email"):
        expect(twin.get_by_role("button", name=function)).to_be_visible()


def test_filtering_by_kind_keeps_only_that_kind(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}/lineage?table=patients&column=email&view=list")
    page.get_by_role("group", name="Filters").get_by_role("button", name=re.compile("Write")).click()
    twin = page.get_by_role("list", name="Code that uses these columns")
    expect(twin.get_by_role("button", name="register")).to_be_visible()
    expect(twin.get_by_role("button", name="find_by_email")).to_have_count(0)


def test_the_column_map_finds_the_unused_column_and_opens_lineage_by_keyboard(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}/columns")
    grid = page.get_by_role("grid", name="Column map")
    expect(grid.get_by_text("patients.fax")).to_be_visible()
    page.keyboard.press("u")
    expect(grid.get_by_text("patients.email")).to_have_count(0)
    page.keyboard.press("u")
    page.keyboard.press("/")
    page.keyboard.type("patients.email")
    expect(grid.get_by_role("row")).to_have_count(2)
    picture(page, "columns")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Unpin patients.email")).to_be_visible()


def test_the_schema_shows_keys_and_goes_along_a_reference(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}/schema/visits")
    picture(page, "schema")
    page.get_by_role("group", name="Columns").get_by_role("link", name="patients.id").click()
    expect(page.get_by_role("heading", name="patients", level=1)).to_be_visible()


def test_the_palette_goes_to_a_column(page: Page, clinic: str) -> None:
    page.goto(clinic)
    expect(page.get_by_role("heading", name="Clinic", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("starts_at")
    page.get_by_role("option", name=re.compile("visits.starts_at")).click()
    expect(page.get_by_role("button", name="Unpin visits.starts_at")).to_be_visible()


def test_the_job_keeps_its_log(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}/jobs")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("log").get_by_text("Completed.")).to_be_visible()
    picture(page, "job")


def test_a_wrong_archive_is_told_why(page: Page, clinic: str, tmp_path: Path) -> None:
    wrong = tmp_path / "notes.zip"
    wrong.write_text("this is no archive")
    page.goto(clinic)
    page.get_by_label("ZIP file to upload").set_input_files(wrong)
    expect(page.get_by_role("alert")).to_contain_text("notes.zip was not accepted.")


def test_a_dropped_archive_is_taken_anywhere_on_the_page(page: Page, clinic: str, clinic_zip: Path) -> None:
    page.goto(clinic)
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    content = base64.b64encode(clinic_zip.read_bytes()).decode()
    page.evaluate(
        """(content) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))
            const files = new DataTransfer()
            files.items.add(new File([bytes], 'dropped.zip', { type: 'application/zip' }))
            window.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }))
        }""",
        content,
    )
    expect(page.get_by_role("heading", name="dropped", level=2)).to_be_visible()
    page.get_by_role("button", name="More about dropped").click()
    page.get_by_role("menuitem", name="Delete codebase").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete codebase").click()
    expect(page.get_by_role("button", name="More about dropped")).to_have_count(0)


def test_a_key_shows_its_secret_once(page: Page, site: Site) -> None:
    page.goto("/settings/keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name").fill("Nightly pipeline")
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_role("dialog").locator("code").inner_text()
    assert len(secret) > 20
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("cell", name="Nightly pipeline")).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)


def test_a_reload_keeps_the_session_and_the_place(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}/schema/visits")
    page.reload()
    expect(page.get_by_role("heading", name="visits", level=1)).to_be_visible()


def test_signing_out_closes_the_door(page: Page, site: Site) -> None:
    page.goto("/")
    page.get_by_role("button", name=re.compile("account$")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Headwater")).to_be_visible()
    page.goto("/jobs")
    expect(page.get_by_role("heading", name="Sign in to Headwater")).to_be_visible()


def test_a_wrong_password_is_told_beside_the_form(page: Page, site: Site) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email").fill("ines@marlowfinch.example")
    page.get_by_label("Password").fill("not the right one at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()

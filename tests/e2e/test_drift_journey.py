"""Drift in a browser: a codebase whose models have lost a column is compared with its migrations."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, picture, sign_in
from features.schemas.test_drift_command import MIGRATION, MODELS


@pytest.fixture(scope="module")
def address(site: Site, open_page: OpenPage, tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, str]:
    """A page, and the address of a project whose upload was scanned."""
    page = open_page()
    sign_in(page)
    archive: Path = tmp_path_factory.mktemp("upload") / "shop.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("migrations/1_users.sql", MIGRATION)
        out.writestr("app/models.py", MODELS)
    page.goto("/")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("drifting")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("No code yet.")).to_be_visible()
    page.get_by_label("ZIP file to upload").set_input_files(archive)
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    return page, page.url.split("?")[0].rstrip("/")


def test_models_are_compared_with_migrations(address: tuple[Page, str]) -> None:
    page, project = address
    page.goto(f"{project}/schema")
    page.get_by_label("Compare with").select_option(label="Its migrations")
    differences = page.get_by_role("region", name="Differences")
    row = differences.get_by_role("row").filter(has_text="column users.nick")
    expect(row).to_contain_text("text")
    expect(row.get_by_role("link", name="migrations/1_users.sql:1")).to_be_visible()
    picture(page, "drift")
    check_accessible(page, "drift")
    row.get_by_role("link", name="migrations/1_users.sql:1").click()
    expect(page.get_by_text("CREATE TABLE users").first).to_be_visible()


def test_differences_are_readable_on_a_narrow_screen(address: tuple[Page, str]) -> None:
    page, project = address
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{project}/schema?against=migrations")
    expect(page.get_by_role("region", name="Differences")).to_be_visible()
    check_accessible(page, "drift-narrow")

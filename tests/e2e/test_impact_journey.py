"""Impact in a browser: a Rails and a Spring application are uploaded, a column is pinned and its impact asked."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, picture, sign_in

DATA = Path(__file__).parent / "data"
# The lines that name the card number of a member in each application, and how sure it is that they break.
LINES = {
    "library_rails": {
        "app/models/member.rb:9": "breaks",
        "app/models/member.rb:5": "breaks",
        "app/views/loans/index.html.erb:2": "may break",
    },
    "library_spring": {
        "src/main/java/org/library/MemberService.java:12": "breaks",
        "src/main/java/org/library/MemberRepository.java:6": "breaks",
        "src/main/java/org/library/Member.java:13": "breaks",
    },
}


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    page = open_page()
    sign_in(page)
    return page


@pytest.fixture(scope="module", params=LINES)
def application(
    request: pytest.FixtureRequest, page: Page, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    """The name of an application and the address of its project, after its upload was scanned."""
    name = str(request.param)
    archive = tmp_path_factory.mktemp("upload") / f"{name}.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(path for path in (DATA / name).rglob("*") if path.is_file()):
            out.write(path, path.relative_to(DATA / name))
    page.goto("/")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("No code yet.")).to_be_visible()
    page.get_by_label("ZIP file to upload").set_input_files(archive)
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    return name, page.url.split("?")[0].rstrip("/")


def test_a_pinned_column_leads_to_what_breaks_without_it(page: Page, application: tuple[str, str]) -> None:
    name, address = application
    page.goto(f"{address}/lineage?table=members&column=card_number")
    page.get_by_role("link", name="Impact of dropping members.card_number").click()
    expect(page.get_by_role("list", name="The change")).to_have_text("Drop column members.card_number")
    lines = page.get_by_role("list", name="Lines by risk")
    for place, certainty in LINES[name].items():
        expect(lines.get_by_role("button", name=f"{certainty} {place}")).to_be_visible()
    first = lines.get_by_role("button").first
    first.click()
    expect(lines.get_by_role("group", name=re.compile("^Lines"))).to_be_visible()
    picture(page, f"impact-{name}")
    check_accessible(page, f"impact-{name}")


def test_the_impact_is_exported_as_sarif(page: Page, application: tuple[str, str], tmp_path: Path) -> None:
    name, address = application
    page.goto(f"{address}/impact?of=members.card_number&action=drop")
    expect(page.get_by_role("list", name="Lines by risk")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=re.compile("SARIF")).click()
    download.value.save_as(tmp_path / "impact.sarif")
    results = json.loads((tmp_path / "impact.sarif").read_text())["runs"][0]["results"]
    places = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results}
    assert {place.rpartition(":")[0] for place in LINES[name]} <= places


def test_sql_is_asked_and_what_is_not_known_is_said(page: Page, application: tuple[str, str]) -> None:
    _, address = application
    page.goto(f"{address}/impact")
    page.get_by_role("button", name="SQL").click()
    page.get_by_label("SQL of the change").fill("ALTER TABLE members RENAME COLUMN card_number TO card;")
    page.get_by_role("button", name="Show impact").click()
    expect(page.get_by_role("list", name="The change")).to_have_text("Rename column members.card_number to card")
    page.get_by_label("SQL of the change").fill("ALTER TABLE members DROP COLUMN nothing;")
    page.get_by_role("button", name="Show impact").click()
    expect(page.get_by_role("alert")).to_contain_text("changes no table or column that is known")


def test_sql_that_is_too_long_for_an_address_is_asked_all_the_same(page: Page, application: tuple[str, str]) -> None:
    _, address = application
    page.goto(f"{address}/impact")
    page.get_by_role("button", name="SQL").click()
    comment = "-- a long migration\n" * 1000
    page.get_by_label("SQL of the change").fill(f"{comment}DROP TABLE members;")
    page.get_by_role("button", name="Show impact").click()
    expect(page.get_by_role("list", name="The change")).to_have_text("Drop table members")
    page.reload()
    expect(page.get_by_role("list", name="The change")).to_have_text("Drop table members")

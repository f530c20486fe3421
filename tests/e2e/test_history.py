"""The history in a real browser: a snapshot is taken, shows up, and gives its rows back in a new database."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, ended, picture, sign_in, signed_in

TABLES = """
CREATE TABLE books (id int PRIMARY KEY, title text NOT NULL, price numeric(8,2));
CREATE TABLE loans (id int PRIMARY KEY, book int REFERENCES books, since timestamptz);
INSERT INTO books SELECT g, 'Book ' || g, g + 0.50 FROM generate_series(1, 1200) g;
INSERT INTO loans SELECT g, g, '2026-01-01' FROM generate_series(1, 40) g; ANALYZE
"""
VAULT = Path(__file__).parents[1] / "vault" / "fixtures" / "v1" / "vault"
PASSPHRASE = "the river remembers"
SUM = "SELECT count(*), sum(price) FROM books"


@dataclass(frozen=True)
class Library:
    """A database with two tables, and the page of its history."""

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

    def take(self, label: str) -> None:
        """Take a snapshot as a user does, and wait until it is complete."""
        self.page.get_by_role("button", name="snapshot").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Label").fill(label)
        dialog.get_by_role("button", name="Take snapshot").click()
        panel = self.page.get_by_role("complementary")
        expect(panel.get_by_role("link", name="Restore")).to_be_visible()


@pytest.fixture(scope="module")
def library(site: Site, open_page: OpenPage) -> Iterator[Library]:
    page = open_page(theme="light")
    sign_in(page)
    with signed_in(site.url) as client:
        created = client.post(f"/projects/{site.sample}/databases", json={"name": "library"}).json()
        result = Library(client, page, created["id"], f"/p/{site.sample}/d/{created['id']}/history")
        result.run(TABLES)
        yield result
    page.context.close()


def test_taken_seen_and_given_back(library: Library) -> None:
    page = library.page
    page.goto(library.history)
    expect(page.get_by_text("There are no snapshots of library yet.")).to_be_visible()
    library.take("Before the sale")
    page.get_by_role("button", name="Close").click()
    row = page.get_by_role("region", name="Snapshots").get_by_role("link", name="Before the sale")
    expect(row).to_contain_text("2 tables")
    expect(row).to_contain_text("Verified")

    before = library.run(SUM)
    library.run("UPDATE books SET price = 0; DELETE FROM loans")
    library.take("After it")
    expect(page.get_by_role("region", name="Snapshots").get_by_role("listitem")).to_have_count(2)
    row.click()
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("cell", name="1,200")).to_be_visible()
    panel.get_by_role("link", name="Restore").click()
    panel.get_by_label("Name").fill("library-of-then")
    expect(panel).to_contain_text(
        "Creates the database library-of-then with 2 tables and 1,240 rows. Nothing else changes."
    )
    picture(page, "history-restore")
    panel.get_by_role("button", name="Restore into library-of-then").click()
    expect(panel.get_by_text("No difference from the snapshot found")).to_be_visible()
    picture(page, "history-restored")
    panel.get_by_role("link", name="Open library-of-then").click()
    expect(page.get_by_role("button", name="books").or_(page.get_by_role("link", name="books")).first).to_be_visible()
    then = page.url.split("/d/")[1].split("/")[0]
    assert library.run(SUM, then) == before
    assert library.run("SELECT count(*) FROM loans", then) == [[40]]
    assert library.run("SELECT sum(price) FROM books") != [[before[0][1]]]


def test_over_the_database_itself_with_a_way_to_undo_it(library: Library) -> None:
    page = library.page
    page.goto(library.history)
    page.get_by_role("region", name="Snapshots").get_by_role("link", name="Before the sale").click()
    panel = page.get_by_role("complementary")
    panel.get_by_role("link", name="Restore", exact=True).click()
    panel.get_by_label("Replace data in library").check()
    panel.get_by_label("public.loans").uncheck()
    expect(panel).to_contain_text(
        "In library, the restore replaces the rows of 1 table, with 1,200 rows from the snapshot."
    )
    expect(panel).to_contain_text("A snapshot of library is taken first, so you can undo this.")
    panel.get_by_role("button", name="Replace data in library").click()
    expect(panel.get_by_text("No difference from the snapshot found")).to_be_visible()
    assert library.run("SELECT count(*) FROM books WHERE price > 0") == [[1200]]
    assert library.run("SELECT count(*) FROM loans") == [[0]], "this table was not chosen"
    panel.get_by_role("link", name="View it").click()
    expect(panel.get_by_role("link", name="Restore", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Snapshots").get_by_role("listitem")).to_have_count(3)


@pytest.mark.parametrize("engine", ["sqlite", "mysql"])
def test_over_a_database_of_another_engine(library: Library, site: Site, engine: str) -> None:
    page, name = library.page, f"over-{engine}"
    created = library.client.post(
        f"/projects/{site.sample}/databases?wait=60", json={"name": name, "engine": engine}
    ).json()
    library.run(
        "CREATE TABLE books (id int PRIMARY KEY, price int); INSERT INTO books VALUES (1, 7), (2, 8)", created["id"]
    )
    page.goto(f"/p/{site.sample}/d/{created['id']}/history")
    library.take("Before the sale")
    library.run("UPDATE books SET price = 0; DELETE FROM books WHERE id = 2", created["id"])
    panel = page.get_by_role("complementary")
    panel.get_by_role("link", name="Restore", exact=True).click()
    panel.get_by_label(f"Replace data in {name}").check()
    expect(panel).to_contain_text(
        f"In {name}, the restore replaces the rows of 1 table, with 2 rows from the snapshot."
    )
    if engine == "sqlite":  # it has no estimate, which is not "about 0 rows"
        expect(panel).not_to_contain_text("It has about")
    panel.get_by_role("button", name=f"Replace data in {name}").click()
    expect(panel.get_by_text("No difference from the snapshot found")).to_be_visible()
    assert library.run("SELECT count(*), sum(price) FROM books", created["id"]) in ([[2, 15]], [[2, "15"]])
    expect(page.get_by_role("region", name="Snapshots").get_by_role("listitem")).to_have_count(2)


def test_the_way_to_undo_one_that_was_over_at_once_is_in_the_timeline(library: Library, site: Site) -> None:
    page = library.page
    created = library.client.post(
        f"/projects/{site.sample}/databases?wait=60", json={"name": "at-once", "engine": "sqlite"}
    ).json()
    library.run("CREATE TABLE books (id int PRIMARY KEY); INSERT INTO books VALUES (1)", created["id"])
    history = f"/p/{site.sample}/d/{created['id']}/history"
    page.goto(history)
    library.take("Before the sale")
    snapshot = library.client.get(f"/databases/{created['id']}/snapshots").json()["items"][0]["id"]
    order = {"target_id": created["id"], "mode": "overwrite"}
    restore = library.client.post(f"/snapshots/{snapshot}/restores", json=order).json()
    ended(library.client, restore["job"]["id"])
    page.evaluate(
        "to => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate')) }",
        f"{history}?run={restore['id']}",
    )
    expect(page.get_by_role("complementary")).to_contain_text("No difference from the snapshot found")
    expect(page.get_by_role("region", name="Snapshots").get_by_role("listitem")).to_have_count(2)


def test_the_panels_are_accessible(library: Library, open_page: OpenPage) -> None:
    items = library.client.get(f"/databases/{library.id}/snapshots").json()["items"]
    page = open_page()
    sign_in(page)
    for name, query in {"snapshot": "", "restore": "&restore=true"}.items():
        page.goto(f"{library.history}?snapshot={items[-1]['id']}{query}")
        expect(page.get_by_role("complementary")).to_contain_text("1,200")
        check_accessible(page, f"history-{name}")
    page.context.close()


def test_keys_move_in_the_timeline_and_close_the_panel(library: Library) -> None:
    page = library.page
    page.goto(library.history)
    expect(page.get_by_role("region", name="Snapshots").get_by_role("listitem")).to_have_count(3)
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("heading", name="Before the sale")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_deleting_asks_first_and_a_held_one_is_kept(library: Library) -> None:
    page = library.page
    page.goto(library.history)
    page.get_by_role("region", name="Snapshots").get_by_role("link", name="After it").click()
    panel = page.get_by_role("complementary")
    panel.get_by_label("Keep forever").click()
    expect(panel.get_by_label("Keep forever")).to_be_checked()
    panel.get_by_role("button", name="More actions for After it").click()
    expect(page.get_by_role("menuitem", name="Delete (marked Keep forever)")).to_be_disabled()
    page.keyboard.press("Escape")
    panel.get_by_label("Keep forever").click()
    expect(panel.get_by_label("Keep forever")).not_to_be_checked()
    expect(page.get_by_role("region", name="Snapshots").get_by_text("Kept forever")).to_have_count(0)
    panel.get_by_role("button", name="More actions for After it").click()
    page.get_by_role("menuitem", name="Delete snapshot").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_contain_text("Delete After it of")
    dialog.get_by_role("button", name="Delete snapshot").click()
    expect(page.get_by_role("region", name="Snapshots").get_by_role("listitem")).to_have_count(2)


def test_a_recovery_passphrase_is_added_and_removed(library: Library) -> None:
    page = library.page
    page.goto("/settings/storage")
    expect(page.get_by_text("Only this server can open the vault.")).to_be_visible()
    page.get_by_role("button", name="Add passphrase").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Passphrase", exact=True).fill("correct horse battery")
    dialog.get_by_label("Repeat passphrase").fill("correct horse")
    expect(dialog.get_by_text("The passphrases do not match.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Add passphrase")).to_be_disabled()
    dialog.get_by_label("Repeat passphrase").fill("correct horse battery")
    dialog.get_by_label("Label").fill("office safe")
    dialog.get_by_role("button", name="Add passphrase").click()
    expect(page.get_by_role("cell", name="office safe", exact=True)).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Remove office safe").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove key").click()
    expect(page.get_by_role("cell", name="office safe", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_text(re.compile(r"for \d+ snapshots\."))).to_be_visible()


def test_a_bucket_that_does_not_answer_is_refused_and_nothing_changes(library: Library) -> None:
    page = library.page
    page.goto("/settings/storage")
    page.get_by_role("button", name="S3 bucket").click()
    save = page.get_by_role("button", name="Test and save")
    expect(save).to_be_disabled()
    given = {"Bucket": "shop", "Endpoint": "http://127.0.0.1:1", "Access key": "key", "Secret key": "a secret"}
    for label, text in given.items():
        page.get_by_label(label).fill(text)
    save.click()
    alert = page.get_by_role("main").get_by_role("alert")
    expect(alert).to_be_visible()
    expect(alert).not_to_contain_text("a secret")
    picture(page, "storage-refused")
    page.reload()
    expect(page.get_by_text("Local disk of this server")).to_be_visible()


def test_an_existing_vault_is_opened_and_lists_its_snapshots(library: Library, tmp_path: Path) -> None:
    page = library.page
    vault = tmp_path / "vault"
    shutil.copytree(VAULT, vault)
    page.goto("/settings/storage")
    panel = page.get_by_role("region", name="Open an existing vault")
    panel.get_by_role("button", name="Open vault").click()
    save = panel.get_by_role("button", name="Open", exact=True)
    panel.get_by_label("Folder", exact=True).fill(str(tmp_path))
    expect(save).to_be_disabled()
    panel.get_by_label("Passphrase", exact=True).fill("not the passphrase")
    save.click()
    expect(panel.get_by_role("alert")).to_contain_text("There is no vault in")
    panel.get_by_label("Folder", exact=True).fill(str(vault))
    save.click()
    expect(panel.get_by_text("This passphrase does not open the vault.")).to_be_visible()
    check_accessible(page, "open-vault")
    panel.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    panel.get_by_label("Open read-only: write nothing into the vault").check()
    save.click()
    expect(panel.get_by_text("6 snapshots in the vault, 0 added here.")).to_be_visible(timeout=60_000)
    expect(panel.get_by_role("row")).to_have_count(7)
    expect(page.get_by_role("region", name="Other vaults").get_by_role("row", name="Read-only")).to_be_visible()
    picture(page, "open-vault")


def test_a_snapshot_without_a_database_is_restored_into_a_new_one(library: Library) -> None:
    page = library.page
    client, project = library.client, library.history.split("/")[2]
    database = client.post(f"/projects/{project}/databases", params={"wait": 60}, json={"name": "gone"}).json()["id"]
    library.run("CREATE TABLE t AS SELECT g FROM generate_series(1, 9) g", database)
    taken = client.post(f"/databases/{database}/snapshots", json={"label": "last words"}).json()
    ended(client, taken["job"]["id"])
    client.delete(f"/databases/{database}")
    client.post(f"/databases/{database}/deletion/complete")
    until = time.monotonic() + 120
    while client.get(f"/snapshots/{taken['id']}").json()["database_id"] is not None:
        assert time.monotonic() < until, "the database is not destroyed"
        time.sleep(0.2)
    page.goto("/settings/storage")
    panel = page.get_by_role("region", name="Snapshots without a database")
    panel.get_by_role("button", name="Restore gone").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the new database").fill("back-again")
    dialog.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Restoring into back-again")).to_be_visible()

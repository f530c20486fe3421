"""The workbench in a real browser: create, paste SQL, edit rows, add an index, export; connect over SSH."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import asyncssh
import pymysql
import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, missing, picture, sign_in, write
from headwater.kit.network.ssh import text_of

PASTED = "create table books (id int primary key, title text not null, stock int default 0);\ninsert into books select g, 'Book ' || g, g from generate_series(1, 1200) g;\nselect count(*) as books from books;"


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    page = open_page(theme="light")
    sign_in(page)
    return page


@pytest.fixture(scope="module")
def shop(page: Page, site: Site) -> str:
    """The address of a database that was created by hand."""
    page.goto(f"/p/{site.sample}/databases")
    page.get_by_role("button", name="New database").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Not A Name")
    dialog.get_by_role("button", name="Create database").click()
    expect(dialog.get_by_text("Use a lowercase letter")).to_be_visible()
    dialog.get_by_label("Name").fill("bookshop")
    dialog.get_by_role("button", name="Create database").click()
    expect(page.get_by_role("heading", name="bookshop", level=1)).to_be_visible()
    expect(page.get_by_text("running", exact=True)).to_be_visible()
    picture(page, "database-new")
    return page.url.split("?")[0]


def test_pasted_sql_runs_and_completes(page: Page, shop: str) -> None:
    page.goto(f"{shop}/sql")
    write(page, PASTED)
    page.get_by_role("button", name="Run all").click()
    result = page.get_by_role("grid", name="Result")
    expect(result.get_by_role("gridcell", name="1200")).to_be_visible()
    expect(page.get_by_role("link", name="books")).to_be_visible()
    write(page, "select b.ti")
    page.keyboard.insert_text(" from books b")
    for _ in " from books b":
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+Space")
    expect(page.locator(".suggest-widget").get_by_text("title")).to_be_visible()
    picture(page, "sql-completion")
    page.keyboard.press("Escape")


def test_an_error_is_shown_at_its_place(page: Page, shop: str) -> None:
    page.goto(f"{shop}/sql")
    write(page, "select titel from books")
    page.keyboard.press("Control+Enter")
    expect(page.locator("section.below").get_by_role("alert")).to_contain_text('column "titel" does not exist')
    expect(page.locator(".squiggly-error")).to_be_visible()
    picture(page, "sql-error")


def test_rows_are_edited_after_a_look_at_the_sql(page: Page, shop: str) -> None:
    page.goto(f"{shop}/data/books")
    grid = page.get_by_role("grid", name="Rows of books")
    cell = grid.get_by_role("gridcell", name="Book 2", exact=True)
    cell.dblclick()
    page.get_by_role("textbox", name="title, text").fill("Changed")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 unsaved change")).to_be_visible()
    page.get_by_role("button", name="Review SQL").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("UPDATE public.books SET title = 'Changed' WHERE id = 2")
    picture(page, "review")
    dialog.get_by_role("button", name="Apply").click()
    expect(grid.get_by_role("gridcell", name="Changed")).to_be_visible()
    expect(page.get_by_text("unsaved change")).to_be_hidden()


def test_selection_stays_with_its_row_and_unsaved_changes_are_not_lost(page: Page, shop: str) -> None:
    page.goto(f"{shop}/data/books")
    grid = page.get_by_role("grid", name="Rows of books")
    grid.get_by_role("gridcell", name="Book 3", exact=True).click()
    page.get_by_role("button", name="Row", exact=True).click()
    added = grid.get_by_role("row").nth(1)
    # id has no default, stock has one
    expect(added.get_by_role("gridcell")).to_have_text(["NULL", "NULL", "default"])
    page.get_by_role("button", name="Delete the selected row").click()
    page.get_by_role("button", name="Review SQL").click()
    review = page.get_by_role("dialog")
    expect(review.get_by_text("DELETE FROM")).to_contain_text("= 3")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="SQL", exact=True).first.click()
    question = page.get_by_role("dialog", name="Discard 2 unsaved changes?")
    question.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("2 unsaved changes")).to_be_visible()
    page.get_by_role("link", name="SQL", exact=True).first.click()
    question.get_by_role("button", name="Discard changes").click()
    expect(page.locator(".monaco-editor").first).to_be_visible()
    page.goto(f"{shop}/data/books?filter=nonsense")
    expect(page.get_by_text("The filter is not valid, so no rows are shown.")).to_be_visible()
    expect(grid).to_have_count(0)


def test_rows_are_filtered_sorted_and_reached_far_down(page: Page, shop: str) -> None:
    page.goto(f"{shop}/data/books")
    grid = page.get_by_role("grid", name="Rows of books")
    expect(grid.get_by_role("gridcell", name="Book 1", exact=True)).to_be_visible()
    grid.focus()
    page.keyboard.press("Control+End")
    expect(grid.get_by_role("gridcell", name="Book 1200")).to_be_visible()
    page.get_by_label("Filter").fill("stock > 1100 and title ~ 'book 11'")
    page.keyboard.press("Enter")
    expect(page.get_by_text("99 rows")).to_be_visible()
    grid.get_by_role("button", name="title").click()
    grid.get_by_role("button", name="title").click()
    expect(grid.get_by_role("gridcell").nth(1)).to_have_text("Book 1199")
    page.get_by_label("Filter").fill("nope = 1")
    expect(page.get_by_text("There is no column nope")).to_be_visible()


def test_a_reference_is_looked_at_and_followed(page: Page, site: Site) -> None:
    page.goto(f"/p/{site.sample}/d/{site.database}/data/people")
    grid = page.get_by_role("grid")
    grid.locator("[data-row='0'] [data-column='2']").click()
    expect(page.get_by_text("blue", exact=True)).to_be_visible()
    page.get_by_role("button", name="Duplicate the selected row").click()
    expect(page.get_by_role("button", name="Review SQL")).to_be_visible()
    page.get_by_role("button", name="Go to teams 2").click()
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_role("grid").get_by_role("gridcell", name="blue")).to_be_visible()


def test_an_index_is_added_after_a_look(page: Page, shop: str) -> None:
    page.goto(f"{shop}/structure?table=books")
    page.get_by_role("button", name="Add index").click()
    page.get_by_label("Add a column").select_option("title")
    page.get_by_role("button", name="Preview").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("CREATE INDEX books_title_idx ON public.books (title)")
    expect(dialog).to_contain_text("Writes to books wait")
    picture(page, "index-preview")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("region", name="Indexes and keys").get_by_text("books_title_idx")).to_be_visible()


def test_a_view_is_made_and_dropped_after_a_look(page: Page, shop: str) -> None:
    page.goto(f"{shop}/structure?table=books")
    page.get_by_role("button", name="New view").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("titles")
    dialog.get_by_label("Query").fill("SELECT id, title FROM books;")
    picture(page, "view-new")
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog).to_contain_text("CREATE VIEW public.titles AS SELECT id, title FROM books")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("region", name="Definition")).to_contain_text("FROM public.books")
    page.get_by_role("button", name="Drop", exact=True).click()
    expect(dialog).to_contain_text("DROP VIEW public.titles")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Table").locator("option", has_text="titles")).to_have_count(0)


def test_a_change_is_kept_as_a_migration_and_applied(page: Page, shop: str) -> None:
    page.goto(f"{shop}/structure?table=books")
    page.get_by_role("button", name="Add column").click()
    page.get_by_label("Name").fill("isbn")
    page.get_by_label("Type").fill("text")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("dialog").get_by_role("button", name="Save as migration").click()
    page.get_by_role("link", name="Migrations").click()
    expect(page.get_by_text("pending", exact=True)).to_be_visible()
    page.get_by_role("button", name="Apply 1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("ADD COLUMN isbn text")
    picture(page, "migration-apply")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("applied", exact=True)).to_be_visible()
    page.get_by_role("button", name="New").click()
    dialog.get_by_label("Name").fill("Broken")
    dialog.get_by_label("SQL").fill("insert into nowhere values (1)")
    picture(page, "migration-new")
    dialog.get_by_role("button", name="Add migration").click()
    page.get_by_role("button", name="Apply 1").click()
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("alert")).to_contain_text('"nowhere" does not exist')
    dialog.get_by_role("button", name="Back").click()
    picture(page, "migrations")
    page.get_by_role("button", name="More for add column books").click()
    page.get_by_role("menuitem", name="Revert down to this one").click()
    dialog.get_by_role("button", name="Revert").click()
    expect(page.get_by_text("pending", exact=True)).to_have_count(2)


def test_a_result_is_exported(page: Page, shop: str, tmp_path: Path) -> None:
    page.goto(f"{shop}/sql")
    write(page, "select id, title from books order by id")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("500 rows, limit reached")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV (all rows)").click()
    download.value.save_as(tmp_path / "books.csv")
    lines = (tmp_path / "books.csv").read_text().splitlines()
    assert (lines[0], lines[2], len(lines)) == ("id,title", "2,Changed", 1201)


def test_a_plan_is_read_and_its_advice_used(page: Page, site: Site) -> None:
    page.goto(f"/p/{site.sample}/d/{site.database}/sql")
    write(page, "select * from people where name = 'name 7'")
    page.get_by_role("button", name="Analyze").click()
    expect(page.get_by_role("region", name="Plan", exact=True)).to_contain_text("Seq Scan")
    picture(page, "plan")


class Door(asyncssh.SSHServer):
    """Lets one user in with a password and forwards; `inside` are those who came."""

    inside: ClassVar[list[asyncssh.SSHServerConnection]] = []

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.inside.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == "open sesame"

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True


@pytest.fixture(scope="module")
def ssh_host() -> Iterator[tuple[int, str]]:
    """An SSH host in a thread of its own: the browser's driver holds this one's loop."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[key])

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    yield server.get_port(), text_of(key)

    async def end() -> None:
        server.close()
        for connection in Door.inside:
            connection.abort()
        await asyncio.gather(
            server.wait_closed(), *(item.wait_closed() for item in Door.inside), return_exceptions=True
        )

    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(120)
    loop.close()


def test_a_database_elsewhere_is_connected_over_ssh(page: Page, site: Site, ssh_host: tuple[int, str]) -> None:
    try:
        pymysql.connect(host="127.0.0.1", user="root").close()
    except pymysql.Error:
        missing("no MariaDB answers on 127.0.0.1:3306")
    page.goto(f"/p/{site.sample}/databases")
    page.get_by_role("button", name="Connect").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("far")
    dialog.get_by_label("URL").fill("mysql://root@127.0.0.1:3306/test")
    dialog.get_by_text("SSH tunnel or proxy").click()
    dialog.get_by_label("Route").select_option("ssh")
    dialog.get_by_label("SSH host (host:port)").fill(f"127.0.0.1:{ssh_host[0]}")
    dialog.get_by_label("User").fill("ines")
    dialog.get_by_label("Password").fill("open sesame")
    dialog.get_by_role("button", name="Test").click()
    expect(dialog.get_by_role("alert")).to_contain_text("is not confirmed yet")
    dialog.get_by_role("button", name="Pin this key").click()
    dialog.get_by_role("button", name="Test").click()
    expect(dialog.get_by_role("status")).to_contain_text("MariaDB")
    picture(page, "connect")
    dialog.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="far", level=1)).to_be_visible()
    expect(page.get_by_text(f"ines@127.0.0.1:{ssh_host[0]}")).to_be_visible()
    page.get_by_role("link", name="SQL", exact=True).click()
    write(page, "select version() as v")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("grid", name="Result").get_by_role("gridcell", name="MariaDB")).to_be_visible()

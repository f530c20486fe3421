"""Documents and keys in a real browser: found, edited against somebody else, made, deleted; queries of both languages."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, missing, picture, sign_in, signed_in
from e2e.test_pages import visit
from engines.mongodb import place as mongodb
from headwater.engines.redis import provision
from suite.ports import free_port

KEYS = """HSET user:1 name Ada mail ada@example.org
HSET user:2 name Bob
SET config:theme dark
SET flags '{"beta": true}' EX 1000
RPUSH queue a b
ZADD top 1 ada
XADD log * text started"""
DOCUMENTS = "db.orders.insertMany([{_id: 1, total: 5, to: {city: 'Bern'}}, {_id: 2, total: NumberLong(7), tags: ['a']}, {_id: 3, total: 9}])"
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(site: Site) -> Iterator[Ask]:
    """Asks the server as somebody else at another window would."""
    with signed_in(site.url) as client:

        def ask(path: str, **body: Any) -> Any:
            answer = client.post(path, json=body)
            assert answer.status_code < 300, answer.text
            return answer.json()

        yield ask


@pytest.fixture(scope="module")
def cache(site: Site, ask: Ask) -> str:
    """A Redis of our own with some keys."""
    if reason := provision.unavailable_reason():
        missing(reason)
    created = ask(f"/projects/{site.sample}/databases", name="cache", engine="redis")
    assert ask(f"/databases/{created['id']}/query", text=KEYS)["error"] is None
    return str(created["id"])


@pytest.fixture(scope="module")
def shop(site: Site, ask: Ask) -> Iterator[str]:
    """A MongoDB elsewhere with some documents."""
    if reason := mongodb.missing():
        missing(reason)
    folder, port = tempfile.mkdtemp(prefix="hw-e2e-mongodb-"), free_port()
    server = mongodb.started(folder, port)
    url = f"mongodb://127.0.0.1:{port}/shop?tls=disable"
    created = ask(f"/projects/{site.sample}/connections", name="orders", connection={"url": url})
    assert ask(f"/databases/{created['id']}/query", text=DOCUMENTS)["error"] is None
    yield str(created["id"])
    server.kill()
    server.wait(120)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    page = open_page(theme="light")
    sign_in(page)
    return page


def test_documents_are_found_and_edited(page: Page, site: Site, ask: Ask, shop: str) -> None:
    page.goto(f"/p/{site.sample}/d/{shop}/data")
    page.get_by_role("link", name="orders").last.click()
    expect(page.get_by_label("Document 3")).to_be_visible()
    page.get_by_label("Filter").fill("{total: {$gt: 6}}")
    page.get_by_label("Sort").fill("{total: -1}")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("2 of 2 documents")).to_be_visible()
    page.get_by_label("Filter").fill("{total: ")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("alert").get_by_text("A value is missing")).to_be_visible()
    page.get_by_label("Filter").fill("")
    page.get_by_role("button", name="Find").click()

    page.get_by_label("Document 2").get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    area = dialog.get_by_label("Document as JSON")
    area.fill(area.input_value().replace('"a"', '"a", "mine"'))
    ask(f"/databases/{shop}/query", text="db.orders.updateOne({_id: 2}, {$set: {theirs: 1}})")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Somebody else changed this document")).to_be_visible()
    picture(page, "document-conflict")
    dialog.get_by_role("button", name="Use theirs").click()
    area.fill(area.input_value().replace('"a"', '"a", "mine"'))
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="detached")
    result = ask(f"/databases/{shop}/entries/one", holder="orders", id="2")["body"]
    assert '"mine"' in result and '"theirs": 1' in result and '{"$numberLong": "7"}' in result

    page.get_by_role("button", name="Insert").click()
    dialog.get_by_label("Document as JSON").fill("{_id: 4, total: 1")
    dialog.get_by_role("button", name="Insert").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Document as JSON").fill("{_id: 4, total: 1}")
    dialog.get_by_role("button", name="Insert").click()
    expect(page.get_by_label("Document 4")).to_be_visible()
    page.get_by_label("Document 4").get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_label("Document 4")).to_have_count(0)
    page.get_by_role("button", name="Fields", exact=True).click()
    expect(page.get_by_label("Fields").get_by_text("city")).to_be_visible()


def test_keys_are_found_and_edited(page: Page, site: Site, ask: Ask, cache: str) -> None:
    page.goto(f"/p/{site.sample}/d/{cache}/data")
    tree = page.get_by_role("list", name="Keys")
    tree.get_by_role("button", name="user 2").click()
    tree.get_by_role("button", name="hash 1").click()
    row = page.get_by_role("row", name="name Ada")
    row.get_by_role("button", name="Edit name").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Value").fill("Eva")
    ask(f"/databases/{cache}/query", text="HSET user:1 name Ida")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("It is now: Ida")).to_be_visible()
    dialog.get_by_role("button", name="Overwrite with mine").click()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="name Eva")).to_be_visible()
    page.get_by_role("button", name="Remove mail").click()
    expect(page.get_by_role("row", name="mail")).to_have_count(0)

    page.get_by_role("button", name="never expires").click()
    dialog.get_by_role("button", name="1 h", exact=True).click()
    dialog.get_by_role("button", name="Set expiry").click()
    expect(page.get_by_role("button", name="left")).to_be_visible()

    tree.get_by_role("button", name="flags").click()
    page.get_by_label("Value", exact=True).fill('{"beta": false}')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert ask(f"/databases/{cache}/entries/one", id="flags")["body"] == '{"beta": false}'

    page.get_by_role("button", name="New key").click()
    dialog.get_by_label("Key").fill("score:today")
    dialog.get_by_label("Type").select_option("zset")
    dialog.get_by_label("First member").fill("ada")
    dialog.get_by_label("Score").fill("much")
    dialog.get_by_role("button", name="Create key").click()
    expect(dialog.get_by_text("not a score")).to_be_visible()
    dialog.get_by_label("Score").fill("2.5")
    dialog.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("row", name="ada 2.5")).to_be_visible()
    page.get_by_role("button", name="Delete the key").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Select a key.")).to_be_visible()

    page.get_by_label("Find keys by pattern").fill("config:*")
    page.keyboard.press("Enter")
    expect(tree.get_by_role("button", name="config:theme")).to_be_visible()
    expect(tree.get_by_role("button", name="user")).to_have_count(0)


def test_queries_of_both_languages(page: Page, site: Site, cache: str, shop: str) -> None:
    for database, text in ((cache, "GET config:theme"), (shop, "db.orders.find({_id: 1})")):
        page.goto(f"/p/{site.sample}/d/{database}/sql")
        page.locator(".monaco-editor").first.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(text)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Done")).to_be_visible()
        expect(page.get_by_role("button", name="Explain")).to_have_count(0)
    expect(page.get_by_label("Document 1").get_by_text("total")).to_be_visible()
    page.goto(f"/p/{site.sample}/d/{cache}/sql")
    expect(page.locator(".monaco-editor").get_by_text("config:theme")).to_be_visible()


def test_a_protected_database_asks_first(page: Page, site: Site, ask: Ask, cache: str) -> None:
    page.goto(f"/p/{site.sample}/d/{cache}")
    page.get_by_label("Ask before every write").click()
    expect(page.get_by_label("Ask before every write")).to_be_checked()
    page.goto(f"/p/{site.sample}/d/{cache}/data/queue")
    page.get_by_role("button", name="Remove 0").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    assert ask(f"/databases/{cache}/entries/one", id="queue")["length"] == 2
    page.get_by_role("button", name="Remove 0").click()
    dialog.get_by_role("button", name="Write").click()
    expect(page.get_by_role("row", name="0 b")).to_be_visible()
    page.goto(f"/p/{site.sample}/d/{cache}")
    page.get_by_label("Ask before every write").click()
    expect(page.get_by_label("Ask before every write")).not_to_be_checked()


def test_pages_of_entries_are_accessible(site: Site, open_page: OpenPage, cache: str, shop: str) -> None:
    page = open_page()
    sign_in(page)
    for name, address in (
        ("keys", f"{cache}/data"),
        ("hash", f"{cache}/data/user%3A1"),
        ("string", f"{cache}/data/flags"),
        ("collections", f"{shop}/data"),
        ("documents", f"{shop}/data/orders"),
        ("query-mongodb", f"{shop}/sql"),
        ("query-redis", f"{cache}/sql"),
        ("cache", cache),
    ):
        visit(page, f"/p/{site.sample}/d/{address}")
        assert page.locator("h1").count() == 1, name
        check_accessible(page, f"entries-{name}")
    page.context.close()


def test_tables_become_collections(page: Page, site: Site, ask: Ask, shop: str) -> None:
    created = ask(f"/projects/{site.sample}/databases?wait=60", name="relational", engine="sqlite")
    rows = "CREATE TABLE readers (id INTEGER PRIMARY KEY, born DATE); INSERT INTO readers VALUES (1, '1990-01-01'), (2, NULL)"
    assert ask(f"/databases/{created['id']}/query", text=rows)["error"] is None
    page.goto(f"/p/{site.sample}/d/{created['id']}/transfers/copy")
    page.get_by_label("Into").select_option(label="orders (mongodb)")
    expect(page.get_by_text("the key becomes the _id")).to_be_visible()
    expect(page.get_by_role("button", name="Copy", exact=True)).to_be_disabled()
    page.get_by_label("I accept these losses").check()
    picture(page, "copy-into-documents")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("The same rows on both sides")).to_be_visible()
    result = ask(f"/databases/{shop}/query", text="db.readers.find({_id: 2})")
    assert result["results"][0]["rows"] == [['{"_id": {"$numberLong": "2"}, "born": null}']]

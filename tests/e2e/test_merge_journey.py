"""A merge in a browser: a changed copy of a database is merged back, with a conflict that a person resolves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, ended, picture, sign_in, signed_in

SONGS = "CREATE TABLE song (id int PRIMARY KEY, title text, seconds int); "
SONGS += "INSERT INTO song SELECT g, 'Song ' || g, g FROM generate_series(1, 50) g"
THEIRS = "UPDATE song SET title = 'So What' WHERE id IN (1, 2); INSERT INTO song VALUES (60, 'Blue in Green', 327)"
OURS = "UPDATE song SET title = 'Milestones' WHERE id = 1; DELETE FROM song WHERE id = 2"


def run(client: httpx.Client, database: str, text: str) -> Any:
    answer = client.post(f"/databases/{database}/query", json={"text": text}).json()
    assert answer["error"] is None, answer["error"]
    return answer["results"][-1].get("rows")


@dataclass(frozen=True)
class Songs:
    """A database, and the snapshot that it has in common with a changed copy."""

    database: str
    base: str
    address: str


@pytest.fixture(scope="module")
def songs(site: Site) -> Songs:
    with signed_in(site.url) as client:
        database = client.post(
            f"/projects/{site.sample}/databases", json={"name": "songs"}, params={"wait": 60}
        ).json()["id"]
        run(client, database, SONGS)
        taken = client.post(f"/databases/{database}/snapshots", json={"label": "Common"}).json()
        ended(client, taken["job"]["id"])
        restored = client.post(f"/snapshots/{taken['id']}/restores", json={"name": "songs-feature"}).json()
        ended(client, restored["job"]["id"])
        run(client, restored["target_id"], THEIRS)
        run(client, database, OURS)
        return Songs(database, taken["id"], f"/p/{site.sample}/d/{database}")


def test_changes_are_merged_and_a_conflict_is_resolved(songs: Songs, site: Site, open_page: OpenPage) -> None:
    page: Page = open_page()
    sign_in(page)
    page.goto(f"{songs.address}/backups?snapshot={songs.base}")
    page.get_by_role("button", name="More actions for Common").click()
    page.get_by_role("menuitem", name="Merge changes since this snapshot").click()
    form = page.get_by_role("region", name="New merge")
    form.get_by_label("Merge the changes of").select_option(label="songs-feature")
    check_accessible(page, "merge-form")
    form.get_by_role("button", name="Prepare merge").click()
    conflicts = page.get_by_role("region", name="Conflicts")
    changed = conflicts.get_by_role("listitem", name="public.song, id 1")
    expect(changed.get_by_role("row", name="title Song 1 Milestones So What")).to_be_visible()
    removed = conflicts.get_by_role("listitem", name="public.song, id 2")
    expect(removed.get_by_role("row", name="title Song 2 no row So What")).to_be_visible()
    expect(page.get_by_role("button", name="Write to songs")).to_be_disabled()
    check_accessible(page, "merge")
    picture(page, "merge")
    changed.get_by_role("button", name="Take songs-feature").click()
    conflicts.get_by_role("listitem", name="public.song, id 2").get_by_role("button", name="Keep songs").click()
    page.get_by_role("button", name="Write to songs").click()
    page.get_by_role("dialog").get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Merged into songs")).to_be_visible()
    with signed_in(site.url) as client:
        rows = run(client, songs.database, "SELECT id, title FROM song WHERE id IN (1, 2, 60) ORDER BY id")
    assert rows == [[1, "So What"], [60, "Blue in Green"]]
    page.get_by_role("link", name="All merges").click()
    expect(page.get_by_role("row", name="songs-feature Merged into songs")).to_be_visible()
    page.context.close()


def test_merge_is_readable_on_a_narrow_screen(songs: Songs, open_page: OpenPage) -> None:
    page = open_page(theme="light", width=390, height=800)
    sign_in(page)
    page.goto(f"{songs.address}/merge?base={songs.base}")
    expect(page.get_by_role("button", name="Prepare merge")).to_be_visible()
    check_accessible(page, "merge-narrow")
    page.get_by_role("link", name="songs-feature").click()
    expect(page.get_by_role("region", name="Conflicts")).to_be_visible()
    picture(page, "merge-narrow")
    check_accessible(page, "merge-conflicts-narrow")
    page.context.close()

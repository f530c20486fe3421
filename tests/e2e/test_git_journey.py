"""A code base from a git repository in a browser: added, scanned, changed, and its webhook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browser_helpers import OpenPage, Site, check_accessible, picture, sign_in
from git_server import TOKEN, GitRepository, HttpGitHost, git, http_git_host

SQL = "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    made = GitRepository.create(tmp_path_factory.mktemp("git") / "shop")
    made.commit("Schema of users", db__schema_dot_sql=SQL)
    return made


@pytest.fixture(scope="module")
def host(repository: GitRepository) -> Iterator[HttpGitHost]:
    with http_git_host(Path(repository.folder).parent) as made:
        made.token = TOKEN
        yield made


@pytest.fixture(scope="module")
def page(site: Site, open_page: OpenPage) -> Page:
    """A page at a project of its own."""
    page = open_page()
    sign_in(page)
    page.goto("/")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("repositories")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("No code yet.")).to_be_visible()
    return page


def test_repository_is_added_and_scanned(page: Page, host: HttpGitHost, repository: GitRepository) -> None:
    page.get_by_role("button", name="From git").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Repository").fill("https://ada:word@example.org/x.git")
    dialog.get_by_role("button", name="Add repository").click()
    expect(dialog.get_by_text("The address has a user or password in it.").first).to_be_visible()
    dialog.get_by_label("Repository").fill(f"{host.url}/shop/.git")
    dialog.get_by_label("Credentials").select_option(label="Access token")
    dialog.get_by_label("Token").fill(TOKEN)
    dialog.get_by_label("Look for new commits").select_option(label="Every hour")
    picture(page, "git-add")
    check_accessible(page, "git-add")
    dialog.get_by_role("button", name="Add repository").click()
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    panel = page.get_by_role("region", name="Repository")
    expect(panel).to_contain_text("main (default)")
    expect(panel).to_contain_text("Access token of x-access-token")
    expect(panel).to_contain_text("0 * * * *")
    expect(page.get_by_text(git(repository.folder, "rev-parse", "HEAD")[:8], exact=True)).to_be_visible()
    assert TOKEN not in page.content()
    picture(page, "git-overview")
    check_accessible(page, "git-overview")


def test_failure_is_named_and_the_last_scan_stays(page: Page, host: HttpGitHost) -> None:
    panel = page.get_by_role("region", name="Repository")
    panel.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Branch").fill("gone")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    panel.get_by_role("button", name="Scan now").click()
    expect(panel.get_by_text("There is no branch gone in the repository.")).to_be_visible()
    expect(page.get_by_role("link", name="Open lineage")).to_be_visible()
    picture(page, "git-failed")
    check_accessible(page, "git-failed")


def test_webhook_shows_its_secret_once(page: Page) -> None:
    panel = page.get_by_role("region", name="Repository")
    panel.get_by_role("button", name="Webhook").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("/api/v1/hooks/codebases/"))).to_be_visible()
    dialog.get_by_role("button", name="Turn on").click()
    expect(dialog.get_by_text("The secret is shown only now.")).to_be_visible()
    secret = dialog.get_by_text(re.compile("^[0-9a-f]{64}$")).inner_text()
    check_accessible(page, "git-webhook")
    dialog.get_by_role("button", name="Close").click()
    expect(panel).to_contain_text("pushes (webhook)")
    assert secret not in page.content()


def test_new_deploy_key_is_shown_before_anything_is_scanned(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("button", name="From git").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Repository").fill("git@git.example.org:acme/shop.git")
    expect(dialog.get_by_label("Credentials")).to_have_value("deploy_key")
    dialog.get_by_role("button", name="Add repository").click()
    panel = page.get_by_role("region", name="Repository")
    expect(panel.get_by_text(re.compile("^ssh-ed25519 "))).to_be_visible()
    expect(page.get_by_text("Add its deploy key at the git host")).to_be_visible()
    picture(page, "git-key-narrow")
    check_accessible(page, "git-key-narrow")

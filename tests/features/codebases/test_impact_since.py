"""`headwater impact --since`: what a branch changes in the schema, and the lines that it has not edited."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

MODELS = """from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String, nullable=False)
"""
SERVICE = """from models import User


def rename(session, old, new):
    user = session.query(User).filter(User.email == old).one()
    user.email = new
"""


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one commit on `main`, in the folder `app` of which the code is."""
    folder = tmp_path / "shop" / "app"
    folder.mkdir(parents=True)
    (folder / "models.py").write_text(MODELS)
    (folder / "service.py").write_text(SERVICE)
    git(folder.parent, "init", "--quiet", "--initial-branch", "main")
    git(folder.parent, "add", "--all")
    git(folder.parent, "commit", "--quiet", "--message", "first")
    git(folder.parent, "switch", "--quiet", "--create", "branch")
    return folder


def since(headwater, folder, *arguments, revision="main"):
    done = headwater("impact", folder, "--since", revision, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lines(report):
    return [(item["file_path"], item["line_number"]) for item in report["breaks"]]


def test_lines_that_the_branch_did_not_edit_are_listed_at_their_current_numbers(headwater, checkout):
    (checkout / "models.py").write_text(MODELS.replace("email =", "mail ="))
    (checkout / "service.py").write_text("# Renames users.\n" + SERVICE.replace("user.email = new", "user.mail = new"))
    report = since(headwater, checkout)
    assert report["change"] == ["Drop column users.email", "Add column users.mail"]
    assert lines(report) == [("app/service.py", 6)]
    assert report["updated"] == 2


def test_committed_and_renamed_files_are_followed_and_main_may_have_moved_on(headwater, checkout):
    (checkout / "models.py").write_text(MODELS.replace("    email = Column(String, nullable=False)\n", ""))
    git(checkout, "mv", "service.py", "users.py")
    git(checkout, "commit", "--quiet", "--all", "--message", "drop email")
    git(checkout, "switch", "--quiet", "main")
    (checkout / "models.py").write_text(MODELS + "    age = Column(Integer)\n")
    git(checkout, "commit", "--quiet", "--all", "--message", "add age")
    git(checkout, "switch", "--quiet", "branch")
    report = since(headwater, checkout)
    assert report["change"] == ["Drop column users.email"]
    assert lines(report) == [("app/users.py", 6), ("app/users.py", 5)]


def test_nothing_in_the_checkout_changes(headwater, checkout):
    (checkout / "models.py").write_text(MODELS.replace("email =", "mail ="))
    (checkout / "new.py").write_text("import models\n")
    before = git(checkout, "status", "--porcelain")
    since(headwater, checkout)
    assert git(checkout, "status", "--porcelain") == before


def test_a_schema_that_has_not_changed_breaks_nothing(headwater, checkout):
    (checkout / "service.py").write_text(SERVICE.replace("user.email = new", "print(user)"))
    report = since(headwater, checkout, "--fail-on", "carries")
    assert (report["change"], report["breaks"]) == ([], [])
    assert "The schema has not changed." in headwater("impact", checkout, "--since", "HEAD").stdout


def test_files_are_written_beside_what_is_printed(headwater, checkout, tmp_path):
    (checkout / "models.py").write_text(MODELS.replace("email =", "mail ="))
    sarif, markdown = tmp_path / "impact.sarif", tmp_path / "impact.md"
    done = headwater("impact", checkout, "--since", "main", "--out", sarif, "--out", markdown, "--fail-on", "breaks")
    assert done.returncode == 1 and "service.py:6" in done.stdout
    assert len(json.loads(sarif.read_text())["runs"][0]["results"]) == 2
    assert "service.py:6" in markdown.read_text()
    refused = headwater("impact", checkout, "--since", "main", "--out", tmp_path / "impact.pdf")
    assert refused.returncode == 2 and "One of .json, .sarif and .md." in refused.stderr


@pytest.mark.parametrize(
    ("revision", "says"),
    [("nowhere", "There is no revision nowhere."), ("--output=x", "There is no revision --output=x.")],
)
def test_unknown_revisions_are_refused(headwater, checkout, revision, says):
    done = headwater("impact", checkout, f"--since={revision}")
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_folders_outside_of_a_checkout_are_refused(headwater, tmp_path):
    (tmp_path / "models.py").write_text(MODELS)
    done = headwater("impact", tmp_path, "--since", "main")
    assert done.returncode == 2 and "It must be in a git checkout." in done.stderr


def test_a_folder_that_the_revision_lacks_is_refused(headwater, checkout):
    (checkout.parent / "later").mkdir()
    (checkout.parent / "later" / "models.py").write_text(MODELS)
    done = headwater("impact", checkout.parent / "later", "--since", "main")
    assert done.returncode == 2 and "does not exist in main." in done.stderr

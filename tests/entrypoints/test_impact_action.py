"""The composite action `actions/impact`: its scripts run as GitHub runs them, with a stand-in for `gh`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ACTION = Path(__file__).parents[2] / "actions" / "impact"
MODELS = """from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String)


def rename(session, new):
    session.query(User).one().email = new
"""
GH = """#!/usr/bin/env bash
case "$*" in *--method*) printf '%s\\0' "$@" >> "$CALLS" ;; *) cat "$KNOWN" ;; esac
"""


def run(script, folder, **variables):
    binaries = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": binaries, "XDG_CACHE_HOME": str(folder.parent / "cache")} | variables
    return subprocess.run(
        ["bash", str(ACTION / script[0]), *script[1:]], cwd=folder, env=environment, capture_output=True, text=True
    )


def git(folder, *arguments):
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def pull_request(tmp_path):
    """A clone whose branch drops a column that a line still uses; `main` is only at its origin."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    (origin / "models.py").write_text(MODELS)
    git(origin, "init", "--quiet", "--initial-branch", "main")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "first")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    git(clone, "switch", "--quiet", "--create", "branch")
    git(clone, "branch", "--quiet", "--delete", "--force", "main")
    git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    (clone / "models.py").write_text(MODELS.replace("    email = Column(String)\n", ""))
    return clone


def files(folder):
    return {
        "RUNNER_TEMP": str(folder.parent),
        "GITHUB_STEP_SUMMARY": str(folder.parent / "summary"),
        "GITHUB_OUTPUT": str(folder.parent / "output"),
    }


@pytest.mark.parametrize(("level", "status"), [("", "0"), ("breaks", "1")])
def test_impact_is_written_for_the_next_steps(pull_request, level, status):
    done = run(["impact.sh"], pull_request, IMPACT_BASE="origin/main", IMPACT_FAIL_ON=level, **files(pull_request))
    assert done.returncode == 0, done.stderr
    folder = pull_request.parent
    assert (folder / "output").read_text() == f"status={status}\n"
    assert "`models.py:13`" in (folder / "summary").read_text()
    assert len(json.loads((folder / "impact.sarif").read_text())["runs"][0]["results"]) == 1


def test_a_failure_is_no_impact(pull_request):
    done = run(["impact.sh"], pull_request, IMPACT_BASE="", **files(pull_request))
    assert done.returncode == 2 and "Say which revision" in done.stderr
    done = run(["impact.sh"], pull_request, IMPACT_BASE="origin/nowhere", **files(pull_request))
    assert done.returncode not in (0, 1)
    assert not (pull_request.parent / "output").exists()


@pytest.mark.parametrize(
    ("known", "text", "method"),
    [
        ("", "- Drop column users.email\n", "POST repos/a/b/issues/7/comments"),
        ("41\n42\n", "- Drop column users.email\n", "PATCH repos/a/b/issues/comments/41"),
        ("41\n", "The schema has not changed.\n", "PATCH repos/a/b/issues/comments/41"),
        ("", "The schema has not changed.\n", None),
    ],
)
def test_one_comment_is_kept_up_to_date(tmp_path, known, text, method):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text(GH)
    (tmp_path / "bin" / "gh").chmod(0o755)
    (tmp_path / "known").write_text(known)
    (tmp_path / "impact.md").write_text(text + "| é |\n" * 20_000)
    calls = tmp_path / "calls"
    done = run(
        ["comment.sh", str(tmp_path / "impact.md")],
        tmp_path,
        PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        CALLS=str(calls),
        KNOWN=str(tmp_path / "known"),
        GITHUB_REPOSITORY="a/b",
        PULL_REQUEST="7",
    )
    assert done.returncode == 0, done.stderr
    if method is None:
        assert not calls.exists()
        return
    words = calls.read_text("utf-8").split("\0")
    assert " ".join(words[2:4]) == method
    body = next(word for word in words if word.startswith("body="))
    assert body.startswith(f"body=<!-- headwater impact -->\n{text}")
    assert len(body) < 65_536 and body.endswith("The rest is in the summary of the job.")


def test_the_action_names_what_exists():
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    text = (ACTION / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(action["inputs"])
    scripts = set(re.findall(r"GITHUB_ACTION_PATH/([\w.]+\.sh)", text))
    assert scripts == {file.name for file in ACTION.glob("*.sh")}
    hooks = yaml.safe_load((ACTION.parents[1] / ".pre-commit-hooks.yaml").read_text())
    assert [hook["entry"].split()[:2] for hook in hooks] == [["headwater", "impact"]]

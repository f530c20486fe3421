"""`headwater audit` against a real server, which seals the entries by itself; the metrics of all its processes."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from entrypoints.headwater_process import Commands, HeadwaterProcess


def sealed(commands: Commands, seconds: float = 120.0) -> dict[str, Any]:
    """Return the check of the user's organization once all its entries are sealed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result: dict[str, Any] = commands.run_json("audit", "verify")
        assert result["intact"]
        (chain,) = [chain for chain in result["chains"] if chain["organization_id"]]
        if chain["unsealed"] == 0 and chain["entries"]:
            return dict(chain)
        time.sleep(0.2)
    raise AssertionError("the entries were not sealed")


def test_audit_log_is_listed_exported_and_verified(commands: Commands, tmp_path: Path) -> None:
    commands.run_json("projects", "create", "Audited")
    chain = sealed(commands)
    (entry,) = commands.run_json("audit", "list", "--action", "project.create", "--search", "audited")
    assert (entry["door"], entry["actor"]["email"], entry["resource"]["name"]) == ("cli", commands.email, "Audited")
    assert entry["actor"]["key_name"] and entry["request_id"] and entry["position"] <= chain["last"]
    assert commands.email in commands.run("audit", "list", "--person", commands.email)
    assert commands.run_json("audit", "list", "--until", "2020-01-01") == []
    known = f"{chain['last']}:{chain['head']}"
    commands.run_json("projects", "create", "Later")
    assert sealed(commands)["last"] > chain["last"]
    assert commands.run_json("audit", "verify", "--expect", known)["intact"]
    assert "expected hash" in commands.run("audit", "verify", "--expect", f"{chain['last']}:{'0' * 64}", code=2)
    assert "POSITION" in commands.run("audit", "verify", "--expect", "nonsense", code=2).upper()
    lines = commands.run("audit", "export", "--json", "--action", "project.").splitlines()
    names = [json.loads(line)["resource_name"] for line in lines if line.startswith("{")]
    assert names[:2] == ["Later", "Audited"]
    file = tmp_path / "audit.csv"
    commands.run("audit", "export", str(file), "--action", "project.")
    with file.open(newline="", encoding="utf-8") as rows:
        assert [row["resource_name"] for row in csv.DictReader(rows)][:2] == ["Later", "Audited"]
    assert "cannot be written" in commands.run("audit", "export", str(tmp_path / "no" / "file"), code=2)
    assert "no database" in commands.run("audit", "list", "--database", "nowhere", code=2)
    assert "outcome" in commands.run("audit", "list", "--outcome", "great", code=2)
    assert "since" in commands.run("audit", "list", "--since", "yesterday", code=2)


def test_metrics_are_of_all_processes(headwater: HeadwaterProcess) -> None:
    headwater.wait_ready()
    families = text_string_to_metric_families(headwater.client.get("/metrics").text)
    values = {one.name: one.value for family in families for one in family.samples if not one.labels}
    assert values["headwater_supervisor_up"] == 1 and values["headwater_workers"] >= 1
    assert values["headwater_supervisor_resident_memory_bytes"] > 10_000_000
    assert values["headwater_workers_resident_memory_bytes"] > 10_000_000
    assert values["headwater_supervisor_start_time_seconds"] < time.time()

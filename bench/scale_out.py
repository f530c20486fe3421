"""One scan of a generated code base by one, two and three worker processes, each with one process for scans.

    make bench PART=scale_out ARGS="[--megabytes 200] [--workers 2 3]"

The code is SQLAlchemy models and modules that use them among other code. Each run has a Headwater, a store and a
cache of its own. The clock is that of the job; processor time is that of all its processes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.in_turns import processor_seconds
from bench.rows import Row, save
from entrypoints.headwater_process import start_headwater

COMMAND = "make bench PART=scale_out"
TABLES, FUNCTIONS = 300, 24
WITHIN_SECONDS = 3_600.0
MODEL = """class Model{n}(Base):
    __tablename__ = "table_{n}"
    id = Column(Integer, primary_key=True)
    name_{n} = Column(String)
    total_{n} = Column(Integer)
    state_{n} = Column(String)


"""
FUNCTION = '''def {word}_{k}(session: Session, items: list[dict], limit: int = {number}):
    """{sentence}"""
    totals, skipped = {{}}, []
    for position, item in enumerate(items):
        key = item.get("{word}") or str(position % {number})
        if key in totals and totals[key] > limit:
            skipped.append((key, position))
            continue
        totals[key] = totals.get(key, 0) + len(key) * {number}
    rows = session.query(Model{n}).filter(Model{n}.total_{n} > limit).order_by(Model{n}.name_{n}).all()
    for row in rows:
        if row.name_{n} in totals:
            row.state_{n} = "{word}"
    return [(row.id, row.total_{n}, totals.get(row.name_{n})) for row in rows], skipped


'''
WORDS = [
    "account",
    "basket",
    "carrier",
    "deposit",
    "estimate",
    "forecast",
    "grant",
    "harbour",
    "invoice",
    "journal",
    "kiosk",
    "ledger",
]


@dataclass(frozen=True)
class Run:
    """What a scan by some workers took and what it gave.

    `busiest` is the processor time of the worker that used most, which other work on the machine hardly changes: with
    as many cores as workers and nothing else to do, the scan takes little longer. `result` is a digest of all usages.
    """

    seconds: float
    processor_seconds: float
    busiest: float
    load: float
    helpers: int
    usages: int
    result: str


def generate(archive: Path, megabytes: float) -> float:
    """Write a code base of about that size; return its megabytes of source."""
    source, written, number = random.Random(14), 0, 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        head = "from sqlalchemy import Column, Integer, String\nfrom sqlalchemy.orm import declarative_base\n\n"
        models = head + "Base = declarative_base()\n\n\n" + "".join(MODEL.format(n=n) for n in range(TABLES))
        file.writestr("app/models.py", models)
        file.writestr("tests/__init__.py", "")  # a single folder would be left out of all paths
        while written < megabytes * 1e6:
            text = _module(source)
            file.writestr(f"app/part_{number % 97}/module_{number}.py", text)
            written, number = written + len(text), number + 1
    return (written + len(models)) / 1e6


def _module(source: random.Random) -> str:
    used = source.sample(range(TABLES), 6)
    head = f"from sqlalchemy.orm import Session\n\nfrom app.models import {', '.join(f'Model{n}' for n in used)}\n\n\n"
    return head + "".join(
        FUNCTION.format(
            k=k,
            n=source.choice(used),
            word=source.choice(WORDS),
            number=source.randrange(2, 9_999),
            sentence=" ".join(source.choices(WORDS, k=9)).capitalize() + ".",
        )
        for k in range(FUNCTIONS)
    )


def run(archive: Path, workers: int) -> Run:
    """Scan an archive with that many workers."""
    home = Path(tempfile.mkdtemp(prefix="hw-scale-"))
    home.chmod(0o755)
    variables = {"HEADWATER_WORKERS": str(workers), "HEADWATER_SCAN_PROCESSES": "1", "HEADWATER_LOG_LEVEL": "warning"}
    try:
        with start_headwater(home, **variables) as headwater:
            headwater.sign_up()
            while len(headwater.pids("headwater worker")) < workers:
                time.sleep(0.1)
            project, before = headwater.get("/projects")["items"][0]["id"], processor_seconds(home)
            with archive.open("rb") as body:
                path = f"/api/v1/projects/{project}/codebases"
                answer = headwater.client.post(path, files={"file": ("code.zip", body)}, timeout=300).json()
            began, job = time.monotonic(), {"state": "pending"}
            while job["state"] in {"pending", "running"} and time.monotonic() - began < WITHIN_SECONDS:
                time.sleep(0.2)
                job = headwater.get(f"/jobs/{answer['job']['id']}")
            seconds, used = time.monotonic() - began, processor_seconds(home) - before
            busiest = max(sum(psutil.Process(pid).cpu_times()[:4]) for pid in headwater.pids("headwater worker"))
            assert job["state"] == "completed", job
            helpers = headwater.get("/jobs?kind=codebase.assist")["items"]
            codebase = answer["codebase"]["id"]
            usages = headwater.get(f"/codebases/{codebase}")["scan"]["usages"]
            export = headwater.client.get(f"/api/v1/codebases/{codebase}/export?format=csv", timeout=300)
            assert export.is_success, export.text[:500]
            load = os.getloadavg()[1]
            return Run(seconds, used, busiest, load, len(helpers), usages, hashlib.sha256(export.content).hexdigest())
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 3])
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "code.zip")
        size = generate(archive, wanted.megabytes)
        first = run(archive, 1)
        print(1, first, flush=True)
        for workers in wanted.workers:
            done = run(archive, workers)
            print(workers, done, flush=True)
            save("lineage", [_row(size, workers, done, first)])


def _row(size: float, workers: int, done: Run, first: Run) -> Row:
    equal, ratio = done.result == first.result, done.busiest / first.busiest
    return Row(
        f"scan of {size:.0f} MB of generated Python by {workers} workers of one process on {os.cpu_count()} cores",
        f"{_times(done)}, {done.usages:,} usages" + (", equal" if equal else ", NOT EQUAL"),
        _times(first),
        "1 worker",
        ratio,
        "the same usages, busiest worker < 0.7 ×",
        equal and ratio < 0.7,
        COMMAND,
    )


def _times(done: Run) -> str:
    return (
        f"{done.busiest:.0f} s of processor time of the busiest worker, {done.processor_seconds:.0f} s of all processes,"
        f" {done.seconds:.0f} s by the clock at load {done.load:.1f}"
    )


if __name__ == "__main__":
    main()

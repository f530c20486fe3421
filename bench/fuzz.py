"""Coverage-guided fuzzing of every language, reader and framework with atheris (libFuzzer).

    python -m bench.fuzz [--seconds 60] [--only python …]      in a venv that also has `atheris`
    python -m bench.fuzz --one python CORPUS OPTIONS…          one target, as libFuzzer runs it

A target is a language (bytes → facts) or a file of cases of the tests (several files of a code base → a scan). The
corpus starts with the cases of the tests. A target fails when something raises, when a part of a scan fails and says
so, or when one input takes longer than a second. Failing inputs are kept in the folder `fuzz-failures`.

atheris is not locked with the other packages: it has wheels for few platforms, and nothing but this needs it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.rows import Row, save

ROOT = Path(__file__).parents[1]
CASES = [*(ROOT / "tests/core/lineage").rglob("cases/*.txt"), *(ROOT / "tests/readers/cases").glob("*.txt")]
FRAMEWORK_CASES = [*(ROOT / "tests/frameworks").rglob("cases/*.txt")]
FAILURES = Path("fuzz-failures")
COMMAND = "python -m bench.fuzz"
HANG_SECONDS = 1
HEADER = re.compile(r"^--- (\S+).*\n", re.MULTILINE)
FAILED = re.compile("Please report it")
STATISTIC = re.compile(r"stat::(\w+):\s+(\d+)")


def targets() -> list[str]:
    """Return the names of all targets."""
    from headwater.languages import by_name

    return [*sorted(by_name()), *sorted({file.stem for file in (*CASES, *FRAMEWORK_CASES)})]


def files_of(text: str) -> dict[str, str]:
    """Return the files of a case by path; paths that leave the folder are left out."""
    parts = HEADER.split(text)
    files = dict(zip(parts[1::2], parts[2::2], strict=False))
    return {
        path: body for path, body in files.items() if ".." not in path and not path.startswith("/") and len(path) < 200
    }


def seeds(target: str) -> list[bytes]:
    """Return what the corpus of a target starts with."""
    from headwater.languages import by_name

    own = [file for file in (*CASES, *FRAMEWORK_CASES) if file.stem == target]
    if own:
        return [file.read_bytes() for file in own]
    suffixes = tuple(by_name()[target].SUFFIXES)
    texts = [files_of(file.read_text("utf-8")) for file in (*CASES, *FRAMEWORK_CASES)]
    return [body.encode() for files in texts for path, body in files.items() if path.endswith(suffixes)]


def run_one(target: str, options: list[str]) -> None:
    """Fuzz one target in this process; never returns."""
    import atheris

    with atheris.instrument_imports(include=["headwater"]):
        from headwater.core.lineage.pipeline import scan
        from headwater.kit.errors import HeadwaterError
        from headwater.languages import by_name

        language = by_name().get(target)
        for each in [language] if language else by_name().values():  # languages are imported when they are first used
            each.facts(f"file{each.SUFFIXES[0]}", b"x")
    suffix = language.SUFFIXES[0] if language else ""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))

    def facts(data: bytes) -> None:
        assert language is not None
        language.facts(f"file{suffix}", data)

    def scanned(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            for path, body in files_of(data.decode("utf-8", "replace")).items():
                file = Path(place, path)
                try:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(body, "utf-8")
                except (OSError, ValueError):
                    continue
            try:
                missed = scan(Path(place), processes=1).not_understood
            except HeadwaterError:
                return
        failed = [item for item in missed if FAILED.search(item.reason)]
        assert not failed, failed

    def timed(data: bytes) -> None:
        began = time.process_time()
        (facts if language else scanned)(data)
        seconds = time.process_time() - began
        assert seconds < HANG_SECONDS, f"took {seconds:.1f} s of processor time"

    atheris.Setup([target, *options], timed)
    atheris.Fuzz()


def fuzz(target: str, seconds: int) -> tuple[str, dict[str, int]]:
    """Fuzz a target in a process of its own; return how it failed, if it did, and libFuzzer's statistics."""
    FAILURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds(target)):
            Path(corpus, str(number)).write_bytes(seed)
        options = [
            corpus,
            f"-max_total_time={seconds}",
            "-print_final_stats=1",
            f"-artifact_prefix={FAILURES}/{target}-",
            "-report_slow_units=999",
            "-timeout=20",
            "-rss_limit_mb=4096",
            "-max_len=20000",
        ]
        command = [sys.executable, "-m", "bench.fuzz", "--one", target, *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    statistics = {name: int(value) for name, value in STATISTIC.findall(done.stderr)}
    error = re.findall(r"^(?:\w+(?:\.\w+)*(?:Error|Exception)\b.*|.*ERROR: libFuzzer: .*)$", done.stderr, re.MULTILINE)
    return (error[0] if error else f"exit {done.returncode}") if done.returncode else "", statistics


def main() -> None:
    """Fuzz each target in turn."""
    if sys.argv[1:2] == ["--one"]:
        run_one(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", nargs="+", default=[])
    given = parser.parse_args()
    failures, runs, chosen = {}, 0, given.only or targets()
    for target in chosen:
        failed, statistics = fuzz(target, given.seconds)
        runs += statistics.get("number_of_executed_units", 0)
        if failed:
            failures[target] = failed
        print(f"{target}: {failed or 'ok'} {statistics}", flush=True)
    if not given.only:
        what = f"fuzzing with atheris, {len(chosen)} languages and cases, {given.seconds} s each"
        ours = f"{runs:,} inputs; failed: {failures or 'none'}"
        save("lineage", [Row(what, ours, "", "", None, "no crash, no hang over 1 s", not failures, COMMAND)])


if __name__ == "__main__":
    main()

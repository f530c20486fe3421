"""Client libraries' own test suites, run through a plain relay and through the proxy.

`HEADWATER_TEST_SUITES` is a folder with checkouts of psycopg/psycopg, MagicStack/asyncpg, PyMySQL/PyMySQL,
sidorares/node-mysql2 and redis/redis-py in it, named as in `SUITES`. Both ways lead to the same managed database, so that
only the proxy differs. Of each suite, what talks to a server is run.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from entrypoints.plain_relay import plain_relay
from entrypoints.proxied_headwater import ProxiedHeadwater

HERE = Path(__file__).parent
SUITE_SECONDS, FILE_SECONDS, TEST_SECONDS = 3_000, 120, 120
# What goes through the relay does not keep a database awake.
SLEEP_SECONDS = 86_400
Outcomes = dict[str, str]


@dataclass(frozen=True)
class Way:
    """How a suite reaches its database."""

    host: str
    port: int
    database: str
    user: str
    password: str

    @property
    def variables(self) -> dict[str, str]:
        """The variables of libpq and of mysql2's suite."""
        names = {"HOST": self.host, "PORT": str(self.port), "USER": self.user, "PASSWORD": self.password}
        named = {f"PG{name}": value for name, value in names.items()} | {"PGDATABASE": self.database}
        named |= {f"MYSQL_{name}": value for name, value in names.items()} | {"MYSQL_DATABASE": self.database}
        return named | {"PGSSLMODE": "disable", "CI": "1"}


@dataclass(frozen=True)
class PythonSuite:
    """A suite that pytest runs, in an environment of its own.

    Attributes:
        packages: what pip installs; a path in the checkout begins with a dot.
        tests: the files and options.
    """

    engine: str
    packages: tuple[str, ...]
    tests: tuple[str, ...]
    options: Callable[[Way, Path], tuple[str, ...]] = lambda way, checkout: ()
    variables: dict[str, str] = field(default_factory=dict)

    def prepare(self, checkout: Path) -> None:
        """Create the environment."""
        subprocess.run([sys.executable, "-m", "venv", checkout / ".venv"], check=True)
        pip = [checkout / ".venv/bin/python", "-I", "-m", "pip", "install", "--quiet", "pytest", "pytest-timeout"]
        subprocess.run([*pip, *self.packages], check=True, cwd=checkout, env=_own_environment())

    def run(self, checkout: Path, way: Way, only: Iterable[str] = ()) -> Outcomes:
        """Run the suite, or only some tests of it."""
        report = checkout / "outcomes"
        report.unlink(missing_ok=True)
        quiet = (
            "-q",
            "-p",
            "suite_outcomes",
            "-p",
            "no:randomly",
            f"--timeout={TEST_SECONDS}",
        )
        # not `python -m pytest`, which would import the checkout's own sources instead of what is installed
        command = [checkout / ".venv/bin/pytest", *quiet, *self.options(way, checkout), *(only or self.tests)]
        variables = way.variables | self.variables | {"SUITE_OUTCOMES": str(report), "PYTHONPATH": str(HERE)}
        _quietly(command, checkout, variables, SUITE_SECONDS)
        outcomes: Outcomes = {}
        for line in report.read_text("utf-8").splitlines() if report.exists() else ():
            test, outcome = json.loads(line)
            outcomes[test] = "failed" if "failed" in {outcome, outcomes.get(test)} else outcome
        return outcomes


@dataclass(frozen=True)
class NodeSuite:
    """A suite of TypeScript files, each a process whose exit code says whether it has passed."""

    engine: str
    folder: str

    def prepare(self, checkout: Path) -> None:
        """Install the packages."""
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, check=True, cwd=checkout, stdout=subprocess.DEVNULL)

    def run(self, checkout: Path, way: Way, only: Iterable[str] = ()) -> Outcomes:
        """Run the files, two at once."""
        files = list(only) or sorted(
            str(file.relative_to(checkout)) for file in (checkout / self.folder).rglob("*.test.mts")
        )

        def outcome(file: str) -> str:
            command = [checkout / "node_modules/.bin/tsx", file]
            return "failed" if _quietly(command, checkout, way.variables, FILE_SECONDS) else "passed"

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return dict(zip(files, pool.map(outcome, files), strict=True))


@dataclass(frozen=True)
class JavaProgram:
    """A program of ours on a driver that is a JAR file; it prints PASS or FAIL and the name of each check.

    pgjdbc's own suite needs Gradle and packages that only its registry has.
    """

    engine: str
    program: Path
    jar: Path

    def prepare(self, checkout: Path) -> None:
        """Compile the program."""
        command = ["javac", "-cp", str(self.jar), "-d", str(checkout), str(self.program)]
        subprocess.run(command, check=True)

    def run(self, checkout: Path, way: Way, only: Iterable[str] = ()) -> Outcomes:
        """Run all checks; they take seconds, so that a repetition runs all of them, too."""
        command = ["java", "-cp", f"{checkout}:{self.jar}", self.program.stem]
        done = subprocess.run(
            command, env=os.environ | way.variables, capture_output=True, text=True, check=False, timeout=600
        )
        lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
        return {line[1]: {"PASS": "passed", "FAIL": "failed"}[line[0]] for line in lines if line[0] in {"PASS", "FAIL"}}


Suite = PythonSuite | NodeSuite | JavaProgram


def _own_environment() -> dict[str, str]:
    """Return our environment without the folders from which we import."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _quietly(command: Sequence[str | Path], folder: Path, variables: dict[str, str], seconds: float) -> int:
    """Run a command without its output; return its exit code, 1 if it takes too long."""
    with (folder / "suite.log").open("ab") as log:
        try:
            return subprocess.run(
                command,
                cwd=folder,
                env=_own_environment() | variables,
                stdout=log,
                stderr=log,
                check=False,
                timeout=seconds,
            ).returncode
        except subprocess.TimeoutExpired:
            return 1


def _pymysql_options(way: Way, checkout: Path) -> tuple[str, ...]:
    """Write the file that names the databases: the suite takes no options."""
    one = {"host": way.host, "port": way.port, "user": way.user, "password": way.password, "database": way.database}
    databases = [one | {"use_unicode": True, "local_infile": True}, one]
    (checkout / "pymysql/tests/databases.json").write_text(json.dumps(databases))
    return ()


def _asyncpg_options(way: Way, checkout: Path) -> tuple[str, ...]:
    """Replace the name of the database that the suite takes for granted: no managed database is called postgres."""
    library = next((checkout / ".venv/lib").glob("python*/site-packages/asyncpg/_testbase/__init__.py"))
    for file in (library, *(checkout / "tests").glob("*.py")):
        text = re.sub(r"(database(?:'\])?\s*=\s*)'postgres'", rf"\1'{way.database}'", file.read_text("utf-8"))
        file.write_text(text, "utf-8")
    return ()


def _files(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names.split())


SUITES: dict[str, Suite] = {
    "psycopg": PythonSuite(
        "postgresql",
        ("./psycopg", "./psycopg_pool", "anyio", "pproxy"),
        _files(
            "tests",
            "pq test_concurrency.py test_connection.py test_connection_async.py test_connection_info.py test_copy.py"
            " test_copy_async.py test_cursor.py test_cursor_common.py test_cursor_server.py test_encodings.py"
            " test_errors.py test_generators.py test_notify.py test_notify_async.py test_pipeline.py"
            " test_pipeline_async.py test_prepared.py test_tpc.py test_transaction.py test_waiting.py pool",
        )
        + ("-m", "not slow and not mypy"),
        lambda way, _: (f"--test-dsn=sslmode=disable host={way.host} port={way.port} dbname={way.database}",),
        {"PSYCOPG_IMPL": "python"},
    ),
    "asyncpg": PythonSuite(
        "postgresql",
        ("asyncpg==0.31.0", "uvloop", "distro"),
        (
            "tests",
            "--ignore=tests/test__sourcecode.py",
            "--ignore=tests/test__environment.py",
            "--import-mode=importlib",
        ),
        _asyncpg_options,
    ),
    "PyMySQL": PythonSuite("mysql", (".", "cryptography"), ("pymysql/tests",), _pymysql_options),
    "mysql2": NodeSuite("mysql", "test/integration"),
    "redis-py": PythonSuite(
        "redis",
        (".", "pytest-asyncio", "numpy", "pybreaker", "aiohttp", "xxhash", "cryptography", "mock"),
        _files(
            "tests",
            "test_client.py test_connection.py test_connection_pool.py test_encoding.py test_lock.py test_monitor.py"
            " test_pipeline.py test_pubsub.py test_scripting.py test_asyncio/test_connection.py"
            " test_asyncio/test_connection_pool.py test_asyncio/test_pipeline.py test_asyncio/test_pubsub.py",
        )
        + ("-m", "not onlycluster and not redismod"),
        lambda way, _: (f"--redis-url=redis://{way.user}:{way.password}@{way.host}:{way.port}/0",),
    ),
    "pgjdbc": JavaProgram("postgresql", HERE / "PgjdbcChecks.java", Path("/usr/share/java/postgresql.jar")),
}


# What fails through the proxy alone, and why it is so.
KNOWN = {
    "PyMySQL": {
        "pymysql/tests/test_issues.py::TestNewIssues::test_issue_36": "the greeting's number is not CONNECTION_ID()",
    },
}
SOCKETS = re.compile(r"\.s\.PGSQL\.\d+$|mysql\.sock$|redis\.sock$")


@dataclass(frozen=True)
class Comparison:
    """The outcomes both ways, and what failed through the proxy alone each time it was tried."""

    relay: Outcomes
    proxy: Outcomes
    only_proxy: tuple[str, ...]


def is_available(name: str, sources: Path) -> bool:
    """Return whether a suite can be run: its checkout is there, or Java and the JAR file are."""
    suite = SUITES[name]
    if isinstance(suite, JavaProgram):
        return suite.jar.exists() and shutil.which("javac") is not None
    return (sources / name).is_dir()


def prepared(name: str, sources: Path, folder: Path) -> Path:
    """Return a copy of a checkout in which its suite can run."""
    checkout = folder / name
    if isinstance(SUITES[name], JavaProgram):
        checkout.mkdir(parents=True)
    else:
        shutil.copytree(sources / name, checkout)
    SUITES[name].prepare(checkout)
    return checkout


def compare(name: str, checkout: Path, relay: Way, proxy: Way, repetitions: int = 2) -> Comparison:
    """Run a suite both ways; what fails through the proxy alone is tried again, both ways, as some tests measure time."""
    suite = SUITES[name]
    outcomes = suite.run(checkout, relay), suite.run(checkout, proxy)
    suspects = _only_second(*outcomes)
    for _ in range(repetitions):
        if suspects:
            suspects &= _only_second(suite.run(checkout, relay, suspects), suite.run(checkout, proxy, suspects))
    return Comparison(*outcomes, tuple(sorted(suspects)))


@contextlib.contextmanager
def ways(headwater: ProxiedHeadwater, name: str) -> Iterator[tuple[Way, Way]]:
    """Yield the ways of a suite to a new database: a plain relay to its server, and the proxy."""
    engine = SUITES[name].engine
    database = headwater.create(f"s{uuid.uuid4().hex[:8]}", engine=engine, sleep_after_seconds=SLEEP_SECONDS)
    [server] = [path for path in headwater.folder(database).rglob("*") if path.is_socket() and SOCKETS.match(path.name)]
    names = "0" if engine == "redis" else str(database["name"]), str(database["user"]), str(database["password"])
    with plain_relay(server) as (port, _):
        proxy = Way("127.0.0.1", headwater.port_of(engine), *names)
        # the proxy routes by the name of the database, the server knows the owner's
        relay = replace(proxy, port=port, user="owner") if engine == "mysql" else replace(proxy, port=port)
        yield relay, proxy


def _only_second(first: Outcomes, second: Outcomes) -> set[str]:
    """Return the tests that failed the second time, and not the first time."""
    return {test for test, outcome in second.items() if outcome == "failed" and first.get(test) == "passed"}

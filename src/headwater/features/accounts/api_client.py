"""The HTTP API client of the command line: server address, API key, and answers as values or errors.

`headwater login` saves both in a file that only its owner can read. `HEADWATER_URL` and
`HEADWATER_API_KEY` override it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import platformdirs
import typer
from rich.table import Table

from headwater import version
from headwater.kit.errors import BadInput, HeadwaterError, Unauthenticated, Unavailable
from headwater.kit.terminal import terminal

DEFAULT_URL = "http://127.0.0.1:7717"
PATIENCE = httpx.Timeout(30.0, read=300.0, write=300.0)


def patience(seconds: float) -> httpx.Timeout:
    """Return timeouts for a request whose work may take this long."""
    return httpx.Timeout(30.0, read=seconds + 30.0, write=300.0)


class ApiRefusal(HeadwaterError):
    """The server refused."""

    problem = ""
    """The code of the problem, as the server sent it."""


class ApiInputRefusal(BadInput):
    """The server refused the input."""

    problem = ""
    """The code of the problem, as the server sent it."""


@dataclass(frozen=True, slots=True)
class SavedLogin:
    """A server and the API key for it."""

    url: str
    key: str


def login_file() -> Path:
    """Return the file that `headwater login` writes."""
    return Path(platformdirs.user_config_dir("headwater")) / "login.json"


def save_login(login: SavedLogin) -> Path:
    """Save a login for later commands in a file that only its owner can read."""
    file = login_file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(msgspec.json.encode(login))
    temporary.replace(file)
    return file


def load_login() -> SavedLogin:
    """Return the login from the environment or the login file, or raise Unauthenticated."""
    saved = SavedLogin(DEFAULT_URL, "")
    if login_file().exists():
        try:
            saved = msgspec.json.decode(login_file().read_bytes(), type=SavedLogin)
        except msgspec.DecodeError as error:
            raise Unauthenticated(f"{login_file()} is damaged.", hint="Run `headwater login` again.") from error
    key = os.environ.get("HEADWATER_API_KEY", saved.key)
    if not key:
        raise Unauthenticated("You are not signed in.", hint="Run `headwater login`, or set HEADWATER_API_KEY.")
    return SavedLogin(os.environ.get("HEADWATER_URL", saved.url).rstrip("/"), key)


class ApiClient:
    """A client of one server; requests carry its API key."""

    def __init__(self, url: str, key: str = "") -> None:
        headers = {"user-agent": f"headwater-cli/{version()}"} | ({"authorization": f"Bearer {key}"} if key else {})
        self.url = url
        # Load CA certificates only for HTTPS: loading them takes longer than a whole command.
        verify = not url.lower().startswith("http:")
        self._http = httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=PATIENCE, verify=verify)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def authorize(self, token: str) -> None:
        """Use this token for all further requests."""
        self._http.headers["authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return the JSON of the answer, or raise the error that the server reports."""
        with self._reaching():
            answer = self._http.request(method, path, **options)
        _check(answer)
        return answer.json() if answer.content else None

    def every(self, path: str, **query: Any) -> list[Any]:
        """Return all items of a paged list."""
        items: list[Any] = []
        cursor = None
        while True:
            page = self.call("GET", path, params=query | {"limit": 200} | ({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    def stream(self, path: str, body: Any, seconds: float = 300.0) -> Iterator[bytes]:
        """Yield the chunks of an answer that is not JSON, or raise the error that the server reports."""
        with self._reaching(), self._http.stream("POST", path, json=body, timeout=patience(seconds)) as answer:
            _check(answer)
            yield from answer.iter_bytes(65_536)

    def download(self, path: str, **options: Any) -> Iterator[bytes]:
        """Yield the chunks of a file, or raise the error that the server reports."""
        with self._reaching(), self._http.stream("GET", path, **options) as answer:
            _check(answer)
            yield from answer.iter_bytes(65_536)

    def events(self, path: str) -> Iterator[tuple[str, Any]]:
        """Yield (event, data) of a stream of server-sent events; reconnect and resume when the stream breaks off."""
        last, over = "", False
        while not over:
            with self._reaching(), self._http.stream("GET", path, headers={"last-event-id": last}) as answer:
                _check(answer)
                name = ""
                for line in answer.iter_lines():
                    field, _, value = line.partition(": ")
                    last = value if field == "id" else last
                    name = value if field == "event" else name
                    if field == "data":
                        over = name == "end"
                        yield name, msgspec.json.decode(value)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"{self.url} cannot be reached: {error}.", hint="Is `headwater up` running there?"
            ) from error


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    answer.read()
    code = ""
    try:
        problem = answer.json()
        message, hint, code = problem["detail"], problem.get("hint"), str(problem.get("code", ""))
    except (ValueError, KeyError, TypeError):
        message, hint = f"The server answered {answer.status_code}.", "Is this the address of a Headwater server?"
    kind = ApiInputRefusal if answer.status_code in {400, 404, 409, 413, 422} else ApiRefusal
    error = kind(message, hint=hint)
    error.problem = code
    raise error


@contextmanager
def remote() -> Iterator[ApiClient]:
    """Yield a client for the server that the user has signed in to."""
    login = load_login()
    server = ApiClient(login.url, login.key)
    try:
        yield server
    finally:
        server.close()


def show(rows: Sequence[Any], fields: Sequence[str], as_json: bool) -> None:
    """Print rows as JSON, or as a table of the given fields."""
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(rows), indent=1).decode())
        return
    table = Table(box=None, pad_edge=False)
    for field in fields:  # a truncated id is useless
        table.add_column(field, no_wrap=field == "id", min_width=36 if field == "id" and rows else None)
    for row in rows:
        table.add_row(*(_cell(row, field) for field in fields))
    terminal().print(table)


def show_one(row: Any, fields: Sequence[str], as_json: bool) -> None:
    """Print one row as JSON, or the given fields of it, one per line."""
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(row), indent=1).decode())
        return
    width = max(12, *map(len, fields)) + 2
    for field in fields:
        typer.echo(f"{field + ':':<{width}}{_cell(row, field)}")


def _cell(row: Any, field: str) -> str:
    value = row
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)

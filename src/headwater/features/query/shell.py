"""The SQL shell: a line editor with completion from the Schema and a history; transactions stay open between lines."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterable
from typing import Any

import platformdirs
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import PostgresLexer
from rich.console import Console
from rich.markup import escape

from headwater.features.accounts.api_client import ApiClient, ApiInputRefusal, ApiRefusal, patience
from headwater.features.query.output import print_effects, print_error, print_result
from headwater.kit.errors import HeadwaterError

SECONDS = 3600
WORDS = (
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "LEFT",
    "INNER",
    "ON",
    "AND",
    "OR",
    "NOT",
    "NULL",
    "IS",
    "IN",
    "EXISTS",
    "BETWEEN",
    "LIKE",
    "AS",
    "INSERT",
    "INTO",
    "VALUES",
    "UPDATE",
    "SET",
    "DELETE",
    "RETURNING",
    "CREATE",
    "TABLE",
    "INDEX",
    "VIEW",
    "ALTER",
    "DROP",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "WITH",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "UNION",
    "ALL",
    "DISTINCT",
    "HAVING",
    "COUNT",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "EXPLAIN",
    "ANALYZE",
)
HELP = r"""\d          tables          \d NAME    columns of a table
\refresh    read the schema again
\help       this            \q         quit (or Ctrl-D)
An SQL statement ends with ; and may span several lines. Ctrl-C clears the line or cancels the running statement."""
BRACKETS = (("(", ")"), ("{", "}"), ("[", "]"))
_ALIAS = re.compile(r"\b(?:from|join|update|into)\s+(?:\w+\.)?(\w+)(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE)


class SchemaCompleter(Completer):
    """Completes tables everywhere, columns of the tables that the statement names, and keywords."""

    def __init__(self) -> None:
        self.tables: dict[str, list[str]] = {}

    def learn(self, schema: Any) -> None:
        """Store the names of a Schema."""
        self.tables = {
            relation["name"]: [column["name"] for column in relation["columns"]] for relation in schema["relations"]
        }

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield the completions at the cursor."""
        before = re.search(r"(?:(\w+)\.)?(\w*)$", document.text_before_cursor)
        qualifier, word = (before[1], before[2]) if before else (None, "")
        if not word and not qualifier and not complete_event.completion_requested:
            return
        named = {alias or table: table for table, alias in _ALIAS.findall(document.text)}
        if qualifier:
            names: Iterable[str] = self.tables.get(str(named.get(qualifier, qualifier)), [])
        else:
            columns = [name for table in named.values() for name in self.tables.get(table, [])]
            names = [*dict.fromkeys(columns), *self.tables, *WORDS]
        for name in names:
            if name.lower().startswith(word.lower()):
                yield Completion(name, -len(word))


class Shell:
    """An interactive session on one database."""

    def __init__(self, server: ApiClient, database: Any, console: Console) -> None:
        self._server = server
        self._database = database
        self._console = console
        self._completer = SchemaCompleter()
        self._session = uuid.uuid4().hex
        self._in_transaction = False
        engines = {item["name"]: item["statement_unit"] for item in server.call("GET", "/engines")}
        self._unit = engines.get(database["engine"], "statement")

    def run(self) -> None:
        """Read and run statements until the end of the input."""
        self._refresh()
        self._console.print(
            f"{self._database['name']} ({self._database['engine']}); \\help lists the commands.", highlight=False
        )
        prompt = self._prompt()
        while True:
            try:
                mark = "*" if self._in_transaction else ""
                text = prompt.prompt(f"{self._database['name']}{mark}> ").strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return self._end()
            if text in {"\\q", "exit", "quit"}:
                return self._end()
            if text:
                self._do(text)

    def _end(self) -> None:
        """End the session on the server, and with it an open transaction."""
        with contextlib.suppress(HeadwaterError):  # a server that is gone has ended it already
            self._server.call("DELETE", f"/databases/{self._database['id']}/query-sessions/{self._session}")
        if self._in_transaction:
            self._console.print("The open transaction was rolled back.", style="yellow")

    def _prompt(self) -> PromptSession[str]:
        folder = platformdirs.user_state_path("headwater", ensure_exists=True)
        session: PromptSession[str] = PromptSession(
            history=FileHistory(str(folder / "sql_history")),
            completer=self._completer,
            lexer=PygmentsLexer(PostgresLexer) if self._unit == "statement" else None,
            complete_while_typing=True,
            multiline=Condition(lambda: not _is_complete(session.default_buffer.text, self._unit)),
            prompt_continuation=lambda width, *_: "." * (width - 1) + " ",
        )
        return session

    def _do(self, text: str) -> None:
        try:
            if text.startswith("\\"):
                self._command(text)
            else:
                self._run(text)
        except KeyboardInterrupt:
            self._console.print("Cancelled.", style="yellow")
        except HeadwaterError as error:
            self._console.print(
                f"[red]Error:[/red] {escape(error.message)} {escape(error.hint or '')}", highlight=False
            )

    def _run(self, text: str, confirmed: bool = False) -> None:
        path, run_id = f"/databases/{self._database['id']}", str(uuid.uuid4())
        body = {"text": text, "session": self._session, "run_id": run_id, "confirmed": confirmed, "seconds": SECONDS}
        try:
            answer = self._server.call("POST", f"{path}/query", json=body, timeout=patience(SECONDS))
        except KeyboardInterrupt:
            self._server.call("POST", f"{path}/runs/{run_id}/cancel")
            raise
        except (ApiRefusal, ApiInputRefusal) as error:
            if confirmed or error.problem != "confirmation_needed":
                raise
            if input(f"{error.message} Run it? [y/N] ").strip().lower() == "y":
                self._run(text, confirmed=True)
            return
        self._in_transaction = answer["in_transaction"]
        for result in answer["results"]:
            print_result(self._console, result)
        if answer["error"]:
            print_error(answer["error"], text)
        print_effects(answer, text)
        if re.search(r"\b(?:create|alter|drop)\b", text, re.IGNORECASE):
            self._refresh()

    def _command(self, text: str) -> None:
        word, _, rest = text.partition(" ")
        if word == "\\d":
            self._describe(rest.strip())
        elif word == "\\refresh":
            self._refresh()
        else:
            self._console.print(HELP, highlight=False, markup=False)

    def _describe(self, name: str) -> None:
        if name and name in self._completer.tables:
            for column in self._completer.tables[name]:
                self._console.print(f"  {column}", highlight=False, markup=False)
            return
        for table, columns in self._completer.tables.items():
            self._console.print(f"{table}  [dim]{len(columns)} columns[/dim]", highlight=False)

    def _refresh(self) -> None:
        path = f"/databases/{self._database['id']}/schema"
        self._completer.learn(self._server.call("GET", path, params={"fresh": "true"}))


def _is_complete(text: str, unit: str = "statement") -> bool:
    """Return True if Enter runs the text: a command, nothing, or a complete statement."""
    stripped = text.strip()
    if unit != "statement":
        # A Redis command is one line; a MongoDB command ends when its brackets are closed, or with an empty line.
        return unit == "line" or text.endswith("\n") or all(text.count(a) <= text.count(b) for a, b in BRACKETS)
    return not stripped or stripped.startswith("\\") or stripped.endswith(";") or stripped in {"exit", "quit"}

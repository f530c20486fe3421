"""Results of commands that return no cursor, as rows, counts and notices."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.catalog.results import ResultColumn, Row
from headwater.engines.mongodb import errors
from headwater.engines.mongodb.statements import MongoStatement
from headwater.engines.mongodb.values import Document, display_text

COUNT = (ResultColumn("count", "long", "number"),)
VALUE = (ResultColumn("value", "value", "json"),)
DOCUMENT = (ResultColumn("document", "document", "json"),)
# Fields about the connection, not about the command.
_NOISE = frozenset({"ok", "$clusterTime", "operationTime", "electionId", "opTime", "lsid"})
_SILENT = frozenset({"create", "createIndexes", "drop", "dropIndexes", "collMod", "ping"})


@dataclass(slots=True)
class CommandOutcome:
    """The result of a command."""

    columns: tuple[ResultColumn, ...] | None = None
    rows: list[Row] = field(default_factory=list)
    affected: int | None = None
    notices: tuple[str, ...] = ()


def outcome(statement: MongoStatement, answer: Document, number: int) -> CommandOutcome:
    """Return the result in an answer.

    Raises:
        QueryError: some of the writes were rejected, which the server reports as a success.
    """
    if wrong := answer.get("writeErrors"):
        first = wrong[0]
        done = int(answer.get("n", 0))
        document_number = int(first.get("index", 0)) + 1
        message = f"{first.get('errmsg', 'The write was refused')} (document {document_number}; {done} written)"
        raise errors.failed(message, int(first.get("code", 0)), statement, number)
    match statement.name:
        case "insert" | "delete":
            return CommandOutcome(affected=int(answer.get("n", 0)))
        case "update":
            changed, matched = int(answer.get("nModified", 0)), int(answer.get("n", 0))
            inserted = len(answer.get("upserted") or [])
            notices = (f"{matched - inserted} matched, {changed} changed, {inserted} inserted",)
            return CommandOutcome(affected=changed + inserted, notices=notices)
        case "count":
            return CommandOutcome(COUNT, [(int(answer.get("n", 0)),)])
        case "distinct":
            return CommandOutcome(VALUE, [(display_text(value),) for value in answer.get("values", [])])
        case "findAndModify":
            value = answer.get("value")
            affected = int((answer.get("lastErrorObject") or {}).get("n", 0))
            return CommandOutcome(DOCUMENT, [(display_text(value),)] if value is not None else [], affected)
        case name if name in _SILENT:
            note = answer.get("note")
            return CommandOutcome(notices=(str(note),) if note else ())
    return CommandOutcome(DOCUMENT, [(display_text({key: of for key, of in answer.items() if key not in _NOISE}),)])

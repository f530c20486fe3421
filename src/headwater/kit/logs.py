"""Structured logging to stderr; secrets are masked by field name and by known value."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "•••"
SECRET_NAME = re.compile(r"pass(word|wd)?$|secret|token|authorization|cookie|api_?key|credential", re.IGNORECASE)
SECRET_TEXT = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+]*://[^\s:/@]*:)[^\s@/]+(?=@)|\bhw_[a-z2-7]{16}_[0-9a-f]{64}\b"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"
    r"|(?i:(?P<clause>\b(?:password|passwd|pwd|identified(?:\s+(?:with|via)\s+\S+)?\s+(?:by|as|using))\b[\"'\s=:(]*))"
    r"(?:(?<=')(?:[^'\\]|\\.|'')+|(?<=\")(?:[^\"\\]|\\.)+|(?<=[=])[^\s'\",;)]+)"
)
TRACEBACKS = frozenset({"exception", "stack"})
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_known: set[str] = set()


def keep_secret(*values: str) -> None:
    """Mask these values in all later log entries."""
    _known.update(value for value in values if len(value) >= 8)


def bind(**values: str) -> None:
    """Add values to all later log entries of the request or the job that runs here."""
    structlog.contextvars.bind_contextvars(**{name: value for name, value in values.items() if value})


def bound(name: str) -> str:
    """Return a value that was bound; empty if none was."""
    return str(structlog.contextvars.get_contextvars().get(name, ""))


def redact(value: Any, name: str = "") -> Any:
    """Return a value with its secrets masked."""
    if SECRET_NAME.search(name):
        return MASK
    if isinstance(value, Mapping):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    if isinstance(value, str):
        for secret in _known:
            value = value.replace(secret, MASK)
        return SECRET_TEXT.sub(lambda match: (match["scheme"] or match["clause"] or "") + MASK, value)
    return value


def _redact_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: redact(item, key) for key, item in event.items()}


def _on_one_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape control characters and indent tracebacks, so that no text can look like an entry of its own."""
    return {key: _indented(value) if key in TRACEBACKS else _escaped(value) for key, value in event.items()}


def _escaped(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), value)


def _indented(value: Any) -> str:
    return "\n".join(f"  | {_escaped(line)}" for line in str(value).splitlines())


def configure(level: str, form: Literal["text", "json"]) -> None:
    """Send the log entries of structlog and the standard library through the same processors."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    if form == "text":
        shared.append(_on_one_line)
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        # entries below the level cost next to nothing: the other processors do not see them
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("procrastinate", "alembic", "psycopg.pool", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)

"""The error tree: an error has a sentence, a hint, an HTTP status and a CLI exit code.

A class docstring is the default sentence of its errors, so the message that a user reads is written once, beside the
code.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import ClassVar


class HeadwaterError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or inspect.getdoc(type(self)) or "Something went wrong."
        self.hint = hint
        super().__init__(self.message)


class BadInput(HeadwaterError):
    """The input cannot be used."""

    status = 400
    exit_code = 2
    code = "bad_input"


class Invalid(BadInput):
    """Some fields are not valid."""

    status = 422
    code = "invalid"

    def __init__(self, fields: Mapping[str, str], *, hint: str | None = None) -> None:
        super().__init__(" ".join(fields.values()), hint=hint)
        self.fields = dict(fields)


class Unreadable(BadInput):
    """The file or folder cannot be read."""

    status = 422
    code = "unreadable"


class TooLarge(BadInput):
    """The input is larger than the limit."""

    status = 413
    code = "too_large"


class Unauthenticated(HeadwaterError):
    """Sign in first."""

    status = 401
    code = "unauthenticated"


class Forbidden(HeadwaterError):
    """Your role does not allow this."""

    status = 403
    code = "forbidden"


class NotFound(HeadwaterError):
    """Nothing with this name exists."""

    status = 404
    exit_code = 2
    code = "not_found"


class Conflict(HeadwaterError):
    """This already exists, or it has changed in the meantime."""

    status = 409
    code = "conflict"


class TooMany(HeadwaterError):
    """Too many attempts. Wait a moment and try again."""

    status = 429
    code = "too_many"

    def __init__(self, message: str | None = None, *, hint: str | None = None, retry_after: int = 60) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Unavailable(HeadwaterError):
    """A required service does not respond."""

    status = 503
    code = "unavailable"


class Cancelled(HeadwaterError):
    """The work was cancelled."""

    status = 409
    code = "cancelled"


def did_you_mean(wrong: str, right: Iterable[str], *, limit: int = 3) -> str:
    """Return a hint for a wrong name: the most similar valid names, or the first few."""
    names = sorted(set(right))
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(wrong.casefold(), list(folded), n=limit, cutoff=0.5)
    if near:
        return f"Did you mean {', '.join(folded[name] for name in near)}?"
    if not names:
        return "There are none yet."
    first_names = ", ".join(names[: limit * 4])
    return f"Available: {first_names}{', …' if len(names) > limit * 4 else ''}"

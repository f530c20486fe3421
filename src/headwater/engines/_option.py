"""Options of a connection or a new database, declared once for the CLI, the web form and the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Option:
    """A CLI flag and form field; `choice_labels` are the texts of the choices, empty if they equal the choices."""

    name: str
    label: str
    kind: Literal["text", "number", "switch", "choice"] = "text"
    default: str = ""
    choices: tuple[str, ...] = ()
    choice_labels: tuple[str, ...] = ()
    help: str = ""

    def allows(self, value: str) -> bool:
        """Return True if the option can have a value."""
        match self.kind:
            case "choice":
                return value in self.choices
            case "switch":
                return value in {"true", "false"}
            case "number":
                return value.isascii() and value.isdigit()
        return value.isprintable()

"""CREATE statements of routines and events, built from what the server reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from headwater.catalog.model import Routine
from headwater.engines.mysql.ddl import literal, quote

Row: TypeAlias = Mapping[str, Any]


def routine(row: Row, parameters: Sequence[Row], schema: Row) -> Routine:
    """Return a routine; `place` is the database, whose collation is left out."""
    name, procedure = row["routine_name"], row["routine_type"] == "PROCEDURE"
    arguments = ", ".join(_parameter(parameter, schema) for parameter in parameters if parameter["ordinal_position"])
    returns = "" if procedure else _type(row, schema)
    head = f"CREATE {'PROCEDURE' if procedure else 'FUNCTION'} {quote(name)}({arguments})"
    lines = [head] + ([f"RETURNS {returns}"] if returns else [])
    lines += ["DETERMINISTIC"] if row["is_deterministic"] == "YES" else []
    lines += [row["sql_data_access"]] if row["sql_data_access"] != "CONTAINS SQL" else []
    lines += ["SQL SECURITY INVOKER"] if row["security_type"] == "INVOKER" else []
    lines += [f"COMMENT {literal(row['routine_comment'])}"] if row["routine_comment"] else []
    definition = row["routine_definition"]
    return Routine(
        name,
        "procedure" if procedure else "function",
        None,
        arguments,
        returns,
        "sql",
        "\n".join([*lines, definition]) if definition else None,
        row["routine_comment"] or None,
    )


def _parameter(row: Row, schema: Row) -> str:
    mode = f"{row['parameter_mode']} " if row["parameter_mode"] and row["parameter_mode"] != "IN" else ""
    return f"{mode}{quote(row['parameter_name'])} {_type(row, schema)}"


def _type(row: Row, schema: Row) -> str:
    collation = row.get("collation_name")
    other = f" CHARSET {row['character_set_name']} COLLATE {collation}"
    return str(row["dtd_identifier"]) + (other if collation and collation != schema["default_collation_name"] else "")


def event(row: Row) -> str:
    """Return the statement that creates an event."""
    if row["event_type"] == "ONE TIME":
        when = f"AT {literal(str(row['execute_at']))}"
    else:
        when = f"EVERY {_interval(row)} STARTS {literal(str(row['starts']))}"
        when += f" ENDS {literal(str(row['ends']))}" if row["ends"] else ""
    preserve = " ON COMPLETION PRESERVE" if row["on_completion"] == "PRESERVE" else ""
    state = {"DISABLED": " DISABLE", "SLAVESIDE_DISABLED": " DISABLE"}.get(row["status"], "")
    comment = f" COMMENT {literal(row['event_comment'])}" if row["event_comment"] else ""
    name = quote(row["event_name"])
    return f"CREATE EVENT {name} ON SCHEDULE {when}{preserve}{state}{comment} DO {row['event_definition']}"


def _interval(row: Row) -> str:
    value = str(row["interval_value"]).strip("'")
    return f"{value if value.isdigit() else literal(value)} {row['interval_field']}"

"""Types and values of MySQL and MariaDB in terms of the shared kinds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from headwater.catalog.dialect import Dialect, TypeMapping
from headwater.catalog.value_kinds import KindName, TypeSpelling, ValueKind
from headwater.engines import _type_rules as r

# MySQL indexes only texts with a length; all of them together have 65,535 bytes per row.
KEY_CHARACTERS, ROW_CHARACTERS = 255, 4000
UTC = "times are stored in UTC, without a time zone"
_SIGN = r"(?:\s+(?:unsigned|signed|zerofill))*"
_RULES: tuple[r.Rule, ...] = (
    r.rule(r"tinyint\(1\)|bool|boolean", ValueKind("boolean")),
    r.rule(rf"tinyint{r.LENGTH}{_SIGN}", r.integer(8)),
    r.rule(rf"smallint{r.LENGTH}{_SIGN}", r.integer(16)),
    r.rule(rf"mediumint{r.LENGTH}{_SIGN}", r.integer(24)),
    r.rule(rf"(?:int|integer){r.LENGTH}{_SIGN}", r.integer(32)),
    r.rule(rf"bigint{r.LENGTH}{_SIGN}", r.integer(64)),
    r.rule(rf"year{r.LENGTH}", ValueKind("integer", 16)),
    r.rule(rf"(?:decimal|numeric){r.DIGITS}{_SIGN}", r.decimal),
    r.rule(rf"float(?:\(.*\))?{_SIGN}", ValueKind("float", 32)),
    r.rule(rf"(?:double|real)(?:\(.*\))?{_SIGN}", ValueKind("float", 64)),
    r.rule(rf"bit{r.LENGTH}", r.sized("bits", fixed=True)),
    r.rule(rf"char{r.LENGTH}", r.sized("text", fixed=True)),
    r.rule(rf"varchar{r.LENGTH}", r.sized("text")),
    r.rule("tinytext", ValueKind("text", 255)),
    r.rule("(?:medium|long)?text", ValueKind("text")),
    r.rule(rf"(?:var)?binary{r.LENGTH}", r.sized("binary")),
    r.rule("(?:tiny|medium|long)?blob", ValueKind("binary")),
    r.rule("date", ValueKind("date")),
    r.rule(f"time{r.LENGTH}", r.time("time", zoned=False, scale=0)),
    r.rule(f"datetime{r.LENGTH}", r.time("timestamp", zoned=False, scale=0)),
    r.rule(f"timestamp{r.LENGTH}", r.time("timestamp", zoned=True, scale=0)),
    r.rule("json", ValueKind("json")),
    r.rule("uuid", ValueKind("uuid")),
    r.rule(r"enum\((?P<values>.*)\)", r.enum_values),
)


def _spell_integer(kind: ValueKind, keyed: bool) -> TypeSpelling:
    bits = kind.size or 64
    name = {8: "tinyint", 16: "smallint", 24: "mediumint", 32: "int"}.get(bits, "bigint")
    return r.spelling(name + (" unsigned" if kind.unsigned else ""))


def _spell_decimal(kind: ValueKind, keyed: bool) -> TypeSpelling:
    if kind.size is None:
        return r.spelling(
            "decimal(65,30)",
            "numbers of any size get 35 digits before and 30 after the decimal point",
            "numbers with more digits, NaN and infinity are refused",
        )
    scale = kind.scale or 0
    if kind.size > 65 or scale > 30 or scale < 0:
        return r.spelling(
            f"decimal(65,{max(0, min(scale, 30))})",
            "the number of digits is reduced",
            "values that do not fit are refused",
        )
    return r.spelling(
        f"decimal({kind.size},{scale})", risk="" if kind.written.lower().startswith("dec") else "NaN is refused"
    )


def _spell_text(kind: ValueKind, keyed: bool) -> TypeSpelling:
    if kind.fixed and kind.size and kind.size <= 255:
        return r.spelling(f"char({kind.size})")
    if kind.size and kind.size <= (KEY_CHARACTERS * 3 if keyed else ROW_CHARACTERS):
        return r.spelling(f"varchar({kind.size})")
    if keyed:
        return r.spelling(
            f"varchar({KEY_CHARACTERS})",
            f"a key needs a length: {KEY_CHARACTERS} characters",
            "longer texts are refused",
        )
    return r.spelling("longtext")


def _spell_binary(kind: ValueKind, keyed: bool) -> TypeSpelling:
    if kind.size and kind.size <= 4000:
        return r.spelling(f"varbinary({kind.size})")
    if keyed:
        return r.spelling("varbinary(255)", "a key needs a length: 255 bytes", "longer values are refused")
    return r.spelling("longblob")


def _spell_time(name: str) -> r.Speller:
    def make(kind: ValueKind, keyed: bool) -> TypeSpelling:
        risk = "BC, infinity, and years after 9999 are refused" if name == "datetime" else ""
        return r.spelling(f"{name}({min(kind.scale or 0, 6)})", UTC if kind.zoned else "", risk)

    return make


def _spell_enum(kind: ValueKind, keyed: bool) -> TypeSpelling:
    values = ",".join(r.literal(value).replace("\\", "\\\\") for value in kind.values)
    trailing = any(value != value.rstrip(" ") for value in kind.values)
    return r.spelling(f"enum({values})", "trailing spaces are removed" if trailing else "")


_SPELLERS: Mapping[KindName, r.Speller] = {
    "integer": _spell_integer,
    "decimal": _spell_decimal,
    "boolean": r.always("tinyint(1)"),
    "float": lambda kind, _: r.spelling("float" if kind.size == 32 else "double", risk="NaN and infinity are refused"),
    "text": _spell_text,
    "binary": _spell_binary,
    "date": r.always("date", risk="BC, infinity, and years after 9999 are refused"),
    "time": _spell_time("time"),
    "timestamp": _spell_time("datetime"),
    "interval": r.always("varchar(64)", "an interval becomes text in ISO 8601: P1Y2M3DT4H"),
    "uuid": r.always("char(36)"),
    "enum": _spell_enum,
    "bits": lambda kind, _: r.spelling(f"bit({kind.size or 1})"),
    "json": r.always("json", "JSON numbers that do not fit a double are rounded"),
    "array": r.always("json", "an array becomes a JSON array"),
    "other": r.as_text("longtext", keyed_type="varchar(255)"),
    "any": r.as_text("longtext", keyed_type="varchar(255)"),
}


def _same_dialect(kind: ValueKind) -> ValueKind:
    if kind.name == "boolean":
        return ValueKind("integer", 8, written=kind.written)
    return ValueKind("other", written=kind.written) if kind.name in {"array", "date", "timestamp"} else kind


def _is_no_date(text: str) -> bool:
    """Return True for dates that only MySQL stores: zeros in a part, or a day that its month does not have."""
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return True
    return False


def _risk(kind: ValueKind, target: Dialect) -> str | None:
    match kind.name:
        case "enum":
            return "values that are not in the list, which MySQL stores as empty ones, are refused"
        case "boolean":
            return "numbers other than 0 and 1 are refused"
        case "time":
            return "times below 0 and above 24 hours are refused" if target.limits_times_to_a_day else ""
    return None


TYPES = TypeMapping(
    read=lambda written: r.read_type(_RULES, written) or ValueKind("other", written=written),
    spell=lambda kind, keyed: _SPELLERS[kind.name](kind, keyed),
    encoders={"boolean": lambda value, _: int(value)},
    same_dialect=_same_dialect,
    source_risk=_risk,
    lax_kinds=frozenset({"boolean", "date", "timestamp"}),
    invalid={"date": _is_no_date, "timestamp": _is_no_date},
)

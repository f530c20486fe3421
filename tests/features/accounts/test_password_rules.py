"""Passwords that are common, in any spelling, or made of what is known about their user."""

from __future__ import annotations

import time
from importlib.resources import files

import pytest

from headwater.features.accounts import password_rules
from headwater.kit.errors import Invalid


def is_refused(password: str, email: str = "ada.lovelace@example.org", *names: str) -> bool:
    try:
        password_rules.check_rules(password, email, names=names)
    except Invalid:
        return True
    return False


@pytest.mark.parametrize(
    "password",
    [
        "password123",
        "Password123!",
        "P@ssw0rd2024!",
        "p4$$w0rd!!!!",
        "PASSWORDpassword",
        "passwordpassword1",
        "pass word 123",
        "Ｐａｓｓｗｏｒｄ１２３",
        "pásswörd1234",
        "!!Welcome2024",
        "1qaz2wsx3edc",
        "qwertyuiop",
        "Qwertzuiop1!",
        "1234567890",
        "0987654321",
        "abcdefghijkl",
        "qwertyasdfgh",
        "aaaaaaaaaaaa",
        "abababababab",
        "abcabcabcabc",
        "monkeydragon",
        "Il0veY0u2023",
        "letmein12345678",
        "correcthorsebatterystaple",
        "Postgres2024",
        "iloveyou!!!!",
        "Passw0rd1234567890",
    ],
)
def test_common_passwords_are_refused_in_any_spelling(password: str) -> None:
    assert is_refused(password)


@pytest.mark.parametrize(
    ("password", "names"),
    [
        ("ada.lovelace@example.org", ()),
        ("Ada.Lovelace", ()),
        ("lovelace2024", ()),
        ("L0vel4ce!!!!", ()),
        ("Analytical99", ("Analytical Engines Ltd",)),
        ("AdaKing-2024!", ("Ada King Noel", "adaking")),
        ("Headwater2024", ()),
        ("example2024!", ()),
    ],
)
def test_passwords_made_of_what_is_known_are_refused(password: str, names: tuple[str, ...]) -> None:
    assert is_refused(password, "ada.lovelace@example.org", *names)


@pytest.mark.parametrize(
    "password",
    [
        "seven wooden boats",
        "eight wooden boats",
        "correct giraffe harbour tin",
        "xK9#mQ2$vL5n",
        "lovelace likes boats",
        "ünïcödé bøøks zwei",
        "密码很长而且没有人知道它",
        "7f3a9c1e5b2d8046",
        "tr0ub4dor&3x9",
    ],
)
def test_other_passwords_are_accepted(password: str) -> None:
    assert not is_refused(password)


def test_long_passwords_are_checked_in_no_time() -> None:
    started = time.process_time()
    for password in ("1" * 256, "ab" * 128, "!" * 255 + "a", "password" * 32, "a1!" * 85, "qwerty" * 42):
        is_refused(password, "a" * 60 + "@example.org", "b" * 200)
    assert time.process_time() - started < 2


def test_the_list_is_small_and_in_order() -> None:
    file = files("headwater.features.accounts").joinpath("common_passwords.txt")
    assert len(file.read_bytes()) < 1_000_000
    ranks = password_rules.common_passwords()
    assert len(ranks) > 40_000
    assert ranks["123456"] < ranks["dragon"] < password_rules.FREQUENT
    assert not any(line.startswith(password_rules.COMMENT) for line in ranks)

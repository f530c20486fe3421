"""Connection numbers in KILL commands, in every piece in which the network may deliver them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from headwater.engines.mysql.handshake import packet
from headwater.engines.mysql.kill_commands import KillTranslator

OURS, THEIRS = 2**31 + 7, 42


@pytest.fixture
def kills() -> Iterator[KillTranslator]:
    translator = KillTranslator("/socket", OURS, THEIRS)
    yield translator
    translator.forget()


def query(text: str) -> bytes:
    return packet(0, b"\x03" + text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "KILL {}",
        "kill hard connection {} ;",
        "KILL/**/QUERY/* a * b */{}",
        "/*!50001 KILL */ {}",
        "/*M!100000 KILL {} */",
        "-- a\n  # b\n KILL {}",
        "SELECT ';KILL'; KILL {}",
        "PREPARE s FROM 'KILL {}'",
        'EXECUTE IMMEDIATE "/* x */ KILL {}"',
    ],
)
def test_number_of_a_greeting_is_replaced(kills: KillTranslator, text: str) -> None:
    assert kills.translate(query(text.format(OURS))) == query(text.format(THEIRS))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT {}",
        "INSERT INTO t VALUES ('KILL {}')",
        "INSERT INTO t VALUES ('a; KILL {}'); SELECT 1",
        "KILL 9; SELECT {}",
        "KILL QUERY 1{}",
        "/* KILL {} ",
        "KILLED {}",
        "SELECT 'KILL' /* never closed; KILL {}",
    ],
)
def test_other_text_is_relayed_as_it_is(kills: KillTranslator, text: str) -> None:
    assert kills.translate(query(text.format(OURS))) == query(text.format(OURS))


def test_number_of_another_server_is_not_replaced(kills: KillTranslator) -> None:
    elsewhere = KillTranslator("/other", OURS + 1, THEIRS)
    assert elsewhere.translate(query(f"KILL {OURS}")) == query(f"KILL {OURS}")
    elsewhere.forget()


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_commands_arrive_in_pieces(kills: KillTranslator, size: int) -> None:
    large = packet(0, b"\x03INSERT " + b"x" * 10_000 + f"; KILL {OURS}".encode())
    sent = query("SELECT 1") + query(f"KILL {OURS}") + large + packet(0, b"\x0e") + query(f"/**/KILL {OURS}")
    wanted = query("SELECT 1") + query(f"KILL {THEIRS}") + large + packet(0, b"\x0e") + query(f"/**/KILL {THEIRS}")
    assert b"".join(kills.translate(sent[at : at + size]) for at in range(0, len(sent), size)) == wanted


def test_continuation_of_a_long_command_is_no_command(kills: KillTranslator) -> None:
    rest = packet(1, b"\x03KILL %d" % OURS)
    assert kills.translate(rest) == rest


def test_process_kill_is_translated(kills: KillTranslator) -> None:
    sent = packet(0, b"\x0c" + struct.pack("<I", OURS))
    assert kills.translate(sent) == packet(0, b"\x0c" + struct.pack("<I", THEIRS))


def execution(statement: bytes, typed: bool, number: int) -> bytes:
    head = b"\x17" + statement + b"\0" + struct.pack("<I", 1) + b"\0"
    return packet(0, head + (b"\1\x08\0" if typed else b"\0") + struct.pack("<Q", number))


def test_parameter_of_a_prepared_kill_is_translated(kills: KillTranslator) -> None:
    statement = b"\x05\0\0\0"
    assert kills.translate(execution(statement, True, OURS)) == execution(statement, True, OURS)
    kills.translate(packet(0, b"\x16KILL ?"))
    answer = packet(1, b"\0" + statement + bytes(7))
    for begin in (0, 6):
        assert kills.awaits_number
        kills.read_answer(answer[begin : begin + 6])
    assert not kills.awaits_number
    for typed in (True, False):
        assert kills.translate(execution(statement, typed, OURS)) == execution(statement, typed, THEIRS)
    assert kills.translate(execution(b"\xff" * 4, True, OURS)) == execution(b"\xff" * 4, True, THEIRS)
    kills.translate(packet(0, b"\x19" + statement))
    assert kills.translate(execution(statement, True, OURS)) == execution(statement, True, OURS)


def test_refused_preparation_leaves_nothing(kills: KillTranslator) -> None:
    kills.translate(packet(0, b"\x16KILL ?"))
    kills.read_answer(packet(1, b"\xff\x48\x04#HY000no"))
    assert not kills.awaits_number


def test_hostile_comments_are_read_in_linear_time(kills: KillTranslator) -> None:
    text = "/* */ " * 600 + "KIL"
    assert kills.translate(query(text)) == query(text)

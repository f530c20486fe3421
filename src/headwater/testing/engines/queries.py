"""Checks for SQL engines that run texts: frames, cells, limits, cancelling, read-only runs."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, suppress

from headwater.catalog.results import (
    SAFE_INTEGER,
    UNLIMITED,
    Finished,
    Limits,
    QueryCancelled,
    QueryError,
    QueryTimeout,
    Rows,
    Started,
)
from headwater.catalog.statements import split
from headwater.kit.errors import HeadwaterError
from headwater.testing.engines.subject import (
    PATIENCE,
    READ_ONLY,
    ConformanceCheck,
    Subject,
    connected,
    rows,
    run_all,
    run_refused,
)

HOSTILE_TEXTS = (
    "SELEC 1",
    "SELECT '",
    "/*",
    '"',
    "SELECT 1 \0",
    "💥",
    ")" * 1000,
    "SELECT ((((",
    "\ud800",
    "BEGIN; SELECT nothing_there",
)
MANY = "CREATE TABLE many (i INTEGER); INSERT INTO many VALUES " + ", ".join(f"({i})" for i in range(100))  # noqa: S608
FOR_EVER = "SELECT count(*) FROM many a, many b, many c, many d, many e, many f"
ENDLESS = "SELECT a.i, b.i FROM many a, many b, many c, many d, many e, many f"


async def frames_come_in_order(subject: Subject) -> None:
    """Each statement starts, returns its rows and finishes; its position in the text is right."""
    text = "-- first\nSELECT 1 AS a, 'ü' AS b;\n\n  SELECT '☃;' AS c ; CREATE TABLE t (a INTEGER);\n"
    text += "INSERT INTO t VALUES (1), (2)"
    async with connected(subject) as session:
        frames = await run_all(session, text)
    started = [frame for frame in frames if isinstance(frame, Started)]
    finished = [frame for frame in frames if isinstance(frame, Finished)]
    assert [frame.statement for frame in started] == [frame.statement for frame in finished] == [0, 1, 2, 3]
    assert [text[frame.start : frame.end].rstrip() for frame in started] == [frame.text for frame in split(text)]
    assert [[column.name for column in frame.columns] if frame.columns else None for frame in started] == [
        ["a", "b"],
        ["c"],
        None,
        None,
    ]
    assert [frame.rows for frame in frames if isinstance(frame, Rows)] == [[(1, "ü")], [("☃;",)]]
    assert [frame.rows for frame in finished] == [1, 1, 0, 0] and finished[3].affected == 2
    assert finished[0].command == "SELECT" and finished[3].command.startswith("INSERT")


async def columns_know_their_table(subject: Subject) -> None:
    """A column of a result has its type, its kind and its source."""
    async with connected(subject, "CREATE TABLE t (a INTEGER, b VARCHAR(9)); INSERT INTO t VALUES (1, 'x')") as session:
        frames = await run_all(session, "SELECT b AS named, a, a + 1 FROM t")
    (started,) = (frame for frame in frames if isinstance(frame, Started))
    assert started.columns
    assert [column.name for column in started.columns][:2] == ["named", "a"]
    known = [(column.table, column.column) for column in started.columns]
    assert known in ([("t", "b"), ("t", "a"), (None, None)], [(None, None)] * 3)
    kinds = [column.kind for column in started.columns if column.type]
    assert kinds in (["text", "number", "number"], ["text", "number"])


async def a_byte_order_mark_is_skipped(subject: Subject) -> None:
    """A byte order mark before a text and comments before a statement change neither its result nor its command."""
    text = "\ufeff-- first; it's\n/* second; */ SELECT 1 AS a;\n-- it's\nCREATE TABLE t (a INTEGER)"
    async with connected(subject) as session:
        frames = await run_all(session, text)
        assert await session.check("\ufeffSELECT 1") is None
    started = [frame for frame in frames if isinstance(frame, Started)]
    assert [text[frame.start : frame.end] for frame in started] == ["SELECT 1 AS a", "CREATE TABLE t (a INTEGER)"]
    assert [frame.command.split()[0] for frame in frames if isinstance(frame, Finished)] == ["SELECT", "CREATE"]


async def commands_of_the_client_are_refused(subject: Subject) -> None:
    """A command of the database's own program is refused with a hint before anything runs."""
    grammar = subject.engine.dialect.grammar
    if grammar is None or not grammar.command_mark:
        return
    text = f"CREATE TABLE never (a INTEGER);\n{grammar.command_mark}read it's\nSELECT 1"
    async with connected(subject) as session:
        error = await run_refused(session, text)
        assert isinstance(error, QueryError) and error.hint and grammar.client in error.message
        assert error.position == text.index(grammar.command_mark) and error.statement == 1
        assert await session.check(text) is not None
        await run_refused(session, "SELECT * FROM never")


async def an_error_stops_the_run(subject: Subject) -> None:
    """Statements before an error have run, statements after it do not; the session stays usable."""
    text = "SELECT 1;\nSELECT *\n  FROM nowhere_at_all;\nCREATE TABLE never (a INTEGER)"
    async with connected(subject) as session:
        error = await run_refused(session, text)
        assert isinstance(error, QueryError) and error.statement == 1
        assert error.position is None or text.index("SELECT *") <= error.position < text.index(";\nCREATE")
        await run_refused(session, "SELECT * FROM never")
        assert await rows(session, "SELECT 7") == [(7,)]


async def hostile_texts_are_sentences(subject: Subject) -> None:
    """Broken, empty and absurd texts are refused with an error, and the session stays usable."""
    async with connected(subject) as session:
        for text in ("", " ; ;", "-- nothing", *HOSTILE_TEXTS):
            await run_refused(session, text)
            if text.startswith("BEGIN"):
                with suppress(QueryError):  # some engines roll back what a failed run began
                    await run_all(session, "ROLLBACK")
            assert await rows(session, "SELECT 7") == [(7,)], repr(text)


async def cells_are_lossless(subject: Subject) -> None:
    """Values are JSON scalars without loss."""
    wrong = []
    async with connected(subject) as session:
        for expression, expected in subject.cells:
            ((cell,),) = await rows(session, f"SELECT {expression}")
            if (type(cell), cell) != (type(expected), expected):
                wrong.append((expression, cell, expected))
            assert json.loads(json.dumps(cell, allow_nan=False)) == cell
            assert not isinstance(cell, int) or abs(cell) <= SAFE_INTEGER
    assert not wrong, wrong


async def parameters_are_bound(subject: Subject) -> None:
    """Values are bound by position or by name, any number of times, and are never part of the text."""
    nasty = "x'; DROP TABLE kept; -- \" ` \\ $1 :a ? %s"
    async with connected(subject, "CREATE TABLE kept (a INTEGER, b VARCHAR(90))") as session:
        await run_all(session, "INSERT INTO kept VALUES ($1, $2)", [1, nasty])
        await run_all(session, "INSERT INTO kept (b, a) VALUES (:text, :number)", {"number": 2, "text": None})
        result = await rows(session, "SELECT a, b FROM kept WHERE a = :n OR a = :n + 1 ORDER BY a", {"n": 1})
        assert result == [(1, nasty), (2, None)]
        assert await rows(session, "SELECT a FROM kept WHERE b = $1 AND '$2 :x' <> 'it''s :y'", [nasty]) == [(1,)]
        for parameters in ([], [1, 2, 3], {"m": 1}):
            try:
                await run_all(session, "SELECT a FROM kept WHERE a = :n", parameters)
            except HeadwaterError as error:
                assert error.message
            else:
                raise AssertionError(f"{parameters} were enough")


async def limits_hold(subject: Subject) -> None:
    """Rows, bytes and cells are truncated at their limits, and the frames say so."""
    async with connected(subject, MANY) as session:
        for limits, expected in (
            (Limits(rows=10), 10),
            (Limits(rows=2500), 2500),
            (Limits(rows=None, bytes=1600), 100),
            (Limits(rows=0), 0),
        ):
            frames = await run_all(session, ENDLESS, None, limits)
            assert sum(len(frame.rows) for frame in frames if isinstance(frame, Rows)) == expected, limits
            assert isinstance(frames[-1], Finished) and frames[-1].truncated and frames[-1].rows == expected
        frames = await run_all(session, "SELECT i FROM many", None, Limits(rows=100))
        assert isinstance(frames[-1], Finished) and not frames[-1].truncated
        assert await rows(session, "SELECT 'abcdef'", None, Limits(cell=3)) == [("abc",)]
        frames = await run_all(session, "INSERT INTO many SELECT i FROM many", None, Limits(rows=1))
        assert isinstance(frames[-1], Finished) and frames[-1].affected == 100


async def time_is_limited(subject: Subject) -> None:
    """A statement that takes too long is stopped, with or without rows, and the session stays usable."""
    async with connected(subject, MANY) as session:
        for text in (FOR_EVER, ENDLESS):
            error = await run_refused(session, text, Limits(None, None, 0.3))
            assert isinstance(error, QueryTimeout), error
            assert await rows(session, "SELECT 7") == [(7,)]


async def cancel_ends_what_runs(subject: Subject) -> None:
    """Another task can cancel a statement, even before it has begun; the session stays usable for a later run."""
    async with connected(subject, MANY) as session:
        for text, seconds in ((FOR_EVER, 0.0), (FOR_EVER, 0.01), (FOR_EVER, 0.3), (ENDLESS, 0.3)):
            running = asyncio.create_task(run_all(session, text))
            await asyncio.sleep(seconds)
            await session.cancel()
            try:
                async with asyncio.timeout(PATIENCE):
                    await running
            except QueryCancelled:
                pass
            else:
                raise AssertionError("it ran to its end")
            assert await rows(session, "SELECT 7") == [(7,)]


async def closing_early_ends_what_runs(subject: Subject) -> None:
    """Closing the generator after some rows stops the statement, and the session is usable at once."""
    async with connected(subject, MANY) as session:
        async with asyncio.timeout(PATIENCE), aclosing(session.run(ENDLESS, None, UNLIMITED)) as frames:
            async for frame in frames:
                if isinstance(frame, Rows):
                    break
        assert await rows(session, "SELECT 7") == [(7,)]
        await run_all(session, "DROP TABLE many")


async def transactions_last_over_runs(subject: Subject) -> None:
    """A transaction stays open across runs until COMMIT or ROLLBACK."""
    async with connected(subject, "CREATE TABLE kept (a INTEGER)") as session:
        for ending, expected in (("ROLLBACK", 0), ("COMMIT", 1)):
            await run_all(session, "BEGIN")
            await run_all(session, "INSERT INTO kept VALUES (1)")
            await run_all(session, ENDING_EARLY, None, Limits(rows=1))
            await run_all(session, ending)
            assert await rows(session, "SELECT count(*) FROM kept") == [(expected,)]


async def open_transactions_are_known(subject: Subject) -> None:
    """A session says whether a transaction is open, and a reset ends it."""
    async with connected(subject, "CREATE TABLE kept (a INTEGER)") as session:
        for text, expected in (
            ("SELECT 1", False),
            ("BEGIN", True),
            ("SELECT a FROM kept", True),
            ("COMMIT", False),
            ("BEGIN; INSERT INTO kept VALUES (1)", True),
        ):
            await run_all(session, text)
            assert session.in_transaction == expected, text
        await run_refused(session, "SELECT * FROM nowhere_at_all")
        assert session.in_transaction
        await session.reset()
        assert not session.in_transaction
        assert await rows(session, "SELECT count(*) FROM kept") == [(0,)]


async def a_reset_discards_the_session(subject: Subject) -> None:
    """After a reset, temporary tables are gone, and writes are committed at once."""
    async with connected(subject, "CREATE TABLE kept (a INTEGER)") as session:
        await run_all(session, "CREATE TEMPORARY TABLE passing (a INTEGER)")
        await session.reset()
        await run_refused(session, "SELECT * FROM passing")
        await run_all(session, "INSERT INTO kept VALUES (1)", None)
        assert not session.in_transaction
        await session.reset()
        assert await rows(session, "SELECT count(*) FROM kept") == [(1,)]
        assert await rows(session, "SELECT count(*) FROM kept", None, READ_ONLY) == [(1,)]


ENDING_EARLY = "SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 3"


async def read_only_holds(subject: Subject) -> None:
    """A read-only run can read, and no statement can write or end the read-only mode."""
    setup = "CREATE TABLE kept (a INTEGER); INSERT INTO kept VALUES (1)"
    async with subject.fresh() as address:
        session, witness = await subject.engine.connect(address), await subject.engine.connect(address)
        await run_all(session, setup)
        before = await subject.engine.inspect(witness)
        for text in subject.tricks:
            try:
                await run_all(session, text, None, READ_ONLY)
            except HeadwaterError as error:
                assert error.message, text
            assert await rows(witness, "SELECT a FROM kept") == [(1,)], text
            assert await subject.engine.inspect(witness) == before, text
            if session.broken():
                session = await subject.engine.connect(address)
            assert await rows(session, "SELECT a FROM kept", None, READ_ONLY) == [(1,)], text
        refusal = await run_refused(session, "INSERT INTO kept VALUES (2)", READ_ONLY)
        assert isinstance(refusal, QueryError) and refusal.sqlstate == "25006"
        await run_all(session, "INSERT INTO kept VALUES (2)")
        await session.close()
        await witness.close()


async def nothing_is_reached_outside(subject: Subject) -> None:
    """Files, programs and other databases cannot be accessed."""
    async with connected(subject) as session:
        for text in subject.escapes:
            await run_refused(session, text)


CHECKS: tuple[ConformanceCheck, ...] = (
    frames_come_in_order,
    columns_know_their_table,
    a_byte_order_mark_is_skipped,
    commands_of_the_client_are_refused,
    an_error_stops_the_run,
    hostile_texts_are_sentences,
    cells_are_lossless,
    parameters_are_bound,
    limits_hold,
    time_is_limited,
    cancel_ends_what_runs,
    closing_early_ends_what_runs,
    transactions_last_over_runs,
    open_transactions_are_known,
    a_reset_discards_the_session,
    read_only_holds,
    nothing_is_reached_outside,
)

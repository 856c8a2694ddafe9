"""The full-text index says what a plain look at the rows says, whatever was written and by whom."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from couchcal.errors import CouchcalError
from couchcal.ics.importer import import_file
from couchcal.practice import appointments, client_changes, client_merge, search, undo
from couchcal.practice.cadence import Repeat
from couchcal.practice.search_query import words_of
from couchcal.store.connection import Database
from couchcal.store.search_index import entry_keys
from tests.practice.conftest import NEW_YORK, Desk
from tests.support.database import refused
from tests.support.practice import make_practice

WORDS = ("ann", "Annex", "É", "elan", "Bob", "bob-cat", "x9", "90834", "O'Neil", "ünder", "Straße", "no")
TYPED = ("a", "an", "e", "bob", "bob c", "x", "9", "neil", "oneil", "und", "stra", "ann bob", "no", "c-0001", "q")
phrases = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
numbers = st.integers(0, 30)


RAW = (
    "UPDATE appointment SET instructions = ? || ' ' || id, start_utc = start_utc - 60",
    "UPDATE client SET last = ?",
    "UPDATE cancellation SET type = 'late_cancel', reason = ?",
    "DELETE FROM appointment WHERE instructions = ?",
    "DELETE FROM series WHERE instructions = ?",
    "DELETE FROM cancellation WHERE reason <> ? || 'x'",
    "DELETE FROM cancellation WHERE note <> ?",
)


def small_practice(folder: Path) -> Desk:
    database = make_practice(folder)
    client_changes.add(database, "Ann Sample")
    client_changes.add(database, "Bob O'Test")
    return Desk(database)


def book(desk: Desk, number: int, text: str) -> None:
    start = f"2026-03-{number % 28 + 1:02} {8 + number % 10:02}:00"
    if number % 3:
        repeat = Repeat("weekly", until=date(2026, 4, 10)) if number % 5 == 0 else None
        desk.book(start, repeat=repeat, client_id=(desk.ann, desk.bob)[number % 2], instructions=text)
    else:
        desk.book(start, kind="other_event", client_id=None, service=None, title=text or "Walk", place=text[::-1])


def nth(desk: Desk, number: int) -> int:
    ids = sorted(desk.rows())
    return ids[number % len(ids)] if ids else 0


def edit(desk: Desk, number: int, text: str) -> None:
    desk.edit(nth(desk, number), {"instructions": text}, scope="future" if number % 2 else "this")


def move(desk: Desk, number: int, _text: str) -> None:
    desk.move(nth(desk, number), f"2026-03-{number % 27 + 1:02} 18:00")


def cancel(desk: Desk, number: int, _text: str) -> None:
    desk.cancel(nth(desk, number), ("no_show", "late_cancel", "other")[number % 3])


def restore(desk: Desk, number: int, _text: str) -> None:
    appointments.restore(desk.database, nth(desk, number), clock=desk.clock)


def delete(desk: Desk, number: int, _text: str) -> None:
    desk.delete(nth(desk, number), scope="future" if number % 2 else "this")


def rename(desk: Desk, number: int, text: str) -> None:
    client = (desk.ann, desk.bob)[number % 2]
    client_changes.edit(desk.database, client, {("first", "last", "preferred")[number % 3]: text}, clock=desk.clock)


def merge(desk: Desk, _number: int, _text: str) -> None:
    client_merge.merge(desk.database, desk.bob, desk.ann, clock=desk.clock)


def step_back(desk: Desk, _number: int, _text: str) -> None:
    undo.undo(desk.database, clock=desk.clock)


def step_on(desk: Desk, _number: int, _text: str) -> None:
    undo.redo(desk.database, clock=desk.clock)


def raw(desk: Desk, number: int, text: str) -> None:
    """Somebody with another program, who knows nothing of an index."""
    with closing(desk.database.connect()) as connection:
        connection.execute(RAW[number % len(RAW)], (text,))


def together(desk: Desk, number: int, text: str) -> None:
    """Rows that are indexed when all is done, whatever happens to them, to their neighbours and to clients."""
    with closing(desk.database.connect()) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO entry_search_later (id, first_id, last_id) VALUES (1, ?, ?)", (number, 99))
        for step in (number, number + 1, number + 3):
            connection.execute(RAW[step % len(RAW)], (text,))
        connection.execute("DELETE FROM entry_search_later")
        connection.execute("COMMIT")


STEPS: tuple[Callable[[Desk, int, str], None], ...] = (
    book, edit, edit, move, cancel, cancel, restore, delete, rename, rename, merge, step_back, step_on, raw,
    together, together,
)  # fmt: skip


@pytest.mark.sqlite_only("a check of the full-text index by SQLite itself")
@settings(
    max_examples=12, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
@given(st.lists(st.tuples(st.sampled_from(STEPS), numbers, phrases), min_size=6, max_size=14))
def test_the_index_is_what_the_rows_are(steps: list[tuple[Callable[[Desk, int, str], None], int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = small_practice(Path(folder))
        for number in range(1, 8):
            book(desk, number, WORDS[number])
        for step, number, text in steps:
            with suppress(CouchcalError):  # nothing there to change, or locked: as good as any other step
                step(desk, number, text)
            desk.now += timedelta(seconds=1)
        check(desk)
        desk.database.dispose()


def check(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection:
        connection.execute("INSERT INTO entry_search(entry_search) VALUES ('integrity-check')")
        rows = documents(desk.database)
        for text in TYPED:
            wanted = {row_id for row_id, have in rows.items() if has(have[0], text)}
            assert {
                e.row_id for e in search.find(connection, text, NEW_YORK, now=desk.now, limit=1000)
            } == wanted, text
        for state in ("no-show", "late-cancel", "cancelled"):
            wanted = {row_id for row_id, have in rows.items() if state in have[1]}
            assert {e.row_id for e in search.find(connection, f"is:{state}", NEW_YORK, now=desk.now)} == wanted
        keys = entry_keys(connection, (), (), 0, (1 << 63) - 1)
        assert keys is not None
        assert len(keys.fetchmany(len(rows) + 1)) == len(rows)  # nothing of what is gone
        every = [e.row_id for e in search.find(connection, "in:2026", NEW_YORK, now=desk.now, limit=1000)]
        assert sorted(every) == sorted(rows)
        people = {client.id for client in search.find_all(connection, "o", NEW_YORK, now=desk.now).clients}
        names = connection.execute("SELECT id, first || ' ' || last || ' ' || preferred FROM client")
        assert people == {client for client, name in names if has(f"{name} {name.replace(chr(39), '')}", "o")}


def documents(database: Database) -> dict[int, tuple[str, set[str]]]:
    """By row id the text of an appointment with its client's, and what it is."""
    with closing(database.connect()) as connection:
        found: dict[int, tuple[str, set[str]]] = {}
        for row in connection.execute(
            "SELECT a.id, a.status, x.type, c.first, c.last, c.preferred, c.internal_id, a.title, a.place,"
            " a.instructions, a.service, a.collateral_name FROM appointment a"
            " LEFT JOIN client c ON c.id = a.client_id LEFT JOIN cancellation x ON x.appointment_id = a.id"
        ):
            names = " ".join(filter(None, row[3:6]))
            text = " ".join([names, names.replace("'", ""), *filter(None, row[6:])])
            cancelled = row[1] == "cancelled"
            found[row[0]] = text, {"cancelled", str(row[2]).replace("_", "-")} if cancelled else set()
    return found


def has(text: str, typed: str) -> bool:
    have: Any = words_of(folded(text))
    return all(any(word.startswith(begin) for word in have) for begin in words_of(folded(typed)))


def folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@pytest.mark.sqlite_only("a check of the full-text index by SQLite itself")
def test_an_import_is_indexed_at_once_and_so_are_its_undo_and_redo(tmp_path: Path) -> None:
    desk = small_practice(tmp_path)
    database = desk.database
    book(desk, 1, "Annex")
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}@x\r\nDTSTART:202603{28 - n % 27:02}T{n % 24:02}0000Z\r\nDURATION:PT50M\r\n"
        f"SUMMARY:{WORDS[n % len(WORDS)]} bobcat\r\nEND:VEVENT\r\n"
        for n in [*range(620), *range(5)]
    )
    file = tmp_path / "many.ics"
    file.write_text(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n", "utf-8", newline="")
    import_file(database, file, clock=desk.clock)
    for step, count in ((None, 621), (undo.undo, 1), (undo.redo, 621)):
        if step is not None:
            step(database, clock=desk.clock)
        check(desk)
        with closing(database.connect()) as connection:
            found = search.find(connection, "in:2026", NEW_YORK, now=desk.now, limit=1000)
        assert len(found) == count


@pytest.mark.sqlite_only("a server ends a transaction at the first refusal")
def test_what_is_indexed_later_cannot_be_forgotten(tmp_path: Path) -> None:
    desk = small_practice(tmp_path)
    later = "INSERT INTO entry_search_later (id, first_id, last_id) VALUES (?, 1, 9)"
    book(desk, 1, "Annex")
    with closing(desk.database.connect()) as connection:
        with refused():
            connection.execute(later, (1,))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(later, (1,))
        for statement in (
            "UPDATE entry_search_later SET last_id = 1",
            later.replace("?", "1"),
            later.replace("?", "2"),
            later.replace("INSERT", "REPLACE").replace("?", "1"),
        ):
            with refused():
                connection.execute(statement)
        with refused():
            connection.execute("COMMIT")
        connection.execute("ROLLBACK")
    check(desk)

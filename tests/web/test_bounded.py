"""What pages cost does not grow with the practice; what they keep is never old; who waits keeps nobody out."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from couchcal.practice import door
from couchcal.store.connection import Connection, Database
from couchcal.web import server
from couchcal.web.app import create_app
from couchcal.web.site import Site
from tests.support.entries import insert
from tests.support.practice import furnished_practice
from tests.web.conftest import NOW, SLUG, Now, Visitor, furnish
from tests.web.portal import Patient

PAGE = f"/book/{SLUG}"
SLOTS = (
    {"for": "1", "how": "telehealth"},
    {"for": "1", "how": "in_person", "month": "2026-04"},
    {"for": "2", "day": "2026-03-05"},
)
DAYS = (date(2026, 3, 2), date(2026, 3, 20))
DETAILS = {"for": "2", "at": "2026-03-05T15:00Z"}
_WHOLE = re.compile(
    r"\bSCAN (?!span\b|\d+ CONSTANT)(?:a|o|x|t|appointment|external_event|booking_request|time_off|client)\b"
)

pytestmark = pytest.mark.sqlite_only("how SQLite plans")


class Traced(Database):
    """A database that knows what its connections were asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, None)
        self.asked: list[str] = []

    def connect(self) -> Connection:
        """A connection that tells."""
        connection = self.connect_file()
        connection.set_trace_callback(self.asked.append)
        return connection


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[Visitor]:
    database = Traced(furnished_practice(tmp_path, furnish).path)
    clock = Now()
    yield Visitor(Site(database, mail=True, clock=clock, limits=Patient()), clock)
    database.dispose()


@contextmanager
def behind(visitor: Visitor) -> Iterator[Connection]:
    """A connection of somebody else."""
    with closing(sqlite3.connect(visitor.site.database.path, isolation_level=None)) as connection:
        yield connection


def asked(visitor: Visitor) -> list[list[str]]:
    """What each page asks for, after something has changed."""
    found = []
    assert isinstance(visitor.site.database, Traced)
    for path, query in [*((PAGE, query) for query in SLOTS), (f"{PAGE}/details", DETAILS)]:
        with behind(visitor) as connection:
            connection.execute("UPDATE practice SET version = version + 1")
        visitor.site.database.asked.clear()
        assert visitor.get(path, **query).status_code == 200
        found.append([text for text in visitor.site.database.asked if text.lstrip().startswith(("SELECT", "WITH"))])
    return found


def fill(visitor: Visitor, count: int) -> None:
    """So many entries of each kind, most of them long ago, some on the days that are shown."""
    noon, rows = int(NOW.timestamp()) // 86_400 * 86_400 + 64_800, []
    for number in range(count):
        start = noon + (number % 40 - 5 if number % 10 == 0 else -number) * 86_400
        rows.append({"id": 1000 + number, "start_utc": start, "end_utc": start + 3000})
    with behind(visitor) as connection:
        for table in ("appointment", "external_event", "booking_request", "time_off"):
            status = {"status": "expired"} if table == "booking_request" else {}
            insert(connection, table, [{**row, **status} for row in rows])


def test_a_page_asks_as_much_of_a_large_practice_as_of_a_small_one(traced: Visitor) -> None:
    asked(traced)  # connections are opened once
    small = asked(traced)
    fill(traced, 300)
    large = asked(traced)
    assert [len(each) for each in large] == [len(each) for each in small]
    assert max(map(len, large)) <= 16


def test_pages_find_what_they_read_by_its_time(traced: Visitor) -> None:
    fill(traced, 20)
    statements = [text for each in asked(traced) for text in each]
    assert any("external_event" in text for text in statements)
    with behind(traced) as connection:
        for text in statements:
            plan = " / ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}"))
            assert not _WHOLE.search(plan), (plan, text)


def test_pages_open_no_connection_of_their_own(traced: Visitor) -> None:
    assert isinstance(traced.site.database, Traced)
    asked(traced)
    traced.site.database.asked.clear()
    for query in SLOTS:
        traced.get(PAGE, **query)
    assert not any("sqlite_schema" in text for text in traced.site.database.asked)


def slots(visitor: Visitor) -> set[str]:
    """The times on the page of a day."""
    page = visitor.get(PAGE, **{"for": "2", "day": "2026-03-05"}).text
    return set(re.findall(r"at=([0-9T:%A-Z-]+)", page))


def test_what_is_kept_is_never_old(traced: Visitor) -> None:  # AVL-06, BOOK-05
    """In the same second, after a change of each kind: by a booking, by others, by another file in its place."""
    before = slots(traced)
    assert slots(traced) == before
    start, bo = datetime(2026, 3, 5, 15, tzinfo=UTC), door.Applicant("Bo", "bo@example.org")
    wish = door.Wish(2, "telehealth", start, "UTC", bo, "", "n" * 22)
    path = traced.site.database.path
    with behind(traced) as connection:
        connection.execute("VACUUM INTO ?", (str(path.with_name("copy.db")),))
    door.book(traced.site.database, wish, mail=True, clock=traced.clock)
    held = slots(traced)
    assert held < before
    with behind(traced) as connection:
        connection.execute("DELETE FROM availability_block WHERE weekday = 3")
    assert slots(traced) & held == set()
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    shutil.move(path.with_name("copy.db"), path)
    assert slots(traced) == before
    traced.clock.later(days=2, hours=1)  # some are over, and nothing was changed
    assert slots(traced) < before


def test_a_hold_that_is_over_is_free_in_that_second(traced: Visitor) -> None:
    before = slots(traced)
    assert traced.send(traced.form("2026-03-05T15:00Z", **{"for": "2", "how": ""})).status_code == 303
    assert slots(traced) < before
    traced.clock.later(minutes=20, seconds=-1)
    assert slots(traced) < before
    traced.clock.later(seconds=1)
    assert slots(traced) == before


def test_moments_that_count_as_one_offer_the_same(traced: Visitor) -> None:  # BOOK-04, BOOK-05
    """By the second around the end of a hold, the notice of a time, a full minute, and midnight."""
    assert traced.send(traced.form("2026-03-05T15:00Z", **{"for": "2", "how": ""})).status_code == 303
    seen: dict[object, list[datetime]] = {}
    edges = (
        NOW,
        NOW + timedelta(minutes=20),
        datetime(2026, 3, 5, 14, 30, tzinfo=UTC),
        datetime(2026, 3, 4, 5, tzinfo=UTC),
    )
    with closing(traced.site.database.connect()) as connection:
        for edge in edges:
            for second in range(-70, 71):
                # what is offered in the very instant of an edge may be that of the second before
                now = edge + timedelta(seconds=second, milliseconds=500)
                offered = door.slots(connection, 2, "telehealth", *DAYS, now=now)
                assert seen.setdefault(door.moment_of(connection, now), offered) == offered, now
    assert len({tuple(each) for each in seen.values()}) > 2


def test_of_many_visitors_one_has_the_time(traced: Visitor) -> None:  # INV-B1, BOOK-05
    visitors = [Visitor(traced.site, traced.clock) for _ in range(8)]
    forms = [visitor.form("2026-03-05T15:00Z") for visitor in visitors]
    ready = Barrier(len(visitors))

    def send(number: int) -> Any:
        ready.wait()
        return visitors[number].send({**forms[number], "email": f"dee{number}@example.org"})

    with ThreadPoolExecutor(len(visitors)) as threads:
        answers = list(threads.map(send, range(len(visitors))))
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * (len(visitors) - 1)
    assert len(traced.rows("booking_request")) == 1
    for answer in answers:
        if answer.status_code == 409:
            others = re.findall(r'name="at" id="at\d" value="([^"]+)"', answer.text)
            assert others
            assert "2026-03-05T15:00Z" not in others


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\nGET"])
def test_who_says_nothing_more_is_hung_up_on(traced: Visitor, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(server, "PATIENCE_S", 0.1)
    running = server.server(create_app(traced.site))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with socket.create_connection(listener.getsockname()[:2], timeout=60) as connection:
                connection.sendall(said)
                heard = b"".join(iter(lambda: connection.recv(4096), b""))
        finally:
            running.should_exit = True
            thread.join()
    assert heard == b"" or heard.startswith(b"HTTP/1.1 200 ")
    assert (b"Disallow" in heard) is (b"robots" in said)


def test_no_part_of_an_answer_waits_for_the_one_before(traced: Visitor) -> None:
    """Whatever the socket is that it listens at."""
    running = server.server(create_app(traced.site))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with socket.create_connection(listener.getsockname(), timeout=60) as connection:
                connection.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(4096)
                (open_one,) = running.server_state.connections
                kept = open_one.transport.get_extra_info("socket")
                assert kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        finally:
            running.should_exit = True
            thread.join()

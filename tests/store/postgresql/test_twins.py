"""The same writes to a file and to a server: the same refusals, the same queue for the sync, the same search.

Rows are written by statements, below every check of the practice, so that what answers are the triggers, rules and
references of the schema alone.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from couchcal.practice.search_query import words_of
from couchcal.store import schema
from couchcal.store.connection import Connection
from couchcal.store.postgresql.address import read
from couchcal.store.postgresql.database import ServerDatabase
from couchcal.store.search_index import client_ids, entry_keys
from tests.store.test_walls import APPOINTMENT, BASE, EXTERNAL, REQUEST, TIME_OFF

TEXTS = (
    "", "Jane", "O'Brien", "O’Neill Conor", "Zoë Müller", "MÜLLER-LÜDENSCHEIDT", "Łukasz Żółć", "Ærø Åse",
    "Søren Strauß", "STRASSE", "Ελένη Παπαδοπούλου", "ΣΊΣΥΦΟΣ", "Ёлкин Пётр", "елкин", "李小龍", "日本 太郎",
    "ガンダム", "김민준", "नमस्ते", "عبد الله", "José", "naïve café", "Jose\u0301 e\u0301",
    "ﬁne ﬂow", "İstanbul ışık",
    "Room 2b", "2026-03-04", "a_b c", "x²", "Ⅷ", "100%", "jane@example.com", "+1 (555) 010-9999", "--", "été's",
    "Ann-Marie", "ANN", "annabel", "Nguyễn Văn Ǿ", "\ue000unsigned", "wörter " * 40, "a" * 600, "Ṩ ẛ ſ",
    "dž Ǆ", "ªº",
)  # fmt: skip
QUERIES = tuple(sorted({word[:size] for text in TEXTS for word in words_of(text) for size in (1, 2, 3, 9, 200)}))
STATES = ((), ("unsigned",), ("cancelled",), ("noshow", "latecancel"))
EVERYTHING = (1 << 63) - 1


class Write(NamedTuple):
    """One statement and its values."""

    sql: str
    values: dict[str, Any] = {}  # noqa: RUF012  never changed


@pytest.fixture
def twins(tmp_path: Path, server_url: str) -> Iterator[tuple[Connection, Connection]]:
    file = schema.create(tmp_path / "c.db", None)
    server = ServerDatabase(read(server_url))
    with closing(file.connect()) as one, closing(server.connect()) as other:
        for connection in (one, other):
            _ground(connection)
        yield one, other
    file.dispose()
    server.dispose()


def _ground(connection: Connection) -> None:
    """A practice, two places and a service, as every database has them."""
    for write in (
        *(_insert("location", id=n, **BASE, name=f"L{n}", pos="11", address="", is_default=0) for n in (1, 2)),
        _insert(
            "service_code", id=1, **BASE, code="90834", label="", typical_min=45, billable=1, group_service=0,
            addon_of="", active=1,
        ),
        _insert(
            "calendar_account", id=1, **BASE, provider="google", email="", scopes="", state="ok", secret_ref="",
        ),
        _insert(
            "practice", id=1, **BASE, **dict.fromkeys(
                ("name", "public_label", "slug", "street", "city", "region", "postal_code", "locale", "mail_from",
                 "telehealth_template", "telehealth_modifier"), ""),
            **dict.fromkeys(("use_rooms", "mail_minimal", "reminders_on", "reminder_24h", "self_scheduling",
                             "allow_reschedule"), 0),
            **dict.fromkeys(("week_start", "reminder_lead", "cancel_notice_h", "min_notice_min", "window_days",
                             "slot_step"), 1),
            tz="UTC", identifier_mode="id", confirm_public="request", confirm_portal="instant",
            notify_on_move="ask", reveal_address="always",
        ),
    ):  # fmt: skip
        connection.execute(*write)


def _insert(table: str, **row: Any) -> Write:
    names = ", ".join(row)
    return Write(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in row)})", row)


class Writer:
    """Makes writes up: of rows that are there, more often than not, and of values that are allowed, mostly."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  no secret
        self.last = dict.fromkeys(
            ("client", "appointment", "cancellation", "external_event", "time_off", "booking_request",
             "availability_block", "event_type", "calendar_link", "event_map", "audit_entry"), 0,
        )  # fmt: skip

    def text(self) -> str:
        return self.random.choice(TEXTS)

    def span(self) -> dict[str, int]:
        start = self.random.randrange(-10, 60) * 1800
        return {"start_utc": start, "end_utc": start + self.random.choice((0, 1800, 3600, 90_000, -60, 3600))}

    def one_of(self, table: str) -> int:
        return self.random.randint(1, self.last[table] + 1)

    def new(self, table: str, **row: Any) -> Write:
        self.last[table] += 1
        return _insert(table, id=self.last[table], **row)

    def write(self) -> Write:
        choice = self.random.choice
        made = choice(
            (self.client, self.appointment, self.appointment, self.cancellation, self.external, self.request,
             self.rare, self.change, self.change, self.change, self.delete)
        )()  # fmt: skip
        assert isinstance(made, Write)
        return made

    def client(self) -> Write:
        names = {name: self.text() for name in ("first", "last", "preferred", "email", "phone")}
        return self.new(
            "client", **BASE, internal_id=f"C-{self.random.randrange(40):04d}", **names, tz="UTC",
            state="active", **dict.fromkeys(("remind_email", "remind_text", "remind_phone"), 1),
            portal_state=self.random.choice(("none", "none", "accepted")), self_scheduling="inherit",
            notes_admin="",
        )  # fmt: skip

    def appointment(self) -> Write:
        kind = self.random.choice(("other_event", "client_session", "client_contact"))
        theirs = kind != "other_event"
        return self.new(
            "appointment",
            **APPOINTMENT
            | self.span()
            | {
                "kind": kind, "title": self.text(), "place": self.text(), "collateral_name": self.text(),
                "client_id": self.one_of("client") if theirs else None, "service": "90834" if theirs else None,
                "status": self.random.choice(("scheduled", "cancelled", "completed", "lost")),
                "origin": self.random.choice(("couchcal", "booking_page", "portal", "ics")),
                "busy": self.random.choice((0, 1)), "location_id": self.random.choice((None, 1, 2)),
                "note_signed_at": self.random.choice((None, 5)), "version": self.random.choice((1, 2)),
            },
        )  # fmt: skip

    def cancellation(self) -> Write:
        return self.new(
            "cancellation", **BASE, appointment_id=self.one_of("appointment"), reason="", note="", at=0, notified=0,
            type=self.random.choice(("late_cancel", "no_show", "other", "lost")), cancelled_by="client",
            fee_cents=self.random.choice((None, 5, -5)),
        )  # fmt: skip

    def external(self) -> Write:
        if self.last["calendar_link"] == 0:
            return self.link()
        row = EXTERNAL | self.span() | {"title": self.text(), "remote_event_id": f"e{self.random.randrange(30)}"}
        return self.new("external_event", **row)

    def link(self) -> Write:
        return self.new(
            "calendar_link", **BASE, account_id=1, remote_calendar_id=f"c{self.random.randrange(5)}", name="",
            role=self.random.choice(("owned_target", "inbound")), direction="two_way", access_role="", enabled=1,
            state="", last_error="",
        )  # fmt: skip

    def request(self) -> Write:
        number = self.random.randrange(30)
        row = REQUEST | self.span() | {
            "status": self.random.choice(("pending", "unverified", "declined")), "hold_until": 1001,
            "version": self.random.choice((1, 2)), "uid": f"r{number}", "idempotency_key": f"k{number}",
            "replaces_appointment_id": self.random.choice((None, None, 1)),
        }  # fmt: skip
        return self.new("booking_request", **row)

    def rare(self) -> Write:
        """What fills lists, queues everything or touches the trail."""
        choice = self.random.choice
        return choice(
            (
                lambda: self.new(
                    "availability_block", **BASE, weekday=choice((0, 0, 1, 7)), start_time="09:00:00.000000",
                    end_time=choice(("10:00:00.000000", "00:00:00.000000", "08:00:00.000000")),
                    event_types="", visit_types="",
                ),
                lambda: self.new(
                    "event_type", **BASE, title="", minutes=choice((50, 3)), visit_mode="both", description="",
                    buffer_before=0, buffer_after=0, position=0, active=choice((0, 1, 1)), audience="both",
                ),
                lambda: self.new("time_off", **TIME_OFF | self.span()),
                self.link,
                lambda: self.new(
                    "event_map", link_id=1, appointment_id=self.one_of("appointment"), attempt=0, etag="",
                    remote_event_id=f"m{self.random.randrange(30)}", state="live", ours="", theirs="",
                ),
                lambda: self.new(
                    "audit_entry", at=0, actor="", action="", entity="", entity_id="", fields="",
                    prev_hash="", hash="",
                ),
                lambda: Write(choice(("UPDATE audit_entry SET at = 1", "DELETE FROM audit_entry"))),
                lambda: Write("UPDATE practice SET google_title = :text", {"text": choice(("a", "b"))}),
                lambda: Write("UPDATE location SET pos = :pos", {"pos": choice(("10", "11"))}),
                lambda: Write("UPDATE sync_outbox SET state = 'inflight' WHERE appointment_id % 2 = 0"),
                lambda: Write("DELETE FROM sync_outbox"),
            )
        )()  # fmt: skip

    def change(self) -> Write:
        table = self.random.choice(("client", "appointment", "appointment", "cancellation", "external_event",
                                    "booking_request", "event_type", "availability_block"))  # fmt: skip
        columns: dict[str, tuple[Any, ...]] = {
            "client": (
                ("first", self.text()), ("last", self.text()), ("email", self.text()), ("internal_id", "C-1"),
            ),
            "appointment": (
                ("title", self.text()), ("status", "cancelled"), ("status", "scheduled"), ("note_signed_at", 3),
                ("client_id", self.one_of("client")), ("instructions", self.text()), ("place", self.text()),
                ("start_utc", self.random.randrange(-10, 60) * 1800), ("version", 3),
            ),
            "cancellation": (("type", "no_show"), ("appointment_id", self.one_of("appointment"))),
            "external_event": (("title", self.text()), ("start_utc", 7200), ("transparent", 1)),
            "booking_request": (
                ("status", "pending"), ("status", "withdrawn"), ("start_utc", 3600), ("message", "x"),
            ),
            "event_type": (("active", 1), ("active", 0), ("minutes", 60)),
            "availability_block": (("weekday", 0), ("weekday", 1)),
        }  # fmt: skip
        column, value = self.random.choice(columns[table])
        return Write(
            f"UPDATE {table} SET {column} = :value WHERE id = :id", {"value": value, "id": self.one_of(table)}
        )

    def delete(self) -> Write:
        table = self.random.choice(("client", "appointment", "cancellation", "external_event", "booking_request",
                                    "event_type", "calendar_link"))  # fmt: skip
        return Write(f"DELETE FROM {table} WHERE id = :id", {"id": self.one_of(table)})


def _outcome(connection: Connection, write: Write) -> str:
    """What came of a write: how many rows, or why not."""
    try:
        return str(connection.execute(write.sql, write.values).rowcount)
    except sqlite3.IntegrityError as error:
        text = str(error)
        return text.partition(" constraint")[0].lower() if "constraint" in text else text
    except psycopg.IntegrityError as error:
        kinds = {"23505": "unique", "23503": "foreign key", "23514": "check", "23502": "not null"}
        return kinds.get(error.sqlstate or "", str(error))


def _state(connection: Connection) -> dict[str, Any]:
    tables = ("client", "appointment", "cancellation", "external_event", "time_off", "booking_request",
              "event_type", "availability_block", "calendar_link", "event_map", "audit_entry", "practice",
              "location")  # fmt: skip
    found: dict[str, Any] = {}
    for table in tables:
        cursor = connection.execute(f"SELECT * FROM {table} ORDER BY id")
        names = [column[0] for column in cursor.description]
        found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found["sync_outbox"] = connection.execute(
        "SELECT appointment_id, revision, state, attempts, next_at, error FROM sync_outbox ORDER BY appointment_id"
    ).fetchall()
    found["trail"] = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit_entry'").fetchall()
    return found


def _searches(connection: Connection) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for states in STATES:
        for words in ((), *((query,) for query in QUERIES)):
            if words and states and len(words[0]) > 1:
                continue
            keys = entry_keys(connection, words, states, 0, EVERYTHING)
            found[words, states] = [] if keys is None else [key for (key,) in keys.fetchmany(10_000)]
            if words and not states:
                found["client", words] = sorted(client_ids(connection, words, 1000))
    return found


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 23))])
def test_the_same_writes_have_the_same_effects(twins: tuple[Connection, Connection], seed: int) -> None:
    writer = Writer(seed)
    refused: set[str] = set()
    for number in range(400):
        write = writer.write()
        outcomes = [_outcome(connection, write) for connection in twins]
        assert outcomes[0] == outcomes[1], (number, write)
        refused |= {outcomes[0]} - {str(count) for count in range(1000)}
    one, other = (_state(connection) for connection in twins)
    for table in one:
        assert one[table] == other[table], table
    mine, theirs = (_searches(connection) for connection in twins)
    for asked, found in mine.items():
        assert found == theirs[asked], asked
    assert sum(1 for found in mine.values() if found) > len(mine) / 3
    assert {"unique", "foreign key", "check", "slot_taken"} <= refused


def test_the_same_lists_are_full_and_the_same_rows_are_for_good(twins: tuple[Connection, Connection]) -> None:
    # AVL-04, EVT-01; 45 CFR 164.312(c)
    block = {"start_time": "09:00:00.000000", "end_time": "10:00:00.000000", "event_types": "", "visit_types": ""}
    kind = {"title": "", "minutes": 50, "visit_mode": "both", "description": "", "buffer_before": 0,
            "buffer_after": 0, "position": 0, "audience": "both"}  # fmt: skip
    entry = dict.fromkeys(("actor", "action", "entity", "entity_id", "fields", "prev_hash", "hash"), "")
    writes = [
        *(_insert("availability_block", id=n, **BASE, weekday=n // 16, **block) for n in range(1, 17)),
        Write("UPDATE availability_block SET weekday = 0"),
        _insert("availability_block", id=17, **BASE, weekday=0, **block),
        *(_insert("event_type", id=n, **BASE, active=int(n < 16), **kind) for n in range(1, 17)),
        _insert("event_type", id=17, **BASE, active=1, **kind),
        Write("UPDATE event_type SET active = :on", {"on": 1}),
        _insert("audit_entry", id=1, at=0, **entry),
        Write("UPDATE audit_entry SET at = 1"),
        Write("DELETE FROM audit_entry"),
    ]
    outcomes = [[_outcome(connection, write) for write in writes] for connection in twins]
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].count("at most 15 blocks a day") == 2
    assert outcomes[0].count("at most 15 event types") == 2
    assert outcomes[0][-2:] == ["audit_append_only"] * 2
    _, server = twins
    with pytest.raises(psycopg.IntegrityError, match="audit_append_only"):
        server.execute("TRUNCATE audit_entry")

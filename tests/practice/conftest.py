"""A practice with clients, and the short ways in which tests of it speak."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from couchcal.practice import agenda, appointments, client_changes, clients, marks
from couchcal.practice.agenda import Entry
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.outcome import Done
from couchcal.store.connection import Connection, Database
from tests.support import on_server
from tests.support.database import Rows, read_rows
from tests.support.practice import make_practice

NEW_YORK = ZoneInfo("America/New_York")


class Desk:
    """A practitioner in New York; `now` is set by hand. Times are `"2026-03-03 15:00"` on their clock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        with closing(database.connect()) as connection:
            self.ann, self.bob = (row.id for row in clients.list_clients(connection))
            places = connection.execute("SELECT pos, min(id) FROM location GROUP BY pos").fetchall()
        self.places: dict[str, int] = dict(places)

    def clock(self) -> datetime:
        return self.now

    def at(self, local: str) -> datetime:
        return datetime.fromisoformat(local).replace(tzinfo=NEW_YORK).astimezone(UTC)

    def draft(self, local: str, minutes: int = 50, **fields: Any) -> Draft:
        start = self.at(local)
        values = {"client_id": self.ann, "service": "90834", **fields}
        if values.get("kind", "client_session") == "other_event":
            values = {"title": "Meeting", **fields}
        values.setdefault("kind", "client_session")
        values.setdefault("tz", "America/New_York")
        return Draft(start=start, end=start + timedelta(minutes=minutes), **values)

    def book(self, local: str, minutes: int = 50, *, repeat: Repeat | None = None, **fields: Any) -> int:
        return self.done(local, minutes, repeat=repeat, **fields).appointment_id or 0

    def done(self, local: str, minutes: int = 50, *, repeat: Repeat | None = None, **fields: Any) -> Done:
        draft = self.draft(local, minutes, **fields)
        return appointments.book(self.database, draft, repeat=repeat, clock=self.clock)

    def weekly(self, local: str, **fields: Any) -> list[int]:
        """The ids of a new weekly series, by time."""
        first = self.book(local, repeat=Repeat("weekly"), **fields)
        return self.series_ids(first)

    def series_ids(self, row_id: int) -> list[int]:
        rows = self.rows()
        mine = [row for row in rows.values() if row["series_id"] == rows[row_id]["series_id"]]
        return [row["id"] for row in sorted(mine, key=lambda row: row["start_utc"])]

    def edit(self, row_id: int, changes: dict[str, Any], **options: Any) -> Done:
        return appointments.edit(self.database, row_id, changes, clock=self.clock, **options)

    def move(self, row_id: int, local: str, minutes: int = 50, **options: Any) -> Done:
        start = self.at(local)
        end = start + timedelta(minutes=minutes)
        return appointments.reschedule(self.database, row_id, start, end, clock=self.clock, **options)

    def cancel(self, row_id: int, type: str = "no_show", **options: Any) -> Done:
        return appointments.cancel(self.database, row_id, type, clock=self.clock, **options)

    def delete(self, row_id: int, **options: Any) -> Done:
        return appointments.delete(self.database, row_id, clock=self.clock, **options)

    def mark(self, row_id: int, *steps: str) -> None:
        for what in steps:
            marks.mark(self.database, row_id, what, clock=self.clock)

    @cached_property
    def reading(self) -> Connection:
        """A connection that sees what is committed; opening one for each look costs more than looking."""
        return self.database.connect()

    def close(self) -> None:
        if "reading" in self.__dict__:
            self.reading.close()

    def rows(self, table: str = "appointment") -> Rows:
        return read_rows(self.reading, table)

    def row(self, row_id: int) -> dict[str, Any]:
        return self.rows()[row_id]

    def local(self, row_id: int) -> str:
        """When a row starts, on the practitioner's clock."""
        return self.locals_of([row_id])[0]

    def locals_of(self, ids: list[int]) -> list[str]:
        """When rows start, on the practitioner's clock."""
        rows = self.rows()
        starts = [datetime.fromtimestamp(rows[row_id]["start_utc"], NEW_YORK) for row_id in ids]
        return [f"{start:%Y-%m-%d %H:%M}" for start in starts]

    def entry(self, row_id: int) -> Entry:
        with closing(self.database.connect()) as connection:
            entry = agenda.one(connection, row_id, NEW_YORK)
        assert entry is not None
        return entry

    def codes(self, row_id: int) -> list[tuple[str, str]]:
        """The modifiers of a row, in order, with what they came from."""
        mine = [m for m in self.rows("appointment_modifier").values() if m["appointment_id"] == row_id]
        return [(m["code"], m["source"]) for m in sorted(mine, key=lambda m: m["position"])]

    def day(self, text: str) -> date:
        return date.fromisoformat(text)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, Path]:
    """A practice with two clients, and a copy of its file to begin each test with."""
    folder = tmp_path_factory.mktemp("desk")
    database = make_practice(folder)
    _two_clients(database)
    database.dispose()
    template = folder / "template.db"
    shutil.copyfile(database.path, template)
    return database, template


def _two_clients(database: Database) -> None:
    client_changes.add(database, "Ann Sample", email="ann@example.org")
    client_changes.add(database, "Bob Test")


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """One engine serves all tests of files, so that statements are compiled once; the file is new for each."""
    if on_server.chosen():
        desk = Desk(on_server.furnished_on_server(_two_clients))
        yield desk
        desk.close()
        return
    database, template = request.getfixturevalue("furnished")
    if database.engine is not None:
        database.engine.dispose()
    for suffix in ("-wal", "-shm"):
        database.path.with_name(database.path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(template, database.path)
    desk = Desk(database)
    yield desk
    desk.close()

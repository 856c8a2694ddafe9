from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couchcal.errors import Refused
from couchcal.practice import agenda, clients
from couchcal.practice.demo import WEEKS_BEHIND, build
from couchcal.practice.locks import lock_reasons
from couchcal.practice.undo import undo
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Database
from couchcal.store.vocabulary import CANCELLATION_TYPES

ZONE = "America/New_York"
NOW = datetime(2026, 3, 3, 15, 42, tzinfo=UTC)
"""Tuesday, 10:42 in New York."""
Weeks = Callable[[int, int], list[agenda.Entry]]


def entries(database: Database, now: datetime, first: int, count: int) -> list[agenda.Entry]:
    """Entries of `count` weeks, the first of them `first` weeks from the present one."""
    tz = zone(ZONE)
    today = agenda.local_day(now, tz)
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=first)
    with closing(database.connect()) as connection:
        return agenda.between(
            connection,
            agenda.day_instant(monday, tz),
            agenda.day_instant(monday + timedelta(weeks=count), tz),
            tz,
            cancelled=True,
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return build(tmp_path_factory.mktemp("demo") / "demo.db", tz=ZONE, clock=lambda: NOW)


@pytest.fixture
def weeks(demo: Database) -> Weeks:
    return lambda first, count: entries(demo, NOW, first, count)


def test_there_are_25_invented_clients_one_of_them_new(demo: Database) -> None:
    with closing(demo.connect()) as connection:
        people = clients.list_clients(connection)
    assert len({person.full_name for person in people}) == 25
    assert [person.state for person in people].count("intake") == 1
    assert all(person.email in ("", f"{person.first.lower()}@example.org") for person in people)


def test_every_type_of_entry_is_there(weeks: Weeks) -> None:
    kinds = {entry.kind for entry in weeks(-1, 4)}
    assert kinds == {
        "client_session", "client_contact", "collateral_contact", "other_event", "time_off", "request",
    }  # fmt: skip
    assert [entry.title for entry in weeks(0, 1) if entry.all_day] == ["Spring conference"]


@pytest.mark.parametrize("now", [datetime(2026, 10, 31, 12, tzinfo=UTC), datetime(2027, 1, 3, 23, 59, tzinfo=UTC)])
def test_one_overlap_in_the_present_week_and_requests_ahead(tmp_path: Path, now: datetime) -> None:
    database = build(tmp_path / "demo.db", tz=ZONE, clock=lambda: now)
    assert len([entry for entry in entries(database, now, 0, 1) if entry.conflict]) == 2
    requests = [entry for entry in entries(database, now, 0, 3) if entry.kind == "request"]
    assert len(requests) == 2
    assert all(entry.start > now and entry.start.astimezone(zone(ZONE)).weekday() < 5 for entry in requests)
    around = entries(database, now, -1, 3)
    for request in requests:
        assert not [entry for entry in around if entry is not request and entry.busy and not entry.cancelled
                    and entry.start < request.end and request.start < entry.end]  # fmt: skip


def test_series_have_a_history_and_a_future(weeks: Weeks) -> None:
    assert weeks(-WEEKS_BEHIND - 1, 1) == []
    for first in range(-WEEKS_BEHIND, 9):
        sessions = [entry for entry in weeks(first, 1) if entry.kind == "client_session"]
        assert 18 <= len(sessions) <= 26
    assert {entry.rrule.partition(";BYDAY")[0] for entry in weeks(0, 2) if entry.rrule} == {
        "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2",
    }  # fmt: skip


def test_a_group_meets_without_conflict(weeks: Weeks) -> None:  # GRP-01
    members = [entry for entry in weeks(0, 1) if entry.group_key]
    assert len(members) == 3
    assert len({(entry.start, entry.group_key) for entry in members}) == 1
    assert not any(entry.conflict for entry in members)


def test_each_type_of_cancellation_occurs(weeks: Weeks) -> None:
    cancelled = {entry.cancel_type: entry for entry in weeks(-1, 3) if entry.cancelled}
    assert set(cancelled) == set(CANCELLATION_TYPES)
    assert cancelled["no_show"].end <= NOW < cancelled["therapist_cancel"].start


def test_what_is_over_is_signed_billed_and_claimed(weeks: Weeks) -> None:
    names = {lock.name for entry in weeks(-WEEKS_BEHIND, WEEKS_BEHIND + 1) for lock in lock_reasons(entry)}
    assert {"note_signed", "billing_started", "paid", "claim"} <= names
    assert not any(lock_reasons(entry) for entry in weeks(1, 1) if not entry.cancelled and entry.kind != "request"
                   and entry.kind != "time_off")  # fmt: skip


def test_undo_has_nothing_to_take_back(demo: Database) -> None:
    with pytest.raises(Refused):
        undo(demo)


def test_it_is_the_same_again(demo: Database, tmp_path: Path) -> None:
    other = build(tmp_path / "again.db", tz=ZONE, clock=lambda: NOW)

    def facts(database: Database) -> list[agenda.Entry]:
        return [entry._replace(uid="") for entry in entries(database, NOW, -WEEKS_BEHIND, WEEKS_BEHIND + 9)]

    assert facts(other) == facts(demo)

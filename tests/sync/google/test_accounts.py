"""Which calendars can be read, and what follows when one is not any more: SYNC-10, SYNC-14, SYNC-15, SYNC-24."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from couchcal.errors import NotFound, Refused
from couchcal.practice import external
from couchcal.practice.external import External
from couchcal.store.connection import Database
from couchcal.store.session import write_session
from couchcal.sync import accounts
from couchcal.sync.account_rows import (
    APP_CREATED,
    CALENDAR_LIST,
    EVENTS,
    FREE_BUSY,
    as_record,
    find,
    reading,
    writing,
)
from couchcal.sync.accounts import Link
from couchcal.sync.port import RemoteCalendar, Transient

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
ME = "ada@example.com"
HOLIDAYS = "en.usa#holiday@group.v.calendar.google.com"


def clock() -> datetime:
    return NOW


@dataclass
class Listing:
    """A remote that lists calendars."""

    found: list[RemoteCalendar] = field(default_factory=list)
    requests: int = 0

    def calendars(self) -> list[RemoteCalendar]:
        if not self.found:
            raise Transient("no answer")
        return self.found


def calendar(ident: str, name: str, access: str = "owner", **more: object) -> RemoteCalendar:
    primary, description = ident == ME, str(more.get("description", ""))
    return RemoteCalendar(
        ident, name, access, primary, "Europe/Berlin", description, deleted=bool(more.get("deleted"))
    )


ALL = [
    calendar(ME, "Ada"),
    calendar("t@g", "Practice"),
    calendar("o@g", "Other"),
    calendar("w@g", "Writer", "writer"),
    calendar("p@g", "Private", "writerWithoutPrivateAccess"),
    calendar("r@g", "Reader", "reader"),
    calendar("f@g", "Free", "freeBusyReader"),
    calendar("n@g", "New kind", "superOwner"),
    calendar(HOLIDAYS, "Holidays", "reader"),
    calendar("addressbook#contacts@group.v.calendar.google.com", "Birthdays", "reader"),
    calendar("gone@g", "Gone", deleted=True),
]


def listed(database: Database, found: list[RemoteCalendar]) -> list[Link]:
    return accounts.refresh_calendars(database, Listing(found), clock)  # type: ignore[arg-type]


@pytest.fixture
def linked(database: Database) -> list[Link]:
    """Ada's calendars; Practice is the one that is written to."""
    accounts.put(database, ME, frozenset({APP_CREATED, CALENDAR_LIST, EVENTS}), clock=clock)
    listed(database, ALL)
    with writing(database) as connection:
        connection.execute("UPDATE calendar_link SET role = 'owned_target', enabled = true WHERE name = 'Practice'")
        return accounts.links(connection)


def known(database: Database) -> dict[str, Link]:
    with reading(database) as connection:
        return {link.name: link for link in accounts.links(connection)}


def test_all_are_listed_and_owned_ones_can_be_chosen(linked: list[Link]) -> None:  # SYNC-10, SYNC-24
    assert [link.name for link in linked[:3]] == ["Practice", "Ada", "Other"]
    reasons = {link.name: accounts.selectable(link) for link in linked}
    assert {name for name, reason in reasons.items() if not reason} == {"Ada", "Other"}
    assert "Gone" not in reasons
    assert reasons["Reader"] == "shared read-only; import it into one of your own"
    assert reasons["Holidays"].startswith("holidays")
    assert reasons["Birthdays"].startswith("birthdays")
    assert reasons["Writer"].startswith("belongs to somebody else")
    assert all(reasons[name] for name in ("Private", "Free", "New kind", "Practice"))


@pytest.mark.parametrize("scope", [EVENTS, FREE_BUSY])
def test_a_scope_of_reading_is_needed(database: Database, linked: list[Link], scope: str) -> None:
    accounts.put(database, ME, frozenset({APP_CREATED, CALENDAR_LIST}), clock=clock)
    assert "tick it" in accounts.selectable(known(database)["Ada"])
    accounts.put(database, ME, frozenset({APP_CREATED, CALENDAR_LIST, scope}), clock=clock)
    assert accounts.selectable(known(database)["Ada"]) == ""
    with reading(database) as connection:
        account = accounts.account(connection)
    assert account is not None
    assert account.busy_only == (scope == FREE_BUSY)


def test_the_list_follows_google(database: Database, linked: list[Link]) -> None:
    accounts.enable(database, known(database)["Other"].id)
    listed(database, [calendar(ME, "Ada L."), calendar("new@g", "New")])
    found = known(database)
    assert set(found) == {"Ada L.", "New", "Practice", "Other"}, "what is in use stays until asking says it is gone"
    assert found["Ada L."].id == next(link.id for link in linked if link.name == "Ada")
    before = found
    with pytest.raises(Transient):
        listed(database, [])
    assert known(database) == before


def test_a_calendar_that_is_being_made_is_nobody_else_s(database: Database, linked: list[Link]) -> None:
    with writing(database) as connection:
        connection.execute("UPDATE calendar_link SET state = 'creating' WHERE role = 'owned_target'")
    found = listed(database, [*ALL, calendar("x@g", "couchcal", description="Managed by couchcal. 12")])
    assert "x@g" not in {link.remote_calendar_id for link in found}


def test_ids_names_and_their_beginnings(database: Database, linked: list[Link]) -> None:
    with reading(database) as connection:
        for text, name in ((ME, "Ada"), ("ada", "Ada"), ("oth", "Other"), ("o@", "Other"), (HOLIDAYS, "Holidays")):
            assert find(connection, text).name == name
        for text in ("", "pr", "nothing"):
            with pytest.raises(NotFound):
                find(connection, text)


def test_choosing(database: Database, linked: list[Link]) -> None:  # SYNC-15
    assert accounts.enable(database, known(database)["Ada"].id).enabled
    assert known(database)["Ada"].enabled
    for name in ("Reader", "Practice", "Holidays"):
        with pytest.raises(Refused, match="cannot be chosen"):
            accounts.enable(database, known(database)[name].id)
    with pytest.raises(NotFound):
        accounts.enable(database, 999)
    with pytest.raises(Refused, match="your appointments go to"):
        accounts.disable(database, known(database)["Practice"].id)


def put_event(database: Database, link_id: int) -> None:
    event = External(id="e1", start=NOW, end=NOW.replace(hour=16), tz="UTC", title="Dentist")
    with write_session(database, "Read", actor="google", clock=clock) as session:
        external.store(session, link_id, [event], clock=clock)
    with writing(database) as connection:
        connection.execute(
            "INSERT INTO sync_state (link_id, sync_token, generation, live) VALUES (?, 'token', 1, 1)", (link_id,)
        )


def counts(database: Database) -> tuple[int, int]:
    with reading(database) as connection:
        events = connection.execute("SELECT count(*) FROM external_event").fetchone()[0]
        return events, connection.execute("SELECT count(*) FROM sync_state").fetchone()[0]


def test_what_is_not_read_any_more_goes(database: Database, linked: list[Link]) -> None:  # SYNC-14, SYNC-15
    for name in ("Ada", "Other"):
        put_event(database, accounts.enable(database, known(database)[name].id).id)
    assert counts(database) == (2, 2)
    assert not accounts.disable(database, known(database)["Ada"].id).enabled
    assert counts(database) == (1, 1)
    accounts.set_direction(database, "one_way")
    assert counts(database) == (0, 0)
    found = known(database)
    assert (found["Practice"].direction, found["Other"].enabled) == ("one_way", True)
    accounts.set_direction(database, "two_way")
    assert known(database)["Practice"].direction == "two_way"


def test_no_target_no_direction(database: Database) -> None:
    with pytest.raises(NotFound):
        accounts.set_direction(database, "one_way")


def test_letting_go_of_an_account(database: Database, linked: list[Link]) -> None:  # SYNC-26
    put_event(database, accounts.enable(database, known(database)["Ada"].id).id)
    accounts.forget(database, clock=clock)
    assert counts(database) == (0, 0)
    with reading(database) as connection:
        assert accounts.account(connection) is None
        assert accounts.links(connection) == []


def test_one_account_at_a_time(database: Database, linked: list[Link]) -> None:  # SYNC-26
    with pytest.raises(Refused, match="--switch"):
        accounts.put(database, "bob@example.com", frozenset(), clock=clock)
    accounts.put(database, ME.upper(), frozenset(), clock=clock)


def test_a_sign_in_that_is_over(database: Database, linked: list[Link]) -> None:  # SYNC-25
    with reading(database) as connection:
        account = accounts.account(connection)
    assert account is not None
    accounts.signed_in(database, account.id, clock=clock)
    accounts.needs_sign_in(database, account.id, "over", clock=clock)
    with reading(database) as connection:
        after = accounts.account(connection)
    assert after is not None
    assert (after.state, after.last_error) == ("needs_auth", "over")


def test_as_json(linked: list[Link]) -> None:
    target = next(link for link in linked if link.role == "owned_target")
    assert as_record(target) == {
        "id": "t@g", "name": "Practice", "access": "owner", "primary": False, "role": "target", "enabled": True,
        "selectable": False, "reason": "your appointments go here", "state": "", "time_zone": "Europe/Berlin",
    }  # fmt: skip

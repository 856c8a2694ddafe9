"""Finding entries by words and by (shortened) public id."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import appointments, client_changes, search, search_query
from couchcal.practice.draft import Draft
from couchcal.practice.services import locations, modifiers, rooms, services
from couchcal.store.public_id import encode
from tests.practice.conftest import NEW_YORK, Desk
from tests.support.entries import insert, insert_link
from tests.support.practice import make_practice

TUESDAY = "2026-03-03 15:00"


def found(desk: Desk, text: str, *, limit: int = 200) -> list[int]:
    with closing(desk.database.connect()) as connection:
        entries = search.find(connection, text, NEW_YORK, now=desk.now, limit=limit)
        return [entry.row_id for entry in entries]


def test_every_word_has_to_be_there(desk: Desk) -> None:
    ann = desk.book(TUESDAY, instructions="Bring 100%_forms")
    bob = desk.book("2026-03-04 09:00", client_id=desk.bob)
    walk = desk.book("2026-03-05 09:00", kind="other_event", title="Walk", place="Park")
    assert found(desk, "sample") == [ann]
    assert found(desk, "ANN forms") == [ann]
    assert found(desk, "ann park") == []
    assert found(desk, "C-0002") == [bob]
    assert found(desk, "90834") == [ann, bob]
    assert found(desk, "walk park") == [walk]
    assert found(desk, "100%_f") == [ann]
    assert found(desk, "90834", limit=1) == [bob]  # the latest
    assert found(desk, "ample") == []  # words are found by how they begin


@pytest.mark.parametrize("text", ["", "  ", "%", "_", '"', "*", "-", "' OR 1", "\x00", "(", "::", "\ue000any"])
def test_text_is_never_syntax(desk: Desk, text: str) -> None:
    desk.book(TUESDAY)
    assert found(desk, text) == []


@pytest.mark.parametrize(
    "text", ["NEAR", "and OR not", "words:ann", "ann AND bob", "ann NOT sample", "^sample", '"a']
)
def test_operators_are_words(desk: Desk, text: str) -> None:
    plain = desk.book(TUESDAY)
    named = desk.book(TUESDAY, instructions="Near and, or: not words bob")
    words = search_query.words_of(text.casefold())
    has_all = [
        row_id
        for row_id, have in ((plain, "ann sample 90834"), (named, "ann sample 90834 near and or not words bob"))
        if all(any(word.startswith(begin) for word in have.split()) for begin in words)
    ]
    assert sorted(found(desk, text)) == has_all


def test_many_words_may_begin_as_typed(desk: Desk) -> None:
    walks = list(range(1, 61))
    with closing(desk.database.connect()) as connection:
        titles = {number: f"Walk{number:02} Mörder" for number in walks}
        rows = [{"start_utc": n * 3600, "end_utc": n * 3600 + 60, "title": title} for n, title in titles.items()]
        insert(connection, "appointment", rows)
    assert found(desk, "walk") == found(desk, "WALK mord") == found(desk, "walk mör") == walks
    assert found(desk, "walk3") == walks[29:39]
    assert found(desk, "walk30 mo") == found(desk, "walk30") == [30]
    assert found(desk, "walk walk7") == found(desk, "walkz") == []
    desk.delete(30)
    assert found(desk, "walk30") == []
    assert found(desk, "walk3") == walks[30:39]


def test_case_and_accents_do_not_count(desk: Desk) -> None:
    client = client_changes.add(desk.database, "Zoë O'Brien-Łuczak")
    booked = desk.book(TUESDAY, client_id=client.id)
    for text in ("zoe", "ZOË", "zoe\u0308", "o'brien", "obrien", "O’Brien", "brien", "łuczak"):
        assert found(desk, text) == [booked], text


def test_filters_say_what_and_when(desk: Desk) -> None:  # CXL-02
    missed = desk.book(TUESDAY)
    late = desk.book("2026-03-31 20:00")
    fair = desk.book("2026-04-01 09:00")
    kept = desk.book("2026-03-01 23:30")
    for row_id, kind in ((missed, "no_show"), (late, "late_cancel"), (fair, "therapist_cancel")):
        desk.cancel(row_id, kind)
    assert found(desk, "is:no-show") == found(desk, "is:noshow ann") == found(desk, "IS:no_s") == [missed]
    assert found(desk, "is:late-cancel in:march") == [late]
    assert found(desk, "in:2026-03 is:no-show,late-cancel") == [missed, late]
    assert found(desk, "is:cancelled") == [missed, late, fair]
    assert found(desk, "in:mar") == [kept, missed, late]
    assert found(desk, "in:2026") == [kept, missed, late, fair]
    assert found(desk, "in:2025") == found(desk, "in:december") == found(desk, "is:no-show bob") == []
    assert found(desk, "is:") == found(desk, "in:") == []
    appointments.restore(desk.database, missed, clock=desk.clock)
    assert found(desk, "is:no-show") == []
    for text in ("is:lost", "is:x", "in:ma", "in:2026-13", "in:soon", "in:0000"):
        with pytest.raises(Invalid):
            found(desk, text)


def test_unsigned_sessions_are_past_ones(desk: Desk) -> None:
    past, signed = desk.book("2026-03-02 05:00"), desk.book("2026-02-27 10:00")
    desk.book("2026-03-02 06:30")  # goes on now
    desk.book("2026-02-26 10:00", kind="other_event", client_id=None, service=None)
    desk.mark(signed, "note-signed")
    assert found(desk, "is:unsigned") == [past]


def test_all_day_entries_belong_to_their_dates(desk: Desk) -> None:
    def all_day(first: str) -> int:
        start = datetime.fromisoformat(first).replace(tzinfo=UTC)
        draft = Draft(
            "other_event", start, start + timedelta(days=1), "America/New_York", title="Away", all_day=True
        )
        return appointments.book(desk.database, draft, clock=desk.clock).appointment_id or 0

    february, first, last, april = (all_day(f"2026-{day}") for day in ("02-28", "03-01", "03-31", "04-01"))
    assert found(desk, "away in:march") == [first, last]
    assert found(desk, "away in:feb") == [february]
    assert found(desk, "in:april") == [april]


def test_clients_are_found_by_name_address_and_number(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection:

        def people(text: str) -> list[int]:
            return [row.id for row in search.find_all(connection, text, NEW_YORK, now=desk.now).clients]

        assert people("ann") == people("ann@example") == people("c-0001") == people("sam ann") == [desk.ann]
        assert people("ann bob") == people("") == people("is:no-show") == people("ann in:march") == []


def test_external_events_are_found_by_title(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection:
        insert_link(connection)
        start = int(desk.at(TUESDAY).timestamp())
        rows = [
            {"start_utc": start, "end_utc": start + 3600, "title": "Yoga", "tz": "UTC", **extra}
            for extra in ({}, {"status": "cancelled"}, {"rrule": "FREQ=DAILY"})
        ]
        insert(connection, "external_event", [{**row, "status": row.get("status", "confirmed")} for row in rows])
        (entry,) = search.find(connection, "yoga", NEW_YORK, now=desk.now)
        assert (entry.table, entry.row_id, entry.title) == ("external_event", 1, "Yoga")
        connection.execute("UPDATE external_event SET title = 'Chess', start_utc = start_utc - 60 WHERE id = 1")
        assert search.find(connection, "yoga", NEW_YORK, now=desk.now) == []
        assert len(search.find(connection, "chess", NEW_YORK, now=desk.now)) == 1


def test_the_words_of_an_encrypted_practice_are_nowhere_in_clear(tmp_path: Path) -> None:  # P1
    database = make_practice(tmp_path, encrypt=True)
    client_changes.add(database, "Quetzalcoatl Xylophone")
    with closing(database.connect()) as connection:
        assert (
            len(search.find_all(connection, "quetz", NEW_YORK, now=datetime(2026, 3, 2, tzinfo=UTC)).clients) == 1
        )
        for path in tmp_path.iterdir():
            assert b"quetz" not in path.read_bytes().lower()


def test_ids_may_be_shortened_as_long_as_one_entry_has_them(desk: Desk) -> None:
    ids = [desk.book(TUESDAY) for _ in range(40)]
    with closing(desk.database.connect()) as connection:
        for row_id in ids:
            public = encode("appointment", row_id)
            assert search.resolve_id(connection, public) == ("appointment", row_id)
            length = next(
                n for n in range(1, 9) if sum(encode("appointment", i).startswith(public[:n]) for i in ids) == 1
            )
            assert search.resolve_id(connection, public[:length].upper()) == ("appointment", row_id)
            if length > 1:
                with pytest.raises(Refused, match="entries begin with"):
                    search.resolve_id(connection, public[: length - 1])
        for nothing in ("", "zz", "r", "123456789", encode("appointment", 4711), encode("series", 1), "t1"):
            with pytest.raises(NotFound):
                search.resolve_id(connection, nothing)


def test_series_have_ids_too(desk: Desk) -> None:
    row = desk.row(desk.weekly(TUESDAY)[0])
    with closing(desk.database.connect()) as connection:
        assert search.resolve_id(connection, encode("series", row["series_id"])) == ("series", row["series_id"])
        assert search.resolve_id(connection, encode("series", row["series_id"])[:3])[0] == "series"


def test_the_starter_lists(desk: Desk) -> None:  # APT-05, APT-10, APT-11
    with closing(desk.database.connect()) as connection:
        codes = {service.code: service for service in services(connection)}
        assert (codes["90837"].billable_min, codes["90834"].billable_max) == (53, 52)
        assert {"95", "93", "GT"} <= {code for code, _ in modifiers(connection)}
        places = locations(connection)
        assert places[0].is_default
        assert {place.pos for place in places if place.telehealth} == {"02", "10"}
        assert rooms(connection) == []

"""Finding entries by words and by (shortened) public id."""

from __future__ import annotations

from contextlib import closing

import pytest

from couchcal.errors import NotFound, Refused
from couchcal.practice import search
from couchcal.practice.services import locations, modifiers, rooms, services
from couchcal.store.public_id import encode
from tests.practice.conftest import NEW_YORK, Desk

TUESDAY = "2026-03-03 15:00"


def found(desk: Desk, text: str, *, limit: int = 200) -> list[int]:
    with closing(desk.database.connect()) as connection:
        return [entry.row_id for entry in search.find(connection, text, NEW_YORK, limit=limit)]


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
    assert found(desk, "0%_f") == [ann]
    assert found(desk, "%") == [ann]
    assert found(desk, "_") == [ann]
    assert found(desk, "  ") == []
    assert found(desk, "90834", limit=1) == [bob]  # the latest


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


def test_the_starter_lists(desk: Desk) -> None:  # APT-05, APT-10, APT-11, practice.md 10
    with closing(desk.database.connect()) as connection:
        codes = {service.code: service for service in services(connection)}
        assert (codes["90837"].billable_min, codes["90834"].billable_max) == (53, 52)
        assert {"95", "93", "GT"} <= {code for code, _ in modifiers(connection)}
        places = locations(connection)
        assert places[0].is_default
        assert {place.pos for place in places if place.telehealth} == {"02", "10"}
        assert rooms(connection) == []

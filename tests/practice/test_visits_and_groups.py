from __future__ import annotations

import re
import threading
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.errors import Invalid, Refused
from couchcal.practice import appointments, undo
from couchcal.practice.cadence import Repeat
from couchcal.practice.visit import made_from, new_link
from tests.practice.conftest import Desk
from tests.support.database import dump

TUESDAY = "2026-03-03 15:00"
TEMPLATE = "https://meet.example/room/{token}?x=1"
LINK = re.compile(r"https://meet\.example/room/[\w-]{22}\?x=1")


def use(desk: Desk, template: str) -> None:
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE practice SET telehealth_template = ?", (template,))


def links(desk: Desk, ids: list[int]) -> list[str]:
    return [desk.row(row_id)["telehealth_url"] for row_id in ids]


def test_each_telehealth_session_gets_a_room_of_its_own(desk: Desk) -> None:  # VID-01
    use(desk, TEMPLATE)
    online, office = desk.places["10"], desk.places["11"]
    one = desk.book(TUESDAY, location_id=online)
    ids = desk.weekly("2026-03-04 15:00", location_id=online)
    found = links(desk, [one, *ids])
    assert all(LINK.fullmatch(link) for link in found)
    assert len(set(found)) == len(found)
    assert links(desk, [desk.book(TUESDAY, location_id=office)]) == [""]
    typed = desk.book(TUESDAY, location_id=online, telehealth_url="https://my.example/me")
    assert links(desk, [typed]) == ["https://my.example/me"]


def test_starting_a_series_does_not_share_the_first_link(desk: Desk) -> None:  # VID-01, REC-02
    use(desk, TEMPLATE)
    one = desk.book(TUESDAY, location_id=desk.places["10"])
    first = links(desk, [one])
    desk.edit(one, {}, repeat=Repeat("weekly"))
    found = links(desk, desk.series_ids(one))
    assert found[:1] == first
    assert len(set(found)) == len(found)


def test_a_fixed_room_is_the_same_for_all(desk: Desk) -> None:  # VID-01
    use(desk, "https://meet.example/me")
    ids = desk.weekly(TUESDAY, location_id=desk.places["10"])
    assert set(links(desk, ids)) == {"https://meet.example/me"}


def test_a_copy_gets_its_own_link(desk: Desk) -> None:  # VID-01
    use(desk, TEMPLATE)
    one = desk.book(TUESDAY, location_id=desk.places["10"])
    (link,) = links(desk, [one])
    copy = desk.book("2026-03-05 15:00", location_id=desk.places["10"], telehealth_url=link)
    (other,) = links(desk, [copy])
    assert LINK.fullmatch(other)
    assert other != link


def test_a_visit_switches_with_place_modifier_and_link(desk: Desk) -> None:  # VIS-04, MOD-01, VID-01
    use(desk, TEMPLATE)
    one = desk.book(TUESDAY, location_id=desk.places["11"])
    assert desk.row(one)["visit_type"] == "in_person"
    before = dump(desk.database)
    desk.edit(one, {"visit_type": "telehealth"})
    row = desk.row(one)
    assert row["location_id"] == desk.places["10"]
    assert LINK.fullmatch(row["telehealth_url"])
    assert desk.codes(one) == [("95", "auto")]
    desk.edit(one, {"visit_type": "in_person"})
    row = desk.row(one)
    assert (row["location_id"], row["telehealth_url"], desk.codes(one)) == (desk.places["11"], "", [])
    undo.undo(desk.database, clock=desk.clock)
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before
    desk.edit(one, {"location_id": desk.places["10"]})  # the place decides, too
    assert desk.row(one)["visit_type"] == "telehealth"


def test_a_series_switches_with_a_link_for_each(desk: Desk) -> None:  # VIS-04, VID-01
    use(desk, TEMPLATE)
    ids = desk.weekly(TUESDAY, location_id=desk.places["11"])
    desk.edit(ids[1], {"visit_type": "telehealth"}, scope="future")
    found = links(desk, ids[1:])
    assert links(desk, ids[:1]) == [""]
    assert all(LINK.fullmatch(link) for link in found)
    assert len(set(found)) == len(found)
    with closing(desk.database.connect()) as connection:
        (shared,) = connection.execute("SELECT telehealth_url FROM series").fetchone()
    assert shared == ""
    desk.edit(ids[1], {"visit_type": "in_person"}, scope="future")
    assert set(links(desk, ids)) == {""}


def test_a_link_typed_by_hand_and_one_taken_away_stay(desk: Desk) -> None:
    use(desk, TEMPLATE)
    one = desk.book(TUESDAY, location_id=desk.places["10"])
    desk.edit(one, {"telehealth_url": ""})
    desk.edit(one, {"diagnoses": "F41.1"})
    assert links(desk, [one]) == [""]
    desk.edit(one, {"telehealth_url": "https://my.example/me"})
    desk.edit(one, {"visit_type": "in_person"})
    assert links(desk, [one]) == ["https://my.example/me"]


def test_without_a_place_for_it_a_visit_type_is_refused(desk: Desk) -> None:  # VIS-04
    one = desk.book(TUESDAY, location_id=desk.places["11"])
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE location SET active = false WHERE pos IN ('02', '10')")
    with pytest.raises(Invalid, match="telehealth"):
        desk.edit(one, {"visit_type": "telehealth"})


@given(template=st.sampled_from([TEMPLATE, "https://a.example/{token}", "https://a.example/fixed", "{token}"]))
def test_a_link_is_known_as_made(template: str) -> None:
    assert made_from(template, new_link(template))
    assert not made_from(template, f"{new_link(template)}/other/")
    assert not made_from("", "")


def test_several_clients_in_one_slot(desk: Desk) -> None:  # GRP-01, INV-A10
    use(desk, TEMPLATE)
    before = dump(desk.database)
    draft = desk.draft(TUESDAY, service="90853", location_id=desk.places["10"])
    who: list[int | str] = [desk.ann, desk.bob, "Kim Lo"]
    done = appointments.book(desk.database, draft, who=who, repeat=Repeat("weekly"), clock=desk.clock)
    assert done.label == "Booked Ann S. and 2 others Tue 3 Mar 15:00, every week"
    rows = list(desk.rows().values())
    assert len({row["group_key"] for row in rows}) == 1
    assert rows[0]["group_key"]
    assert len({row["client_id"] for row in rows}) == 3
    assert done.conflicts == 0
    by_start: dict[int, set[str]] = {}
    for row in rows:
        by_start.setdefault(row["start_utc"], set()).add(row["telehealth_url"])
    assert all(len(links_) == 1 for links_ in by_start.values())  # one room for the group
    assert len(set.union(*by_start.values())) == len(by_start)
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before  # the new client went with it


def test_a_member_joins_later(desk: Desk) -> None:  # GRP-01
    one = desk.book(TUESDAY, service="90853")
    desk.cancel(desk.book("2026-03-05 10:00"))
    before = dump(desk.database)
    done = desk.edit(one, {}, also=[desk.bob, desk.ann])
    rows = [row for row in desk.rows().values() if row["start_utc"] == desk.row(one)["start_utc"]]
    assert {row["client_id"] for row in rows} == {desk.ann, desk.bob}
    assert len({row["group_key"] for row in rows}) == 1
    assert (done.conflicts, done.label) == (0, "Changed Ann S., added Bob T.")
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


def test_a_member_joins_a_series(desk: Desk) -> None:  # GRP-01
    ids = desk.weekly(TUESDAY, service="90853", group_key="Tuesdays")
    desk.edit(ids[1], {}, also=[desk.bob], scope="future")
    bobs = [row for row in desk.rows().values() if row["client_id"] == desk.bob]
    assert [row["start_utc"] for row in bobs] == [desk.row(row_id)["start_utc"] for row_id in ids[1:]]
    assert {row["group_key"] for row in bobs} == {"Tuesdays"}


def test_a_new_client_of_a_refused_booking_is_not_added(desk: Desk) -> None:  # APT-04
    before = dump(desk.database)
    with pytest.raises(Invalid):
        appointments.book(desk.database, desk.draft(TUESDAY, service="nope"), who=["Kim Lo"], clock=desk.clock)
    one = desk.book(TUESDAY)
    desk.mark(one, "note-signed")
    with pytest.raises(Refused):
        desk.edit(one, {"client_id": "Kim Lo"})
    assert dump(desk.database)["client"] == before["client"]


def test_strict_lets_one_of_two_at_once_have_the_slot(desk: Desk) -> None:
    outcomes: list[str] = []

    def book() -> None:
        try:
            outcomes.append(
                appointments.book(desk.database, desk.draft(TUESDAY), strict=True, clock=desk.clock).label
            )
        except Refused as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=book) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[1:] == ["conflict"] * 3
    assert len(desk.rows()) == 1


def test_members_of_a_moved_session_follow_the_series_not_the_move(desk: Desk) -> None:  # GRP-01, REC-12
    ids = desk.weekly(TUESDAY)
    desk.move(ids[1], "2026-03-11 10:00")
    desk.edit(ids[1], {}, scope="future", also=[desk.bob])
    theirs = sorted(row["id"] for row in desk.rows().values() if row["client_id"] == desk.bob)
    assert desk.locals_of(theirs) == desk.locals_of(ids)[1:]


def test_stopping_tells_of_no_change_to_a_session_that_goes(desk: Desk) -> None:  # REC-09
    ids = desk.weekly(TUESDAY)
    done = desk.edit(ids[0], {"instructions": "Bring the form"}, stop=True)
    assert (done.label, done.appointment_id, done.advice) == ("Stopped repeating Ann S.", None, ())


def test_a_change_and_a_stop_tell_what_the_changed_session_overlaps_now(desk: Desk) -> None:  # CNF-01, REC-09
    ids = desk.weekly(TUESDAY)
    desk.mark(ids[0], "note-signed")
    desk.book("2026-03-04 15:00", client_id=desk.bob)
    times = {"start": desk.at("2026-03-04 15:00"), "end": desk.at("2026-03-04 15:50")}
    done = desk.edit(ids[0], times, stop=True)
    assert (done.label, done.conflicts) == ("Changed Ann S. to Wed 4 Mar 15:00, stopped repeating", 1)

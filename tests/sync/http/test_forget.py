"""`couchcal forget` with Google connected."""

from __future__ import annotations

from couchcal.sync.guard import FEW_HERE
from tests.sync.http.place import Place


def test_all_events_of_a_forgotten_client_are_gone_in_google(place: Place) -> None:
    for number in range(FEW_HERE + 2):
        place.add(f"+{number + 1}d 9:00")
    place.add("+2d 15:00", "50m C-0002 90834")
    place.settled()
    assert len(place.events()) == FEW_HERE + 3
    done = place.json("forget", "C-0001", "--now", "--confirm", "C-0001")
    assert done["removed"] == FEW_HERE + 2
    report = place.sync()
    assert report["calendars"][0]["deleted"] == FEW_HERE + 2
    assert (report["status"], report["review"]) == ("ok", [])
    assert [event["summary"] for event in place.events()] == ["\N{LOCK} C-0002"]
    place.settled()

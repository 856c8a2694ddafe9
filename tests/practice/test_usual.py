"""What a line that names no service and no place books."""

from __future__ import annotations

from contextlib import closing

from couchcal.practice import client_changes, clients, services, usual
from couchcal.practice.services import LocationRow
from tests.practice.conftest import Desk


def test_the_usual_service_then_the_latest_then_the_one_that_fits(desk: Desk) -> None:
    def service(minutes: int) -> str | None:
        with closing(desk.database.connect()) as connection:
            client = clients.get(connection, desk.ann)
            return usual.service_for(
                client, minutes, usual.latest_services(connection), services.services(connection)
            )

    assert [service(minutes) for minutes in (30, 45, 60)] == ["90832", "90834", "90837"]
    assert service(5) is None
    desk.book("2026-03-03 15:00", client_id=desk.ann, service="90847")
    desk.book("2026-03-02 15:00", client_id=desk.ann, service="90834")
    assert service(30) == "90847"
    client_changes.edit(desk.database, desk.ann, {"usual_service": "90791"})
    assert service(30) == "90791"


def test_a_place_that_is_asked_for_is_never_another(desk: Desk) -> None:
    office = LocationRow(1, "Office", "11", False, False)
    home = LocationRow(2, "Home", "12", False, True)
    tele = LocationRow(3, "Telehealth", "10", True, False)
    with closing(desk.database.connect()) as connection:
        client = clients.get(connection, desk.ann)._replace(usual_location_id=3)
    assert usual.place_for(client, None, [office, home, tele]) == tele
    assert usual.place_for(client, "office", [office, home, tele]) == office
    assert usual.place_for(client, "telehealth", [office, home]) is None
    assert usual.place_for(None, None, [office, home]) == home
    assert usual.place_for(client, None, [office]) == office
    assert usual.place_for(None, None, []) is None

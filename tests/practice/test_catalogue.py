"""The practice's lists: edited, retired, brought back; and what they do to appointments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import Invalid, NotFound, Refused, Stale
from couchcal.practice import (
    appointments,
    catalogue,
    client_changes,
    clients,
    marks,
    practice_settings,
    services,
    undo,
    usual,
)
from couchcal.practice.cadence import Repeat
from couchcal.practice.catalogue import Kind
from couchcal.practice.draft import Draft
from couchcal.practice.outcome import Done
from couchcal.practice.places_of_service import PLACES_OF_SERVICE, pos_words
from couchcal.store.connection import Connection, Database
from tests.support.database import dump
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
ZONE = "America/New_York"


def clock() -> datetime:
    return NOW


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = make_practice(tmp_path)
    yield database
    database.dispose()


@pytest.fixture
def connection(db: Database) -> Iterator[Connection]:
    with closing(db.connect()) as opened:
        yield opened


def add(db: Database, kind: Kind, **values: Any) -> str:
    return catalogue.add(db, kind, values, clock=clock).label


def edit(db: Database, kind: Kind, row_id: int, **changes: Any) -> Done:
    return catalogue.edit(db, kind, row_id, changes, clock=clock)


def booked(db: Database, day: int = 3, hour: int = 15, repeat: Repeat | None = None, **values: Any) -> int:
    with closing(db.connect()) as connection:
        known = clients.list_clients(connection)
    client_id = known[0].id if known else client_changes.add(db, "Jane Doe", clock=clock).id
    start = datetime(2026, 3, day, hour, tzinfo=UTC)
    fields: dict[str, Any] = {"service": "90837", "location_id": 1, "client_id": client_id} | values
    minutes = fields.pop("minutes", 60)
    draft = Draft("client_session", start, start + timedelta(minutes=minutes), ZONE, **fields)
    done = appointments.book(db, draft, repeat=repeat, clock=clock)
    assert done.appointment_id is not None
    return done.appointment_id


def modifiers_of(connection: Connection, appointment_id: int) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT code, source FROM appointment_modifier WHERE appointment_id = ? ORDER BY position",
        (appointment_id,),
    ).fetchall()


def item(connection: Connection, kind: Kind, name: str) -> Any:
    rows: list[Any] = getattr(catalogue, f"{kind}s")(connection)
    return next(row for row in rows if name in (getattr(row, "code", None), getattr(row, "name", None)))


# The lists


def test_a_service_of_our_own(db: Database, connection: Connection) -> None:  # APT-05
    label = add(
        db, "service", code="h0004", label="Counselling, 15 min", typical_min=15, billable_min=8, billable_max=22,
        addon_of="90837, 90834", fee_cents=3000, billable=True, group_service=False,
    )  # fmt: skip
    assert label == "Added service H0004"
    row = item(connection, "service", "H0004")
    assert (row.label, row.addon_of, row.fee_cents, row.active) == (
        "Counselling, 15 min", "90837 90834", 3000, True,
    )  # fmt: skip
    assert "H0004" in [known.code for known in services.services(connection)]


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("service", {"code": "x", "label": "a"}, "code"),
        ("service", {"code": "930", "label": "a"}, "code"),
        ("service", {"code": "90837", "label": "a"}, "code"),
        ("service", {"code": "A-1000", "label": "a"}, "code"),
        ("service", {"code": "H0004", "label": " \x1b "}, "label"),
        ("service", {"code": "H0004", "label": "a", "typical_min": None}, "typical_min"),
        ("service", {"code": "H0004", "label": "a", "typical_min": 721}, "typical_min"),
        ("service", {"code": "H0004", "label": "a", "typical_min": 9, "billable_min": 0}, "billable_min"),
        (
            "service",
            {"code": "H0004", "label": "a", "typical_min": 9, "billable_min": 9, "billable_max": 8},
            "billable_max",
        ),
        ("service", {"code": "H0004", "label": "a", "typical_min": 9, "fee_cents": -1}, "fee_cents"),
        ("service", {"code": "H0004", "label": "a", "typical_min": 9, "addon_of": "12345"}, "addon_of"),
        ("service", {"code": "H0004", "label": "a", "typical_min": 9, "addon_of": "H0004"}, "addon_of"),
        ("service", {"colour": "red"}, "colour"),
        ("modifier", {"code": "95", "label": "again"}, "code"),
        ("modifier", {"code": "ABC", "label": "long"}, "code"),
        ("modifier", {"code": "ZZ", "label": ""}, "label"),
        ("place", {"name": "", "pos": "11"}, "name"),
        ("place", {"name": "office", "pos": "11"}, "name"),
        ("place", {"name": "Loft", "pos": "1"}, "pos"),
        ("room", {"name": "", "location_id": 1}, "name"),
        ("room", {"name": "Blue", "location_id": 99}, "location_id"),
        ("room", {"name": "Blue"}, "location_id"),
    ],
)
def test_what_cannot_be_right_is_refused_by_its_field(
    db: Database, kind: Kind, values: dict[str, Any], field: str
) -> None:
    before = dump(db)
    with pytest.raises(Invalid) as refused:
        catalogue.add(db, kind, values, clock=clock)
    assert refused.value.field == field
    assert dump(db) == before


def test_what_nothing_refers_to_is_deleted_and_undo_brings_it_back(db: Database) -> None:
    before = dump(db)
    assert add(db, "modifier", code="zz", label="Ours") == "Added modifier ZZ"
    with closing(db.connect()) as connection:
        row = item(connection, "modifier", "ZZ")
        assert row.code_set == "HCPCS"
        assert catalogue.remove(db, "modifier", row.id, clock=clock).label == "Removed modifier ZZ"
        assert ("ZZ", "Ours") not in services.modifiers(connection)
    assert dump(db) == before
    undo.undo(db, clock=clock)
    with closing(db.connect()) as connection:
        assert ("ZZ", "Ours") in services.modifiers(connection)


def test_a_retired_service_is_no_choice_but_stays_on_its_appointments(db: Database, connection: Connection) -> None:
    session = booked(db)
    row = item(connection, "service", "90837")
    assert catalogue.remove(db, "service", row.id, clock=clock).label == "Retired service 90837"
    assert "90837" not in [known.code for known in services.services(connection)]
    assert "90837" in [known.code for known in services.services(connection, used_by=session)]
    assert catalogue.services(connection)[-1].code == "90837"
    appointments.edit(db, session, {"title": "", "instructions": "Bring the form"}, clock=clock)
    with pytest.raises(Invalid, match="retired: bring it back"):
        add(db, "service", code="90837", label="Again", typical_min=60)
    assert catalogue.restore(db, "service", row.id, clock=clock).label == "90837 is in use again"
    assert "90837" in [known.code for known in services.services(connection)]


def test_the_code_of_a_service_in_use_stays(db: Database, connection: Connection) -> None:
    booked(db)
    row = item(connection, "service", "90837")
    with pytest.raises(Invalid, match="in use"):
        edit(db, "service", row.id, code="90838")
    edit(db, "service", row.id, label="Long session", typical_min=55)
    assert item(connection, "service", "90837").typical_min == 55
    free = item(connection, "service", "CONSULT")
    edit(db, "service", free.id, code="HELLO")
    assert item(connection, "service", "HELLO").label == free.label


def test_a_service_that_others_add_to_is_retired(db: Database, connection: Connection) -> None:
    row = item(connection, "service", "90839")
    assert catalogue.remove(db, "service", row.id, clock=clock).label == "Retired service 90839"


def test_the_automatic_modifier_is_in_use(db: Database, connection: Connection) -> None:
    row = item(connection, "modifier", "95")
    assert catalogue.remove(db, "modifier", row.id, clock=clock).label == "Retired modifier 95"


def test_an_edit_of_what_somebody_else_changed_is_stale(db: Database, connection: Connection) -> None:
    row = item(connection, "service", "90834")
    edit(db, "service", row.id, label="First")
    with pytest.raises(Stale):
        catalogue.edit(db, "service", row.id, {"label": "Second"}, expected_version=row.version, clock=clock)
    with pytest.raises(NotFound):
        edit(db, "service", 999, label="Nobody")
    assert edit(db, "service", row.id, label="First") == Done("Nothing changed", changed=0)


# Places and rooms


def test_there_is_always_one_default_place(db: Database, connection: Connection) -> None:  # APT-10
    add(db, "place", name="Loft", pos="11", address="1 High St", is_default=True)
    assert [row.name for row in catalogue.places(connection) if row.is_default] == ["Loft"]
    assert catalogue.places(connection)[0].name == "Loft"
    loft = item(connection, "place", "Loft")
    with pytest.raises(Invalid, match="another place the default"):
        edit(db, "place", loft.id, is_default=False)
    assert catalogue.remove(db, "place", loft.id, clock=clock).label == "Removed place Loft"
    assert [row.name for row in catalogue.places(connection) if row.is_default] == ["Office"]


def test_the_last_place_stays(db: Database, connection: Connection) -> None:
    while len(places := [row for row in catalogue.places(connection) if row.active]) > 1:
        catalogue.remove(db, "place", places[-1].id, clock=clock)
    with pytest.raises(Refused, match="only place"):
        catalogue.remove(db, "place", places[0].id, clock=clock)


def test_a_retired_place_is_no_choice_and_keeps_its_label(db: Database, connection: Connection) -> None:
    session = booked(db)
    office = item(connection, "place", "Office")
    assert catalogue.remove(db, "place", office.id, clock=clock).label == "Retired place Office"
    assert "Office" not in [row.name for row in services.locations(connection)]
    assert "Office" in [row.name for row in services.locations(connection, used_by=session)]
    assert "Office" in [row.name for row in services.locations(connection, retired=True)]
    assert services.locations(connection)[0].is_default


def test_what_is_so_already_is_no_change(db: Database) -> None:
    booked(db)
    assert catalogue.restore(db, "place", 1, clock=clock).label == "Nothing changed"
    catalogue.add(db, "place", {"name": "Annex", "pos": "11"}, clock=clock)
    assert catalogue.remove(db, "place", 1, clock=clock).label == "Retired place Office"
    assert catalogue.remove(db, "place", 1, clock=clock).label == "Nothing changed"


def test_rooms_of_a_place(db: Database, connection: Connection) -> None:  # APT-11
    add(db, "room", name="Blue", location_id=1)
    with pytest.raises(Invalid, match="called so"):
        add(db, "room", name="blue", location_id=1)
    blue = item(connection, "room", "Blue")
    session = booked(db, room_id=blue.id)
    with pytest.raises(Invalid, match="in use there"):
        edit(db, "room", blue.id, location_id=2)
    assert catalogue.remove(db, "room", blue.id, clock=clock).label == "Retired room Blue"
    assert services.rooms(connection) == []
    assert [row.name for row in services.rooms(connection, used_by=session)] == ["Blue"]


def test_place_of_service_codes_are_named_in_our_words() -> None:
    assert pos_words("11") == "Office"
    assert pos_words("77") == ""
    assert {code for code in PLACES_OF_SERVICE if services.is_telehealth(code)} == {"02", "10"}


# MOD-01, INV-L4: upcoming sessions follow their place


def test_upcoming_sessions_follow_the_code_of_their_place_in_one_step(db: Database) -> None:
    with closing(db.connect()) as connection:
        past = booked(db, 1, 9)
        coming = booked(db, 3)
        series = booked(db, 4, repeat=Repeat("weekly"))
        by_hand = booked(db, 5, modifiers=["GT", "95"])
        elsewhere = booked(db, 6, location_id=None)
        signed = booked(db, 10)
        marks.mark(db, signed, "note-signed", clock=clock)
        cancelled = booked(db, 11)
        appointments.cancel(db, cancelled, "no_show", clock=clock)
        rows = len(connection.execute("SELECT id FROM appointment WHERE series_id IS NOT NULL").fetchall())
        before = dump(db)
        done = edit(db, "place", 1, pos="10")
        assert done.label == f"Changed place Office: {rows + 2} upcoming sessions with it"
        assert [kept.reason for kept in done.kept] == ["the note is signed"]
        assert modifiers_of(connection, coming) == [("95", "auto")]
        assert modifiers_of(connection, series) == [("95", "auto")]
        assert modifiers_of(connection, by_hand) == [("GT", "manual"), ("95", "manual")]
        for untouched in (past, elsewhere, signed, cancelled):
            assert modifiers_of(connection, untouched) == []
        undo.undo(db, clock=clock)
        assert dump(db) == before
        undo.redo(db, clock=clock)
        assert edit(db, "place", 1, pos="11").label == f"Changed place Office: {rows + 2} upcoming sessions with it"
        assert modifiers_of(connection, coming) == []
        assert modifiers_of(connection, by_hand) == [("GT", "manual"), ("95", "manual")]


def test_a_modifier_taken_away_by_hand_stays_away(db: Database, connection: Connection) -> None:
    session = booked(db)
    edit(db, "place", 1, pos="02")
    appointments.edit(db, session, {"modifiers": ["-95"]}, clock=clock)
    edit(db, "place", 1, pos="11")
    edit(db, "place", 1, pos="10")
    assert modifiers_of(connection, session) == []


def test_upcoming_sessions_follow_the_setting(db: Database, connection: Connection) -> None:
    session = booked(db)
    edit(db, "place", 1, pos="10")
    done = practice_settings.change(db, {"telehealth_modifier": "gt"}, clock=clock)
    assert done.label == "Changed the practice's setting Video modifier: 1 upcoming session with it"
    assert modifiers_of(connection, session) == [("GT", "auto")]


# Advice never blocks


def service(connection: Connection, code: str) -> services.ServiceRow:
    return next(row for row in services.services(connection) if row.code == code)


@pytest.mark.parametrize(
    ("code", "minutes", "modifiers", "same_day", "words"),
    [
        ("90837", 53, [], [], ()),
        ("90837", 52, [], [], ("needs 53 min for 90837",)),
        ("90834", 53, [], [], ("90834 covers up to 52 min",)),
        ("90834", 45, [], ["90837"], ("90834 and 90837 on one day: a claim takes one of them",)),
        ("90834", 45, [], ["90853"], ()),
        ("90840", 30, [], [], ("90840 is an add-on: bill it with 90839",)),
        ("90840", 30, [], None, ("90840 is an add-on: bill it with 90839",)),
        ("90840", 30, [], ["90839"], ()),
        (
            "90785", 0, [], ["90834X"],
            ("90785 is an add-on: bill it with 90791, 90832, 90834, 90837 or 90853",),
        ),
        ("90834", 45, ["HO", "HE", "HF", "HJ", "U1"], [], ("a claim line takes 4 modifiers",)),
        ("90834", 45, ["93", "95"], [], ("audio only is 93, not 95",)),
        ("90834", 45, ["FQ", "95"], [], ("audio only is 93, not 95",)),
        ("90834", 45, ["95"], [], ()),
    ],
)  # fmt: skip
def test_what_a_biller_would_remark(
    connection: Connection, code: str, minutes: int, modifiers: list[str], same_day: list[str] | None,
    words: tuple[str, ...],
) -> None:  # fmt: skip
    row = service(connection, code)
    assert services.advice(row, minutes, modifiers, telehealth=True, same_day=same_day) == words


def test_a_second_time_based_code_of_the_day_is_remarked_when_it_is_booked(db: Database) -> None:
    booked(db, 3, 15)
    with closing(db.connect()) as connection:
        client_id = clients.list_clients(connection)[0].id
    start = datetime(2026, 3, 3, 20, tzinfo=UTC)
    draft = Draft(
        "client_session", start, start + timedelta(minutes=45), ZONE, client_id=client_id, service="90834"
    )
    done = appointments.book(db, draft, clock=clock)
    assert done.advice == ("90834 and 90837 on one day: a claim takes one of them",)
    draft.start, draft.end = start + timedelta(days=1), start + timedelta(days=1, minutes=45)
    assert appointments.book(db, draft, clock=clock).advice == ()


def test_a_retired_usual_service_is_not_taken_for_a_new_session(db: Database, connection: Connection) -> None:
    client = client_changes.add(db, "Jane Doe", clock=clock)
    row = client._replace(usual_service="90846")
    assert usual.service_for(row, 45, {}, services.services(connection)) == "90846"
    catalogue.remove(db, "service", item(connection, "service", "90846").id, clock=clock)
    assert usual.service_for(row, 45, {}, services.services(connection)) == "90834"

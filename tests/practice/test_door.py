"""Booking through the door: holds, their links, limits, and answers that tell nobody who is known."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import agenda, appointments, door, undo
from couchcal.practice.door import Applicant, LinkOver, Taken, TooMany
from tests.practice.conftest import NEW_YORK, Desk
from tests.practice.door import DEE, Door, facts

TUESDAY = "2026-03-03 10:00"


@pytest.fixture
def at(desk: Desk) -> Door:
    return Door(desk)


def test_a_stranger_confirms_an_address_and_is_booked(at: Door) -> None:  # BOOK-03, INT-01, NOTIF-01
    outcome = at.book(TUESDAY, note="First time\x1b[31m here")
    assert (outcome.kind, at.statuses(), at.told()) == ("verify", ["unverified"], [("request_verify", DEE.email)])
    assert len(at.desk.rows("client")) == 2
    assert "10:00" not in at.slots("2026-03-03")
    assert at.verify(at.secrets("request_verify").token) == ("booked", outcome.uid)
    (request,) = at.requests()
    client = at.desk.rows("client")[request["client_id"]]
    assert (client["first"], client["last"], client["state"], client["email"]) == (
        "Dee", "New", "intake", "dee@example.org",
    )  # fmt: skip
    row = at.desk.row(request["appointment_id"])
    assert (at.desk.local(row["id"]), row["origin"], row["event_type_id"], row["service"], row["visit_type"]) == (
        TUESDAY, "booking_page", at.kind, "90834", "in_person",
    )  # fmt: skip
    assert (request["status"], request["message"]) == ("accepted", "First time[31m here")
    assert at.told()[1:] == [("booking_confirmed", DEE.email), ("booking_confirmed", "practitioner")]


def test_a_stranger_asks_where_the_practice_decides(at: Door) -> None:  # C-06, REQ-02, NOTIF-05
    at.practice(confirm_public="request")
    at.book(TUESDAY)
    assert at.verify(at.secrets("request_verify").token).kind == "pending"
    assert at.statuses() == ["pending"]
    assert at.told()[1:] == [("request_received", "practitioner"), ("request_received", DEE.email)]
    assert at.desk.rows() == {}


def test_a_link_pressed_twice_answers_the_same(at: Door) -> None:
    at.book(TUESDAY)
    token = at.secrets("request_verify").token
    assert at.verify(token) == at.verify(token)
    assert len(at.desk.rows()) == 1
    with pytest.raises(LinkOver):
        at.verify(token + "x")
    with pytest.raises(LinkOver):
        at.verify("")


def test_a_hold_is_over_after_twenty_minutes(at: Door) -> None:
    at.book(TUESDAY)
    token = at.secrets("request_verify").token
    at.desk.now += timedelta(minutes=20)
    assert "10:00" in at.slots("2026-03-03")
    with pytest.raises(LinkOver):
        at.verify(token)
    assert at.secrets("request_verify").token == ""  # a letter that comes too late is none
    assert at.book(TUESDAY, Applicant("Eve", "eve@example.org")).kind == "verify"


def test_the_notice_counts_when_the_time_is_held(at: Door) -> None:  # BOOK-04, C-08
    at.desk.now = at.desk.at("2026-03-03 09:29")
    at.book(TUESDAY)
    at.desk.now += timedelta(minutes=15)
    assert at.verify(at.secrets("request_verify").token).kind == "booked"
    with pytest.raises(Taken):
        at.book("2026-03-03 09:00", Applicant("Eve", "eve@example.org"))


def test_whose_address_it_is_matters_only_when_it_is_proven(at: Door) -> None:  # INT-04
    known = Applicant("Somebody", "ANN@example.org")
    answers = [at.book("2026-03-03 09:00", DEE), at.book("2026-03-03 11:00", known)]
    assert {answer.kind for answer in answers} == {"verify"}
    one, other = ({**row, **dict.fromkeys(_SAYS_NOTHING)} for row in at.requests())
    assert one == other
    letters = [{**row, **dict.fromkeys((*_SAYS_NOTHING, "payload", "recipient"))} for row in at.mails()]
    assert letters[0] == letters[1]
    at.verify(at.secrets("request_verify").token)
    assert at.requests()[1]["client_id"] == at.desk.ann
    assert len(at.desk.rows("client")) == 2


_SAYS_NOTHING = (
    "id", "uid", "start_utc", "end_utc", "first", "last", "email", "phone", "idempotency_key", "hold_until",
)  # fmt: skip


def test_somebody_new_who_books_twice_is_one_of_the_intake(at: Door) -> None:
    for local in ("2026-03-03 09:00", "2026-03-04 09:00"):
        at.book(local)
        at.verify(at.secrets("request_verify").token)
    assert len(at.desk.rows("client")) == 3


def test_the_same_form_twice_is_one_wish(at: Door) -> None:  # INV-B2
    wish = at.wish(TUESDAY)
    first = door.book(at.database, wish, mail=True, clock=at.desk.clock)
    assert door.book(at.database, wish, mail=True, clock=at.desk.clock) == first
    at.verify(at.secrets("request_verify").token)
    assert door.book(at.database, wish, mail=True, clock=at.desk.clock) == first
    assert (len(at.requests()), len(at.mails("request_verify"))) == (1, 1)


def test_two_forms_of_different_people_with_one_nonce_are_two_wishes(at: Door) -> None:
    at.book(TUESDAY, idempotency_key="same")
    with pytest.raises(Taken):
        at.book(TUESDAY, Applicant("Eve", "eve@example.org"), idempotency_key="same")


def test_what_is_taken_says_what_is_free(at: Door) -> None:  # BOOK-05
    at.desk.book("2026-03-03 10:00", 120)
    with pytest.raises(Taken) as taken:
        at.book("2026-03-03 10:30")
    assert [f"{start.astimezone(NEW_YORK):%a %H:%M}" for start in taken.value.next_free][:3] == [
        "Tue 09:00", "Tue 12:00", "Tue 12:30",
    ]  # fmt: skip
    assert at.requests() == []


@pytest.mark.parametrize(
    "local", ["2026-03-03 10:10", "2026-03-03 08:30", "2026-03-07 10:00", "2026-03-02 06:00", "2027-03-03 10:00",
              "9999-12-31 18:00"],
)  # fmt: skip
def test_only_what_is_offered_can_be_had(at: Door, local: str) -> None:  # BOOK-04, AVL-07
    with pytest.raises(Taken):
        at.book(local)


def test_the_visit_type_is_asked_for_where_there_are_two(at: Door) -> None:  # VIS-03
    with pytest.raises(Invalid) as wrong:
        at.book(TUESDAY, visit_type=None)
    assert wrong.value.field == "visit_type"
    only = at.event_type(title="Video", visit_mode="telehealth")
    at.book(TUESDAY, event_type_id=only, visit_type=None)
    assert at.requests()[0]["visit_type"] == "telehealth"
    with pytest.raises(Invalid):
        at.book("2026-03-03 12:00", event_type_id=only, visit_type="in_person")


def test_a_telehealth_booking_has_its_place_modifier_and_link(at: Door) -> None:  # VID-02, VIS-03
    at.practice(telehealth_template="https://video.example.org/{token}")
    at.book(TUESDAY, visit_type="telehealth")
    at.verify(at.secrets("request_verify").token)
    row = at.desk.row(at.requests()[0]["appointment_id"])
    assert row["location_id"] == at.desk.places["10"]
    assert at.desk.codes(row["id"]) == [("95", "auto")]
    assert row["telehealth_url"].startswith("https://video.example.org/")


def test_event_types_are_for_their_audience(at: Door) -> None:
    hidden = at.event_type(title="Couple", audience="portal")
    with pytest.raises(NotFound):
        at.book(TUESDAY, event_type_id=hidden)
    with pytest.raises(NotFound):
        at.book(TUESDAY, event_type_id=99)
    assert at.book(TUESDAY, at.known(), event_type_id=hidden).kind == "pending"
    with closing(at.database.connect()) as connection:
        page, portal = (door.page(connection, "quiet-room", audience=who) for who in ("public", "portal"))
        assert door.page(connection, "other") is None
        assert door.page(connection, "") is None
    assert page is not None
    assert portal is not None
    assert [kind.title for kind in page.event_types] == ["Session"]
    assert [(kind.title, kind.confirm) for kind in portal.event_types] == [
        ("Session", "request"), ("Couple", "request"),
    ]  # fmt: skip
    assert (page.label, page.event_types[0].confirm) == ("Quiet Room", "instant")


def test_the_address_is_shown_as_the_practice_decides(at: Door) -> None:  # VIS-02
    at.practice(street="7 Willow Lane", city="Elmsbrook", region="NY", postal_code="10000")
    with closing(at.database.connect()) as connection:
        page = door.page(connection, "quiet-room")
        assert page is not None
        assert page.address == "7 Willow Lane, Elmsbrook, NY 10000"
        at.practice(reveal_address="after_accept")
        page = door.page(connection, "quiet-room")
        assert page is not None
        assert page.address == ""


def test_an_address_holds_one_time_until_it_is_proven(at: Door) -> None:
    at.book("2026-03-03 09:00")
    first = at.secrets("request_verify").token
    at.book("2026-03-03 11:00", Applicant("Dee", "DEE@example.org"))
    assert at.statuses() == ["expired", "unverified"]
    assert "09:00" in at.slots("2026-03-03")
    with pytest.raises(LinkOver):
        at.verify(first)


def test_ten_unproven_holds_are_the_most(at: Door) -> None:
    for number in range(10):
        day, hour = 3 + number // 5, 9 + number % 5
        at.book(f"2026-03-{day:02} {hour:02}:00", Applicant("X", f"x{number}@example.org"))
    with pytest.raises(TooMany):
        at.book("2026-03-06 09:00", DEE)
    at.book("2026-03-06 09:00", Applicant("X", "x3@example.org"))  # gives its earlier one up
    at.desk.now += timedelta(minutes=20)
    at.book("2026-03-06 10:00", DEE)


@pytest.mark.parametrize("mail", [True, False])
def test_three_requests_of_an_address_are_the_most(at: Door, mail: bool) -> None:
    at.practice(confirm_public="request")
    for day in (3, 4, 5):
        at.book(f"2026-03-{day:02} 09:00", mail=mail)
        if mail:
            at.verify(at.secrets("request_verify").token)
    if not mail:
        with pytest.raises(TooMany):
            at.book("2026-03-06 09:00", mail=mail)
        return
    at.book("2026-03-06 09:00")  # says nothing of the three to whoever types the address
    with pytest.raises(TooMany):
        at.verify(at.secrets("request_verify").token)
    assert at.statuses() == ["pending", "pending", "pending", "unverified"]


def test_a_client_has_three_requests_that_wait(at: Door) -> None:
    client = at.known()
    for day in (3, 4, 5):
        at.book(f"2026-03-{day:02} 09:00", client)
    with pytest.raises(TooMany):
        at.book("2026-03-06 09:00", client)


def test_without_mail_the_practice_decides_about_strangers(at: Door) -> None:
    assert at.book(TUESDAY, mail=False).kind == "pending"
    assert (at.statuses(), at.told()) == (["pending"], [("request_received", "practitioner")])
    for number in range(9):
        at.book(
            f"2026-03-{4 + number // 5:02} {9 + number % 5:02}:00", Applicant("X", f"x{number}@e.org"), mail=False
        )
    with pytest.raises(TooMany):
        at.book("2026-03-06 09:00", mail=False)
    assert len(at.desk.rows("client")) == 2


@pytest.mark.parametrize("confirm", ["instant", "request"])
def test_a_client_books_as_the_practice_confirms(at: Door, confirm: str) -> None:  # PORTAL-05, C-06, REQ-01
    at.practice(confirm_portal=confirm)
    outcome = at.book(TUESDAY, at.known())
    if confirm == "instant":
        assert (outcome.kind, at.statuses()) == ("booked", ["accepted"])
        assert at.told() == [("booking_confirmed", "ann@example.org"), ("booking_confirmed", "practitioner")]
        assert at.desk.row(at.requests()[0]["appointment_id"])["origin"] == "portal"
    else:
        assert (outcome.kind, at.statuses()) == ("pending", ["pending"])
        assert at.told() == [("request_received", "practitioner"), ("request_received", "ann@example.org")]


def test_an_event_type_can_be_confirmed_otherwise(at: Door) -> None:  # C-06
    at.write("UPDATE event_type SET confirm = 'instant'")
    assert at.book(TUESDAY, at.known()).kind == "booked"


@pytest.mark.parametrize(
    ("state", "practice", "own", "allowed"),
    [
        ("accepted", 1, "inherit", True), ("accepted", 0, "inherit", False), ("accepted", 0, "on", True),
        ("accepted", 1, "off", False), ("invited", 1, "on", False), ("revoked", 1, "on", False),
    ],
)  # fmt: skip
def test_clients_book_if_they_may(
    at: Door, state: str, practice: int, own: str, allowed: bool
) -> None:  # PORTAL-02, PORTAL-08
    at.practice(self_scheduling=practice)
    at.write("UPDATE client SET self_scheduling = ?", own)
    client = at.known(state=state)
    if allowed:
        at.book(TUESDAY, client)
        return
    with pytest.raises(Refused, match="contact the office"):
        at.book(TUESDAY, client)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 101), ("name", ""), ("name", "\x00\x1b"), ("name", "\ud800"), ("email", "nobody"),
        ("email", "a" * 250 + "@b.cc"), ("email", "a@b.cc\nBcc: x@y.zz"), ("phone", "5" * 33),
    ],
)  # fmt: skip
def test_fields_have_limits(at: Door, field: str, value: str) -> None:
    with pytest.raises(Invalid) as wrong:
        at.book(TUESDAY, Applicant(**{"name": "Dee", "email": "dee@example.org", field: value}))
    assert wrong.value.field == field
    assert at.requests() == []


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("note", {"note": "x" * 501}), ("zone", {"zone": "Mars/Base"}),
        ("idempotency_key", {"idempotency_key": ""}), ("idempotency_key", {"idempotency_key": "k" * 201}),
        ("visit_type", {"visit_type": "by pigeon"}),
    ],
)  # fmt: skip
def test_so_has_the_rest(at: Door, field: str, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as wrong:
        at.book(TUESDAY, **values)
    assert wrong.value.field == field


def test_control_characters_and_markup_are_inert(at: Door) -> None:
    at.book(
        TUESDAY, Applicant("[red]\x1b]52;c;x\x07Dee\u2028 Q", "dee@example.org", " 555\t01 "), note="a\x00b\r\nc"
    )
    (row,) = at.requests()
    assert (row["first"], row["last"], row["phone"], row["message"]) == ("[red]]52;c;xDee", "Q", "555 01", "ab\nc")


def test_the_practitioner_may_book_over_a_hold_and_is_stopped_by_nothing(at: Door) -> None:  # REQ-04, INV-A7
    at.practice(confirm_public="request")
    at.book(TUESDAY)
    assert at.desk.done("2026-03-03 10:20").conflicts == 0
    with pytest.raises(Taken) as taken:
        at.verify(at.secrets("request_verify").token)
    assert taken.value.next_free
    assert at.statuses() == ["expired"]
    with pytest.raises(LinkOver):
        at.verify(at.secrets("request_verify").token)


def test_undo_of_the_practitioner_passes_over_what_clients_did(at: Door) -> None:
    row_id = at.desk.book("2026-03-05 10:00")
    at.book(TUESDAY)
    at.verify(at.secrets("request_verify").token)
    undo.undo(at.database, clock=at.desk.clock)
    assert row_id not in at.desk.rows()
    assert len(at.desk.rows()) == 1


def test_no_secret_is_stored_or_journalled(at: Door) -> None:
    at.book(TUESDAY)
    token = at.secrets("request_verify").token
    at.verify(token)
    manage = at.secrets("booking_confirmed").token
    stored = "\n".join(
        repr(row) for table in ("outbox_email", "portal_token", "change_row", "booking_request")
        for row in at.desk.rows(table).values()
    )  # fmt: skip
    assert token not in stored
    assert manage not in stored
    names = ("Dee", "555-0100")
    payloads = "".join(row["payload"] for row in at.mails())
    assert not any(name in payloads for name in names)


def test_letters_say_when_and_where_in_the_readers_zone(at: Door) -> None:
    at.book(TUESDAY, zone="Europe/Berlin")
    assert facts(at.mails()[0])["tz"] == "Europe/Berlin"
    at.verify(at.secrets("request_verify").token)
    client, practitioner = at.mails("booking_confirmed")
    assert (facts(client)["tz"], facts(practitioner)["tz"]) == ("Europe/Berlin", "America/New_York")
    row = at.desk.row(at.requests()[0]["appointment_id"])
    assert (facts(client)["uid"], facts(client)["start"]) == (row["uid"], "2026-03-03T15:00:00+00:00")
    assert client["not_before"] == int(at.desk.now.timestamp()) + 15
    assert at.mails()[0]["not_before"] == int(at.desk.now.timestamp())  # somebody waits for it


def test_slots_are_asked_for_in_pieces(at: Door) -> None:
    day = at.desk.day("2026-03-03")
    with closing(at.database.connect()) as connection, pytest.raises(Invalid):
        door.slots(connection, at.kind, "in_person", day, day + timedelta(days=45), now=at.desk.now)


def test_a_request_is_on_the_calendar_without_a_client(at: Door) -> None:  # REQ-03, REQ-05
    at.book(TUESDAY, mail=False)
    with closing(at.database.connect()) as connection:
        start = at.desk.at(TUESDAY)
        (entry,) = agenda.between(connection, start, start + timedelta(hours=1), NEW_YORK)
    assert (entry.kind, entry.internal_id) == ("request", None)


def test_far_ahead_series_have_their_rows_before_a_client_books(at: Door) -> None:  # BOOK-05, INV-S6
    at.practice(window_days=0)
    at.desk.weekly("2026-03-03 10:00")
    far = "2026-12-01 10:00"
    assert not any(at.desk.local(row_id) == far for row_id in at.desk.rows())
    with pytest.raises(Taken):
        at.book(far)


def test_cancelled_sessions_free_their_time(at: Door) -> None:  # INV-A1
    row_id = at.desk.book(TUESDAY)
    appointments.cancel(at.database, row_id, "other", clock=at.desk.clock)
    assert at.book(TUESDAY).kind == "verify"

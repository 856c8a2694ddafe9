"""A client's own side of the door: signing in, what they see, cancelling, moving, withdrawing, feedback."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couchcal.errors import Invalid, NotFound, Refused
from couchcal.mail import reminders
from couchcal.practice import appointments, door, feeds, invites, request_answers, tokens, undo
from couchcal.practice.door import ClientKey, LinkOver, Outcome, Taken
from couchcal.store.session import write_session
from tests.practice.conftest import Desk
from tests.practice.door import Door, facts

FRIDAY = "2026-03-06 10:00"
KEYS = iter(range(1_000_000))


@pytest.fixture
def at(desk: Desk) -> Door:
    return Door(desk)


def own(at: Door, local: str = FRIDAY, **values: Any) -> str:
    """The key of a session of Ann's."""
    at.desk.book(local, **values)
    return at.sessions(at.known()).upcoming[-1].key


def move(at: Door, key: str, local: str, who: ClientKey | None = None) -> Outcome:
    return door.move_own(
        at.database, who or at.known(), key, at.desk.at(local), zone="America/New_York",
        idempotency_key=f"move {next(KEYS)}", clock=at.desk.clock,
    )  # fmt: skip


def cancel(at: Door, key: str, who: ClientKey | None = None) -> None:
    door.cancel_own(at.database, who or at.known(), key, clock=at.desk.clock)


# Signing in


def sign_in(at: Door, email: str = "ann@example.org") -> door.SignIn:
    return door.sign_in(at.database, email, clock=at.desk.clock)


def test_whoever_asks_to_sign_in_gets_the_same_answer(at: Door) -> None:
    at.known()
    known, unknown, no_address = (sign_in(at, email) for email in ("ANN@example.org", "x@example.org", "nobody"))
    assert len({len(found.browser) for found in (known, unknown, no_address)}) == 1
    assert at.told() == [("sign_in", "ann@example.org")]
    assert [row["purpose"] for row in at.desk.rows("portal_token").values()] == ["browser"] * 3


def test_a_link_signs_in_once(at: Door) -> None:
    at.known()
    sign_in(at)
    token = at.secrets("sign_in").token
    session = door.open_session(at.database, token=token, clock=at.desk.clock)
    assert door.session(at.database, session.cookie, clock=at.desk.clock) == ClientKey(at.desk.ann)
    with pytest.raises(LinkOver):
        door.open_session(at.database, token=token, clock=at.desk.clock)
    door.close_session(at.database, session.cookie, clock=at.desk.clock)
    assert door.session(at.database, session.cookie, clock=at.desk.clock) is None


def test_the_code_works_in_the_browser_that_asked(at: Door) -> None:
    at.known()
    browser = sign_in(at).browser
    sent = at.secrets("sign_in")
    assert len(sent.code) == 6
    for other in ("", sign_in(at, "x@example.org").browser):
        with pytest.raises(LinkOver):
            door.open_session(at.database, code=sent.code, browser=other, clock=at.desk.clock)
    assert door.open_session(at.database, code=sent.code, browser=browser, clock=at.desk.clock).client.client_id
    with pytest.raises(LinkOver):  # the link of the same letter is used up with it
        door.open_session(at.database, token=sent.token, clock=at.desk.clock)


def test_a_code_can_be_tried_five_times(at: Door) -> None:
    at.known()
    browser = sign_in(at).browser
    code = at.secrets("sign_in").code
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for guess in [wrong] * 5 + [code]:
        with pytest.raises(LinkOver):
            door.open_session(at.database, code=guess, browser=browser, clock=at.desk.clock)


def test_three_letters_a_quarter_of_an_hour(at: Door) -> None:
    at.known()
    for _ in range(5):
        sign_in(at)
    assert len(at.told()) == 3
    at.desk.now += timedelta(minutes=16)
    sign_in(at)
    assert len(at.told()) == 4


def test_links_and_sessions_end(at: Door) -> None:
    at.known()
    sign_in(at)
    token = at.secrets("sign_in").token
    start = at.desk.now
    at.desk.now += timedelta(minutes=30)
    assert at.secrets("sign_in").token == ""
    with pytest.raises(LinkOver):
        door.open_session(at.database, token=token, clock=at.desk.clock)
    at.desk.now = start
    cookie = door.open_session(at.database, token=token, clock=at.desk.clock).cookie
    for _ in range(23):  # in use it lasts
        at.desk.now += timedelta(minutes=30)
        assert door.session(at.database, cookie, clock=at.desk.clock) is not None
    at.desk.now += timedelta(minutes=30, seconds=1)
    assert door.session(at.database, cookie, clock=at.desk.clock) is None  # twelve hours old, and idle
    assert door.session(at.database, "", clock=at.desk.clock) is None


def test_an_invitation_is_accepted_by_its_link(at: Door) -> None:  # PORTAL-08
    with pytest.raises(Refused, match="no e-mail"):
        invites.invite(at.database, at.desk.bob, clock=at.desk.clock)
    invites.invite(at.database, at.desk.ann, clock=at.desk.clock)
    client = at.desk.rows("client")[at.desk.ann]
    assert (client["portal_state"], at.told()) == ("invited", [("portal_invite", "ann@example.org")])
    token = at.secrets("portal_invite").token
    session = door.open_session(at.database, token=token, clock=at.desk.clock)
    client = at.desk.rows("client")[at.desk.ann]
    assert (client["portal_state"], client["portal_accepted_at"]) == ("accepted", int(at.desk.now.timestamp()))
    with pytest.raises(Refused, match="already"):
        invites.invite(at.database, at.desk.ann, clock=at.desk.clock)
    invites.revoke(at.database, at.desk.ann, clock=at.desk.clock)
    assert door.session(at.database, session.cookie, clock=at.desk.clock) is None
    sign_in(at)
    assert at.mails("sign_in") == []


def test_undo_takes_an_invitation_back(at: Door) -> None:
    invites.invite(at.database, at.desk.ann, clock=at.desk.clock)
    token = at.secrets("portal_invite").token
    undo.undo(at.database, clock=at.desk.clock)
    assert (at.mails(), at.desk.rows("client")[at.desk.ann]["portal_state"]) == ([], "none")
    with pytest.raises(LinkOver):
        door.open_session(at.database, token=token, clock=at.desk.clock)


# What they see


def test_clients_see_their_own_and_nothing_more(at: Door) -> None:  # PORTAL-01, VID-02
    at.practice(telehealth_template="https://video.example.org/{token}", street="7 Willow Lane")
    at.desk.book("2026-03-04 10:00", client_id=at.desk.bob)
    at.desk.book("2026-03-05 10:00", location_id=at.desk.places["10"], instructions="private", diagnoses="F41.1")
    at.desk.book(FRIDAY, location_id=at.desk.places["11"])
    at.desk.now = at.desk.at("2026-03-05 09:00")
    seen = at.sessions(at.known())
    remote, office = seen.upcoming
    assert remote.join_url.startswith("https://video.example.org/")
    assert (remote.place, office.place, office.join_url) == ("", "7 Willow Lane", "")
    assert "private" not in repr(seen)
    assert "F41" not in repr(seen)
    at.desk.now = at.desk.at("2026-03-05 11:00")
    assert at.sessions(at.known()).past[0].join_url == ""
    with pytest.raises(NotFound):
        cancel(at, office.key, at.known(at.desk.bob))


# Cancelling


@pytest.mark.parametrize(("before", "allowed"), [(0, True), (1, False)])
def test_clients_cancel_a_day_ahead(at: Door, before: int, allowed: bool) -> None:  # CXL-06, INV-B6
    key = own(at)
    at.desk.now = at.desk.at("2026-03-05 10:00") + timedelta(seconds=before)
    shown = at.sessions(at.known()).upcoming[0]
    assert (shown.can_cancel, bool(shown.refusal)) == (allowed, not allowed)
    if not allowed:
        with pytest.raises(Refused, match="contact the office"):
            cancel(at, key)
        return
    cancel(at, key)
    (record,) = at.desk.rows("cancellation").values()
    assert (record["type"], record["cancelled_by"]) == ("other", "client")
    assert at.told() == [("cancelled_by_client", "practitioner")]  # CXL-07, NOTIF-03
    with pytest.raises(Refused):
        cancel(at, key)
    assert at.book(FRIDAY, at.known()).kind == "pending"  # PORTAL-07


def test_elapsed_hours_count_when_clocks_change(at: Door) -> None:  # CXL-06
    key = own(at, "2026-03-09 09:00")  # clocks go forward the day before
    at.desk.now = at.desk.at("2026-03-08 09:00") + timedelta(seconds=1)
    with pytest.raises(Refused):
        cancel(at, key)
    key = own(at, "2026-03-16 09:00")
    cancel(at, key)


def test_without_self_scheduling_the_office_is_asked(at: Door) -> None:  # PORTAL-02
    at.practice(self_scheduling=0)
    key = own(at)
    shown = at.sessions(at.known())
    assert (shown.may_book, shown.upcoming[0].can_cancel, shown.upcoming[0].can_move) == (False, False, False)
    for change in (lambda: cancel(at, key), lambda: move(at, key, "2026-03-06 14:00")):
        with pytest.raises(Refused, match="contact the office"):
            change()


# Moving


def test_moving_at_once_keeps_the_appointment(at: Door) -> None:  # PORTAL-03, C-07, INV-M4
    at.practice(confirm_portal="instant")
    key = own(at)
    before = at.desk.row(1)
    assert move(at, key, "2026-03-06 14:00").kind == "booked"
    row = at.desk.row(1)
    assert (at.desk.local(1), row["uid"], row["sequence"]) == ("2026-03-06 14:00", before["uid"], 1)
    assert at.told() == [("rescheduled", "ann@example.org"), ("moved_by_client", "practitioner")]
    assert facts(at.mails()[0])["was"] == at.desk.at(FRIDAY).isoformat()
    assert move(at, key, "2026-03-06 14:30").kind == "booked"  # its old time is not in its way


def test_a_lost_race_leaves_the_old_time(at: Door) -> None:  # INV-B5
    at.practice(confirm_portal="instant")
    key = own(at)
    at.desk.book("2026-03-06 14:00", client_id=at.desk.bob)
    before = at.desk.row(1)
    with pytest.raises(Taken) as taken:
        move(at, key, "2026-03-06 14:00")
    assert taken.value.next_free
    assert (at.desk.row(1), at.requests(), at.told()) == (before, [], [])


def test_moving_as_a_request(at: Door) -> None:  # C-06, REQ-12
    key = own(at)
    assert move(at, key, "2026-03-06 14:00").kind == "pending"
    assert (at.desk.local(1), at.sessions(at.known()).requests[0].replaces) == (FRIDAY, key)
    move(at, key, "2026-03-06 15:00")
    assert at.statuses() == ["withdrawn", "pending"]
    done = request_answers.accept(at.database, at.requests()[1]["id"], clock=at.desk.clock)
    assert (done.appointment_id, at.desk.local(1), len(at.desk.rows())) == (1, "2026-03-06 15:00", 1)
    assert at.told()[-1] == ("request_accepted", "ann@example.org")


def test_declined_or_cancelled_a_wish_to_move_moves_nothing(at: Door) -> None:
    key = own(at)
    move(at, key, "2026-03-06 14:00")
    request_answers.decline(at.database, at.requests()[0]["id"], clock=at.desk.clock)
    assert at.desk.local(1) == FRIDAY
    move(at, key, "2026-03-06 14:00")
    cancel(at, key)
    assert at.statuses() == ["declined", "withdrawn"]


def test_what_has_no_event_type_of_its_length_the_practice_moves(at: Door) -> None:
    key = own(at, minutes=45)
    assert not at.sessions(at.known()).upcoming[0].can_move
    with pytest.raises(Refused, match="contact the office"):
        move(at, key, "2026-03-06 14:00")


def test_rescheduling_can_be_off(at: Door) -> None:  # C-07
    at.practice(allow_reschedule=0)
    key = own(at)
    shown = at.sessions(at.known()).upcoming[0]
    assert (shown.can_move, shown.can_cancel) == (False, True)
    with pytest.raises(Refused):
        move(at, key, "2026-03-06 14:00")


# Links to one appointment


def test_a_manage_link_opens_one_appointment_until_it_moves(at: Door) -> None:
    at.practice(self_scheduling=0)
    for local in (FRIDAY, "2026-03-06 14:00"):
        at.book(local)
        at.verify(at.secrets("request_verify").token)
    token = at.secrets("booking_confirmed").token
    client = door.managed(at.database, token, clock=at.desk.clock)
    assert client is not None
    seen = at.sessions(client)
    assert ([session.key for session in seen.upcoming], seen.called, seen.requests) == ([client.only], "", ())
    assert seen.upcoming[0].can_cancel
    first = at.sessions(ClientKey(client.client_id)).upcoming[0].key
    with pytest.raises(NotFound):
        cancel(at, first, client)
    with pytest.raises(Refused):
        at.book("2026-03-06 15:30", client)
    at.desk.move(2, "2026-03-06 15:00")
    assert door.managed(at.database, token, clock=at.desk.clock) is None


def test_a_manage_link_ends_a_day_after_the_start(at: Door) -> None:
    at.book(FRIDAY)
    at.verify(at.secrets("request_verify").token)
    token = at.secrets("booking_confirmed").token
    at.desk.now = at.desk.at(FRIDAY) + timedelta(hours=23)
    assert door.managed(at.database, token, clock=at.desk.clock) is not None
    at.desk.now += timedelta(hours=1)
    assert door.managed(at.database, token, clock=at.desk.clock) is None


# Requests, reminders, feedback, feeds


def test_a_request_is_withdrawn_while_it_waits(at: Door) -> None:  # REQ-11
    at.book(FRIDAY, at.known())
    (request,) = at.sessions(at.known()).requests
    assert request.can_withdraw
    with pytest.raises(NotFound):
        door.withdraw(at.database, ClientKey(at.desk.bob), request.key, clock=at.desk.clock)
    door.withdraw(at.database, at.known(), request.key, clock=at.desk.clock)
    assert (at.statuses(), at.sessions(at.known()).requests[0].status) == (["withdrawn"], "withdrawn")
    assert "10:00" in at.slots("2026-03-06")


ALL_IS_WELL = "mail is not set up"
"""The last of the conditions of a reminder."""


def against(at: Door, channel: str = "email") -> str:
    """Why a reminder that is due now is not sent; that there is no server is looked at last."""
    with closing(at.database.connect()) as connection:
        connection.execute(
            "INSERT INTO reminder"
            " (created_at, updated_at, version, appointment_id, kind, channel, due_at, state, reason)"
            " SELECT 1, 1, 1, a.id, '24h', ?1, a.start_utc - 86400, 'claimed', '' FROM appointment a"
            " WHERE NOT EXISTS (SELECT 1 FROM reminder WHERE channel = ?1)",
            (channel,),
        )
        row = connection.execute("SELECT id, due_at FROM reminder WHERE channel = ?", (channel,)).fetchone()
        reminder = None if row is None else reminders._read(connection, row[0])
    if reminder is None:
        return "gone"
    return reminders._verdict(reminder, reminders.Ways(None, None), datetime.fromtimestamp(row[1], UTC)).reason


def test_reminders_are_the_clients_choice(at: Door) -> None:  # REM-05
    at.practice(reminders_on=1, reminder_24h=1)
    own(at)
    assert against(at) == ALL_IS_WELL
    door.reminders(at.database, at.known(), False, clock=at.desk.clock)
    assert against(at) == "the client wants no reminders"
    assert not at.sessions(at.known()).reminders
    door.reminders(at.database, at.known(), True, clock=at.desk.clock)
    with write_session(at.database, "Sent", actor="worker", clock=at.desk.clock) as session:
        token = tokens.issue(
            session, "unsubscribe", client_id=at.desk.ann, expires_at=at.desk.now + tokens.UNSUBSCRIBE_LIFE
        )
    for _ in range(2):
        door.unsubscribe(at.database, token, clock=at.desk.clock)
    assert against(at) == "the client wants no reminders"
    with pytest.raises(LinkOver):
        door.unsubscribe(at.database, "x", clock=at.desk.clock)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE practice SET reminders_on = false", "the practice sends none"),
        ("UPDATE client SET portal_state = 'invited'", "no portal access"),
        ("UPDATE client SET portal_state = 'revoked'", "no portal access"),
        ("UPDATE client SET unsubscribed_at = 1", "wants no"), ("UPDATE client SET email = ''", "no valid e-mail"),
        ("UPDATE client SET remind_email = false", "off for this client"),
        ("UPDATE appointment SET remind_email = false", "off for this appointment"),
        ("UPDATE appointment SET status = 'cancelled'", "cancelled"), ("DELETE FROM appointment", "gone"),
    ],
)  # fmt: skip
def test_reminders_need_everything_at_once(at: Door, statement: str, words: str) -> None:  # C-04, REM-02, INV-M2
    at.practice(reminders_on=1, reminder_24h=1)
    own(at)
    assert against(at) == ALL_IS_WELL
    assert against(at, "text") == "it is off for this appointment"
    at.write(statement)
    assert words in against(at)


def test_feedback_is_given_once_if_asked_for(at: Door) -> None:  # APT-17
    key = own(at, feedback_requested=True)

    def give(rating: int = 5) -> None:
        door.feedback(at.database, at.known(), key, rating=rating, heard=4, text="Good\x00", clock=at.desk.clock)

    with pytest.raises(Refused):
        give()
    at.desk.now = at.desk.at("2026-03-06 11:00")
    assert at.sessions(at.known()).past[0].asks_feedback
    with pytest.raises(Invalid):
        give(6)
    give()
    (said,) = at.desk.rows("feedback").values()
    assert (said["rating"], said["heard"], said["text"]) == (5, 4, "Good")
    assert not at.sessions(at.known()).past[0].asks_feedback
    with pytest.raises(Refused):
        give()


def test_feeds_show_what_may_be_shown_until_they_are_revoked(at: Door) -> None:
    own(at)
    at.desk.book("2026-03-06 14:00", client_id=at.desk.bob)
    at.desk.book("2026-03-06 16:00", kind="other_event")
    ours, theirs = (feeds.make(at.database, who, clock=at.desk.clock) for who in (None, at.desk.ann))
    with closing(at.database.connect()) as connection:
        feed, client_feed = (door.feed(connection, token, now=at.desk.now) for token in (ours, theirs))
        assert feed is not None
        assert client_feed is not None
        assert (len(feed.entries), len(client_feed.entries)) == (3, 1)
        assert "Ann" not in repr(feed)
        assert client_feed.entries[0].title == "Appointment (Quiet Room)"
        assert feeds.revoke(at.database, at.desk.ann, clock=at.desk.clock) == 1
        assert door.feed(connection, theirs, now=at.desk.now) is None
        assert door.feed(connection, ours, now=at.desk.now) is not None
        renewed = feeds.make(at.database, clock=at.desk.clock)
        assert door.feed(connection, ours, now=at.desk.now) is None
        assert door.feed(connection, renewed, now=at.desk.now) is not None


# Letters about what the practitioner does


@pytest.mark.parametrize(
    ("setting", "notify", "told"),
    [
        ("ask", None, False), ("ask", True, True), ("always", None, True), ("always", False, False),
        ("never", None, False),
    ],
)  # fmt: skip
def test_moves_are_told_as_the_practice_wants(at: Door, setting: str, notify: bool | None, told: bool) -> None:
    at.practice(notify_on_move=setting)
    row_id = at.desk.book(FRIDAY)
    done = at.desk.move(row_id, "2026-03-06 14:00", notify=notify)
    was = at.desk.at(FRIDAY)
    assert done.untold == (was if (setting, notify) == ("ask", None) else None)
    assert [kind for kind, _ in at.told()] == ["rescheduled"] * told
    if told:
        with pytest.raises(Refused, match="already"):
            appointments.tell_of_move(at.database, row_id, was, clock=at.desk.clock)
    else:
        appointments.tell_of_move(at.database, row_id, was, clock=at.desk.clock)
        assert [kind for kind, _ in at.told()] == ["rescheduled"]
    undo.undo(at.database, clock=at.desk.clock)
    assert at.told() == []


def test_a_series_that_moves_is_one_letter(at: Door) -> None:
    ids = at.desk.weekly(FRIDAY)
    at.desk.move(ids[1], "2026-03-13 14:00", scope="future", notify=True)
    (mail,) = at.mails("rescheduled")
    assert facts(mail)["following"] == len(ids) - 2


def test_a_restored_session_is_told_if_its_end_was(at: Door) -> None:  # CXL-08, NOTIF-02
    row_id = at.desk.book(FRIDAY)
    at.desk.cancel(row_id, notify=True)
    appointments.restore(at.database, row_id, clock=at.desk.clock)
    assert at.told() == []
    at.desk.cancel(row_id, notify=True)
    at.write("UPDATE outbox_email SET state = 'sent' WHERE state = 'queued'")
    appointments.restore(at.database, row_id, clock=at.desk.clock)
    assert at.told() == [("booking_confirmed", "ann@example.org")]
    assert [mail["sequence"] for mail in at.mails()] == [1, 3, 4]  # INV-M4

"""Every kind of mail as the server gets it: headers, parts, invitations, and what never stands in one."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.mail.addresses import on_the_wire
from couchcal.mail.itip import Invitation, calendar
from couchcal.mail.message import Envelope, Page, build, plain
from couchcal.mail.words import TO_CLIENT, TO_PRACTITIONER
from couchcal.practice import appointments, tokens
from couchcal.store.session import write_session
from tests.mail.desk import CANARY, EMAIL, NOON, SECRET_WORDS, SITE, Desk
from tests.mail.post import Post, running

PARTS = {
    "REQUEST": ["text/plain", "text/html", "text/calendar", "application/ics"],
    "CANCEL": ["text/plain", "text/html", "text/calendar", "application/ics"],
    "": ["text/plain", "text/html"],
}
INVITES = {
    "booking_confirmed": "REQUEST", "request_accepted": "REQUEST", "rescheduled": "REQUEST",
    "cancelled_by_practitioner": "CANCEL",
}  # fmt: skip


def leaves(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.walk() if isinstance(part, EmailMessage) and not part.is_multipart()]


def text_of(message: EmailMessage, kind: str) -> str:
    (found,) = [part for part in leaves(message) if part.get_content_type() == kind]
    content = found.get_content()
    return str(content if isinstance(content, str) else content.decode())


def event(message: EmailMessage) -> Any:
    read = icalendar.Calendar.from_ical(text_of(message, "text/calendar"))
    (found,) = read.walk("VEVENT")
    return found


def queue_any(desk: Desk, kind: str, *, practitioner: bool) -> None:
    """A letter of any kind, with what it needs."""
    if kind == "portal_invite":
        desk.write("UPDATE client SET portal_state = 'invited'")
        desk.queue(kind)
    elif kind == "sign_in":
        with write_session(desk.database, "Test", clock=desk.now) as session:
            tokens.issue(session, "browser", client_id=desk.client, expires_at=session.now + tokens.SIGN_IN_LIFE)
        desk.queue(kind, facts={"browser": desk.value("SELECT max(id) FROM portal_token")})
    elif kind == "request_verify":
        request = desk.request(
            status="unverified", client_id=None, email=EMAIL, hold_until=desk.clock + timedelta(minutes=20)
        )
        desk.queue(kind, request=request, recipient=EMAIL)
    elif kind == "agenda":
        desk.book(hours=5, remind_email=False)
        desk.write(
            "INSERT INTO outbox_email (created_at, updated_at, version, kind, recipient, to_practitioner, sequence,"
            " payload, not_before, state, attempts, message_id, error)"
            """ VALUES (0, 0, 1, 'agenda', '', true, 0, '{"day": "2026-03-02"}', ?, 'queued', 0, '', '')""",
            desk.seconds(),
        )
    elif kind.startswith("request_") and kind != "request_accepted":
        request = desk.request(status="declined", decline_message="Sorry, <b>no</b>.\nTry Friday.")
        desk.queue(kind, request=request, practitioner=practitioner)
    else:
        facts = {"was": NOON.isoformat(), "following": 2} if kind == "rescheduled" else {}
        desk.queue(kind, desk.book(), practitioner=practitioner, facts=facts)


EVERY = [(kind, False) for kind in TO_CLIENT] + [(kind, True) for kind in TO_PRACTITIONER]


@pytest.mark.parametrize(("kind", "practitioner"), EVERY)
def test_every_kind(tmp_path: Path, kind: str, practitioner: bool) -> None:
    # NOTIF-01, NOTIF-02, NOTIF-03, NOTIF-05, REQ-02, REQ-09, CXL-07, INV-M4
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        queue_any(desk, kind, practitioner=practitioner)
        assert desk.send() == 1
        assert desk.rows("SELECT state, error FROM outbox_email") == [("sent", "")]
    (message,) = post.messages
    assert message["Subject"] == (TO_PRACTITIONER if practitioner else TO_CLIENT)[kind].subject
    assert message["From"].addresses[0].addr_spec == "office@practice.example"
    assert message["From"].addresses[0].display_name == "Quiet Room"
    assert post.recipients == ["me@practice.example" if practitioner else EMAIL]
    assert [address.addr_spec for address in message["To"].addresses] == post.recipients
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == desk.clock
    assert message["List-Unsubscribe"] is None
    method = INVITES.get(kind, "")
    assert [part.get_content_type() for part in leaves(message)] == PARTS[method]
    assert max(len(line) for line in post.raw[0].split(b"\r\n")) <= 998
    assert post.raw[0].replace(b"\r\n", b"").count(b"\n") == 0
    shown = text_of(message, "text/plain") + text_of(message, "text/html")
    if method:
        invitation = next(part for part in leaves(message) if part.get_content_type() == "text/calendar")
        assert invitation.get_param("method") == method
        assert invitation.get_content_charset() == "utf-8"
        shown += text_of(message, "text/calendar") + text_of(message, "application/ics")
        assert text_of(message, "text/calendar") == text_of(message, "application/ics")
    shown = re.sub(r"[0-9a-f-]{36}@couchcal|token=[\w-]+", "", shown)  # what is random says nothing
    bodies = [str(message["Subject"]), shown]
    if not practitioner:
        bodies[1] = shown.replace(f"mailto:{EMAIL}", "")
    else:
        assert ("C-0001" in shown) is True
    for word in SECRET_WORDS:
        assert all(word not in body for body in bodies), word
    links = [word for word in text_of(message, "text/plain").split() if word.startswith("http")]
    assert all(link.startswith(f"{SITE}/") for link in links)
    assert all(link in text_of(message, "text/html").replace("&amp;", "&") for link in links)


def test_a_confirmation_says_when_where_and_until_when_to_cancel(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book())
        desk.send()
        desk.write("UPDATE client SET tz = 'Europe/Paris'")
        desk.queue("booking_confirmed", desk.book(hours=72))
        desk.send()
    first, second = (text_of(message, "text/plain") for message in post.messages)
    assert "When:  Wednesday, March 4, 2026, 12:00–12:50pm (New York time, UTC-5)" in first
    assert "Where: 7 Willow Lane, Elmsbrook" in first
    assert "at least 24 hours ahead" in first
    assert f"{SITE}/manage?token=" in first
    assert "Thursday, March 5, 2026, 6:00–6:50pm (Paris time, UTC+1)" in second


def test_telehealth_sessions_have_their_link_in_mail_to_both(tmp_path: Path) -> None:  # VID-02
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        session = desk.book(pos="10", telehealth_url="https://video.example/r/1")
        desk.queue("booking_confirmed", session)
        desk.queue("booking_confirmed", session, practitioner=True)
        desk.send()
    for message in post.messages:
        assert "https://video.example/r/1" in text_of(message, "text/plain")
        assert event(message)["LOCATION"] == "https://video.example/r/1"


def test_the_invitation_is_what_calendars_expect(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        session = desk.book()
        desk.queue("booking_confirmed", session)
        desk.send()
        appointments.cancel(desk.database, session, "other", notify=True, clock=desk.now)
        desk.send()
    made, cancelled = (event(message) for message in post.messages)
    assert made["UID"] == cancelled["UID"] == desk.value("SELECT uid FROM appointment")
    assert made["UID"].endswith("@couchcal")
    assert (made["STATUS"], cancelled["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert cancelled["SEQUENCE"] > made["SEQUENCE"]
    assert made["DTSTART"].dt == cancelled["DTSTART"].dt == NOON + timedelta(hours=48)
    assert made["DTEND"].dt - made["DTSTART"].dt == timedelta(minutes=50)
    assert made["DTSTAMP"].dt == NOON + timedelta(seconds=15)
    assert made["SUMMARY"] == "Appointment – Quiet Room"
    assert made["CLASS"] == "PRIVATE"
    assert made["ORGANIZER"] == "mailto:office@practice.example"
    assert made["ATTENDEE"] == f"mailto:{EMAIL}"
    assert (made["ATTENDEE"].params["RSVP"], made["ATTENDEE"].params["PARTSTAT"]) == ("FALSE", "ACCEPTED")
    methods = [icalendar.Calendar.from_ical(text_of(m, "text/calendar"))["METHOD"] for m in post.messages]
    assert methods == ["REQUEST", "CANCEL"]


@given(st.lists(st.sampled_from(["move", "cancel", "restore"]), max_size=5))
@settings(max_examples=4)
def test_sequence_grows_with_every_invitation(steps: list[str]) -> None:  # INV-M4
    import tempfile

    post = Post()
    with running(post) as port, tempfile.TemporaryDirectory() as directory:
        desk = Desk(Path(directory), port)
        session = desk.book()
        desk.queue("booking_confirmed", session)
        for step in steps:
            desk.wait(minutes=1)
            cancelled = desk.value("SELECT status FROM appointment") == "cancelled"
            if step == "cancel" and not cancelled:
                appointments.cancel(desk.database, session, "other", notify=True, clock=desk.now)
            elif step == "restore" and cancelled:
                appointments.restore(desk.database, session, clock=desk.now)
                desk.queue("booking_confirmed", session)
            elif step == "move" and not cancelled:
                start = datetime.fromtimestamp(desk.value("SELECT start_utc FROM appointment"), UTC)
                later = start + timedelta(hours=1)
                times = {"start": later, "end": later + timedelta(minutes=50)}
                appointments.edit(desk.database, session, times, clock=desk.now)
                desk.queue("rescheduled", session, facts={"was": start.isoformat()})
        desk.wait(minutes=1)
        desk.send()
    events = [event(message) for message in post.messages]
    assert len({found["UID"] for found in events}) == 1
    sequences = [found["SEQUENCE"] for found in events]
    assert sequences == sorted(set(sequences))


def test_minimal_mail_is_a_link_and_nothing_else(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.write("UPDATE practice SET mail_minimal = true")
        desk.queue("booking_confirmed", desk.book())
        desk.queue("booking_confirmed", desk.book(hours=60), practitioner=True)
        desk.send()
    ours, theirs = sorted(post.messages, key=lambda message: str(message["To"]))
    assert theirs["Subject"] == "News about your appointment"
    assert [part.get_content_type() for part in leaves(theirs)] == PARTS[""]
    assert "2026" not in text_of(theirs, "text/plain").replace(str(theirs["Date"]), "")
    assert "2026" in text_of(ours, "text/plain")


@pytest.mark.parametrize(
    ("mode", "words"), [("id", "C-0001"), ("initials", "Z.Q."), ("first", CANARY), ("full", f"{CANARY} Quetzal")]
)
def test_mail_to_the_practitioner_calls_clients_as_the_practice_wants(
    tmp_path: Path, mode: str, words: str
) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.write("UPDATE practice SET identifier_mode = ?", mode)
        desk.queue("booking_confirmed", desk.book(), practitioner=True)
        desk.send()
    assert f"Client: {words}\r\n" in text_of(post.messages[0], "text/plain")


@pytest.mark.parametrize("kind", ["portal_invite", "sign_in", "request_verify"])
def test_a_link_that_would_open_nothing_any_more_is_not_sent(tmp_path: Path, kind: str) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        queue_any(desk, kind, practitioner=False)
        desk.write("UPDATE client SET portal_state = 'revoked'")
        desk.wait(minutes=40)
        desk.send()
    assert post.messages == []
    assert desk.rows("SELECT state, error FROM outbox_email") == [
        ("failed", "what it would open is over, or was taken back")
    ]


def test_the_code_to_sign_in_is_in_the_mail_and_nowhere_else(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        queue_any(desk, "sign_in", practitioner=False)
        desk.send(wait=False)
    text = text_of(post.messages[0], "text/plain")
    code = text.partition("Code: ")[2][:7].replace(" ", "")
    token = text.partition("token=")[2].split()[0]
    assert len(code) == 6
    assert code.isdecimal()
    stored = " ".join(
        str(desk.rows(f"SELECT * FROM {table}")) for table in ("outbox_email", "portal_token", "change_row")
    )
    assert token not in stored
    assert f"'{code}'" not in stored


HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from('\r\n\t<>"\\;,:@\u2028\u202e\x1b\x85')), max_size=60)


@given(HOSTILE, HOSTILE, HOSTILE)
@settings(max_examples=30)
def test_no_text_of_anybody_begins_a_header_or_a_line_of_its_own(name: str, place: str, quoted: str) -> None:
    invitation = Invitation(
        "REQUEST", "u@couchcal", 1, NOON, NOON + timedelta(hours=1), name, "o@p.example", name, "c@x.example", place
    )
    page = Page("Your appointment is confirmed", "Lead.", (("Where", place),), quoted=quoted)
    envelope = Envelope("o@p.example", name, "c@x.example", "<1@p.example>", NOON)
    raw = build(page, envelope, invitation).as_bytes()
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert sorted(message.keys()) == [
        "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To",
    ]  # fmt: skip
    assert [address.addr_spec for address in message["From"].addresses] == ["o@p.example"]
    found = event(message)
    assert set(found) == {
        "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS", "TRANSP", "CLASS", "ORGANIZER",
        "ATTENDEE", *(["LOCATION"] if "LOCATION" in found else []),
    }  # fmt: skip
    assert "<script" not in text_of(message, "text/html")


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("a@example.org", "a@example.org"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("jörg@example.org", "jörg@example.org"),
        ("a@example.org\r\nBcc: b@example.org", ""),
        ("a@b@example.org", ""),
        ("<a@example.org>", ""),
        ("a b@example.org", ""),
        ("a@-x.org", ""),
        ("a@" + "x" * 64 + ".org", ""),
        ("", ""),
        ("@example.org", ""),
    ],
)
def test_addresses_as_mail_servers_know_them(address: str, wire: str) -> None:
    assert on_the_wire(address) == wire


def test_addresses_and_names_of_the_whole_world(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.write("UPDATE practice SET public_label = 'Praxis \"Größe\", Zürich'")
        desk.queue("booking_confirmed", desk.book(), recipient="jörg@bücher.example")
        desk.send()
        assert desk.states() == ["sent"]
    assert post.recipients == ["jörg@xn--bcher-kva.example"]
    assert 'From: "Praxis \\"Größe\\", Zürich" <office@practice.example>'.encode() in post.raw[0]


def test_a_server_that_does_not_know_such_addresses_is_not_asked(tmp_path: Path) -> None:
    post = Post()
    with running(post, enable_SMTPUTF8=False) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book(), recipient="jörg@example.org")
        desk.send()
    assert desk.rows("SELECT state, error FROM outbox_email") == [
        ("failed", "the mail server cannot send to an address with such letters")
    ]


def test_lines_that_begin_with_a_dot_arrive_whole(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        request = desk.request(status="declined", decline_message=".\n..\n.x\nFrom here")
        desk.queue("request_declined", request=request)
        desk.send()
    assert "> .\n> ..\n> .x\n> From here" in text_of(post.messages[0], "text/plain").replace("\r", "")


def test_links_are_never_folded() -> None:
    url = "https://book.example.org/portal/open?token=" + "x" * 120
    assert f"\n{url}\n" in plain(Page("S", "L", button=("Open", url)), "")


def test_lines_of_an_invitation_are_folded() -> None:
    invitation = Invitation(
        "CANCEL", "u@couchcal", 3, NOON, NOON, "Ä" * 90, "o@p.example", "L; x", "c@x.example", place="a,b;c\\d"
    )
    text = calendar(invitation, NOON)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    found = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
    assert (found["SUMMARY"], found["LOCATION"]) == ("Ä" * 90, "a,b;c\\d")
    assert found["ORGANIZER"].params["CN"] == "L; x"

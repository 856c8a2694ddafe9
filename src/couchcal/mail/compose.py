"""A letter of the outbox as a mail, composed when it is sent: from facts, in the words of the catalogue.

Mail to clients holds no name and no service; mail to the practitioner calls clients by the practice's identifier
mode. The practice's `minimal` makes a link of every mail to a client that has something else in it (C-05).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import NamedTuple

from couchcal.mail import facts, links, moments, words
from couchcal.mail.addresses import on_the_wire, one_line
from couchcal.mail.config import MailConfig
from couchcal.mail.facts import House, Letter, Subject
from couchcal.mail.itip import Invitation, Method
from couchcal.mail.message import Envelope, Page, build
from couchcal.store.connection import Connection

_INVITES: dict[str, Method] = {
    "booking_confirmed": "REQUEST",
    "request_accepted": "REQUEST",
    "rescheduled": "REQUEST",
    "cancelled_by_practitioner": "CANCEL",
}
"""Kinds with an invitation, and its method."""
_OPENS = {"portal_invite": links.OPEN, "sign_in": links.OPEN, "request_verify": links.VERIFY}
"""Kinds that are nothing without their link."""
TOO_LATE = "it could not be sent in time"
_LATE = timedelta(hours=1)
"""How long a letter may wait and still be news of an appointment that is over."""
_SEARCHING = ("request_declined", "request_expired")


class Undeliverable(Exception):
    """A letter that no mail can be made of. The text says why and names nobody."""


class Mail(NamedTuple):
    """A message and the address it goes to."""

    message: EmailMessage
    recipient: str


def compose(
    connection: Connection,
    letter: Letter,
    config: MailConfig,
    *,
    token: str = "",
    code: str = "",
    called: str = "",
    now: datetime,
) -> Mail:
    """The mail of a letter.

    Args:
        connection: a reading connection, or that of the write session which claims the letter.
        token, code: what opens something in it (`letters.secrets`).
        called: what the practitioner's mail calls the client, of an example that is in no list.

    Raises:
        Undeliverable: what it is about is gone or over, or there is no address.
    """
    practice = facts.house(connection)
    client = called or one_line(facts.client_words(connection, letter.client_id, practice))
    recipient = on_the_wire(config.to if letter.to_practitioner else letter.recipient)
    if not recipient:
        raise Undeliverable("there is no valid e-mail address")
    catalogue = words.TO_PRACTITIONER if letter.to_practitioner else words.TO_CLIENT
    said = catalogue.get(letter.kind)
    if said is None:
        raise Undeliverable(f"there is no such mail as {letter.kind}")
    invitation = None
    if letter.kind == "agenda":
        page = _agenda(connection, letter, said, practice)
    elif letter.kind in _OPENS:
        page = _opening(letter.kind, said, config, token, code)
    else:
        subject = facts.subject(connection, letter, practice)
        if subject is None:
            raise Undeliverable("the appointment is gone")
        if subject.end < now and now - letter.due > _LATE:
            raise Undeliverable(TOO_LATE)
        if letter.to_practitioner:
            page = _for_practitioner(letter.kind, said, subject, practice, client)
        elif practice.minimal or config.minimal:
            page = _minimal(config, token)
        else:
            page = _for_client(letter.kind, said, subject, practice, config, token)
        if letter.to_practitioner or not (practice.minimal or config.minimal):
            summary = client if letter.to_practitioner else _summary(practice)
            invitation = _invitation(letter.kind, subject, practice, config, summary, recipient)
    envelope = Envelope(config.sender, practice.label, recipient, letter.message_id, now)
    return Mail(build(page, envelope, invitation), recipient)


def _opening(kind: str, said: words.Words, config: MailConfig, token: str, code: str) -> Page:
    url = links.link(config.public_url, _OPENS[kind], token)
    if not token:
        raise Undeliverable("what it would open is over, or was taken back")
    if not url:
        raise Undeliverable("public_url of [mail] is not set")
    shown = ((words.CODE, f"{code[:3]} {code[3:]}"),) if code else ()
    note = {"sign_in": words.CODE_NOTE, "request_verify": words.VERIFY_NOTE}.get(kind, words.INVITE_NOTE)
    return Page(said.subject, said.lead, shown, button=(said.button, url), notes=(note,))


def _minimal(config: MailConfig, token: str) -> Page:
    said = words.MINIMAL
    path = links.MANAGE if token else links.PORTAL
    url = links.link(config.public_url, path, token)
    return Page(
        said.subject, said.lead, button=(said.button, url) if url else None, notes=() if url else (words.REPLY,)
    )


def _for_client(
    kind: str, said: words.Words, subject: Subject, practice: House, config: MailConfig, token: str
) -> Page:
    us = moments.american(practice.locale, practice.tz)
    shown = [(words.WHEN, moments.span(subject.start, subject.end, subject.tz, us=us))]
    if kind == "rescheduled" and subject.was is not None:
        before = subject.was + (subject.end - subject.start)
        shown.append((words.WAS, moments.span(subject.was, before, subject.tz, us=us)))
    notes: list[str] = []
    button = None
    if _INVITES.get(kind) == "REQUEST":
        shown += _places(subject)
        if token and config.public_url:
            button = (said.button, links.link(config.public_url, links.MANAGE, token))
        notes = [words.following(subject.following), words.notice(practice.notice_h)]
        notes += [] if button else [words.CONTACT]
    elif kind == "cancelled_by_practitioner":
        notes = [words.REPLY]
    elif kind in _SEARCHING and (url := links.booking(config.public_url, practice.slug)):
        button = (said.button, url)
    return Page(
        said.subject, said.lead, tuple(shown), quoted=subject.declined if kind == "request_declined" else "",
        button=button, notes=tuple(note for note in notes if note),
    )  # fmt: skip


def _for_practitioner(kind: str, said: words.Words, subject: Subject, practice: House, client: str) -> Page:
    us = moments.american(practice.locale, practice.tz)
    shown = [
        (words.CLIENT, client),
        (words.WHEN, moments.span(subject.start, subject.end, practice.tz, us=us)),
    ]
    if subject.was is not None:
        before = subject.was + (subject.end - subject.start)
        shown.append((words.WAS, moments.span(subject.was, before, practice.tz, us=us)))
    if subject.visit_type in words.VISITS:
        shown.append((words.HOW, words.VISITS[subject.visit_type]))
    if subject.link and kind == "booking_confirmed":
        shown.append((words.JOIN, subject.link))
    notes = []
    if kind == "request_received":
        notes.append(words.IN_COUCHCAL)
    elif subject.undecided:
        notes.append(words.NEW_CLIENT)
    return Page(said.subject, said.lead, tuple(shown), notes=tuple(notes))


def _places(subject: Subject) -> list[tuple[str, str]]:
    """Where it takes place; the link of a telehealth session (VID-02)."""
    if subject.link:
        return [(words.JOIN, subject.link)]
    if subject.place:
        return [(words.WHERE, one_line(subject.place))]
    return [(words.HOW, words.VISITS[subject.visit_type])] if subject.visit_type in words.VISITS else []


def _summary(practice: House) -> str:
    """What a client's calendar calls an appointment."""
    return f"{words.SUMMARY} – {practice.label}" if practice.label else words.SUMMARY


def _invitation(
    kind: str, subject: Subject, practice: House, config: MailConfig, summary: str, recipient: str
) -> Invitation | None:
    method = _INVITES.get(kind)
    if method is None or not subject.uid:
        return None
    return Invitation(
        method, subject.uid, subject.sequence, subject.start, subject.end, one_line(summary), config.sender,
        one_line(practice.label), recipient, one_line(subject.place), subject.link,
    )  # fmt: skip


def _agenda(connection: Connection, letter: Letter, said: words.Words, practice: House) -> Page:
    from couchcal.mail.day import entries

    us = moments.american(practice.locale, practice.tz)
    shown = tuple(entries(connection, str(facts.payload(letter).get("day", "")), practice.tz, us=us))
    if not shown:
        return Page(said.subject, words.FREE_DAY)
    return Page(said.subject, said.lead, shown)

"""The invitation in a mail: one VEVENT as iTIP (RFC 5546) and iMIP (RFC 6047) have it.

It says no more than the mail: a time, a place, and the practice's public name. Times are UTC, which every reader
understands alike; each shows them on its own clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from couchcal import __version__
from couchcal.ics.folding import escape, escape_line, fold, inert, parameter, wall_stamp

Method = Literal["REQUEST", "CANCEL"]


class Invitation(NamedTuple):
    """An appointment as it goes to one attendee. `organizer` is the From of the mail; `summary` never names a
    service, nor a client to anybody but the practitioner; `link` is where a telehealth session is joined."""

    method: Method
    uid: str
    sequence: int
    start: datetime
    end: datetime
    summary: str
    organizer: str
    organizer_name: str
    attendee: str
    place: str = ""
    link: str = ""


def calendar(invitation: Invitation, now: datetime) -> str:
    """The VCALENDAR, its lines folded and ended by CRLF."""
    return "".join(f"{fold(line)}\r\n" for line in _lines(invitation, now))


def _lines(invitation: Invitation, now: datetime) -> Iterator[str]:
    yield from (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//couchcal//couchcal {__version__}//EN",
        "CALSCALE:GREGORIAN",
        f"METHOD:{invitation.method}",
        "BEGIN:VEVENT",
        f"UID:{inert(invitation.uid)}",
        f"SEQUENCE:{invitation.sequence}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(invitation.start)}",
        f"DTEND:{_utc(invitation.end)}",
        f"SUMMARY:{escape_line(invitation.summary)}",
        f"STATUS:{'CANCELLED' if invitation.method == 'CANCEL' else 'CONFIRMED'}",
        f"TRANSP:{'TRANSPARENT' if invitation.method == 'CANCEL' else 'OPAQUE'}",
        "CLASS:PRIVATE",
        f"ORGANIZER;CN={parameter(invitation.organizer_name or invitation.organizer)}"
        f":mailto:{invitation.organizer}",
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:"
        f"mailto:{invitation.attendee}",
    )
    if invitation.link:
        yield f"LOCATION:{escape_line(invitation.link)}"
        yield f"DESCRIPTION:{escape('Join: ' + invitation.link)}"
    elif invitation.place:
        yield f"LOCATION:{escape_line(invitation.place)}"
    yield "END:VEVENT"
    yield "END:VCALENDAR"


def _utc(instant: datetime) -> str:
    return f"{wall_stamp(instant.astimezone(UTC))}Z"

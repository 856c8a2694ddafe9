"""What a letter is about, read when it is sent: the facts of its payload, and what the practice says of itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from couchcal.practice.names import client_label
from couchcal.store.connection import Connection
from couchcal.store.vocabulary import TELEHEALTH_PLACES_OF_SERVICE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Letter(NamedTuple):
    """A row of the outbox. `recipient` is empty where it goes to the practitioner; `due` is when it was to go."""

    id: int
    kind: str
    recipient: str
    client_id: int | None
    to_practitioner: bool
    appointment_id: int | None
    sequence: int
    payload: str
    message_id: str
    due: datetime


class House(NamedTuple):
    """The practice as its mail shows it. `notice_h` is how many hours ahead clients may cancel and move; 0 is any
    time before the start."""

    label: str
    slug: str
    tz: str
    locale: str
    address: str
    identifier_mode: str
    minimal: bool
    notice_h: int


class Subject(NamedTuple):
    """The appointment or request of a letter, as it was when the letter was written. `was` is its time before;
    `following` counts later ones that moved with it; `declined` is what the practice wrote."""

    uid: str
    sequence: int
    start: datetime
    end: datetime
    tz: str
    was: datetime | None
    following: int
    visit_type: str
    place: str
    link: str
    declined: str
    undecided: bool
    """The client is new and waits to be accepted."""


def house(connection: Connection) -> House:
    """The practice; its label is what clients know it by."""
    row = connection.execute(
        "SELECT public_label, name, slug, tz, locale, street, city, region, postal_code, identifier_mode,"
        " mail_minimal, cancel_notice_h FROM practice ORDER BY id LIMIT 1"
    ).fetchone()
    label, name, slug, tz, locale, street, city, region, postal_code, mode, minimal, notice_h = row
    town = " ".join(part for part in (region, postal_code) if part)
    address = ", ".join(part for part in (street, city, town) if part)
    return House(label or name, slug, tz, locale, address, mode, bool(minimal), notice_h)


def subject(connection: Connection, letter: Letter, practice: House) -> Subject | None:
    """What the letter is about, None if it is about nothing, or that is gone and the letter has no facts of it.

    Time and sequence are those of the payload: a letter that was overtaken says what was true when it was written,
    and the next one what is true now. Place and link are read now.
    """
    facts = payload(letter)
    row = None
    if letter.appointment_id is not None:
        row = connection.execute(
            "SELECT a.uid, a.start_utc, a.end_utc, a.tz, a.visit_type, a.telehealth_url, l.pos, l.name, l.address"
            " FROM appointment a LEFT JOIN location l ON l.id = a.location_id WHERE a.id = ?",
            (letter.appointment_id,),
        ).fetchone()
    if "start" not in facts:
        if row is None:
            return None
        facts = {"uid": row[0], "start": _instant(row[1]), "end": _instant(row[2]), "tz": row[3]} | facts
    visit_type, place, link = _visit(facts, row, practice)
    was = facts.get("was")
    declined, undecided = _answer(connection, letter, facts)
    return Subject(
        uid=str(facts.get("uid") or (row[0] if row else "")),
        sequence=int(facts.get("sequence", letter.sequence)),
        start=datetime.fromisoformat(facts["start"]),
        end=datetime.fromisoformat(facts["end"]),
        tz=str(facts.get("tz") or practice.tz),
        was=datetime.fromisoformat(was) if was else None,
        following=int(facts.get("following") or 0),
        visit_type=visit_type,
        place=place,
        link=link,
        declined=declined,
        undecided=undecided,
    )


def payload(letter: Letter) -> dict[str, Any]:
    """The facts that were written down with the letter."""
    found = json.loads(letter.payload or "{}")
    return found if isinstance(found, dict) else {}


def client_words(connection: Connection, client_id: int | None, practice: House) -> str:
    """The client as mail to the practitioner calls them: by the practice's identifier mode."""
    row = connection.execute(
        "SELECT internal_id, coalesce(nullif(trim(preferred), ''), first), last FROM client WHERE id = ?",
        (client_id,),
    ).fetchone()
    if row is None:
        return "a new client"
    internal_id, first, last = row
    return client_label(internal_id, first, last, practice.identifier_mode)


def _visit(facts: dict[str, Any], row: tuple[Any, ...] | None, practice: House) -> tuple[str, str, str]:
    visit_type = str(facts.get("visit_type") or (row[4] if row else None) or "")
    if row is None:
        return visit_type, "", ""
    _uid, _start, _end, _tz, _type, url, pos, name, address = row
    if pos in TELEHEALTH_PLACES_OF_SERVICE or (pos is None and visit_type == "telehealth"):
        return "telehealth", "", url or ""
    return visit_type, address or (practice.address if pos == "11" or pos is None else "") or name or "", ""


def _answer(connection: Connection, letter: Letter, facts: dict[str, Any]) -> tuple[str, bool]:
    declined = ""
    if facts.get("request") is not None:
        found = connection.execute(
            "SELECT decline_message FROM booking_request WHERE id = ?", (facts["request"],)
        ).fetchone()
        declined = str(found[0]) if found else ""
    state = connection.execute("SELECT state FROM client WHERE id = ?", (letter.client_id,)).fetchone()
    return declined, state is not None and state[0] == "intake"


def _instant(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()

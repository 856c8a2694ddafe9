"""What of an appointment leaves this machine: every string that any calendar elsewhere is sent is made here.

An allow-list (SYNC-27, INV-Y4): a time, busy or free, a title by the practice's rules, `Office` or `Telehealth`,
and `DESCRIPTION`. Nothing else of an appointment, its client or its practice is read at all. No ORM.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from couchcal.clock_words import day_words, moment_words
from couchcal.practice.names import client_label
from couchcal.practice.practice_setting_values import CLIENT_NAME
from couchcal.scheduling.wallclock import UnknownZone, to_local, zone, zone_or_utc
from couchcal.store.connection import Connection
from couchcal.store.vocabulary import TELEHEALTH_PLACES_OF_SERVICE

LOCKED = "\N{LOCK}"
"""Begins the title of whatever has a client: elsewhere it cannot be changed for good (SYNC-12)."""
DESCRIPTION = "Managed by couchcal. Change the time here or there; everything else in couchcal."
"""The description of everything that is sent."""
BUSY, FREE = "Busy", "Free"
OFFICE, TELEHEALTH = "Office", "Telehealth"
LONGEST_TITLE = 1024

_OFFICE_POS = "11"
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]+"
)
"""Control characters, line breaks, direction overrides, and what is no character."""
_WORDS = {"client_session": "session", "client_contact": "contact", "collateral_contact": "contact"}
_GOOGLE_UID = "@google.com"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_STATEMENT = """
SELECT a.id, a.uid, a.origin, a.kind, a.status, a.start_utc, a.end_utc, a.all_day, a.tz, a.busy, l.pos,
       c.internal_id, coalesce(nullif(trim(c.preferred), ''), c.first), c.last,
       CASE WHEN ?2 AND a.client_id IS NULL THEN a.title ELSE '' END
FROM json_each(?1) wanted CROSS JOIN appointment a ON a.id = wanted.value
LEFT JOIN client c ON c.id = a.client_id
LEFT JOIN location l ON l.id = a.location_id
"""


class Facts(NamedTuple):
    """What the practice decided about it: how clients are called, the title with or without `CLIENT_NAME`, whether
    other events show their own title and places their kind, and its zone."""

    identifier_mode: str
    title: str
    event_titles: bool
    place: bool
    tz: str


class Disclosed(NamedTuple):
    """An appointment as others may see it.

    `start`, `end` are aware instants and `tz` an IANA zone; of an all-day entry they are dates, end exclusive, and
    `tz` is empty. `uid` is the appointment's own and no other's: occurrences of an imported series, which share
    theirs, are told apart. `wanted`: whether it is to be there at all.
    """

    uid: str
    start: datetime | date
    end: datetime | date
    tz: str
    all_day: bool
    busy: bool
    title: str
    place: str
    kind: str
    status: str
    wanted: bool

    @property
    def words(self) -> str:
        """It for logs and lists of problems, without a name: `session Tue 3 Mar 15:00`."""
        return words(self.kind, self.start, self.tz)


def facts(connection: Connection) -> Facts:
    """The practice's decisions as they are stored."""
    row = connection.execute(
        "SELECT identifier_mode, google_title, google_event_titles, google_place, tz FROM practice"
        " ORDER BY id LIMIT 1"
    ).fetchone()
    mode, title, event_titles, place, tz = row
    return Facts(mode, title, bool(event_titles), bool(place), tz)


def disclosed(
    connection: Connection, appointment_ids: Iterable[int], given: Facts | None = None
) -> dict[int, Disclosed]:
    """What may leave of these appointments, by id; those that are gone are left out. One statement.

    Args:
        connection: from `Database.connect()`, or that of a write session.
        given: the practice's decisions if they are known already.
    """
    known = given or facts(connection)
    rows = connection.execute(_STATEMENT, (json.dumps(list(appointment_ids)), int(known.event_titles)))
    return {row[0]: _disclosed(row, known) for row in rows}


def _disclosed(row: tuple[object, ...], known: Facts) -> Disclosed:
    (
        row_id, uid, origin, kind, status, start_s, end_s, all_day, tz, busy, pos, internal_id, first, last,
        own_title,
    ) = row  # fmt: skip
    start: datetime | date = _EPOCH + timedelta(seconds=start_s)  # type: ignore[arg-type]  # integer columns
    end: datetime | date = _EPOCH + timedelta(seconds=end_s)  # type: ignore[arg-type]
    if all_day and isinstance(start, datetime) and isinstance(end, datetime):
        first_day = start.date()
        start, end = first_day, max(end.date(), first_day + min(_DAY, date.max - first_day))
    title = client_title(str(internal_id), str(first), str(last), known) if internal_id is not None else ""
    imported = origin == "ics"
    comes_from_there = origin == "google" or (imported and str(uid).strip().lower().endswith(_GOOGLE_UID))
    return Disclosed(
        uid=f"{uid}#{row_id}" if imported else str(uid),
        start=start,
        end=end,
        tz="" if all_day else safe_zone(str(tz), known.tz),
        all_day=bool(all_day),
        busy=bool(busy),
        title=title or _line(str(own_title)) or (BUSY if busy else FREE),
        place=_place(pos) if known.place else "",
        kind=str(kind),
        status=str(status),
        wanted=status != "cancelled" and not comes_from_there,
    )


def client_title(internal_id: str, first: str, last: str, known: Facts) -> str:
    """The title of an entry of a client (SYNC-03, SYNC-12).

    A client without the name that the mode asks for is called by the internal id, never by another name.
    """
    label = client_label(_line(internal_id), _line(first), _line(last), known.identifier_mode)
    return _line(f"{LOCKED} {known.title.replace(CLIENT_NAME, label)}")


def _line(text: str) -> str:
    """Text as one line of characters, short enough for a title."""
    text = " ".join(_UNSAFE.sub(" ", text).split())
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1].rstrip() + "…"


def _place(pos: object) -> str:
    """The kind of a place by its place-of-service code; of other kinds nothing is told."""
    if pos in TELEHEALTH_PLACES_OF_SERVICE:
        return TELEHEALTH
    return OFFICE if pos == _OFFICE_POS else ""


def safe_zone(name: str, practice_tz: str) -> str:
    """A zone that other programs know by this name: `name`, else the practice's, else UTC.

    Definitions of imported files have names of their own, and old ones such as `EST` are not known everywhere.
    """
    for candidate in (name, practice_tz):
        if _is_iana(candidate):
            return candidate
    return "UTC"


def _is_iana(name: str) -> bool:
    if name == "UTC":
        return True
    area, slash, _ = name.partition("/")
    if not slash or ":" in name or area in ("posix", "right", "SystemV"):
        return False
    try:
        zone(name)
    except UnknownZone:
        return False
    return True


def words(kind: str, start: datetime | date, tz: str = "") -> str:
    """An entry for logs and lists of problems, without a name: `session Tue 3 Mar 15:00`, on the clocks of `tz`."""
    what = _WORDS.get(kind, "event")
    if isinstance(start, datetime):
        return f"{what} {moment_words(to_local(start, zone_or_utc(tz)))}"
    return f"{what} {day_words(datetime(start.year, start.month, start.day, tzinfo=UTC))}"

"""An event as a remote calendar shows it, and the row it becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

from couchcal.practice.agenda import MASTER_SPAN
from couchcal.practice.external_rows import Row
from couchcal.scheduling.span import DAY_SECONDS, span_class
from couchcal.scheduling.wallclock import CUSTOM_PREFIX, UnknownZone, zone
from couchcal.store.records import epoch_seconds

CANCELLED: Final = "cancelled"
DECLINED: Final = "declined"
NEVER_BUSY: Final = frozenset({"workingLocation", "birthday"})
"""Event types that say something of a day and take no time."""
_INSTANCE = re.compile(r"(.+)_(\d{8})(?:T(\d{6})Z)?", re.ASCII | re.DOTALL | re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_LONGEST: Final = 1024


@dataclass(frozen=True, slots=True)
class External:
    """An event of a remote calendar, read.

    `start`, `end` are aware instants, or dates with the end exclusive. A tombstone (`cancelled`) may have an id
    only. `recurrence` is not empty on a master; `recurring_id` names that of an exception and `original_start` the
    start it stands for. `unreadable` says why an event cannot be used. `title` is empty where only busy or free is
    shown.
    """

    id: str
    cancelled: bool = False
    start: datetime | date | None = None
    end: datetime | date | None = None
    tz: str = ""
    title: str = ""
    place: str = ""
    busy: bool = True
    tentative: bool = False
    declined: bool = False
    event_type: str = "default"
    recurrence: tuple[str, ...] = ()
    recurring_id: str = ""
    original_start: datetime | date | None = None
    etag: str = ""
    unreadable: str = ""


class Unusable(ValueError):
    """Why an event cannot be shown, in words that name neither it nor a person."""


class Instance(NamedTuple):
    """What the id of an occurrence says: whose it is, and its original start in seconds."""

    base: str
    start: int
    all_day: bool


def instance_of(event_id: str) -> Instance | None:
    """The parts of the id of an occurrence; None for any other id."""
    found = _INSTANCE.fullmatch(event_id)
    if found is None:
        return None
    try:
        start = datetime.fromisoformat(f"{found[2]}T{found[3] or '000000'}").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Instance(found[1], epoch_seconds(start), found[3] is None)


def seconds(moment: datetime | date) -> int:
    """Seconds since the epoch; a date is its UTC midnight."""
    if isinstance(moment, datetime):
        return epoch_seconds(moment)
    return epoch_seconds(datetime.combine(moment, time(), UTC))


def row_of(event: External, calendar_tz: str) -> Row:
    """The row of an event that is there.

    Args:
        calendar_tz: the zone of its calendar, for events that declare none that is known here.

    Raises:
        Unusable: it cannot be read, or has no time.
    """
    if event.unreadable:
        raise Unusable(event.unreadable)
    if event.start is None or event.end is None:
        raise Unusable("it has no time")
    all_day = not isinstance(event.start, datetime)
    if all_day == isinstance(event.end, datetime):
        raise Unusable("it is half an all-day event")
    start = seconds(event.start)
    end = max(seconds(event.end), start + DAY_SECONDS if all_day else start)
    master = bool(event.recurrence)
    recurring_id = "" if master else event.recurring_id
    return Row(
        remote_event_id=event.id,
        recurring_id=recurring_id,
        rrule="\n".join(event.recurrence),
        start_utc=start,
        end_utc=end,
        span=MASTER_SPAN if master else span_class(end - start),
        tz=_known_zone(event.tz, calendar_tz),
        all_day=all_day,
        title=_line(event.title),
        transparent=not event.busy or event.declined or event.event_type in NEVER_BUSY,
        status=DECLINED if event.declined else "tentative" if event.tentative else "confirmed",
        etag=event.etag,
        event_type=event.event_type,
        place=_line(event.place),
        original_start=_original(event, start) if recurring_id else None,
        exception=bool(recurring_id),
        expanded_from=None,
        expanded_to=None,
    )


def tombstone_of(event: External, was: Row | None) -> Row | None:
    """The row of a cancelled occurrence, which keeps it away; None if nothing says which one it is."""
    if was is not None and not was.rrule:
        start = seconds(event.original_start) if event.original_start is not None else was.original_start
        master = event.recurring_id or was.recurring_id
        return was._replace(recurring_id=master, status=CANCELLED, exception=True, original_start=start)
    if event.original_start is not None:
        all_day = not isinstance(event.original_start, datetime)
        return cancelled(event.id, event.recurring_id, seconds(event.original_start), all_day=all_day)
    known = instance_of(event.id)
    return None if known is None else cancelled(event.id, event.recurring_id, known.start, all_day=known.all_day)


def cancelled(event_id: str, master: str, start: int, *, all_day: bool) -> Row:
    """A row that takes the occurrence at `start` out of a series."""
    return Row(
        event_id, master, "", start, start, 0, "UTC", all_day, "", True, CANCELLED, "", "default", "", start, True,
        None, None,
    )  # fmt: skip


def _original(event: External, start: int) -> int:
    """The start that an occurrence stands for: as told, else by its id, else its own."""
    if event.original_start is not None:
        return seconds(event.original_start)
    known = instance_of(event.id)
    return start if known is None else known.start


def _known_zone(name: str, calendar_tz: str) -> str:
    for candidate in (name, calendar_tz):
        if candidate and not candidate.startswith(CUSTOM_PREFIX):
            try:
                zone(candidate)
            except UnknownZone:
                continue
            return candidate
    return "UTC"


def _line(text: str) -> str:
    return _UNSAFE.sub(" ", text).strip()[:_LONGEST].rstrip()

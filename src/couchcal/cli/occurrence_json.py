"""An entry as the JSON of the contract: every key always there, null where there is nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from couchcal.practice.agenda import Entry
from couchcal.practice.cadence import repeat_words
from couchcal.practice.locks import lock_reasons
from couchcal.practice.names import entry_title
from couchcal.scheduling.wallclock import CUSTOM_PREFIX, zone_or_utc
from couchcal.store.public_id import encode

_APPOINTMENTS = ("client_session", "client_contact", "collateral_contact")


def occurrence(entry: Entry, *, names: str, now: datetime) -> dict[str, object]:
    """The entry with clients called by the mode `names`; `now` decides what is completed."""
    tz = zone_or_utc(entry.tz)
    stored = entry.row_id > 0
    return {
        "id": entry.id if stored else None,
        "uid": entry.uid if stored else None,
        "kind": entry.kind,
        "title": entry_title(entry, names),
        "client": entry.internal_id,
        "service": entry.service,
        "modifiers": list(entry.modifiers),
        "location": place_of(entry),
        "start": _moment(entry.start, tz) if entry.first_day is None else entry.first_day.isoformat(),
        "end": _moment(entry.end, tz) if entry.end_day is None else entry.end_day.isoformat(),
        "all_day": entry.all_day,
        "time_zone": entry.tz.removeprefix(CUSTOM_PREFIX),
        "status": status(entry, now),
        "cancellation": _cancellation(entry),
        "busy": entry.busy,
        "conflict": entry.conflict,
        "locked": [lock.name for lock in lock_reasons(entry) if lock.name != "cancelled"],
        "series": encode("series", entry.series_id) if entry.series_id is not None else None,
        "repeats": repeat_words(entry.rrule),
        "origin": entry.origin,
        "calendar": entry.calendar,
    }


def status(entry: Entry, now: datetime) -> str:
    """The status shown: appointments with a client are completed once they are over."""
    if entry.status == "scheduled" and entry.kind in _APPOINTMENTS and entry.end <= now:
        return "completed"
    return entry.status


def place_of(entry: Entry) -> str | None:
    """Where it is. The agenda has the reason of time off there: that is for its own list only (TOF-01)."""
    if entry.kind == "time_off":
        return None
    return entry.location or entry.place or None


def _moment(instant: datetime, tz: tzinfo) -> str:
    try:
        return instant.astimezone(tz).isoformat()
    except OverflowError:  # the first and the last day a datetime can hold
        return instant.astimezone(UTC).isoformat()


def _cancellation(entry: Entry) -> dict[str, object] | None:
    if not entry.cancelled or entry.cancel_type is None:
        return None
    fee = entry.cancel_fee_cents
    return {
        "type": entry.cancel_type,
        "reason": entry.cancel_reason or None,
        "fee": None if fee is None else fee / 100,
    }


def write_json(value: object) -> None:
    """Print one value. ASCII only, so that no locale and no terminal can trip over it."""
    sys.stdout.write(json.dumps(value) + "\n")


def write_json_list(values: Iterable[object]) -> None:
    """Print a list, one element a line."""
    lines = ",\n".join(json.dumps(value) for value in values)
    sys.stdout.write(f"[\n{lines}\n]\n" if lines else "[]\n")

"""Entries without a database."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from couchcal.practice.agenda import Entry, day_instant
from couchcal.scheduling.wallclock import to_instant, zone

NEW_YORK = zone("America/New_York")
_PLAIN: dict[str, Any] = {
    "table": "appointment", "kind": "client_session", "all_day": False, "first_day": None, "end_day": None,
    "tz": "America/New_York", "status": "scheduled", "title": "", "client_id": 1, "internal_id": "C-0001",
    "first": "Jane", "last": "Doe", "service": "90837", "modifiers": (), "location": "Office", "pos": "11",
    "place": "", "busy": True, "series_id": None, "rrule": "", "origin": "couchcal", "calendar": None,
    "group_key": None, "note_signed": False, "billing_status": "none", "claim_status": "none",
    "cancel_type": None, "cancel_reason": None, "cancel_fee_cents": None, "uid": "u", "version": 1,
    "conflict": False,
}  # fmt: skip


def entry(start_local: datetime, minutes: int = 50, row_id: int = 1, tz: tzinfo = NEW_YORK, **fields: Any) -> Entry:
    """A client session at a wall-clock time."""
    start = to_instant(start_local, tz)
    return Entry(
        **{**_PLAIN, "row_id": row_id, "start": start, "end": start + timedelta(minutes=minutes), **fields}
    )


def all_day(first: date, until: date, row_id: int = 1, title: str = "Conference") -> Entry:
    """An all-day event of the days `[first, until)`."""
    return Entry(
        **{
            **_PLAIN, "row_id": row_id, "kind": "other_event", "client_id": None, "internal_id": None, "first": "",
            "last": "", "service": None, "title": title, "all_day": True, "first_day": first, "end_day": until,
            "start": day_instant(first, NEW_YORK), "end": day_instant(until, NEW_YORK),
        }
    )  # fmt: skip


def local(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """A wall-clock time of 2026."""
    return datetime(2026, month, day, hour, minute)  # noqa: DTZ001  wall clock

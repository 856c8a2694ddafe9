"""One VEVENT to one `ParsedEvent` (RFC 5545 3.6.1)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from couchcal.ics.content_lines import Component
from couchcal.ics.values import parse_duration, parse_head, parse_stamp, quoted_printable, split_line, unescape
from couchcal.ics.zones import UTC_ZONE, Zone, ZoneBook
from couchcal.practice.imported import ImportedEvent
from couchcal.scheduling.wallclock import to_instant

_EPOCH_LOCAL: Final = datetime(1970, 1, 1)  # noqa: DTZ001  wall clock
_DAY: Final = 86_400
_LAST_SECOND: Final = 253_402_300_799
_FIRST_SECOND: Final = -62_135_596_800
_STATUSES: Final = {"TENTATIVE": "tentative", "CANCELLED": "cancelled", "CANCELED": "cancelled"}
_KEPT, _FRAME, _DROPPED = 0, 1, 2
_MODELLED: Final = frozenset(
    {
        "UID", "DTSTART", "DTEND", "DURATION", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "TRANSP", "SEQUENCE",
        "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE", "LAST-MODIFIED", "DTSTAMP",
    }
)  # fmt: skip
_LISTS: Final = frozenset({"RRULE", "RDATE", "EXDATE"})
_DATED: Final = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})
_COLON_IN_ZONE: Final = re.compile(
    r"([^:;]+;(?:.*;)?TZID=.*):(\s*\d{8}(?:T\d{4,6}Z?)?\s*(?:[,/].*)?)", re.IGNORECASE
)
_Value = tuple[dict[str, str], str]


class EventError(ValueError):
    """The event cannot be kept; the text says why."""


class ParsedEvent(ImportedEvent):
    """An event of a file with what grouping needs: its rules and dates as written and the zone of its DTSTART.

    `zone` is that of DTSTART and `tzid` what the file called it, `floating` when it named none. `recurrence` is the
    RECURRENCE-ID, `future` whether its RANGE is THISANDFUTURE.
    """

    __slots__ = ("exdates", "floating", "future", "line", "rdates", "recurrence", "rrules", "tzid", "zone")

    line: int
    zone: Zone
    tzid: str
    floating: bool
    rrules: list[_Value]
    rdates: list[_Value]
    exdates: list[_Value]
    recurrence: _Value | None
    future: bool

    @property
    def recurring(self) -> bool:
        return bool(self.rrules or self.rdates)


class EventReader:
    """Reads VEVENTs of one file.

    Args:
        book: the zones of the file.
        remark: told of what was assumed: (line, uid, text).
    """

    def __init__(self, book: ZoneBook, remark: Callable[[int, str, str], None]) -> None:
        self._book = book
        self._remark = remark
        self._heads: dict[str, tuple[str, dict[str, str]]] = {}

    def read(self, component: Component, *, cancelled: bool = False, final: bool = False) -> ParsedEvent:
        """The event; `cancelled` for a file with METHOD:CANCEL, `final` when no VTIMEZONE can follow any more.

        Raises:
            EventError: it cannot be kept.
            UnresolvedZone: its time zone is not known yet.
        """
        found, lists, kept = self._sort(component)
        if "DTSTART" not in found:
            raise EventError("it has no DTSTART")
        event = ParsedEvent()
        event.line = component.line
        event.rrules, event.rdates, event.exdates = lists["RRULE"], lists["RDATE"], lists["EXDATE"]
        event.recurrence = found.get("RECURRENCE-ID")
        event.future = event.recurrence is not None and "RANGE" in event.recurrence[0]
        uid = found["UID"][1] if "UID" in found else ""
        event.uid = uid if uid.strip() else _made_up_uid(component)
        self._start(event, found["DTSTART"], final=final)
        self._end(event, found, final=final)
        status = found["STATUS"][1].strip().upper() if "STATUS" in found else ""
        event.status = "cancelled" if cancelled else _STATUSES.get(status, "scheduled")
        event.busy = "TRANSP" not in found or found["TRANSP"][1].strip().upper() != "TRANSPARENT"
        event.sequence = _sequence(found["SEQUENCE"][1]) if "SEQUENCE" in found else 0
        event.modified = found["LAST-MODIFIED"][1].strip() if "LAST-MODIFIED" in found else ""
        if cancelled and not event.modified and "DTSTAMP" in found:
            # With a METHOD it is DTSTAMP that tells the revision (RFC 5545 3.8.7.2).
            event.modified = found["DTSTAMP"][1].strip()
            kept.append(f"LAST-MODIFIED:{event.modified}")
        title = _text(found.get("SUMMARY"))
        event.title = " ".join(title.split("\n")).strip() if "\n" in title else title.strip()
        event.place = _text(found.get("LOCATION")).strip()
        event.instructions = _text(found.get("DESCRIPTION"))
        event.extra = "\n".join(kept)
        event.key = ""
        if component.latin:
            self._remark(event.line, event.uid, "it is not UTF-8, Windows-1252 was assumed")
        if component.dropped_lines:
            self._remark(event.line, event.uid, "a line of several megabytes was dropped")
        return event

    def _sort(self, component: Component) -> tuple[dict[str, _Value], dict[str, list[_Value]], list[str]]:
        """Modelled properties by name, the first of each; lists of rules and dates; all other lines as they are."""
        found: dict[str, _Value] = {}
        lists: dict[str, list[_Value]] = {"RRULE": [], "RDATE": [], "EXDATE": []}
        kept: list[str] = []
        heads = self._heads
        parts: list[str] = []
        for line in component.lines:
            head, _, value = line.partition(":")
            known = heads.get(head)
            if known is None:
                if '"' in head and head.count('"') % 2:
                    head, value = _safe_split(line)
                known = self._learn(head)
            name, parameters = known
            if ":" in value and name in _DATED and (match := _COLON_IN_ZONE.fullmatch(line)):
                # Zimbra writes `TZID=GMT-05:00/-04:00` without the quotes that RFC 5545 3.2 asks for.
                value = match[2]
                name, parameters = self._learn(match[1])
            if parts or name not in _MODELLED:
                if name == "BEGIN":
                    parts.append(value.strip())
                elif name == "END":
                    if not parts:
                        continue
                    line = f"END:{parts.pop()}"
                if name and ":" in line:
                    kept.append(line)
            elif name in _LISTS:
                if value.strip():
                    lists[name].append((parameters, value))
            else:
                found.setdefault(name, (parameters, value))
                if name == "LAST-MODIFIED":
                    kept.append(line)
        kept += [f"END:{part}" for part in reversed(parts)]
        return found, lists, kept

    def _learn(self, head: str) -> tuple[str, dict[str, str]]:
        name, parameters = parse_head(head)
        known = (name, parameters)
        if len(self._heads) < 4096 and len(head) < 200:
            self._heads[head] = known
        return known

    def moment(self, value: _Value, *, final: bool, endless: bool = False) -> tuple[datetime, Zone | None, bool]:
        """A DATE or DATE-TIME value: wall clock, its zone (None: floating) and whether it is a DATE.

        The value decides, not a VALUE parameter: files with `VALUE=DATE` before a time mean the time. `endless`
        says that the zone is needed for all years to come.

        Raises:
            ValueError: it is no date.
            UnresolvedZone: see `ZoneBook.resolve`.
        """
        parameters, text = value
        local, is_date, utc = parse_stamp(text)
        if is_date:
            return local, None, True
        if utc:
            return local, UTC_ZONE, False
        tzid = parameters.get("TZID")
        if not tzid:
            return local, None, False
        last = None if endless else local.year
        return local, self._book.resolve(tzid, local.year, last, final=final), False

    def _start(self, event: ParsedEvent, value: _Value, *, final: bool) -> None:
        try:
            local, zone, event.all_day = self.moment(value, final=final, endless=event.recurring)
        except ValueError as error:
            raise EventError(f"DTSTART: {error}") from None
        event.floating = zone is None
        event.tzid = "" if zone is None or zone is UTC_ZONE else value[0].get("TZID", "")
        event.zone = zone or self._book.home
        event.start_local = local
        event.tz = event.zone.name
        event.start = date_seconds(local) if event.all_day else seconds(local, event.zone)

    def _end(self, event: ParsedEvent, found: dict[str, _Value], *, final: bool) -> None:
        """The end: DTEND, else DURATION, else a day for a DATE and nothing for a DATE-TIME (RFC 5545 3.6.1)."""
        end: int | None = None
        try:
            if "DTEND" in found:
                end = self._dtend(event, found["DTEND"], final=final)
            elif "DURATION" in found:
                span = parse_duration(found["DURATION"][1])
                if event.all_day:
                    end = event.start + _DAY * -(-int(span.total.total_seconds()) // _DAY)
                else:
                    shifted = event.start_local + timedelta(days=span.days)
                    end = seconds(shifted, event.zone) + int(span.rest.total_seconds())
        except (ValueError, OverflowError) as error:
            self._remark(event.line, event.uid, f"its end was left out: {error}")
        if event.all_day:
            if end is None or end == event.start:
                end = event.start + _DAY
            elif end < event.start:
                self._remark(event.line, event.uid, "it ends before it begins, one day was assumed")
                end = event.start + _DAY
        elif end is None:
            end = event.start
        elif end < event.start:
            self._remark(event.line, event.uid, "it ends before it begins, no length was assumed")
            end = event.start
        event.end = min(end, _LAST_SECOND)

    def _dtend(self, event: ParsedEvent, value: _Value, *, final: bool) -> int:
        local, zone, is_date = self.moment(value, final=final)
        if event.all_day:
            # A DATE-TIME end of an all-day event counts the day it lies in only if it goes beyond midnight.
            whole = datetime(local.year, local.month, local.day)  # noqa: DTZ001  wall clock
            return date_seconds(whole) + (_DAY if local > whole and not is_date else 0)
        if zone is None and not is_date:
            zone = event.zone if event.floating or not value[0].get("TZID") else None
        return seconds(local, zone or event.zone)


def seconds(local: datetime, zone: Zone) -> int:
    """Seconds since the epoch of a wall-clock time, RFC 5545 3.3.5 on gaps and folds."""
    if zone is UTC_ZONE:
        since = local - _EPOCH_LOCAL
        return since.days * _DAY + since.seconds
    offset = local.replace(tzinfo=zone.tz).utcoffset()
    if offset is None:
        return int(to_instant(local, zone.tz).timestamp())
    since = local - _EPOCH_LOCAL
    ahead = offset.days * _DAY + offset.seconds
    return min(max(since.days * _DAY + since.seconds - ahead, _FIRST_SECOND), _LAST_SECOND)


def date_seconds(local: datetime) -> int:
    """The UTC midnight that stands for a date."""
    return (local.toordinal() - 719_163) * _DAY


def _safe_split(line: str) -> tuple[str, str]:
    try:
        return split_line(line)
    except ValueError:
        return "", ""


def _text(value: _Value | None) -> str:
    if value is None:
        return ""
    parameters, text = value
    if parameters and parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        return quoted_printable(text)
    return unescape(text)


def _sequence(text: str) -> int:
    digits = text.strip()
    return min(int(digits), 2**31 - 1) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0


def _made_up_uid(component: Component) -> str:
    """A UID for an event without one, the same whenever the same event is read again."""
    body = "\n".join(line for line in component.lines if not line.startswith("DTSTAMP"))
    return f"{hashlib.sha256(body.encode('utf-8', 'replace')).hexdigest()[:32]}@no-uid.invalid"

"""A week with everything that takes time in it, put straight into the tables; and the slow way to offer slots."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from couchcal.scheduling.hours import minute_of
from couchcal.store.connection import Connection
from tests.support.entries import insert, insert_link

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GRID = timedelta(minutes=5)
"""Everything in a scenario lies on this grid, and so does every change of offset."""


@dataclass(frozen=True)
class Kind:
    """An event type; `None` leaves a rule to the practice."""

    minutes: int = 50
    before: int = 0
    after: int = 0
    visit_mode: str = "both"
    notice: int | None = None
    window: int | None = None
    step: int | None = None
    cap: int | None = None


@dataclass(frozen=True)
class Hours:
    """A block of the weekly hours."""

    weekday: int
    start: time
    end: time
    kinds: frozenset[int] = frozenset()
    visits: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Taken:
    """Something that may take time: a row of `table`, timed by instants or (`all_day`) by UTC midnights."""

    table: str
    start: datetime
    end: datetime
    all_day: bool = False
    status: str = "scheduled"
    busy: bool = True
    """Appointments; of external events the opposite of `transparent`."""
    session: bool = False
    kind: int | None = None
    """The id of the event type."""
    hold_until: datetime | None = None


@dataclass(frozen=True)
class Scenario:
    """What a practice has, the first event type being the one that is asked for (id 1)."""

    zone: str
    now: datetime
    first: date
    last: date
    kinds: tuple[Kind, ...] = (Kind(),)
    hours: tuple[Hours, ...] = ()
    taken: tuple[Taken, ...] = ()
    visit: str = "telehealth"
    rules: dict[str, int | None] = field(default_factory=dict)
    """The practice's `min_notice_min`, `window_days`, `slot_step`, `max_per_day`."""

    @property
    def tz(self) -> tzinfo:
        """The practice's zone."""
        return ZoneInfo(self.zone)


RULES: dict[str, int | None] = {"min_notice_min": 30, "window_days": 60, "slot_step": 30, "max_per_day": None}


def store(connection: Connection, scenario: Scenario) -> None:
    """Put a scenario into an empty practice. Within a transaction that the caller rolls back."""
    for name, value in {**RULES, **scenario.rules}.items():
        connection.execute(f"UPDATE practice SET {name} = ?", (value,))
    connection.executemany(
        "INSERT INTO event_type (id, created_at, updated_at, version, title, minutes, visit_mode, description,"
        " buffer_before, buffer_after, position, active, audience, min_notice_min, window_days, slot_step,"
        " max_per_day)"
        " VALUES (?, 0, 0, 1, 'x', ?, ?, '', ?, ?, ?, true, 'both', ?, ?, ?, ?)",
        [
            (n, k.minutes, k.visit_mode, k.before, k.after, n, k.notice, k.window, k.step, k.cap)
            for n, k in enumerate(scenario.kinds, start=1)
        ],
    )
    connection.executemany(
        "INSERT INTO availability_block (created_at, updated_at, version, weekday, start_time, end_time,"
        " event_types, visit_types) VALUES (0, 0, 1, ?, ?, ?, ?, ?)",
        [
            (
                hours.weekday,
                hours.start.isoformat("microseconds"),
                hours.end.isoformat("microseconds"),
                " ".join(map(str, sorted(hours.kinds))),
                " ".join(sorted(hours.visits)),
            )
            for hours in scenario.hours
        ],
    )
    insert_link(connection)
    put(connection, scenario.taken)


def put(connection: Connection, taken: tuple[Taken, ...]) -> None:
    """Store what takes time, each under the number of its place in `taken`, from 1."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for number, item in enumerate(taken, start=1):
        row: dict[str, Any] = {
            "id": number, "start_utc": seconds(item.start), "end_utc": seconds(item.end), "all_day": item.all_day,
            "status": item.status, "event_type_id": item.kind,
        }  # fmt: skip
        if item.table == "appointment":
            row["busy"] = item.busy
            if item.session:
                row |= {"kind": "client_session", "client_id": 1, "service": "90834"}
        elif item.table == "external_event":
            row |= {
                "transparent": not item.busy,
                "status": {"scheduled": "confirmed"}.get(item.status, item.status),
            }
        elif item.table == "booking_request":
            row["hold_until"] = None if item.hold_until is None else seconds(item.hold_until)
        rows.setdefault(item.table, []).append(row)
    for table, of_table in rows.items():
        insert(connection, table, of_table)


def seconds(instant: datetime) -> int:
    """Seconds since 1970."""
    return (instant - EPOCH) // timedelta(seconds=1)


def slowly_offered(scenario: Scenario) -> list[datetime]:
    """What `openings.offered` answers, by trying each instant against each rule."""
    kind = scenario.kinds[0]
    rules = {**RULES, **scenario.rules}
    own = {
        "min_notice_min": kind.notice,
        "window_days": kind.window,
        "slot_step": kind.step,
        "max_per_day": kind.cap,
    }
    rules |= {name: value for name, value in own.items() if value is not None}
    if kind.visit_mode not in ("both", scenario.visit):
        return []
    today = scenario.now.astimezone(scenario.tz).date()
    blocking = [item for item in scenario.taken if blocks_clients(item, scenario.now)]
    found = []
    for ordinal in range(max(scenario.first, today).toordinal(), scenario.last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if rules["window_days"] and (day - today).days > rules["window_days"]:
            continue
        if rules["max_per_day"] is not None and _sessions(blocking, day, scenario.tz) >= rules["max_per_day"]:
            continue
        for opens, closes in open_spans(scenario, day):
            start, length = opens, timedelta(minutes=kind.minutes)
            while start + length <= closes:
                soon = start < scenario.now + timedelta(minutes=rules["min_notice_min"] or 0)
                if not soon and all(_keeps_clear(start, length, kind, item, scenario) for item in blocking):
                    found.append(start)
                start += timedelta(minutes=rules["slot_step"] or kind.minutes)
    return found


def blocks_clients(item: Taken, now: datetime) -> bool:
    """Whether it keeps clients away."""
    if item.table == "booking_request":
        live = item.status == "pending" or (
            item.status == "unverified" and item.hold_until is not None and item.hold_until > now
        )
        return live and item.start > now
    return item.busy and item.status not in ("cancelled", "declined")


def open_spans(scenario: Scenario, day: date) -> list[tuple[datetime, datetime]]:
    """The hours of a day for the event type and visit asked for; touching ones are one."""
    spans: list[tuple[datetime, datetime]] = []
    for hours in sorted(scenario.hours, key=lambda hours: hours.start):
        fits = (not hours.kinds or 1 in hours.kinds) and (not hours.visits or scenario.visit in hours.visits)
        if hours.weekday != day.weekday() or not fits:
            continue
        end = hours.end if minute_of(hours.end) else None
        opens = shown_first(scenario.zone, datetime.combine(day, hours.start))
        closes = shown_first(
            scenario.zone, datetime.combine(day, end) if end else datetime.combine(day + timedelta(days=1), time())
        )
        if spans and spans[-1][1] == opens:
            spans[-1] = (spans[-1][0], closes)
        elif opens < closes:
            spans.append((opens, closes))
    return spans


@cache
def shown_first(zone: str, local: datetime) -> datetime:
    """The first instant of the grid at which clocks of the zone show `local` or later."""
    tz = ZoneInfo(zone)
    instant = local.replace(tzinfo=UTC) - timedelta(hours=26)
    while instant.astimezone(tz).replace(tzinfo=None) < local:
        instant += GRID
    return instant


def span_of(item: Taken, zone: str) -> tuple[datetime, datetime]:
    """The instants it takes; days from local midnight to local midnight."""
    if not item.all_day:
        return item.start, item.end
    return shown_first(zone, item.start.replace(tzinfo=None)), shown_first(zone, item.end.replace(tzinfo=None))


def _keeps_clear(start: datetime, length: timedelta, kind: Kind, item: Taken, scenario: Scenario) -> bool:
    other = Kind() if item.kind is None else scenario.kinds[item.kind - 1]
    begins, ends = span_of(item, scenario.zone)
    if begins == ends:
        return True
    before = timedelta(minutes=max(kind.after, other.before))
    after = timedelta(minutes=max(other.after, kind.before))
    return start + length + before <= begins or start >= ends + after


def _sessions(blocking: list[Taken], day: date, tz: tzinfo) -> int:
    return sum(
        item.start.astimezone(tz).date() == day and (item.session or item.table == "booking_request")
        for item in blocking
    )

"""Finding a time: who a wish is for, how long it takes, and the free times that fit it. No ORM."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from itertools import groupby
from typing import NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.practice import agenda
from couchcal.practice.clients import ClientRow, list_clients
from couchcal.practice.openings import free_starts
from couchcal.practice.search_query import folded, words_of
from couchcal.practice.usual import UsualSlot, slot_of
from couchcal.scheduling.finder import Wish
from couchcal.scheduling.wallclock import day_bounds, to_local
from couchcal.store.connection import Connection, Database

DEFAULT_MINUTES = 50
MOST = 200


class Sought(NamedTuple):
    """A wish with what the practice knows: the clients its name fits, the length in minutes, and what the
    sessions of the one client are usually like."""

    clients: list[ClientRow]
    minutes: int
    usual: UsualSlot

    @property
    def client(self) -> ClientRow | None:
        """The client, if the name fits just one."""
        return self.clients[0] if len(self.clients) == 1 else None


def sought(connection: Connection, wish: Wish) -> Sought:
    """Who and how long: the wish's length, else that of the client's latest session of their usual service, else
    what this service typically takes, else `DEFAULT_MINUTES`.

    Every word of the name has to begin a word of theirs, or of their internal id.
    """
    clients = _named(connection, wish.client) if wish.client else []
    usual = slot_of(connection, clients[0].id) if len(clients) == 1 else UsualSlot()
    minutes = wish.minutes or usual.minutes
    if minutes is None and usual.service is not None:
        row = connection.execute("SELECT typical_min FROM service_code WHERE code = ?", (usual.service,)).fetchone()
        minutes = row[0]
    return Sought(clients, minutes or DEFAULT_MINUTES, usual)


def _named(connection: Connection, name: str) -> list[ClientRow]:
    wanted = [folded(word) for word in words_of(name)]
    found = []
    for row in list_clients(connection):
        have = [folded(word) for word in words_of(f"{row.first} {row.last} {row.preferred} {row.internal_id}")]
        if wanted and all(any(word.startswith(begin) for word in have) for begin in wanted):
            found.append(row)
    return found


def cover(database: Database, wish: Wish, tz: tzinfo, *, clock: Clock = system_clock) -> None:
    """Give series their rows in the days of a wish, so that nothing looks free that is not. Writes if it must."""
    start, end = day_bounds(wish.first, tz)[0], day_bounds(wish.last, tz)[1]
    connection = database.connect()
    try:
        reached = agenda.horizon_reached(connection, start, end)
    finally:
        connection.close()
    if not reached:
        from couchcal.practice.series import extend_all

        extend_all(database, start, end, clock=clock)


def find_times(
    connection: Connection,
    wish: Wish,
    now: datetime,
    tz: tzinfo,
    limit: int = MOST,
    *,
    minutes: int,
    per_day: int | None = None,
) -> list[datetime]:
    """The first `limit` free starts of `minutes` that fit the wish, ascending; `cover` comes before.

    Args:
        now: an aware instant; nothing earlier is found.
        tz: the practice's zone, on whose clock the wish is.
        per_day: at most so many a day, spread from the first to the last of it.
    """
    starts = free_starts(connection, minutes, first=wish.first, last=wish.last, now=now, tz=tz)
    fitting = (start for start in starts if _fits(start, minutes, wish, tz))
    found: list[datetime] = []
    for _, group in groupby(fitting, lambda start: to_local(start, tz).date()):
        of_day = list(group)
        found += of_day if per_day is None else _spread(of_day, per_day)
        if len(found) >= limit:
            break
    return found[:limit]


def _fits(start: datetime, minutes: int, wish: Wish, tz: tzinfo) -> bool:
    begin, end = to_local(start, tz), to_local(start + timedelta(minutes=minutes), tz)
    if begin.weekday() not in wish.weekdays:
        return False
    if wish.from_time is not None and begin.time() < wish.from_time:
        return False
    return wish.to_time is None or (end.date() == begin.date() and end.time() <= wish.to_time)


def _spread(starts: list[datetime], count: int) -> list[datetime]:
    if len(starts) <= count:
        return starts
    if count == 1:
        return starts[:1]
    return [starts[round(number * (len(starts) - 1) / (count - 1))] for number in range(count)]

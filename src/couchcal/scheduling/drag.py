"""An entry in the hand: where it would land, by the mouse, by keys (`grab_keys`) or put somewhere (DND-01…05).

`Grab` is an immutable value; whatever moves it gives the next one. Nothing is written anywhere: putting back (L2)
means forgetting the `Grab`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from couchcal.clock_words import clock_words, span_words
from couchcal.scheduling.wallclock import first_existing, to_instant, to_local

MIN_LENGTH = timedelta(minutes=5)
_DAY = timedelta(days=1)
_CLAMPED = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))  # see `wallclock`
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Grab:
    """An entry in the hand: where it was and where it would land.

    `start` and `end` are aware UTC instants, `end` exclusive; an all-day entry holds the first instant of its
    first day and of the day after its last. `tz` is the zone the view shows: grid lines, days and weeks are
    its own. `edge` is the end that lengthening moves: "start", or the end for "move" and "end".
    """

    original_start: datetime
    original_end: datetime
    start: datetime
    end: datetime
    tz: tzinfo
    view: Literal["time", "month"] = "time"
    edge: Literal["move", "end", "start"] = "move"
    scope: Literal["this", "future"] = "this"
    in_series: bool = False
    snap_minutes: int = 15
    all_day: bool = False
    # The wall-clock start asked for by day moves. It differs from `start` only inside a gap (02:30 on a
    # spring Sunday); without it, one day on and one day back would not be where the entry came from.
    aim_local: datetime | None = field(default=None, compare=False, repr=False)

    @property
    def changed(self) -> bool:
        """Whether dropping here would change the entry's time."""
        return (self.start, self.end) != (self.original_start, self.original_end)


def grab(
    start: datetime,
    end: datetime,
    tz: tzinfo,
    *,
    view: Literal["time", "month"] = "time",
    in_series: bool = False,
    snap_minutes: int = 15,
    all_day: bool = False,
) -> Grab:
    """Lift the entry `[start, end)` (aware instants)."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    return Grab(
        start, end, start, end, tz, view=view, in_series=in_series, snap_minutes=snap_minutes, all_day=all_day
    )


def land_at(state: Grab, start_utc: datetime) -> Grab:
    """Move to exactly `start_utc` (an all-day entry: to its local day), keeping the length.

    The state is returned unchanged when the entry would leave the years 1 to 9999; so do the helpers below.
    """
    try:
        if state.all_day:
            return on_day(state, to_local(start_utc, state.tz).date())
        return moved(state, start_utc)
    except (OverflowError, ValueError):
        return state


def drag_to(state: Grab, pointer_start_utc: datetime) -> Grab:
    """Move so that the start stands on the grid line nearest to the pointer; by whole days in the month view
    (DND-02) and for an all-day entry."""
    try:
        if state.all_day or state.view == "month":
            return on_day(state, to_local(pointer_start_utc, state.tz).date())
        return moved(state, _nearest_line(state, pointer_start_utc))
    except (OverflowError, ValueError):
        return state


def resize_to(state: Grab, end_utc: datetime) -> Grab:
    """Put the end on the grid line nearest to `end_utc`, never closer than `MIN_LENGTH` to the start.

    An all-day entry ends with the local day that contains `end_utc`. The month view does not resize.
    """
    try:
        if state.all_day:
            first = to_local(state.start, state.tz).date()
            last = to_local(end_utc, state.tz).date()
            return spanning(state, first, (max(first, last) - first).days + 1)
        if state.view == "month":
            return state
        return resized(state, state.start, max(_nearest_line(state, end_utc), state.start + MIN_LENGTH))
    except (OverflowError, ValueError):
        return state


def move_to_day(state: Grab, day: date) -> Grab:
    """Move to the local `day`, keeping the wall-clock start (DND-02, L3)."""
    try:
        return on_day(state, day)
    except (OverflowError, ValueError):
        return state


def describe(state: Grab, *, hour24: bool = True) -> str:
    """The landing place in view-zone time, such as `Tue 3 Mar 15:00–15:50` or `Tue 3 Mar 3:00–3:50pm`."""
    start, end = to_local(state.start, state.tz), to_local(state.end, state.tz)
    if state.all_day:
        last = max(start.date(), end.date() - _DAY)
        return _day_text(start.date()) + ("" if last == start.date() else f"–{_day_text(last)}")
    start_text, end_text = clock_words(start, clock_24h=hour24), clock_words(end, clock_24h=hour24)
    ends_same_day = end.date() == start.date() or (end.time() == time.min and end - start <= _DAY)
    if not ends_same_day:
        return f"{_day_text(start.date())} {start_text}–{_day_text(end.date())} {end_text}"
    same_day = start.date() == end.date()
    span = span_words(start, end, clock_24h=hour24) if same_day else f"{start_text}–{end_text}"
    return f"{_day_text(start.date())} {span}"


def _day_text(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def _checked(state: Grab) -> Grab:
    """`state`, once both ends are known to lie on the view's calendar (else OverflowError, ValueError)."""
    for instant in (state.start, state.end):
        instant.astimezone(state.tz)
        if instant in _CLAMPED:
            raise OverflowError("outside the years 1 to 9999")
    return state


def moved(state: Grab, start: datetime, aim_local: datetime | None = None) -> Grab:
    """The entry from `start`, as long as it was; `aim_local` is the wall clock that was asked for.

    Raises:
        OverflowError, ValueError: outside the years 1 to 9999. So do the other helpers of moves.
    """
    start = start.astimezone(UTC)
    return _checked(replace(state, start=start, end=start + (state.end - state.start), aim_local=aim_local))


def resized(state: Grab, start: datetime, end: datetime) -> Grab:
    """The entry from `start` to `end`."""
    aim_local = state.aim_local if start == state.start else None
    return _checked(replace(state, start=start, end=end, aim_local=aim_local))


def spanning(state: Grab, first: date, days: int) -> Grab:
    """The all-day entry over `days` local days from `first`, or from the next day that exists (a zone that
    crosses the date line skips one)."""
    start = first_existing(datetime.combine(first, time.min), state.tz)
    landed = to_local(start, state.tz).date()
    end = first_existing(datetime.combine(landed + timedelta(days=days), time.min), state.tz)
    return _checked(replace(state, start=start, end=end, aim_local=datetime.combine(first, time.min)))


def days_of(state: Grab) -> int:
    """Days an all-day entry lasts; rounded, as a day may have 23 or 25 hours, or none if it was skipped."""
    return max(round((state.end - state.start) / _DAY), 1)


def aim_of(state: Grab) -> datetime:
    """The wall-clock start that was asked for, which a gap may have put off."""
    return state.aim_local or to_local(state.start, state.tz)


def on_day(state: Grab, day: date) -> Grab:
    """The entry on the local `day`, at its wall-clock start."""
    if state.all_day:
        return spanning(state, day, days_of(state))
    aim = datetime.combine(day, aim_of(state).time())
    # Back on the original wall clock is back on the original instant, also in the repeated hour of autumn.
    if aim == to_local(state.original_start, state.tz):
        return moved(state, state.original_start, aim)
    return moved(state, to_instant(aim, state.tz), aim)


def past_line(state: Grab, instant: datetime) -> timedelta:
    """How far `instant` lies past the last grid line at or before it, on the view's wall clock."""
    local = to_local(instant, state.tz)
    return (local - datetime.combine(local.date(), time.min)) % timedelta(minutes=state.snap_minutes)


def _nearest_line(state: Grab, instant: datetime) -> datetime:
    instant = instant.astimezone(UTC)
    half = timedelta(minutes=state.snap_minutes) / 2
    return instant + half - past_line(state, instant + half)

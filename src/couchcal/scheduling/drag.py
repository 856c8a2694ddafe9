"""The grab / move / resize machine behind both the keyboard and the mouse (DND-01 to DND-05).

`Grab` is an immutable value; `reduce` maps a key to the next value or to an `Outcome` the caller acts on.
Nothing is written anywhere: putting back (L2) means forgetting the `Grab`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import Literal

from couchcal.clock_words import clock_words, span_words
from couchcal.scheduling.wallclock import first_existing, to_instant, to_local

MIN_LENGTH = timedelta(minutes=5)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_CLAMPED = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))  # see `wallclock`
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Outcome(Enum):
    """What a key asks of the caller when it does not change the grab itself."""

    DROP = "drop"
    PUT_BACK = "put back"
    ASK_EXACT_TIME = "ask exact time"
    FIND_FREE_SLOT = "find free slot"
    IGNORED = "ignored"


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


def reduce(state: Grab, key: str) -> Grab | Outcome:
    """The state after `key` (a Textual key name or the character itself).

    A key without effect here (unknown, a minute step on an all-day entry or in the month view, a length below
    `MIN_LENGTH`, a landing outside the years 1 to 9999) gives `Outcome.IGNORED`.
    """
    action = _KEYS.get(key)
    if action is None:
        return Outcome.IGNORED
    if isinstance(action, Outcome):
        if action is Outcome.FIND_FREE_SLOT and state.all_day:
            return Outcome.IGNORED
        return action
    try:
        return action(state) or Outcome.IGNORED
    except (OverflowError, ValueError):  # beyond the calendar: datetime arithmetic knows the years 1 to 9999
        return Outcome.IGNORED


def land_at(state: Grab, start_utc: datetime) -> Grab:
    """Move to exactly `start_utc` (an all-day entry: to its local day), keeping the length.

    The state is returned unchanged when the entry would leave the years 1 to 9999; so do the helpers below.
    """
    try:
        if state.all_day:
            return _on_day(state, to_local(start_utc, state.tz).date())
        return _moved(state, start_utc)
    except (OverflowError, ValueError):
        return state


def drag_to(state: Grab, pointer_start_utc: datetime) -> Grab:
    """Move so that the start stands on the grid line nearest to the pointer; by whole days in the month view
    (DND-02) and for an all-day entry."""
    try:
        if state.all_day or state.view == "month":
            return _on_day(state, to_local(pointer_start_utc, state.tz).date())
        return _moved(state, _nearest_line(state, pointer_start_utc))
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
            return _spanning(state, first, (max(first, last) - first).days + 1)
        if state.view == "month":
            return state
        return _resized(state, state.start, max(_nearest_line(state, end_utc), state.start + MIN_LENGTH))
    except (OverflowError, ValueError):
        return state


def move_to_day(state: Grab, day: date) -> Grab:
    """Move to the local `day`, keeping the wall-clock start (DND-02, L3)."""
    try:
        return _on_day(state, day)
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


def _moved(state: Grab, start: datetime, aim_local: datetime | None = None) -> Grab:
    start = start.astimezone(UTC)
    return _checked(replace(state, start=start, end=start + (state.end - state.start), aim_local=aim_local))


def _resized(state: Grab, start: datetime, end: datetime) -> Grab:
    aim_local = state.aim_local if start == state.start else None
    return _checked(replace(state, start=start, end=end, aim_local=aim_local))


def _spanning(state: Grab, first: date, days: int) -> Grab:
    """The all-day entry over `days` local days from `first`, or from the next day that exists (a zone that
    crosses the date line skips one)."""
    start = first_existing(datetime.combine(first, time.min), state.tz)
    landed = to_local(start, state.tz).date()
    end = first_existing(datetime.combine(landed + timedelta(days=days), time.min), state.tz)
    return _checked(replace(state, start=start, end=end, aim_local=datetime.combine(first, time.min)))


def _days(state: Grab) -> int:
    """Days an all-day entry lasts; rounded, as a day may have 23 or 25 hours, or none if it was skipped."""
    return max(round((state.end - state.start) / _DAY), 1)


def _aim(state: Grab) -> datetime:
    return state.aim_local or to_local(state.start, state.tz)


def _on_day(state: Grab, day: date) -> Grab:
    if state.all_day:
        return _spanning(state, day, _days(state))
    aim = datetime.combine(day, _aim(state).time())
    # Back on the original wall clock is back on the original instant, also in the repeated hour of autumn.
    if aim == to_local(state.original_start, state.tz):
        return _moved(state, state.original_start, aim)
    return _moved(state, to_instant(aim, state.tz), aim)


def _step_days(days: int) -> Callable[[Grab], Grab | None]:
    return lambda state: _on_day(state, _aim(state).date() + timedelta(days=days))


def _past_line(state: Grab, instant: datetime) -> timedelta:
    """How far `instant` lies past the last grid line at or before it, on the view's wall clock."""
    local = to_local(instant, state.tz)
    return (local - datetime.combine(local.date(), time.min)) % timedelta(minutes=state.snap_minutes)


def _nearest_line(state: Grab, instant: datetime) -> datetime:
    instant = instant.astimezone(UTC)
    half = timedelta(minutes=state.snap_minutes) / 2
    return instant + half - _past_line(state, instant + half)


def _line_step(state: Grab, instant: datetime, step: timedelta) -> datetime:
    """`instant` moved by `step` and onto the grid: from an off-grid time the rest to the next line counts as
    the first snap (14:07 forward is 14:15, back is 14:00)."""
    snap = timedelta(minutes=state.snap_minutes)
    past = _past_line(state, instant)
    if step > timedelta(0):
        landed = instant - past + step
        past = _past_line(state, landed)  # not zero when the zone's offset changed by an odd amount on the way
        return landed + (snap - past if past else past)
    landed = instant + (snap - past if past else past) + step
    return landed - _past_line(state, landed)


def _step_time(minutes: int | None, sign: int) -> Callable[[Grab], Grab | None]:
    """Move by `minutes`, or by the snap when None, onto the grid."""

    def act(state: Grab) -> Grab | None:
        if state.all_day or state.view == "month":
            return None
        step = timedelta(minutes=minutes or state.snap_minutes)
        return _moved(state, _line_step(state, state.start, sign * step))

    return act


def _step_fine(minutes: int) -> Callable[[Grab], Grab | None]:
    def act(state: Grab) -> Grab | None:
        if state.all_day or state.view == "month":
            return None
        return _moved(state, state.start + minutes * _MINUTE)

    return act


def _step_vertical(sign: int) -> Callable[[Grab], Grab | None]:
    by_time, by_week = _step_time(None, sign), _step_days(7 * sign)
    return lambda state: by_week(state) if state.view == "month" else by_time(state)


def _lengthen(sign: int) -> Callable[[Grab], Grab | None]:
    """Lengthen (1) or shorten (-1) by the snap at the active edge; an all-day entry by a day at its end."""

    def act(state: Grab) -> Grab | None:
        if state.all_day:
            days = _days(state) + sign
            return _spanning(state, _aim(state).date(), days) if days >= 1 else None
        if state.view == "month" or (sign < 0 and state.end - state.start <= MIN_LENGTH):
            return None
        snap = timedelta(minutes=state.snap_minutes)
        if state.edge == "start":
            start = _line_step(state, state.start, -sign * snap)
            return _resized(state, min(start, state.end - MIN_LENGTH), state.end)
        end = _line_step(state, state.end, sign * snap)
        return _resized(state, state.start, max(end, state.start + MIN_LENGTH))

    return act


def _switch_edge(state: Grab) -> Grab | None:
    if state.all_day or state.view == "month":
        return None
    return replace(state, edge="end" if state.edge == "start" else "start")


def _switch_scope(state: Grab) -> Grab | None:
    if not state.in_series:
        return None
    return replace(state, scope="future" if state.scope == "this" else "this")


_Action = Outcome | Callable[[Grab], Grab | None]
_ACTIONS: tuple[tuple[tuple[str, ...], _Action], ...] = (
    (("j", "down"), _step_vertical(1)),
    (("k", "up"), _step_vertical(-1)),
    (("l", "right"), _step_days(1)),
    (("h", "left"), _step_days(-1)),
    (("J", "shift+down"), _step_time(60, 1)),
    (("K", "shift+up"), _step_time(60, -1)),
    (("L", "shift+right"), _step_days(7)),
    (("H", "shift+left"), _step_days(-7)),
    (("full_stop", "."), _step_fine(5)),
    (("comma", ","), _step_fine(-5)),
    (("greater_than_sign", ">"), _step_fine(1)),
    (("less_than_sign", "<"), _step_fine(-1)),
    (("plus", "+"), _lengthen(1)),
    (("minus", "-"), _lengthen(-1)),
    (("o",), _switch_edge),
    (("s",), _switch_scope),
    (("equals_sign", "="), Outcome.ASK_EXACT_TIME),
    (("f",), Outcome.FIND_FREE_SLOT),
    (("enter", "space"), Outcome.DROP),
    (("escape", "q"), Outcome.PUT_BACK),
)
_KEYS: dict[str, _Action] = {key: action for keys, action in _ACTIONS for key in keys}
GRAB_KEYS: frozenset[str] = frozenset(_KEYS)

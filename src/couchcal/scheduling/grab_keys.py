"""What each key does to an entry in the hand (DND-01 to DND-05): a table from keys to the next `Grab`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from couchcal.scheduling.drag import MIN_LENGTH, Grab, aim_of, days_of, moved, on_day, past_line, resized, spanning


class Outcome(Enum):
    """What a key asks of the caller when it does not change the grab itself."""

    DROP = "drop"
    PUT_BACK = "put back"
    ASK_EXACT_TIME = "ask exact time"
    FIND_FREE_SLOT = "find free slot"
    IGNORED = "ignored"


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


def _step_days(days: int) -> Callable[[Grab], Grab | None]:
    return lambda state: on_day(state, aim_of(state).date() + timedelta(days=days))


def _line_step(state: Grab, instant: datetime, step: timedelta) -> datetime:
    """`instant` moved by `step` and onto the grid: from an off-grid time the rest to the next line counts as
    the first snap (14:07 forward is 14:15, back is 14:00)."""
    snap = timedelta(minutes=state.snap_minutes)
    past = past_line(state, instant)
    if step > timedelta(0):
        landed = instant - past + step
        past = past_line(state, landed)  # not zero when the zone's offset changed by an odd amount on the way
        return landed + (snap - past if past else past)
    landed = instant + (snap - past if past else past) + step
    return landed - past_line(state, landed)


def _step_time(minutes: int | None, sign: int) -> Callable[[Grab], Grab | None]:
    """Move by `minutes`, or by the snap when None, onto the grid."""

    def act(state: Grab) -> Grab | None:
        if state.all_day or state.view == "month":
            return None
        step = timedelta(minutes=minutes or state.snap_minutes)
        return moved(state, _line_step(state, state.start, sign * step))

    return act


def _step_fine(minutes: int) -> Callable[[Grab], Grab | None]:
    def act(state: Grab) -> Grab | None:
        if state.all_day or state.view == "month":
            return None
        return moved(state, state.start + timedelta(minutes=minutes))

    return act


def _step_vertical(sign: int) -> Callable[[Grab], Grab | None]:
    by_time, by_week = _step_time(None, sign), _step_days(7 * sign)
    return lambda state: by_week(state) if state.view == "month" else by_time(state)


def _lengthen(sign: int) -> Callable[[Grab], Grab | None]:
    """Lengthen (1) or shorten (-1) by the snap at the active edge; an all-day entry by a day at its end."""

    def act(state: Grab) -> Grab | None:
        if state.all_day:
            days = days_of(state) + sign
            return spanning(state, aim_of(state).date(), days) if days >= 1 else None
        if state.view == "month" or (sign < 0 and state.end - state.start <= MIN_LENGTH):
            return None
        snap = timedelta(minutes=state.snap_minutes)
        if state.edge == "start":
            start = _line_step(state, state.start, -sign * snap)
            return resized(state, min(start, state.end - MIN_LENGTH), state.end)
        end = _line_step(state, state.end, sign * snap)
        return resized(state, state.start, max(end, state.start + MIN_LENGTH))

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

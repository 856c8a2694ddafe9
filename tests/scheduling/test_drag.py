"""The grab machine: keys and mouse move the same value, and putting back leaves no trace."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from couchcal.scheduling.drag import MIN_LENGTH, Grab, describe, drag_to, grab, land_at, move_to_day, resize_to
from couchcal.scheduling.grab_keys import GRAB_KEYS, Outcome, reduce
from couchcal.scheduling.wallclock import day_bounds, to_instant, to_local, zone

ZONES = (
    "UTC",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
    "Pacific/Chatham",
    "Asia/Tehran",
)
NEW_YORK = zone("America/New_York")

zones = st.sampled_from(ZONES).map(zone)
VIEWS: tuple[Literal["time", "month"], ...] = ("time", "month")
views = st.sampled_from(VIEWS)
starts = st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - made aware next
    lambda moment: moment.replace(tzinfo=UTC, second=0, microsecond=0)
)
lengths = st.integers(1, 2000).map(lambda minutes: timedelta(minutes=minutes))
keys = st.lists(st.sampled_from(sorted(GRAB_KEYS)), max_size=25)
MOVES = (*"jkJKhlHL,.<>", "up", "down", "left", "right", "shift+up", "shift+down", "shift+left")


@st.composite
def grabs(
    draw: st.DrawFn, view: st.SearchStrategy[Literal["time", "month"]] = views, *, timed: bool = False
) -> Grab:
    start, tz = draw(starts), draw(zones)
    all_day = not timed and draw(st.booleans())
    end = start + draw(lengths)
    if all_day:
        first = to_local(start, tz).date()
        start, end = (
            day_bounds(first, tz)[0],
            day_bounds(first + timedelta(days=draw(st.integers(1, 5))), tz)[0],
        )
        assume(start < end)
    return grab(start, end, tz, view=draw(view), in_series=draw(st.booleans()), all_day=all_day)


def at(hour: int, minute: int = 0, day: int = 3) -> datetime:
    return to_instant(datetime.combine(date(2026, 3, day), time(hour, minute)), NEW_YORK)


def timed(
    hour: int,
    minute: int = 0,
    *,
    length: int = 50,
    day: int = 3,
    view: Literal["time", "month"] = "time",
) -> Grab:
    start = at(hour, minute, day)
    return grab(start, start + timedelta(minutes=length), NEW_YORK, view=view)


def press(state: Grab, *pressed: str) -> Grab:
    for key in pressed:
        after = reduce(state, key)
        assert isinstance(after, Grab), f"{key} gave {after}"
        state = after
    return state


def local(state: Grab) -> datetime:
    return to_local(state.start, state.tz)


@given(grabs(), keys)
def test_any_keys_then_escape_is_the_original(state: Grab, pressed: list[str]) -> None:
    # L2: the original stays known whatever is pressed, and escape asks to write nothing
    before = (state.start, state.end)
    for key in pressed:
        after = reduce(state, key)
        state = after if isinstance(after, Grab) else state
    assert reduce(state, "escape") is Outcome.PUT_BACK
    assert (state.original_start, state.original_end) == before
    assert state.start < state.end


@given(grabs(), st.lists(st.sampled_from(MOVES), max_size=25))
def test_moves_keep_the_length(state: Grab, pressed: list[str]) -> None:
    days = (to_local(state.end, state.tz).date() - local(state).date()).days
    length = state.end - state.start
    for key in pressed:
        after = reduce(state, key)
        state = after if isinstance(after, Grab) else state
    if state.all_day:
        assert (to_local(state.end, state.tz).date() - local(state).date()).days == days
        assert local(state).time() == to_local(day_bounds(local(state).date(), state.tz)[0], state.tz).time()
    else:
        assert state.end - state.start == length


@given(grabs(), st.sampled_from([("h", "l"), ("l", "h"), ("H", "L"), ("L", "H"), ("left", "right")]))
def test_a_day_there_and_back_is_the_same_wall_clock(state: Grab, pair: tuple[str, str]) -> None:
    assert press(state, *pair) == state


@given(grabs(st.just("month"), timed=True), st.lists(st.sampled_from("hljkHL"), min_size=1, max_size=12))
def test_month_keeps_the_wall_clock_time(state: Grab, pressed: list[str]) -> None:
    # DND-02, L3: as many days on as the keys say, at the time it had, or where the gap puts that time
    days = sum({"h": -1, "l": 1, "j": 7, "k": -7, "H": -7, "L": 7}[key] for key in pressed)
    wanted = local(state) + timedelta(days=days)
    landed = press(state, *pressed)
    if days:
        assert landed.start == to_instant(wanted, state.tz)
    else:
        assert landed == state


@given(grabs(st.just("time"), timed=True), st.sampled_from("jkJK"))
def test_steps_land_on_the_grid(state: Grab, key: str) -> None:
    landed = press(state, key)
    assert local(landed).minute % 15 == 0
    moved = landed.start - state.start
    assert moved > timedelta(0) if key in "jJ" else moved < timedelta(0)
    limit = timedelta(minutes=15 if key in "jk" else 60)
    assert limit - timedelta(minutes=15) < abs(moved) <= limit


@given(grabs(), st.lists(st.sampled_from("jkJKhlHL"), max_size=12))
def test_mouse_and_keys_meet(state: Grab, pressed: list[str]) -> None:
    # DND-01, DND-05: pointing at where the keys went gives an equal state
    by_keys = state
    for key in pressed:
        after = reduce(by_keys, key)
        by_keys = after if isinstance(after, Grab) else by_keys
    assert land_at(state, by_keys.start) == by_keys
    if state.all_day or (state.view == "time" and local(by_keys).minute % 15 == 0):
        assert drag_to(state, by_keys.start) == by_keys
    elif state.view == "month" and to_instant(local(state), state.tz) == state.start:
        assert to_local(drag_to(state, by_keys.start).start, state.tz).date() == local(by_keys).date()


@given(grabs(), st.integers(-600, 600))
def test_dragging_lands_on_the_nearest_line(state: Grab, minutes: int) -> None:
    # DND-05
    assume(state.view == "time" and not state.all_day)
    pointer = state.start + timedelta(minutes=minutes)
    landed = drag_to(state, pointer)
    assert local(landed).minute % 15 == 0
    assert abs(landed.start - pointer) <= timedelta(minutes=7, seconds=30)


@given(grabs(), st.lists(st.sampled_from("+-o"), max_size=20))
def test_resizing_moves_one_end_and_keeps_a_minimum(state: Grab, pressed: list[str]) -> None:
    for key in pressed:
        after = reduce(state, key)
        if not isinstance(after, Grab):
            continue
        assert after.start == state.start or after.end == state.end
        if key == "+":
            assert after.end - after.start > state.end - state.start
        elif key == "-":
            assert MIN_LENGTH <= after.end - after.start < state.end - state.start
        state = after


@pytest.mark.parametrize(
    ("start", "key", "landing"),
    [
        ((14, 7), "j", (14, 15)),
        ((14, 7), "k", (14, 0)),
        ((14, 0), "j", (14, 15)),
        ((14, 0), "up", (13, 45)),
        ((14, 7), "down", (14, 15)),
        ((14, 7), "J", (15, 0)),
        ((14, 7), "K", (13, 15)),
        ((14, 0), "shift+down", (15, 0)),
        ((14, 0), "shift+up", (13, 0)),
        ((14, 7), ",", (14, 2)),
        ((14, 7), "comma", (14, 2)),
        ((14, 7), ".", (14, 12)),
        ((14, 7), "full_stop", (14, 12)),
        ((14, 7), "<", (14, 6)),
        ((14, 7), "less_than_sign", (14, 6)),
        ((14, 7), ">", (14, 8)),
        ((14, 7), "greater_than_sign", (14, 8)),
    ],
)
def test_time_steps(start: tuple[int, int], key: str, landing: tuple[int, int]) -> None:
    landed = press(timed(*start), key)
    assert landed.start == at(*landing)
    assert landed.changed


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("l", 1),
        ("right", 1),
        ("h", -1),
        ("left", -1),
        ("L", 7),
        ("shift+right", 7),
        ("H", -7),
        ("shift+left", -7),
    ],
)
def test_day_steps_keep_the_wall_clock_over_dst(key: str, days: int) -> None:
    # L3: 8 March 2026 begins daylight time in New York
    landed = press(timed(15, 7, day=8 if days < 0 else 7), key)
    assert local(landed) == datetime.combine(date(2026, 3, (8 if days < 0 else 7) + days), time(15, 7))


def test_through_a_gap_and_back() -> None:
    start = timed(2, 30, day=7)
    on_gap = press(start, "l")
    assert describe(on_gap) == "Sun 8 Mar 3:30–4:20"
    assert describe(press(on_gap, "l")) == "Mon 9 Mar 2:30–3:20"
    assert press(on_gap, "h") == start
    assert describe(press(on_gap, "j", "l")) == "Mon 9 Mar 3:45–4:35"


def test_the_second_0130_of_autumn_comes_back_to_itself() -> None:
    first = to_instant(datetime.combine(date(2026, 11, 1), time(1, 30)), NEW_YORK)
    second = first + timedelta(hours=1)
    state = grab(second, second + timedelta(minutes=50), NEW_YORK)
    assert not press(state, "l", "h").changed


def test_a_skipped_day_does_not_hold_an_entry() -> None:
    apia = zone("Pacific/Apia")  # there was no 30 December 2011
    start, end = day_bounds(date(2011, 12, 28), apia)
    state = grab(start, end, apia, all_day=True)
    assert describe(press(state, "l", "l")) == "Sat 31 Dec"
    assert describe(press(state, "l", "l", "l", "l")) == "Sun 1 Jan"
    assert press(state, "l", "l", "h", "h") == state


@pytest.mark.parametrize(
    ("start", "length", "pressed", "result"),
    [
        ((15, 0), 60, "+", "15:00–16:15"),
        ((15, 0), 50, "+", "15:00–16:00"),
        ((15, 0), 50, "-", "15:00–15:45"),
        ((15, 0), 60, "-", "15:00–15:45"),
        ((15, 0), 50, "o+", "14:45–15:50"),
        ((15, 7), 50, "o+", "15:00–15:57"),
        ((15, 7), 50, "o-", "15:15–15:57"),
        ((15, 0), 50, "oo+", "15:00–16:00"),
        ((15, 0), 15, "-", "15:00–15:05"),
        ((15, 0), 15, "o-", "15:10–15:15"),
        ((15, 0), 3, "+", "15:00–15:15"),
    ],
)
def test_lengths(start: tuple[int, int], length: int, pressed: str, result: str) -> None:
    assert describe(press(timed(*start, length=length), *pressed)) == f"Tue 3 Mar {result}"


@pytest.mark.parametrize(("key", "alias"), [("+", "plus"), ("-", "minus")])
def test_key_names_and_characters_agree(key: str, alias: str) -> None:
    assert reduce(timed(15), key) == reduce(timed(15), alias)


@pytest.mark.parametrize(
    ("key", "outcome"),
    [
        ("enter", Outcome.DROP),
        ("space", Outcome.DROP),
        ("escape", Outcome.PUT_BACK),
        ("q", Outcome.PUT_BACK),
        ("=", Outcome.ASK_EXACT_TIME),
        ("equals_sign", Outcome.ASK_EXACT_TIME),
        ("f", Outcome.FIND_FREE_SLOT),
        ("x", Outcome.IGNORED),
        ("", Outcome.IGNORED),
        ("s", Outcome.IGNORED),  # not in a series
    ],
)
def test_outcomes(key: str, outcome: Outcome) -> None:
    assert reduce(timed(15), key) is outcome


def test_scope_switches_for_a_series() -> None:
    state = grab(at(15), at(16), NEW_YORK, in_series=True)
    assert press(state, "s").scope == "future"
    assert press(state, "s", "s").scope == "this"
    assert not press(state, "s").changed


@pytest.mark.parametrize("key", [*",.<>JK+-o", "shift+up", "shift+down"])
def test_month_view_changes_dates_only(key: str) -> None:
    # DND-02
    assert reduce(timed(15, view="month"), key) is Outcome.IGNORED


def test_month_drag_and_resize() -> None:
    state = timed(15, 7, view="month")
    assert describe(drag_to(state, at(9, 0, day=20))) == "Fri 20 Mar 15:07–15:57"
    assert describe(move_to_day(state, date(2026, 3, 20))) == "Fri 20 Mar 15:07–15:57"
    assert resize_to(state, at(18)) == state


@pytest.mark.parametrize("key", [*"jkJK,.<>of"])
def test_an_all_day_entry_moves_by_whole_days_only(key: str) -> None:
    start, end = day_bounds(date(2026, 3, 7), NEW_YORK)[0], day_bounds(date(2026, 3, 8), NEW_YORK)[1]
    assert reduce(grab(start, end, NEW_YORK, all_day=True), key) is Outcome.IGNORED


def test_all_day_moves_and_lengths() -> None:
    start, end = day_bounds(date(2026, 3, 6), NEW_YORK)[0], day_bounds(date(2026, 3, 7), NEW_YORK)[1]
    state = grab(start, end, NEW_YORK, all_day=True)
    assert describe(state) == "Fri 6 Mar–Sat 7 Mar"
    over_dst = press(state, "l")
    assert describe(over_dst) == "Sat 7 Mar–Sun 8 Mar"
    assert over_dst.end - over_dst.start == timedelta(hours=47)
    assert describe(press(state, "+")) == "Fri 6 Mar–Sun 8 Mar"
    assert describe(press(state, "-")) == "Fri 6 Mar"
    assert reduce(press(state, "-"), "-") is Outcome.IGNORED
    assert describe(drag_to(state, at(13, 0, day=10))) == "Tue 10 Mar–Wed 11 Mar"
    assert describe(land_at(state, at(13, 0, day=10))) == "Tue 10 Mar–Wed 11 Mar"
    assert describe(resize_to(state, at(13, 0, day=9))) == "Fri 6 Mar–Mon 9 Mar"
    assert describe(resize_to(state, at(13, 0, day=2))) == "Fri 6 Mar"


def test_the_mouse_snaps_and_an_exact_time_does_not() -> None:
    state = timed(15)
    assert drag_to(state, at(14, 8)).start == at(14, 15)
    assert drag_to(state, at(14, 7)).start == at(14)
    assert land_at(state, at(14, 7)).start == at(14, 7)
    assert resize_to(state, at(16, 8)).end == at(16, 15)
    assert resize_to(state, at(12)).end == at(15, 5)
    assert press(state, "+") == resize_to(state, at(16))


@pytest.mark.parametrize("key", ["h", "k", "H", "K", "<", ","])
def test_before_the_first_day_is_ignored(key: str) -> None:
    start = datetime.min.replace(tzinfo=UTC)
    for tz in (UTC, zone("Asia/Tokyo")):
        assert reduce(grab(start, start + timedelta(minutes=50), tz), key) is Outcome.IGNORED


@pytest.mark.parametrize("key", ["l", "j", "L", "J", ">", ".", "+"])
def test_after_the_last_day_is_ignored(key: str) -> None:
    end = datetime.max.replace(tzinfo=UTC)
    for tz in (UTC, NEW_YORK):
        assert reduce(grab(end - timedelta(minutes=50), end, tz), key) is Outcome.IGNORED


def test_the_mouse_cannot_leave_the_calendar() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    state = grab(end - timedelta(minutes=50), end, UTC)
    assert drag_to(state, end) == state
    assert land_at(state, end) == state
    assert resize_to(state, end) == state
    assert move_to_day(timed(15, length=600), date.max) == timed(15, length=600)


@pytest.mark.parametrize(
    ("state", "hour24", "text"),
    [
        (timed(15), True, "Tue 3 Mar 15:00–15:50"),
        (timed(15), False, "Tue 3 Mar 3:00–3:50pm"),
        (timed(11, 30), False, "Tue 3 Mar 11:30am–12:20pm"),
        (timed(0, 5), False, "Tue 3 Mar 12:05–12:55am"),
        (timed(23, 0, length=60), True, "Tue 3 Mar 23:00–0:00"),
        (timed(23, 0, length=60), False, "Tue 3 Mar 11:00pm–12:00am"),
        (timed(23, 0, length=90), True, "Tue 3 Mar 23:00–Wed 4 Mar 0:30"),
        (timed(23, 0, length=90), False, "Tue 3 Mar 11:00pm–Wed 4 Mar 12:30am"),
    ],
)
def test_descriptions(state: Grab, hour24: bool, text: str) -> None:
    assert describe(state, hour24=hour24) == text

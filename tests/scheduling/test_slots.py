"""The slot engine against a naive oracle and its invariants, over zones that break naive arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.slots import (
    Block,
    Busy,
    SlotRequest,
    all_day_busy,
    free_slots,
    offer_slots,
)
from couchcal.scheduling.wallclock import day_bounds, first_existing, to_instant, to_local, zone

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
    "America/Santiago",
)
NEW_YORK = zone("America/New_York")
# Around these days those zones change their clocks: Apia has no 30 December 2011, Santiago no 00:00 on
# 6 September.
TURNS = (
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
    date(2026, 2, 15),
    date(2026, 9, 6),
    date(2011, 12, 30),
)

zones = st.sampled_from(ZONES).map(zone)
five_minutes = st.integers(0, 287).map(lambda n: time(n * 5 // 60, n * 5 % 60))
visit_sets = st.sampled_from([frozenset(), frozenset({"telehealth"}), frozenset({"telehealth", "in_person"})])


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    """Up to three disjoint, perhaps touching, blocks a weekday."""
    made: list[Block] = []
    for weekday in range(7):
        edges = draw(st.lists(st.integers(0, 288), unique=True, max_size=6))
        edges.sort()
        if draw(st.booleans()) and len(edges) >= 3:
            edges.insert(2, edges[1])  # the second block begins where the first one ends
        for first, last in zip(edges[::2], edges[1::2], strict=False):
            start, end = (time(n % 288 * 5 // 60, n * 5 % 60) for n in (first, last))
            made.append(Block(weekday, start, end, visit_types=draw(visit_sets)))
    return made


class Scene:
    """One question to the engine, with the naive answer to compare with."""

    def __init__(
        self,
        request: SlotRequest,
        blocks: list[Block],
        busy: list[Busy],
        now: datetime,
        tz: tzinfo,
        last: date,
    ) -> None:
        self.request, self.blocks, self.busy, self.now, self.tz, self.last = (
            request,
            blocks,
            busy,
            now,
            tz,
            last,
        )
        self.first = to_local(now, tz).date() - timedelta(days=1)

    def offered(self, busy: Iterable[Busy] | None = None, request: SlotRequest | None = None) -> list[datetime]:
        return offer_slots(
            request or self.request,
            self.blocks,
            self.busy if busy is None else busy,
            now=self.now,
            tz=self.tz,
            first=self.first,
            last=self.last,
        )

    def open_spans(self, day: date) -> list[tuple[datetime, datetime]]:
        spans: list[tuple[datetime, datetime]] = []
        for block in self.blocks:
            if block.weekday != day.weekday():
                continue
            if block.visit_types and self.request.visit_type not in block.visit_types:
                continue
            start = first_existing(datetime.combine(day, block.start), self.tz)
            end_day = day if block.end != time(0) else day + timedelta(days=1)
            end = first_existing(datetime.combine(end_day, block.end), self.tz)
            if start < end:
                spans.append((start, end))
        while True:  # merge pairs until none touch
            pairs = [(a, b) for a in spans for b in spans if a is not b and a[0] <= b[0] <= a[1]]
            if not pairs:
                return spans
            a, b = pairs[0]
            spans = [span for span in spans if span is not a and span is not b] + [(a[0], max(a[1], b[1]))]

    def free(self, start: datetime) -> bool:
        end = start + timedelta(minutes=self.request.duration)
        for item in self.busy:
            if item.key is not None and item.key in self.request.ignoring:
                continue
            gap_after = timedelta(minutes=max(self.request.buffer_after, item.buffer_before))
            gap_before = timedelta(minutes=max(item.buffer_after, self.request.buffer_before))
            if start < item.end + gap_before and item.start - gap_after < end:
                return False
        return True

    def naive(self) -> list[datetime]:
        found: list[datetime] = []
        request, today = self.request, to_local(self.now, self.tz).date()
        step = request.duration if request.step == "session" else request.step
        day = self.first
        while day <= self.last:
            counted = [
                item
                for item in self.busy
                if item.counts and item.key not in request.ignoring and to_local(item.start, self.tz).date() == day
            ]
            in_window = request.window_days is None or (day - today).days <= request.window_days
            if day >= today and in_window and (request.max_per_day is None or len(counted) < request.max_per_day):
                for opens, closes in self.open_spans(day):
                    start = opens
                    while start + timedelta(minutes=request.duration) <= closes:
                        if start >= self.now + timedelta(minutes=request.min_notice) and self.free(start):
                            found.append(start)
                        start += timedelta(minutes=step)
            day += timedelta(days=1)
        return sorted(found)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    tz = draw(zones)
    turn = draw(st.sampled_from(TURNS))
    midnight = to_instant(datetime.combine(turn - timedelta(days=2), time(0)), tz)
    now = midnight + timedelta(minutes=draw(st.integers(0, 2880)))
    busy = [
        Busy(
            start := midnight + timedelta(minutes=5 * draw(st.integers(-100, 1700))),
            start + timedelta(minutes=draw(st.integers(0, 300))),
            draw(st.sampled_from((0, 10, 30))),
            draw(st.sampled_from((0, 10, 30))),
            key=draw(st.sampled_from((None, "a", "b"))),
            counts=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 10)))
    ]
    steps: list[int] = [5, 10, 15, 20, 30, 60]
    request = SlotRequest(
        draw(st.sampled_from((15, 45, 50, 90))),
        step="session" if draw(st.booleans()) else draw(st.sampled_from(steps)),
        min_notice=draw(st.sampled_from((0, 30, 1440))),
        window_days=draw(st.sampled_from((None, 0, 1, 3, 60))),
        buffer_before=draw(st.sampled_from((0, 10, 15))),
        buffer_after=draw(st.sampled_from((0, 10, 15))),
        max_per_day=draw(st.sampled_from((None, 1, 2))),
        visit_type=draw(st.sampled_from(("telehealth", "in_person"))),
        ignoring=draw(st.sampled_from((frozenset(), frozenset({"a"})))),
    )
    return Scene(request, draw(blocks()), busy, now, tz, turn + timedelta(days=draw(st.integers(-1, 4))))


@given(scenes())
def test_the_engine_equals_the_naive_one(scene: Scene) -> None:
    assert scene.offered() == scene.naive()


@given(scenes(), st.data())
def test_busy_time_only_ever_takes_slots_away(scene: Scene, data: st.DataObject) -> None:
    # INV-A2, A8: and taking it away again restores exactly what was
    everything = scene.offered()
    kept = [item for item in scene.busy if data.draw(st.booleans())]
    with_less = scene.offered(kept)
    assert set(everything) <= set(with_less)
    assert scene.offered(scene.busy) == everything


@given(scenes())
def test_every_slot_is_inside_its_day_and_its_limits(scene: Scene) -> None:
    # INV-A3
    length, today = timedelta(minutes=scene.request.duration), to_local(scene.now, scene.tz).date()
    for start in scene.offered():
        assert start.tzinfo is UTC
        assert start >= scene.now + timedelta(minutes=scene.request.min_notice)
        day = to_local(start, scene.tz).date()
        assert today <= day <= scene.last
        assert scene.request.window_days is None or (day - today).days <= scene.request.window_days
        opens, closes = day_bounds(day, scene.tz)
        assert opens <= start < start + length <= closes
        assert any(opens <= start and start + length <= closes for opens, closes in scene.open_spans(day))


@given(scenes())
def test_the_order_of_the_inputs_does_not_matter(scene: Scene) -> None:
    offered = scene.offered()
    assert scene.offered(list(reversed(scene.busy))) == offered
    scene.blocks.reverse()
    assert scene.offered() == offered


@given(scenes())
def test_booking_an_offered_slot_leaves_its_neighbours(scene: Scene) -> None:
    # INV-A5: without buffers exactly the overlapping starts go, the back-to-back ones stay
    plain = replace(scene.request, buffer_before=0, buffer_after=0, max_per_day=None)
    offered = scene.offered(request=plain)
    if not offered:
        return
    length = timedelta(minutes=plain.duration)
    taken = Busy(offered[len(offered) // 2], offered[len(offered) // 2] + length)
    left = scene.offered([*scene.busy, taken], request=plain)
    assert left == [start for start in offered if start >= taken.end or start + length <= taken.start]


@given(scenes())
def test_the_recheck_agrees_with_the_list(scene: Scene) -> None:
    # BOOK-05: a booking looks at its own day and the one before, whose late block may open after a clock change
    unlimited = replace(scene.request, window_days=None)
    offered = set(scene.offered(request=unlimited))
    for start in sorted(offered)[:3]:
        for candidate in (start, start + timedelta(minutes=1)):
            day = to_local(candidate, scene.tz).date()
            days = {"first": day - timedelta(days=1), "last": day}
            near = offer_slots(unlimited, scene.blocks, scene.busy, now=scene.now, tz=scene.tz, **days)
            assert (candidate in near) == (candidate in offered)


@given(scenes())
def test_free_slots_are_the_offer_without_the_policy(scene: Scene) -> None:
    request = SlotRequest(scene.request.duration, step=15, min_notice=0, window_days=None)
    for_all = [replace(block, visit_types=frozenset()) for block in scene.blocks]
    today = to_local(scene.now, scene.tz).date()
    free = free_slots(
        request.duration,
        scene.blocks,
        scene.busy,
        not_before=scene.now,
        tz=scene.tz,
        first=today,
        last=scene.last,
    )
    offered = offer_slots(request, for_all, scene.busy, now=scene.now, tz=scene.tz, first=today, last=scene.last)
    assert list(free) == offered


def one_day(
    day: date,
    *hours: tuple[time, time],
    busy: Iterable[Busy] = (),
    tz: tzinfo = NEW_YORK,
    now: datetime | None = None,
    **policy: Any,
) -> list[str]:
    """What is offered on `day`, as local times."""
    starts = offer_slots(
        SlotRequest(policy.pop("duration", 30), **policy),
        [Block(day.weekday(), start, end) for start, end in hours],
        busy,
        now=now or day_bounds(day, tz)[0] - timedelta(days=1),
        tz=tz,
        first=day,
        last=day,
    )
    return [f"{to_local(start, tz):%H:%M}" for start in starts]


def meeting(day: date, start: time, minutes: int, **fields: Any) -> Busy:
    begins = to_instant(datetime.combine(day, start), NEW_YORK)
    return Busy(begins, begins + timedelta(minutes=minutes), **fields)


DAY = date(2026, 3, 3)


def test_a_gap_is_skipped_and_a_repeated_hour_counts_twice() -> None:
    spring = one_day(date(2026, 3, 8), (time(1), time(4)))
    assert spring == ["01:00", "01:30", "03:00", "03:30"]
    autumn = one_day(date(2026, 11, 1), (time(1), time(4)))
    assert autumn == ["01:00", "01:30", "01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]


def test_a_block_wholly_inside_a_gap_offers_nothing() -> None:
    assert one_day(date(2026, 3, 8), (time(2, 15), time(2, 45)), step=5) == []
    assert one_day(date(2011, 12, 30), (time(9), time(17)), tz=zone("Pacific/Apia")) == []


def test_starts_are_relative_to_the_block() -> None:
    assert one_day(DAY, (time(9, 10), time(12)), duration=50) == ["09:10", "09:40", "10:10", "10:40", "11:10"]


def test_touching_blocks_are_one() -> None:
    assert one_day(DAY, (time(9), time(9, 40)), (time(9, 40), time(10, 30)), duration=50) == [
        "09:00",
        "09:30",
    ]


def test_midnight_ends_a_block() -> None:
    assert one_day(DAY, (time(22), time(0)), duration=50, step=60) == ["22:00", "23:00"]


def test_no_blocks_no_slots() -> None:
    # AVL-03
    assert one_day(DAY) == []


def test_session_step() -> None:
    request = SlotRequest(50, step="session")
    starts = offer_slots(
        request,
        [Block(1, time(9), time(12))],
        [],
        now=day_bounds(DAY, NEW_YORK)[0],
        tz=NEW_YORK,
        first=DAY,
        last=DAY,
    )
    assert [f"{to_local(start, NEW_YORK):%H:%M}" for start in starts] == ["09:00", "09:50", "10:40"]


def test_back_to_back_is_offered() -> None:
    # INV-A5
    busy = [meeting(DAY, time(9), 30), meeting(DAY, time(10), 30)]
    assert one_day(DAY, (time(9), time(11)), busy=busy) == ["09:30", "10:30"]


@pytest.mark.parametrize(
    ("of_slot", "of_meeting", "expected"),
    [
        (10, 0, ["09:00", "11:10"]),
        (0, 10, ["09:00", "11:10"]),
        (10, 15, ["09:00", "11:15"]),  # the larger of the two, not their sum
        (15, 15, ["09:00", "11:15"]),
    ],
)
def test_the_gap_is_the_larger_buffer(of_slot: int, of_meeting: int, expected: list[str]) -> None:
    busy = [meeting(DAY, time(10), 60, buffer_before=of_meeting, buffer_after=of_meeting)]
    found = one_day(
        DAY,
        (time(9), time(11, 45)),
        busy=busy,
        duration=30,
        step=5,
        buffer_before=of_slot,
        buffer_after=of_slot,
    )
    assert found[0] == expected[0]
    assert next(start for start in found if start > "10:00") == expected[1]
    assert all(start <= "09:30" for start in found if start < "10:00")


def test_same_day_needs_notice() -> None:
    # BOOK-04
    now = to_instant(datetime.combine(DAY, time(9, 45)), NEW_YORK)
    assert one_day(DAY, (time(9), time(11, 30)), now=now) == ["10:30", "11:00"]
    on_time = to_instant(datetime.combine(DAY, time(9, 30)), NEW_YORK)
    assert one_day(DAY, (time(9), time(11)), now=on_time) == ["10:00", "10:30"]


def test_the_window_counts_local_days() -> None:
    late_evening = to_instant(datetime.combine(DAY, time(23, 30)), NEW_YORK)  # the next day in UTC
    assert one_day(DAY + timedelta(days=2), (time(9), time(10)), now=late_evening, window_days=1) == []
    assert one_day(DAY + timedelta(days=1), (time(9), time(10)), now=late_evening, window_days=1) != []


def test_a_full_day_offers_nothing() -> None:
    late = to_instant(datetime.combine(DAY, time(23)), NEW_YORK)  # counts on its local day, not on that of UTC
    session = Busy(late, late + timedelta(minutes=50), counts=True)
    other = meeting(DAY, time(8), 30)
    assert one_day(DAY, (time(9), time(10)), busy=[session, other], max_per_day=1) == []
    assert one_day(DAY, (time(9), time(10)), busy=[session, other], max_per_day=2) == ["09:00", "09:30"]
    assert one_day(DAY + timedelta(days=1), (time(9), time(10)), busy=[session], max_per_day=1) != []


def test_blocks_may_be_for_some_types_only() -> None:
    # AVL-07
    made = [
        Block(1, time(9), time(10), event_types=frozenset({1})),
        Block(1, time(10), time(11), visit_types=frozenset({"telehealth"})),
        Block(1, time(11), time(12)),
    ]

    def hours(event_type: int, visit_type: str) -> list[int]:
        request = SlotRequest(30, step=60, event_type=event_type, visit_type=visit_type)
        now = day_bounds(DAY, NEW_YORK)[0]
        starts = offer_slots(request, made, [], now=now, tz=NEW_YORK, first=DAY, last=DAY)
        return [to_local(start, NEW_YORK).hour for start in starts]

    assert hours(1, "telehealth") == [9, 10, 11]
    assert hours(1, "in_person") == [9, 11]
    assert hours(2, "in_person") == [11]


def test_moving_an_appointment_ignores_itself() -> None:
    own = replace(meeting(DAY, time(9), 60), key=7, counts=True)
    request = SlotRequest(60, step=60, max_per_day=1, ignoring=frozenset({7}))
    found = offer_slots(
        request,
        [Block(1, time(9), time(10))],
        [own],
        now=day_bounds(DAY, NEW_YORK)[0],
        tz=NEW_YORK,
        first=DAY,
        last=DAY,
    )
    assert found == [own.start]


def test_an_all_day_item_takes_its_local_days() -> None:
    sunday = date(2026, 3, 8)
    busy = all_day_busy(sunday, sunday + timedelta(days=1), NEW_YORK)
    assert busy.end - busy.start == timedelta(hours=23)
    assert one_day(sunday, (time(0), time(0)), busy=[busy]) == []
    assert one_day(sunday + timedelta(days=1), (time(0), time(1)), busy=[busy]) == ["00:00", "00:30"]
    assert one_day(sunday - timedelta(days=1), (time(23), time(0)), busy=[busy]) == ["23:00", "23:30"]


def test_an_endless_item_and_the_last_day() -> None:
    forever = Busy(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), 30, 30)
    assert one_day(DAY, (time(9), time(10)), busy=[forever], buffer_before=10) == []
    last = date.max
    day_before = datetime(9999, 12, 30, tzinfo=UTC)
    made = [Block(last.weekday(), time(23), time(0))]
    found = offer_slots(SlotRequest(30, window_days=None), made, [], now=day_before, tz=UTC, first=last, last=last)
    assert [start.time() for start in found] == [time(23)]


def test_the_next_free_slot() -> None:
    # every day of the week nine to five, the rest of today taken
    made = [Block(weekday, time(9), time(17)) for weekday in range(7)]
    after = to_instant(datetime.combine(DAY, time(10, 5)), NEW_YORK)
    busy = [meeting(DAY, time(10), 7 * 60)]
    horizon = DAY + timedelta(days=365)
    found = free_slots(50, made, busy, not_before=after, tz=NEW_YORK, first=DAY, last=horizon)
    assert to_local(next(found), NEW_YORK) == datetime.combine(date(2026, 3, 4), time(9))
    own = [replace(busy[0], key="x")]
    found = free_slots(
        50, made, own, not_before=after, tz=NEW_YORK, first=DAY, last=horizon, ignoring=frozenset({"x"})
    )
    assert to_local(next(found), NEW_YORK) == datetime.combine(DAY, time(10, 15))


@pytest.mark.parametrize(
    "wrong", [{"duration": 0}, {"duration": 50, "step": 0}, {"duration": 50, "max_per_day": 0}]
)
def test_impossible_requests_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"positive|at least"):
        SlotRequest(**wrong)

"""How often somebody may come, against a list of everything that was ever done."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from couchcal.web.limits import RATES, Limits, What

_KEYS = ("203.0.113.0/24", "198.51.100.0/24", "dee@example.org")


@given(
    st.sampled_from(sorted(RATES)),
    st.lists(st.tuples(st.integers(0, 400), st.sets(st.sampled_from(_KEYS), min_size=1))),
)
def test_no_window_has_more_than_its_rate(what: What, visits: list[tuple[int, set[str]]]) -> None:
    """A visit counts for each key that has room; who is refused is told when the oldest one that counts is over."""
    rate, now = RATES[what], 1000.0
    limits = Limits(lambda: now)
    done: dict[str, list[float]] = {key: [] for key in _KEYS}
    for pause, keys in visits:
        now += pause * rate.seconds / 400 / rate.times * 2
        expected = 0
        for key in keys:
            live = [moment for moment in done[key] if moment > now - rate.seconds]
            if len(live) < rate.times:
                done[key].append(now)
            else:
                expected = max(expected, 1, math.ceil(live[0] + rate.seconds - now))
        assert limits.wait(what, *keys) == expected


def test_who_waits_as_told_may_come() -> None:
    now = 0.0
    limits = Limits(lambda: now)
    assert [limits.wait("book", "a") for _ in range(5)] == [0] * 5
    seconds = limits.wait("book", "a")
    assert seconds == 600
    now += seconds
    assert limits.wait("book", "a") == 0


def test_what_is_over_is_forgotten() -> None:
    """A flood from many networks leaves nothing behind."""
    now = 0.0
    limits = Limits(lambda: now)
    for number in range(500):
        now += 1.0
        limits.wait("look", str(number))
    assert len(limits._done["look"]) <= RATES["look"].seconds

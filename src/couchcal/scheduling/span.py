"""Index classes of durations, so that "what overlaps this window" is a few short index ranges.

An entry of class k lasts at most 2**k days. Whatever overlaps [lo, hi) and has class k starts in
(lo - 2**k days, hi): one bounded range a class, however long the longest entry is.
"""

from __future__ import annotations

DAY_SECONDS = 86_400
CLASSES = 23
"""2**22 days are more than years 1 to 9999."""


def span_class(seconds: int) -> int:
    """The class of a duration in seconds: the least k with `seconds <= 2**k days`."""
    days = -(-seconds // DAY_SECONDS)
    return max(0, (days - 1).bit_length()) if days > 0 else 0


def reach(span: int) -> int:
    """The longest duration of class `span`, in seconds."""
    return DAY_SECONDS << span

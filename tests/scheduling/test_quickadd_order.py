"""Which number of an all-number date is the month."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.scheduling.quickadd import ClientName, DateOrder, parse, parse_day, parse_when

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10)  # noqa: DTZ001  wall clock


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("12/3", "mdy", date(2026, 12, 3)),
        ("12/3", "dmy", date(2027, 3, 12)),
        ("12/3", "ymd", date(2026, 12, 3)),
        ("31/12", "mdy", date(2026, 12, 31)),
        ("12/31", "dmy", date(2026, 12, 31)),
        ("12/3/2027", "mdy", date(2027, 12, 3)),
        ("12/3/27", "mdy", date(2027, 12, 3)),
        ("12/3/27", "dmy", date(2027, 3, 12)),
        ("12/3/2027", "ymd", date(2027, 12, 3)),
        ("26/12/3", "ymd", date(2026, 12, 3)),
        ("27/1/31", "ymd", date(2027, 1, 31)),
        ("7/1/31", "ymd", date(2007, 1, 31)),
        ("12/3/7", "mdy", None),
        ("12/3/7", "dmy", None),
        ("27/31/1", "ymd", None),
        ("2026/12/3", "dmy", date(2026, 12, 3)),
        ("3.12.", "mdy", date(2026, 12, 3)),
    ],
)
def test_a_date_of_numbers(text: str, order: DateOrder, day: date | None) -> None:
    assert parse_day(text, TODAY, order=order) == day
    expected = None if day is None else datetime.combine(day, datetime.min.time()).replace(hour=15)
    assert parse_when(f"{text} 3pm", now_local=NOW, order=order) == expected


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_date_is_read_as_it_is_written(day: date) -> None:
    written = {"mdy": f"{day:%m/%d/%y}", "dmy": f"{day:%d/%m/%y}", "ymd": f"{day:%y/%m/%d}"}
    for order, text in written.items():
        assert parse_day(text, TODAY, order=order) == day  # type: ignore[arg-type]  # the keys are orders


def test_quick_add_reads_by_the_order() -> None:
    bob = (ClientName(1, "Bob", "Reed", "C-0001"),)
    for order, day in (("mdy", date(2026, 12, 3)), ("dmy", date(2027, 3, 12)), ("ymd", date(2026, 12, 3))):
        draft = parse("12/3 3pm bob", now_local=NOW, clients=bob, services={}, order=order)  # type: ignore[arg-type]
        assert draft.day == day

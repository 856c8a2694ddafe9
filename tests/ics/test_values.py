"""Dates, durations and text as files write them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.ics.values import (
    Span,
    parse_duration,
    parse_head,
    parse_stamp,
    quoted_printable,
    split_line,
    unescape,
)

NINE = datetime(2026, 3, 2, 9)  # noqa: DTZ001  wall clock


@pytest.mark.parametrize(
    ("text", "local", "is_date", "utc"),
    [
        ("20260302T090000", NINE, False, False),
        ("20260302T090000Z", NINE, False, True),
        ("20260302t090000z", NINE, False, True),
        ("20260302", NINE.replace(hour=0), True, False),
        ("20260302T0900", NINE, False, False),
        (" 20260302T090000 ", NINE, False, False),
        ("2026-03-02", NINE.replace(hour=0), True, False),
        ("2026-03-02T09:00:00Z", NINE, False, True),
        ("2026-03-02 09:00", NINE, False, False),
        ("20260302T090000+0100", NINE.replace(hour=8), False, True),
        ("20260302T090000-05:00", NINE.replace(hour=14), False, True),
        ("20260302T240000", datetime(2026, 3, 3), False, False),  # noqa: DTZ001
        ("20260302T085960", datetime(2026, 3, 2, 8, 59, 59), False, False),  # noqa: DTZ001
        ("20260302Z", NINE.replace(hour=0), True, False),
        ("00010101T000000", datetime(1, 1, 1), False, False),  # noqa: DTZ001
    ],
)
def test_stamps(text: str, local: datetime, is_date: bool, utc: bool) -> None:
    assert parse_stamp(text) == (local, is_date, utc)


@pytest.mark.parametrize(
    "text",
    ["", "x", "2026", "20261301", "20260230", "00000101", "20260302T250000", "20260302T096100", "-0011130T100000",
     "2026W101T090000", "２０２６０３０２", "99991231T240000", "20260302T090000ZZ", "20260302T09000"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_stamp(text)


@given(st.datetimes(), st.sampled_from(["", "Z"]))
def test_every_stamp_is_read_back(moment: datetime, suffix: str) -> None:
    whole = moment.replace(microsecond=0)
    text = f"{whole.year:04}{whole:%m%dT%H%M%S}{suffix}"
    assert parse_stamp(text) == (whole, False, bool(suffix))


@given(st.text(max_size=24))
def test_no_text_raises_anything_else(text: str) -> None:
    for parse in (parse_stamp, parse_duration):
        try:
            parse(text)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT50M", Span(0, timedelta(minutes=50))),
        ("P1DT2H3M4S", Span(1, timedelta(hours=2, minutes=3, seconds=4))),
        ("+P2W", Span(14, timedelta(0))),
        ("p1d", Span(1, timedelta(0))),
        ("P1DT", Span(1, timedelta(0))),
        ("-PT0S", Span(0, timedelta(0))),
    ],
)
def test_durations(text: str, span: Span) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "50M", "PT-5M", "-PT15M", "P999999999999999999W", "P200000D", "P1M", "PT1H2"]
)
def test_what_is_no_usable_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_text_is_unescaped() -> None:
    assert unescape(r"a\, b\; c\\n \n d\Ne C:\temp \"q\"") == 'a, b; c\\n \n d\ne C:\\temp \\"q\\"'


def test_quoted_printable() -> None:
    assert quoted_printable("Gr=C3=BC=C3=9Fe") == "Grüße"
    assert quoted_printable("Gr=FC=DFe") == "Grüße"


@pytest.mark.parametrize(
    ("line", "name", "parameters", "value"),
    [
        ("SUMMARY:a:b", "SUMMARY", {}, "a:b"),
        ('dtstart;tzid="A: B; C":20260302', "DTSTART", {"TZID": "A: B; C"}, "20260302"),
        ("RDATE;VALUE=PERIOD;TZID=Europe/Berlin:x", "RDATE", {"VALUE": "PERIOD", "TZID": "Europe/Berlin"}, "x"),
    ],
)
def test_heads(line: str, name: str, parameters: dict[str, str], value: str) -> None:
    head, rest = split_line(line)
    assert (*parse_head(head), rest) == (name, parameters, value)


def test_a_line_without_colon_is_none() -> None:
    with pytest.raises(ValueError, match="no content line"):
        split_line("SUMMARY")

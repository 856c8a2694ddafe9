"""VTIMEZONE components, read by an independent reader (dateutil) and held against the zone itself."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical

from couchcal.ics.tzif import ZoneHistory, history, parse_posix
from couchcal.ics.vtimezone import Span, definition

ZONES = [
    "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos", "America/Anchorage",
    "America/Argentina/Buenos_Aires", "America/Asuncion", "America/Bogota", "America/Caracas", "America/Chicago",
    "America/Denver", "America/Halifax", "America/Havana", "America/Los_Angeles", "America/Mexico_City",
    "America/New_York", "America/Nuuk", "America/Phoenix", "America/Santiago", "America/Sao_Paulo",
    "America/St_Johns", "Antarctica/Troll", "Asia/Amman", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem",
    "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tehran", "Asia/Tokyo", "Atlantic/Azores", "Australia/Adelaide",
    "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Chisinau", "Europe/Dublin",
    "Europe/Istanbul", "Europe/London", "Europe/Moscow", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham",
    "Pacific/Honolulu",
]  # fmt: skip


def _seconds(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _changes(name: str, first: int, last: int) -> list[datetime]:
    """When the clocks of a zone change, found by asking the zone."""
    zone = ZoneInfo(name)
    moment, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last, 1, 1, tzinfo=UTC)
    found = []
    while moment < end:
        early, late = moment, moment + timedelta(days=4)
        moment = late
        if early.astimezone(zone).utcoffset() == late.astimezone(zone).utcoffset():
            continue
        while late - early > timedelta(seconds=1):
            middle = early + timedelta(seconds=(late - early) // timedelta(seconds=1) // 2)
            if middle.astimezone(zone).utcoffset() == early.astimezone(zone).utcoffset():
                early = middle
            else:
                late = middle
        found.append(late)
    return found


def _differing(name: str, lines: list[str], moments: list[datetime]) -> list[tuple[datetime, timedelta | None]]:
    """Wall-clock times that the definition reads otherwise than the zone does.

    The second of two equal wall-clock times is left out: it is written in UTC, since no local time says it.
    """
    read = tzical(io.StringIO("\r\n".join(lines) + "\r\n")).get(name)
    wrong = []
    for moment in moments:
        local = moment.astimezone(ZoneInfo(name))
        if not local.fold and local.replace(tzinfo=read).utcoffset() != local.utcoffset():
            wrong.append((moment, local.utcoffset()))
    return wrong


def _edges(name: str, first: int, last: int) -> list[datetime]:
    moments = [datetime(first, 1, 2, tzinfo=UTC), datetime(last, 1, 1, tzinfo=UTC) - timedelta(days=2)]
    for change in _changes(name, first, last):
        moments += [change + timedelta(seconds=shift) for shift in (-7_200, -1, 0, 1, 7_200)]
    return [moment for moment in moments if moment.year >= first]


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("first", [1990, 2025])
def test_the_definition_gives_the_offsets_of_the_zone_at_every_change(name: str, first: int) -> None:
    lines = definition(name, Span(_seconds(first), None))
    assert _differing(name, lines, _edges(name, first, 2041)) == []


@pytest.mark.parametrize("name", ["Africa/Casablanca", "America/New_York", "Asia/Gaza", "Europe/Istanbul"])
def test_a_bounded_definition_is_right_within_its_bounds(name: str) -> None:
    lines = definition(name, Span(_seconds(2005), _seconds(2018)))
    assert _differing(name, lines, _edges(name, 2005, 2018)) == []


def test_a_steady_zone_is_one_pair_of_yearly_rules_from_1970() -> None:
    assert definition("America/New_York", Span(_seconds(2026), None)) == [
        "BEGIN:VTIMEZONE",
        "TZID:America/New_York",
        "BEGIN:DAYLIGHT",
        "DTSTART:19700308T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "TZNAME:EDT",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:19701101T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
        "TZOFFSETFROM:-0400",
        "TZOFFSETTO:-0500",
        "TZNAME:EST",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


@pytest.mark.parametrize("name", ZONES)
def test_the_larger_offset_is_daylight(name: str) -> None:
    lines = definition(name, Span(_seconds(2026), None))
    offsets: dict[str, set[int]] = {"STANDARD": set(), "DAYLIGHT": set()}
    kind = ""
    for line in lines:
        if line.startswith("BEGIN:"):
            kind = line.partition(":")[2]
        elif line.startswith("TZOFFSETTO:"):
            offsets[kind].add(int(line.partition(":")[2]))
    assert offsets["STANDARD"]
    assert not offsets["DAYLIGHT"] or min(offsets["DAYLIGHT"]) > min(offsets["STANDARD"])


def test_dublin_keeps_its_winter_as_standard_time() -> None:
    lines = definition("Europe/Dublin", Span(_seconds(2026), None))
    winter = lines[lines.index("BEGIN:STANDARD") : lines.index("END:STANDARD")]
    assert {"TZOFFSETFROM:+0100", "TZOFFSETTO:+0000", "TZNAME:GMT"} <= set(winter)


def test_a_zone_without_changes_is_one_observance() -> None:
    lines = definition("Asia/Kolkata", Span(_seconds(2026), None))
    assert [line for line in lines if line.startswith(("BEGIN:", "RRULE:", "TZOFFSET"))] == [
        "BEGIN:VTIMEZONE",
        "BEGIN:STANDARD",
        "TZOFFSETFROM:+0530",
        "TZOFFSETTO:+0530",
    ]


def test_a_change_at_the_end_of_a_day_names_the_next_days_by_number() -> None:
    # Chile changes at 24:00 of the first Saturday on or after the 2nd: no plain "first Sunday".
    lines = definition("America/Santiago", Span(_seconds(2026), None))
    assert "RRULE:FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=SU" in lines


def test_changes_within_the_span_are_observances_of_their_own() -> None:
    # The rule of the United States changed in 2007.
    lines = definition("America/New_York", Span(_seconds(2005), None))
    assert [line for line in lines if line.startswith("DTSTART:")] == [
        "DTSTART:20041031T020000",
        "DTSTART:20050403T020000",
        "DTSTART:20051030T020000",
        "DTSTART:20060402T020000",
        "DTSTART:20061029T020000",
        "DTSTART:20070311T020000",
        "DTSTART:20071104T020000",
    ]
    assert sum(line.startswith("RRULE:") for line in lines) == 2


def test_observances_end_with_a_bounded_span() -> None:
    whole = definition("Africa/Casablanca", Span(_seconds(2026), None))
    year = definition("Africa/Casablanca", Span(_seconds(2026), _seconds(2027)))
    assert len(year) < 30 < len(whole)
    assert whole[: len(year) - 1] == year[:-1]


def test_times_before_the_first_recorded_change_are_defined() -> None:
    lines = definition("America/New_York", Span(_seconds(1850), _seconds(1851)))
    assert "TZOFFSETTO:-045602" in lines
    assert "DTSTART:18480101T000000" in lines


def test_a_zone_that_is_not_there_is_an_error() -> None:
    for name in ("Mars/Olympus", "../../etc/passwd", "America", ""):
        with pytest.raises(ValueError, match="no time zone"):
            history(name)


def test_posix_rules() -> None:
    footer = parse_posix("<-02>2<-01>,M3.5.0/-1,M10.5.0/0")
    assert footer is not None
    assert footer.summer is not None
    assert (footer.standard.seconds, footer.standard.name, footer.summer.seconds) == (-7_200, "-02", -3_600)
    assert [change.offset.name for change in footer.changes(2026, 2026)] == ["-01", "-02"]
    assert parse_posix("EST5EDT,J60/0,300") is None
    assert parse_posix("UTC0") is not None


def test_a_rule_that_no_rrule_says_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # 26:00 after the last Sunday of February is a Monday of February or of March.
    footer = parse_posix("<+03>-3<+04>,M2.5.0/26,M10.5.0/0")
    assert footer is not None
    made_up = ZoneHistory(footer.standard, (), footer)
    monkeypatch.setattr("couchcal.ics.vtimezone.history", lambda _name: made_up)
    lines = definition("Made/Up", Span(_seconds(2026), _seconds(2031)))
    assert not any(line.startswith("RRULE") for line in lines)
    read = tzical(io.StringIO("\r\n".join(lines) + "\r\n")).get("Made/Up")
    for change in footer.changes(2026, 2030):
        local = datetime.fromtimestamp(change.at, UTC).replace(tzinfo=None) + timedelta(hours=6)
        assert local.replace(tzinfo=read).utcoffset() == timedelta(seconds=change.offset.seconds)

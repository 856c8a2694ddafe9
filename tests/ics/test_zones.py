"""Which zone a TZID means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from couchcal.ics import zones
from couchcal.ics.windows_zones import common_zones, from_display_name, from_windows_name
from couchcal.ics.zones import UTC_ZONE, UnresolvedZone, ZoneBook
from couchcal.scheduling.vtimezone import parse_definition
from tests.ics.test_quirks import ODD, PACIFIC


def book(told: list[str] | None = None) -> ZoneBook:
    home = zones.iana("America/New_York")
    assert home is not None
    return ZoneBook(home, 2028, (told if told is not None else []).append)


def name_of(tzid: str) -> str:
    return book().resolve(tzid, 2026, 2026, final=True).name


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Daylight Time", "America/New_York"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Tzfile/America/Indiana/Knox", "America/Indiana/Knox"),
        ("/citadel.org/20190914_1/UTC", "UTC"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(GMT+01.00) Sarajevo/Warsaw/Zagreb/Skopje", "Europe/Warsaw"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
        ("Pacific Time (US & Canada), Tijuana", "America/Los_Angeles"),
    ],
)
def test_names(tzid: str, name: str) -> None:
    assert name_of(tzid) == name


@pytest.mark.parametrize(
    "tzid", ["LOLOLOL", "", "GMT-05.00/-04.00", "../../etc/passwd", "Europe/", "a" * 5_000, "\ud800"]
)
def test_unknown_names_mean_the_practice_s_zone_and_are_told(tzid: str) -> None:
    told: list[str] = []
    assert book(told).resolve(tzid, 2026, 2026, final=True).name == "America/New_York"
    assert len(told) == 1


def test_an_unknown_name_waits_for_its_definition() -> None:
    with pytest.raises(UnresolvedZone):
        book().resolve("Office", 2026, 2026, final=False)


def test_the_calendar_s_zone_is_assumed_before_the_practice_s() -> None:
    one = book()
    one.begin_calendar("Europe/Paris")
    assert one.resolve("LOLOLOL", 2026, 2026, final=True).name == "Europe/Paris"
    one.begin_calendar("")
    assert one.stated.name == "America/New_York"


def test_a_definition_that_behaves_like_a_known_zone_is_that_zone() -> None:
    told: list[str] = []
    one = book(told)
    one.define(PACIFIC.format(name="Office").split("\n")[1:-1])
    assert one.resolve("Office", 2026, None, final=False).name == "America/Los_Angeles"
    assert told == []


def test_a_definition_is_only_compared_over_the_years_it_is_used_in() -> None:
    one = book()
    one.define(PACIFIC.format(name="Office").split("\n")[1:-1])
    # Before 2007 clocks in the United States changed on other days than these rules say.
    found = one.resolve("Office", 2005, 2005, final=False)
    assert found.name == "VTIMEZONE:Office"
    assert "BYDAY=2SU" in found.definition


def test_a_definition_like_no_zone_is_kept_and_told() -> None:
    told: list[str] = []
    one = book(told)
    one.define(ODD.split("\n")[1:-1])
    found = one.resolve("Customized Time Zone", 2026, 2026, final=False)
    assert found.name == "VTIMEZONE:Customized Time Zone"
    assert datetime(2026, 3, 2, tzinfo=found.tz).utcoffset() == timedelta(hours=-4, minutes=-20)
    assert len(told) == 1


def test_a_known_name_wins_over_a_definition_that_contradicts_it() -> None:
    told: list[str] = []
    one = book(told)
    one.define(PACIFIC.format(name="Europe/Berlin").split("\n")[1:-1])
    assert one.resolve("Europe/Berlin", 2026, 2026, final=False).name == "Europe/Berlin"
    assert one.resolve("Europe/Berlin", 2026, 2026, final=False).name == "Europe/Berlin"
    assert len(told) == 1
    assert "contradicts" in told[0]


def test_a_definition_wins_over_a_likeness() -> None:
    one = book()
    one.define(PACIFIC.format(name="/example.org/Europe/Berlin").split("\n")[1:-1])
    assert one.resolve("/example.org/Europe/Berlin", 2026, 2026, final=False).name == "America/Los_Angeles"


def test_the_table_has_every_windows_zone_and_agrees_with_cldr() -> None:
    for windows, olson in WINDOWS_TO_OLSON.items():
        mine = from_windows_name(windows)
        assert mine is not None, windows
        assert zones.behaves_like(ZoneInfo(mine), ZoneInfo(olson), 2020, 2027), windows


def test_every_zone_of_the_table_exists() -> None:
    assert all(zones.iana(name) for name in common_zones())
    assert from_display_name("Nowhere, Atlantis") is None
    assert from_windows_name("Atlantis Standard Time") is None


def google(name: str, standard: tuple[str, str, str], daylight: tuple[str, str, str]) -> str:
    """A VTIMEZONE of two yearly rules: (offset from, offset to, rule)."""
    parts = []
    for kind, month, (since, to, rule) in (("DAYLIGHT", "03", daylight), ("STANDARD", "10", standard)):
        parts.append(
            f"BEGIN:{kind}\nTZOFFSETFROM:{since}\nTZOFFSETTO:{to}\nDTSTART:1970{month}01T020000\nRRULE:{rule}\nEND:{kind}"
        )
    return f"TZID:{name}\n" + "\n".join(parts)


NEW_YORK = google(
    "x",
    ("-0400", "-0500", "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"),
    ("-0500", "-0400", "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"),
)


@given(st.datetimes(min_value=datetime(2008, 1, 1), max_value=datetime(2030, 12, 31)), st.integers(0, 1))  # noqa: DTZ001
def test_a_defined_zone_reads_wall_clocks_as_the_known_zone_does(local: datetime, fold: int) -> None:
    defined = parse_definition("x", NEW_YORK.split("\n"))
    assert defined is not None
    known = ZoneInfo("America/New_York")
    assert (
        local.replace(tzinfo=defined, fold=fold).utcoffset() == local.replace(tzinfo=known, fold=fold).utcoffset()
    )


@given(st.datetimes(min_value=datetime(2008, 1, 1), max_value=datetime(2030, 12, 31)))  # noqa: DTZ001
def test_a_defined_zone_shows_instants_as_the_known_zone_does(moment: datetime) -> None:
    defined = parse_definition("x", NEW_YORK.split("\n"))
    assert defined is not None
    instant = moment.replace(tzinfo=UTC)
    mine, known = instant.astimezone(defined), instant.astimezone(ZoneInfo("America/New_York"))
    assert (mine.replace(tzinfo=None), mine.fold) == (known.replace(tzinfo=None), known.fold)
    assert mine.astimezone(UTC) == instant


@given(
    st.lists(st.sampled_from([*NEW_YORK.split("\n"), "RRULE:FREQ=SECONDLY", "TZOFFSETTO:+9999", "DTSTART:x", ""]))
)
def test_no_definition_raises(lines: list[str]) -> None:
    defined = parse_definition("x", lines)
    if defined is not None:
        datetime(2026, 7, 1, tzinfo=defined).utcoffset()


def test_utc_is_utc() -> None:
    assert UTC_ZONE.tz is UTC

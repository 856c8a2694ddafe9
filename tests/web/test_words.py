"""The words of the pages, and how times and dates are written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from couchcal.web import month, rendering, zones
from couchcal.web.manners import Manners, manners_of, offset_words, place_words, zone_words
from couchcal.web.words import WORDS

WEB = Path(rendering.__file__).parent
AT = datetime(2026, 3, 9, 15, 5)  # noqa: DTZ001  wall-clock time


def test_every_text_is_used_and_every_text_that_is_used_is_there() -> None:
    files = [*WEB.glob("*.py"), *(WEB / "templates").glob("*.html")]
    sources = "\n".join(file.read_text("utf-8") for file in files if not file.name.startswith("words"))
    said = set(re.findall(r"""say\(["'](\w+)["']""", sources))
    assert said <= set(WORDS)
    computed = {
        "form_strange",
        "form_late",
        "form_soon",
        "work_wrong",
        "work_late",
        "work_used",
        "in_person",
        "telehealth",
        "morning",
        "afternoon",
        "evening",
    }
    quoted = set(re.findall(r"""["'](\w+)["']""", sources))
    assert set(WORDS) - computed <= quoted
    assert {f"form_{why}" for why in ("strange", "late", "soon")} <= set(WORDS)


@pytest.mark.parametrize(
    ("language", "time", "day", "first"),
    [
        ("en-US,en;q=0.9", "3:05 pm", "Monday, March 9", "Sunday"),
        ("en-GB,en;q=0.8", "15:05", "Monday 9 March", "Monday"),
        ("de-DE,de;q=0.9,en-US;q=0.8", "15:05", "Monday 9 March", "Monday"),
        ("fr", "15:05", "Monday 9 March", "Monday"),
        ("en", "3:05 pm", "Monday, March 9", "Sunday"),
        ("zh-Hant-TW", "15:05", "Monday 9 March", "Monday"),
        ("", "15:05", "Monday 9 March", "Monday"),
        (";;,,\x00-", "15:05", "Monday 9 March", "Monday"),
    ],
)
def test_by_the_region_of_the_browser(language: str, time: str, day: str, first: str) -> None:
    manners = manners_of(language)
    assert (manners.clock(AT), manners.day(AT.date()), manners.weekdays()[0]) == (time, day, first)


def test_zones_in_words() -> None:
    assert place_words("America/Indiana/Knox") == "Knox, Indiana"
    assert zone_words("America/New_York") == "New York time"
    assert zone_words("UTC") == "UTC"
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert offset_words(summer, ZoneInfo("Asia/Kathmandu")) == "GMT+5:45"
    assert offset_words(summer, ZoneInfo("America/St_Johns")) == "GMT-2:30"
    assert offset_words(summer, UTC) == "GMT"


@pytest.mark.parametrize("name", ["", "../etc/passwd", "VTIMEZONE:x", "Nowhere/Here", "x" * 100, "Zürich", "\x00"])
def test_what_is_no_zone_is_the_practices(name: str) -> None:
    assert zones.chosen_zone(name, "America/New_York") == "America/New_York"
    assert zones.chosen_zone("Asia/Calcutta", "America/New_York") == "Asia/Calcutta"  # an alias of old


def test_the_hour_that_clocks_show_twice_is_told_apart() -> None:
    fall_back = [datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6, 14)]
    (morning,) = month.parts_of_day(fall_back, ZoneInfo("America/New_York"), Manners())
    assert [time.words for time in morning.times] == ["1:30 (GMT-4)", "1:30 (GMT-5)", "9:30"]


@pytest.mark.parametrize("week_start", range(7))
def test_a_month_has_each_of_its_days_once(week_start: int) -> None:
    for first in (date(2026, 2, 1), date(2026, 3, 1), date(2026, 8, 1), date(2028, 2, 1)):
        rows = month.weeks(first, {}, week_start)
        assert all(row[0].day.weekday() == week_start and len(row) == 7 for row in rows)
        inside = [cell.day for row in rows for cell in row if not cell.outside]
        assert inside[0] == first
        assert inside[-1] == month.next_month(first).replace(day=1) - (inside[1] - inside[0])
        assert len(set(inside)) == len(inside)
    assert month.last_month(date(2026, 1, 31)) == date(2025, 12, 1)

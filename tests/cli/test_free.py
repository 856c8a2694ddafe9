from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from couchcal.store.records import AvailabilityBlock
from couchcal.store.session import write_session
from tests.cli.conftest import Cli


@pytest.fixture
def hours(cli: Cli) -> Cli:
    """Wednesday 9 to 12, Sunday 1 to 4 in the night."""
    with write_session(cli.database, "test") as session:
        session.add(AvailabilityBlock(weekday=2, start_time=time(9), end_time=time(12)))
        session.add(AvailabilityBlock(weekday=6, start_time=time(1), end_time=time(4)))
    return cli


def starts(cli: Cli, *options: str) -> list[str]:
    return [slot["start"] for slot in cli.json("free", *options)]


def test_slots_lie_in_the_hours_and_keep_clear_of_what_is_busy(hours: Cli) -> None:
    hours("add", "wed 10am 45m bob 90834")
    wednesday = "2026-03-04T{}:00-05:00"
    assert starts(hours, "--to", "+2d") == [wednesday.format(at) for at in ("09:00", "11:00")]
    assert starts(hours, "--to", "+2d", "--length", "30") == [
        wednesday.format(at) for at in ("09:00", "09:30", "11:00", "11:30")
    ]
    (slot, *_) = hours.json("free", "--to", "+2d")
    assert datetime.fromisoformat(slot["end"]) - datetime.fromisoformat(slot["start"]) == timedelta(minutes=50)


def test_what_is_cancelled_or_not_busy_is_free(hours: Cli) -> None:  # INV-A1, INV-A9
    before = starts(hours)
    ident = hours.json("add", "wed 9-12 block")["id"]
    assert starts(hours, "--to", "+2d") == []
    hours("edit", ident, "busy=no")
    assert starts(hours) == before
    hours("edit", ident, "busy=yes")
    hours("cancel", ident, "--type", "other")
    assert starts(hours) == before


def test_the_past_is_not_offered(hours: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_NOW", "2026-03-04T15:10:00Z")  # Wednesday 10:10
    assert starts(hours, "--to", "+1d") == ["2026-03-04T10:30:00-05:00", "2026-03-04T11:00:00-05:00"]


def test_the_night_of_the_change_to_summer_time_has_an_hour_less(hours: Cli) -> None:
    found = starts(hours, "--from", "2026-03-08", "--to", "2026-03-09", "--length", "30")
    assert found == [
        f"2026-03-08T{at}" for at in ("01:00:00-05:00", "01:30:00-05:00", "03:00:00-04:00", "03:30:00-04:00")
    ]


def test_without_hours_office_hours_are_taken_and_said(cli: Cli) -> None:
    result = cli("free", "--to", "+2d")
    assert "Monday to Friday 9:00 to 17:00" in result.err
    assert result.out.startswith("Tue 3 Mar 2026\n  11:00  11:30")
    assert starts(cli, "--from", "sat", "--to", "mon") == []
    assert cli("free", "--from", "sat", "--to", "mon").out == "No 50 minutes are free.\n"


def test_usage(cli: Cli) -> None:
    cli("free", "--length", "0", code=2)
    cli("free", "--from", "2026-03-06", "--to", "2026-03-05", code=2)
    cli("free", "--to", "9999-12-31", code=2)


def test_a_wish_in_words(hours: Cli) -> None:
    assert starts(hours, "wed", "before", "10") == [
        f"2026-03-{day:02}T09:00:00-0{5 - (day > 8)}:00" for day in (4, 11, 18, 25)
    ]
    assert starts(hours, "1h wednesdays after 11, until 12 mar") == [
        "2026-03-04T11:00:00-05:00", "2026-03-11T11:00:00-04:00",
    ]  # fmt: skip
    (slot, *_) = hours.json("free", "--length", "30", "wed 90 min")
    assert slot["end"] == "2026-03-04T09:30:00-05:00"
    hours("add", "wed 10am 45m bob 90834")
    (slot, *_) = hours.json("free", "for bob next week")
    assert (slot["start"], slot["end"]) == ("2026-03-11T09:00:00-04:00", "2026-03-11T09:45:00-04:00")
    assert hours("free", "for bob tomorrow").out.splitlines()[1] == "  9:00  11:00"
    assert hours("free", "sat").out == "No 50 minutes are free.\n"


def test_what_is_no_wish_is_said(hours: Cli) -> None:
    assert "not understood: quux 7x" in hours("free", "tue quux 7x", code=2).err
    assert "C-0001, C-0002" in hours("free", "for jan", code=2).err
    assert "no client fits 'zoe'" in hours("free", "for zoe", code=2).err
    hours("free", "yesterday", code=2)
    hours("free", "weekdays not mon-fri", code=2)


def test_series_that_have_no_rows_yet_are_not_free(hours: Cli) -> None:  # REC-08
    hours("add", "wed 9:00 45m bob 90834 weekly")
    assert starts(hours, "wed before 10, from 2027-03-01 until 2027-03-31") == []

"""`couchcal report`: ranges, forms, names."""

from __future__ import annotations

import csv
import io
from contextlib import closing

import pytest

from tests.cli.conftest import Cli

HOSTILE = '=HYPERLINK("x")\x1b[2J'


@pytest.fixture
def busy(cli: Cli) -> Cli:
    """Two sessions and a no-show of Tuesday 3 March 2026, a session of the week after next."""
    cli("add", "2026-03-03 9am 45m bob 90834")
    cli("add", "2026-03-03 2pm 60m maria 90837")
    cli("add", "2026-03-03 4pm 45m jane doe 90834")
    cli("cancel", cli.json("agenda")[2]["id"], "--type", "no_show", "--fee", "25.00")
    cli("add", "2026-03-17 9am 45m bob 90834")
    return cli


def test_the_tables_as_json(busy: Cli) -> None:
    found = busy.json("report", "--month")
    assert list(found) == ["from", "to", "time_zone", "hours", "utilisation", "cancellations", "weeks"]
    assert (found["from"], found["to"], found["time_zone"]) == ("2026-03-01", "2026-04-01", "America/New_York")
    assert found["hours"] == [
        {"service": "90834", "label": "Individual therapy, standard", "sessions": 2, "hours": 1.5, "share": 0.6,
         "fees": None},
        {"service": "90837", "label": "Individual therapy, extended", "sessions": 1, "hours": 1.0, "share": 0.4,
         "fees": None},
    ]  # fmt: skip
    assert found["utilisation"][1] == {
        "week": "2026-03-02", "booked_hours": 1.75, "available_hours": None, "utilisation": None,
    }  # fmt: skip
    assert found["cancellations"] == [
        {"month": "2026-03", "client": "C-0001", "name": "C-0001", "late_cancels": 0, "no_shows": 1, "fees": 25.0}
    ]
    assert found["weeks"][1] == {"week": "2026-03-02", "kept": 1, "upcoming": 1, "cancelled": 1}


def test_a_range_is_half_open_from_today_for_seven_days(busy: Cli) -> None:
    found = busy.json("report")
    assert (found["from"], found["to"]) == ("2026-03-03", "2026-03-10")
    assert sum(row["sessions"] for row in found["hours"]) == 2
    assert busy.json("report", "--from", "2026-03-04", "--to", "2026-03-17")["hours"] == []
    assert len(busy.json("report", "--from", "2026-03-04", "--to", "2026-03-18")["hours"]) == 1


def test_whole_months_and_years(busy: Cli) -> None:
    def bounds(*options: str) -> list[str]:
        found = busy.json("report", *options)
        return [found["from"], found["to"]]

    assert bounds("--month", "2025-12") == ["2025-12-01", "2026-01-01"]
    assert bounds("--year") == ["2026-01-01", "2027-01-01"]
    assert bounds("--year", "2024") == ["2024-01-01", "2025-01-01"]
    assert bounds("--month", "9999-12") == ["9999-12-01", "9999-12-31"]
    for wrong in (("--month", "March"), ("--year", "26000"), ("--month", "--year"), ("--month", "--from", "mon")):
        busy("report", *wrong, code=2)
    assert "ten years" in busy("report", "--from", "2010-01-01", "--to", "2026-01-01", code=1).err


def test_one_table_of_choice(busy: Cli) -> None:
    assert list(busy.json("report", "weeks")) == ["from", "to", "time_zone", "weeks"]
    assert "Utilisation" not in busy("report", "hours").out
    busy("report", "nonsense", code=2)


def test_csv_is_the_hours_or_all_tables_with_their_names(busy: Cli) -> None:
    hours = list(csv.DictReader(io.StringIO(busy("report", "--csv", "--month").out)))
    assert [(row["service"], row["sessions"], row["hours"], row["fees"]) for row in hours] == [
        ("90834", "2", "1.5", ""),
        ("90837", "1", "1.0", ""),
    ]
    everything = list(csv.DictReader(io.StringIO(busy("report", "all", "--csv", "--month").out)))
    assert {row["table"] for row in everything} == {"hours", "utilisation", "cancellations", "weeks"}
    busy("report", "--csv", "--json", code=2)


def test_csv_holds_no_formula_and_nothing_that_acts_on_a_terminal(busy: Cli) -> None:
    with closing(busy.database.connect()) as raw:
        raw.execute("UPDATE client SET first = ? WHERE id = 1", (HOSTILE,))
    out = busy("report", "cancellations", "--csv", "--names", "first").out
    [row] = csv.DictReader(io.StringIO(out))
    assert row["name"] == '\'=HYPERLINK("x")[2J'
    assert "\x1b" not in out + busy("report", "--names", "first").out


def test_plain_tables_are_aligned_named_by_id_and_say_what_they_count(busy: Cli) -> None:
    lines = busy("report", "--month").out.splitlines()
    assert lines[0] == "Mar 2026"
    at = lines.index("Hours by service")
    assert lines[at + 2 : at + 5] == [
        "  90834 Individual therapy, standard         2   1.50    60%",
        "  90837 Individual therapy, extended         1   1.00    40%",
        "  Total                                      3   2.50",
    ]
    assert "  Mar 2026  C-0001     0         1  25.00" in lines
    assert max(map(len, lines)) <= 80
    assert "Jane Doe · C-0001" in busy("report", "cancellations", "--names", "full").out


def test_a_report_of_nothing_says_so(cli: Cli) -> None:
    out = cli("report").out
    assert "No sessions in this time." in out
    assert "No late cancels and no no-shows in this time." in out


def test_series_reach_into_a_far_report(cli: Cli) -> None:  # REC-08
    cli("add", "wed 9am 45m bob 90834 weekly")
    assert cli.json("report", "hours", "--month", "2030-05")["hours"][0]["sessions"] == 5


def test_fees_of_the_service_list(busy: Cli) -> None:
    with closing(busy.database.connect()) as raw:
        raw.execute("UPDATE service_code SET fee_cents = 12050 WHERE code = '90834'")
    assert [row["fees"] for row in busy.json("report", "--month")["hours"]] == [241.0, None]
    assert "241.00" in busy("report", "--month").out

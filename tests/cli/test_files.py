from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:one@example.org
DTSTAMP:20260301T000000Z
DTSTART;TZID=America/New_York:20260304T150000
DTEND;TZID=America/New_York:20260304T160000
SUMMARY:Dentist
END:VEVENT
BEGIN:VEVENT
UID:two@example.org
DTSTAMP:20260301T000000Z
DTSTART:20260305T150000Z
DURATION:PT30M
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Choir
END:VEVENT
BEGIN:VEVENT
UID:bad@example.org
DTSTAMP:20260301T000000Z
DTSTART:yesterday
SUMMARY:Broken
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def calendar(tmp_path: Path) -> Path:
    """A file with an event, a series and something broken."""
    path = tmp_path / "club.ics"
    path.write_bytes(CALENDAR.replace("\n", "\r\n").encode())
    return path


def test_import_reports_and_keeps_what_it_can(bare: Cli, calendar: Path) -> None:
    (report,) = bare.json("import", str(calendar))["files"]
    assert {name: report[name] for name in ("file", "read", "added", "updated", "unchanged")} == {
        "file": str(calendar), "read": 3, "added": 2, "updated": 0, "unchanged": 0,
    }  # fmt: skip
    (skipped,) = report["skipped"]
    assert (skipped["uid"], set(skipped)) == ("bad@example.org", {"line", "uid", "reason"})
    assert skipped["line"] > 18
    dentist, choir = bare.json("agenda")
    assert (dentist["kind"], dentist["origin"], dentist["calendar"]) == ("other_event", "ics", "club")
    assert dentist["start"] == "2026-03-04T15:00:00-05:00"
    assert choir["repeats"] == "weekly"


def test_importing_twice_adds_nothing_and_one_undo_takes_it_back(bare: Cli, calendar: Path) -> None:
    bare("import", str(calendar))
    again = bare("import", str(calendar)).out
    assert "0 added" in again
    assert "2 unchanged" in again
    assert len(bare.json("agenda")) == 2
    bare("undo")
    assert bare.json("agenda") == []


def test_imported_entries_can_be_edited_like_our_own(bare: Cli, calendar: Path) -> None:
    bare("import", str(calendar), "--calendar", "Private")
    dentist, _choir = bare.json("agenda")
    assert dentist["calendar"] == "Private"
    assert bare.json("move", dentist["id"], "+1h")["start"] == "2026-03-04T16:00:00-05:00"


def test_dry_run_stores_nothing(bare: Cli, calendar: Path) -> None:
    assert "2 would be added" in bare("import", str(calendar), "--dry-run").out
    assert bare.json("agenda") == []


def test_import_reads_standard_input(bare: Cli, calendar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(calendar.read_bytes())))
    assert bare.json("import", "-")["files"][0]["added"] == 2


def test_what_is_no_calendar_is_refused_but_the_others_are_read(bare: Cli, calendar: Path, tmp_path: Path) -> None:
    poem = tmp_path / "poem.ics"
    poem.write_text("Roses are red\n", "utf-8")
    assert bare.json("import", str(poem), code=1)["error"]["code"] == "not_a_calendar"
    assert bare.json("import", str(tmp_path / "gone.ics"), code=1)["error"]["code"] == "not_found"
    result = bare("import", str(poem), str(calendar))
    assert "club.ics: 3 read" in result.out
    assert result.err.startswith(f"couchcal: error: {poem}: ")
    bare("import", code=2)


def test_import_of_files_of_which_none_can_be_read(cli: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "empty.ics"
    empty.touch()
    said = cli.json("import", str(empty), str(tmp_path / "missing.ics"), code=1)
    assert said["files"] == []
    assert set(said["error"]) == {"code", "message", "hint"}
    assert [error["code"] for error in said["errors"]] == ["not_a_calendar", "not_found"]


def test_export_goes_out_and_comes_back_the_same(cli: Cli, tmp_path: Path) -> None:
    cli("add", "wed 3pm bob 90834 weekly")
    cli("add", "lunch thu 12-1")
    target = tmp_path / "out.ics"
    assert cli("export", "-o", str(target)).out == f"Wrote 2 events to {target}\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".out*")) == []
    text = target.read_bytes()
    assert b"SUMMARY:C-0003" in text
    assert b"Bob" not in text
    before = [(entry["start"], entry["end"], entry["title"]) for entry in cli.json("agenda", "--to", "+4w")]
    other = tmp_path / "other.db"
    cli("init", "--db", str(other), "--no-encryption", "--yes", "--tz", "America/New_York")
    cli("import", str(target), "--db", str(other))
    after = [
        (entry["start"], entry["end"], entry["title"])
        for entry in cli.json("agenda", "--to", "+4w", "--db", str(other))
    ]
    assert after == before


def test_an_export_that_comes_home_adds_nothing(cli: Cli, tmp_path: Path) -> None:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//club//EN", "X-WR-CALNAME:Club",
        "BEGIN:VEVENT", "UID:one@club", "DTSTART:20260304T150000Z", "SUMMARY:One", "END:VEVENT",
        "BEGIN:VEVENT", "UID:many@club", "DTSTART:20260305T150000Z", "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY:Many",
        "END:VEVENT",
        "BEGIN:VEVENT", "UID:many@club", "RECURRENCE-ID:20260306T150000Z", "DTSTART:20260306T160000Z",
        "SUMMARY:Moved", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    club = tmp_path / "club.ics"
    club.write_text("\r\n".join(lines), "utf-8")
    cli("import", str(club))
    cli("add", "wed 3pm bob 90834 weekly")
    mine = tmp_path / "mine.ics"
    cli("export", "-o", str(mine))
    before = cli.json("agenda", "--to", "+4w")
    report = cli.json("import", str(mine))["files"][0]
    assert (report["read"], report["added"], report["updated"], report["unchanged"]) == (4, 0, 0, 4)
    assert cli.json("agenda", "--to", "+4w") == before
    # The files of others may have a UID twice, in two calendars; and a calendar that is asked for is filled.
    assert cli.json("import", str(club), "--calendar", "Second")["files"][0]["added"] == 3
    assert cli.json("import", str(mine), "--calendar", "Third")["files"][0]["added"] == 3


def test_export_by_range_names_and_cancelled(cli: Cli, tmp_path: Path) -> None:
    cli("add", "wed 3pm bob 90834")
    ident = cli.json("add", "thu 3pm bob 90834")["id"]
    cli("cancel", ident, "--type", "other")
    target = tmp_path / "out.ics"

    def exported(*options: str) -> bytes:
        cli("export", "-o", str(target), *options)
        return target.read_bytes()

    assert exported().count(b"BEGIN:VEVENT") == 1
    assert exported("--cancelled").count(b"BEGIN:VEVENT") == 2
    assert exported("--from", "thu").count(b"BEGIN:VEVENT") == 0
    assert exported("--to", "thu").count(b"BEGIN:VEVENT") == 1
    assert b"Bob Reed" in exported("--names", "full")
    cli("export", "--from", "fri", "--to", "thu", code=2)
    cli("export", "-o", str(tmp_path / "missing" / "x.ics"), code=1)


def test_export_to_standard_output(cli: Cli) -> None:
    out = cli("export").out
    assert out.startswith("BEGIN:VCALENDAR\r\n")
    assert out.endswith("END:VCALENDAR\r\n")


def test_export_into_a_device(cli: Cli) -> None:
    cli("export", "-o", os.devnull)
    assert not Path(os.devnull).is_file()


def test_everything_goes_out_and_comes_back(cli: Cli, tmp_path: Path) -> None:
    ident = cli.json("add", "wed 9am jane doe 90834")["id"]
    out = cli("export", "--all", str(tmp_path / "out")).out
    assert "README.md explains" in out
    assert "not empty" in cli("export", "--all", str(tmp_path / "out"), code=1).err
    assert "already" in cli("import", "--all", str(tmp_path / "out"), code=1).err
    new = str(tmp_path / "new.db")
    cli("--db", new, "init", "--name", "New", "--tz", "UTC", "--no-encryption", "--yes")
    counts = cli.json("--db", new, "import", "--all", str(tmp_path / "out"))["rows"]
    assert (counts["client"], counts["appointment"]) == (4, 1)
    assert cli.json("--db", new, "show", ident) == cli.json("show", ident)
    assert cli.json("--db", new, "audit")[-2]["action"] == "import"
    assert "a file" in cli("import", code=2).err
    assert "nothing else" in cli("import", "--all", str(tmp_path), "x.ics", code=2).err

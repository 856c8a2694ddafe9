"""What real writers of calendar files do, forty ways, and what has to be shown in November and December 2026 in
New York. Clocks go back there on 1 November."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.ics_files import calendar, imported, starts, vevent
from tests.support.practice import make_practice

NOW = datetime(2026, 11, 20, tzinfo=UTC)
START, END = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC)

PACIFIC = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0700
TZOFFSETTO:-0800
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0800
TZOFFSETTO:-0700
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""
ODD = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:-0420
TZOFFSETTO:-0420
END:STANDARD
END:VTIMEZONE"""
NY = ";TZID=America/New_York:"
TEN_TUESDAY = f"DTSTART{NY}20261103T100000"
TO_ELEVEN = f"DTEND{NY}20261103T110000"
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=4"
GOOD = vevent(TEN_TUESDAY, TO_ELEVEN, "SUMMARY:Good", uid="good@example.com")
GOOD_START = "2026-11-03T10:00"
TUESDAYS = ["2026-11-03T10:00", "2026-11-10T10:00", "2026-11-17T10:00", "2026-11-24T10:00"]


def override(key: str, *lines: str) -> str:
    """A component that replaces the occurrence of the weekly series named by `key`."""
    return vevent(f"RECURRENCE-ID{key}", *lines)


SERIES = vevent(TEN_TUESDAY, TO_ELEVEN, WEEKLY, "SUMMARY:Weekly")


class Quirk(NamedTuple):
    """A file, the local starts it has to show, and how many of its events are skipped."""

    name: str
    data: bytes
    expected: list[str]
    skipped: int = 0


def cr_only(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\r")


def lower_names(text: str) -> str:
    return "\n".join(
        f"{head.lower()}:{value.lower() if head in ('BEGIN', 'END') else value}"
        for head, _, value in (line.partition(":") for line in text.split("\n"))
    )


def split_character() -> bytes:
    """A fold between the two bytes of an umlaut."""
    whole = calendar(vevent(TEN_TUESDAY, "SUMMARY:Fünf"))
    return whole.replace("ü".encode(), "ü".encode()[:1] + b"\r\n " + "ü".encode()[1:])


QUIRKS = [
    Quirk(
        "Windows zone name with its VTIMEZONE",
        calendar(
            PACIFIC.format(name="Pacific Standard Time"),
            vevent("DTSTART;TZID=Pacific Standard Time:20261103T081500"),
        ),
        ["2026-11-03T11:15"],
    ),
    Quirk(
        "Windows zone name alone",
        calendar(vevent("DTSTART;TZID=Pacific Standard Time:20261103T081500")),
        ["2026-11-03T11:15"],
    ),
    Quirk(
        "display name of Outlook",
        calendar(vevent('DTSTART;TZID="(UTC-08:00) Pacific Time (US & Canada)":20261103T081500')),
        ["2026-11-03T11:15"],
    ),
    Quirk(
        "private zone name with a known behaviour",
        calendar(PACIFIC.format(name="Office"), vevent("DTSTART;TZID=Office:20261103T081500", WEEKLY)),
        ["2026-11-03T11:15", "2026-11-10T11:15", "2026-11-17T11:15", "2026-11-24T11:15"],
    ),
    Quirk(
        "private zone with a behaviour of its own",
        calendar(ODD, vevent("DTSTART;TZID=Customized Time Zone:20261103T100000", WEEKLY)),
        ["2026-11-03T09:20", "2026-11-10T09:20", "2026-11-17T09:20", "2026-11-24T09:20"],
    ),
    Quirk(
        "VTIMEZONE after the event",
        calendar(vevent("DTSTART;TZID=Office:20261103T081500"), PACIFIC.format(name="Office")),
        ["2026-11-03T11:15"],
    ),
    Quirk(
        "UTC series over the change of the clocks",
        calendar(vevent("DTSTART:20261025T143000Z", "RRULE:FREQ=WEEKLY;COUNT=3")),
        ["2026-11-01T09:30", "2026-11-08T09:30"],
    ),
    Quirk(
        "local series over the change of the clocks",
        calendar(vevent(f"DTSTART{NY}20261027T100000", "RRULE:FREQ=WEEKLY;COUNT=3")),
        ["2026-11-03T10:00", "2026-11-10T10:00"],
    ),
    Quirk("UTF-8 byte order mark", b"\xef\xbb\xbf" + calendar(GOOD), [GOOD_START]),
    Quirk("UTF-16", calendar(GOOD).decode().encode("utf-16"), [GOOD_START]),
    Quirk("moved override", calendar(SERIES, override(f"{NY}20261110T100000", f"DTSTART{NY}20261112T130000")),
          [TUESDAYS[0], "2026-11-12T13:00", *TUESDAYS[2:]]),
    Quirk(
        "override before its master, RECURRENCE-ID in UTC",
        calendar(override(":20261110T150000Z", f"DTSTART{NY}20261112T130000"), SERIES),
        [TUESDAYS[0], "2026-11-12T13:00", *TUESDAYS[2:]],
    ),
    Quirk(
        "cancelled override",
        calendar(
            SERIES,
            override(f"{NY}20261110T100000", f"DTSTART{NY}20261110T100000", "STATUS:CANCELLED", "SEQUENCE:1"),
        ),
        [TUESDAYS[0], *TUESDAYS[2:]],
    ),
    Quirk(
        "this and all following moved",
        calendar(SERIES, override(f";RANGE=THISANDFUTURE{NY}20261117T100000", f"DTSTART{NY}20261118T083000")),
        [*TUESDAYS[:2], "2026-11-18T08:30", "2026-11-25T08:30"],
    ),
    Quirk(
        "EXDATE list",
        calendar(vevent(TEN_TUESDAY, WEEKLY, f"EXDATE{NY}20261110T100000,20261124T100000")),
        [TUESDAYS[0], TUESDAYS[2]],
    ),
    Quirk(
        "EXDATE by day on a timed series",
        calendar(vevent(TEN_TUESDAY, WEEKLY, "EXDATE;VALUE=DATE:20261110")),
        [TUESDAYS[0], *TUESDAYS[2:]],
    ),
    Quirk(
        "EXDATE in UTC",
        calendar(vevent(TEN_TUESDAY, WEEKLY, "EXDATE:20261110T150000Z")),
        [TUESDAYS[0], *TUESDAYS[2:]],
    ),
    Quirk(
        "EXDATE in another zone",
        calendar(vevent(TEN_TUESDAY, WEEKLY, "EXDATE;TZID=Europe/Berlin:20261110T160000")),
        [TUESDAYS[0], *TUESDAYS[2:]],
    ),
    Quirk(
        "RDATE, one of them a PERIOD",
        calendar(
            vevent(TEN_TUESDAY, f"RDATE{NY}20261105T100000", f"RDATE;VALUE=PERIOD{NY}20261106T120000/PT3H")
        ),
        [GOOD_START, "2026-11-05T10:00", "2026-11-06T12:00"],
    ),
    Quirk(
        "fortnightly with the week beginning on Sunday",
        calendar(vevent(f"DTSTART{NY}20261103T100000", "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;COUNT=4")),
        ["2026-11-03T10:00", "2026-11-15T10:00", "2026-11-17T10:00", "2026-11-29T10:00"],
    ),
    Quirk(
        "last workday of the month",
        calendar(
            vevent(f"DTSTART{NY}20261130T100000", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2")
        ),
        ["2026-11-30T10:00", "2026-12-31T10:00"],
    ),
    Quirk(
        "UNTIL as a date on a timed series",
        calendar(vevent(TEN_TUESDAY, "RRULE:FREQ=WEEKLY;UNTIL=20261118")),
        TUESDAYS[:3],
    ),
    Quirk(
        "UNTIL in local time",
        calendar(vevent(TEN_TUESDAY, "RRULE:FREQ=WEEKLY;UNTIL=20261117T100000")),
        TUESDAYS[:3],
    ),
    Quirk("no UID", calendar("\n".join(["BEGIN:VEVENT", TEN_TUESDAY, "END:VEVENT"])), [GOOD_START]),
    Quirk("no PRODID, no VERSION", f"BEGIN:VCALENDAR\n{GOOD}\nEND:VCALENDAR\n".encode(), [GOOD_START]),
    Quirk(
        "two calendars in one file",
        calendar(GOOD) + calendar(vevent("DTSTART:20261104T150000Z")),
        [GOOD_START, "2026-11-04T10:00"],
    ),
    Quirk("a bad DTSTART among good ones", calendar(vevent("DTSTART:2026BAD"), GOOD), [GOOD_START], 1),
    Quirk(
        "an alarm with an empty TRIGGER",
        calendar(vevent(TEN_TUESDAY, "BEGIN:VALARM", "TRIGGER:", "ACTION:DISPLAY", "END:VALARM")),
        [GOOD_START],
    ),
    Quirk(
        "an all-day start and a timed end",
        calendar(vevent("DTSTART;VALUE=DATE:20261103", "DTEND:20261103T160000Z")),
        ["2026-11-03"],
    ),
    Quirk("a quoted TZID", calendar(vevent('DTSTART;TZID="America/New_York":20261103T100000')), [GOOD_START]),
    Quirk(
        "a globally unique TZID",
        calendar(vevent("DTSTART;TZID=/mozilla.org/20070129_1/Europe/Berlin:20261103T160000")),
        [GOOD_START],
    ),
    Quirk("LF only, blank lines between", calendar(GOOD).replace(b"\r\n", b"\n\n"), [GOOD_START]),
    Quirk("CR only", cr_only(calendar(GOOD)), [GOOD_START]),
    Quirk("a fold inside a UTF-8 character", split_character(), [GOOD_START]),
    Quirk("DURATION", calendar(vevent(TEN_TUESDAY, "DURATION:PT50M")), [GOOD_START]),
    Quirk("floating time", calendar(vevent("DTSTART:20261103T100000")), [GOOD_START]),
    Quirk(
        "an override without master",
        calendar(override(f"{NY}20261110T100000", f"DTSTART{NY}20261111T100000")),
        ["2026-11-11T10:00"],
    ),
    Quirk("names in small letters", calendar(lower_names(GOOD)), [GOOD_START]),
    Quirk(
        "a description of 100 kB, emoji, right-to-left text",
        calendar(vevent(TEN_TUESDAY, "SUMMARY:שלום 🧘🏽‍♀️", f"DESCRIPTION:{'long text ' * 10_000}")),
        [GOOD_START],
    ),
    Quirk(
        "an alarm at an absolute time, with a UID and DTSTART-like lines of its own",
        calendar(
            vevent(TEN_TUESDAY, "BEGIN:VALARM", "UID:alarm", "DTSTART:19760401T005545Z", "TRIGGER:x", "END:VALARM")
        ),
        [GOOD_START],
    ),
    Quirk("a truncated file", calendar(GOOD, vevent("DTSTART:20261104T150000Z"))[:-60], [GOOD_START], 1),
    Quirk(
        "a missing END",
        calendar("BEGIN:VEVENT\nUID:open@example.com\nDTSTART:20261104T150000Z", GOOD),
        [GOOD_START, "2026-11-04T10:00"],
    ),
    Quirk(
        "one event twice, the older revision last",
        calendar(
            vevent("DTSTART:20261104T150000Z", "SEQUENCE:2"), vevent("DTSTART:20261103T150000Z", "SEQUENCE:1")
        ),
        ["2026-11-04T10:00"],
    ),
    Quirk(
        "Zimbra: a TZID with colons and without quotes",
        calendar(
            PACIFIC.format(name="GMT-08:00/-07:00"),
            vevent(
                "DTSTART;TZID=GMT-08:00/-07:00:20261103T070000",
                "DURATION:PT1H",
                "RRULE:FREQ=DAILY;COUNT=4",
                "EXDATE;TZID=GMT-08:00/-07:00:20261104T070000,20261105T070000",
            ),
        ),
        ["2026-11-03T10:00", "2026-11-06T10:00"],
    ),
    Quirk("a rule every second", calendar(vevent(TEN_TUESDAY, "RRULE:FREQ=SECONDLY"), GOOD), [GOOD_START], 1),
    Quirk(
        "an absurd DURATION",
        calendar(vevent(TEN_TUESDAY, "DURATION:P999999999999999999W")),
        [GOOD_START],
    ),
    Quirk(
        "a series until the year 5000",
        calendar(vevent("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=MONTHLY;UNTIL=50000101")),
        ["2026-11-01", "2026-12-01"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_quirk(quirk: Quirk, tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    report = imported(database, quirk.data, now=NOW)
    assert sorted(starts(database, START, END)) == sorted(quirk.expected)
    assert len(report.skipped) == quirk.skipped
    assert report.read == report.added + report.updated + report.unchanged + len(report.skipped)
    database.dispose()


def test_there_are_forty_of_them() -> None:
    assert len({quirk.name for quirk in QUIRKS}) >= 40


@pytest.mark.parametrize(
    ("make", "field", "value"),
    [
        (split_character, "title", "Fünf"),
        (lambda: calendar(vevent(TEN_TUESDAY, "SUMMARY:Grüße")).decode().encode("cp1252"), "title", "Grüße"),
        (
            lambda: calendar(vevent(TEN_TUESDAY, "SUMMARY;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=C3=9Fe")),
            "title",
            "Grüße",
        ),
        (lambda: calendar(vevent(TEN_TUESDAY, r"SUMMARY:a\, b\; c\\d\ne")), "title", r"a, b; c\d e"),
        (lambda: calendar(vevent(TEN_TUESDAY, "SUMMARY:bell\x07 and\x00 null")), "title", "bell and null"),
        (lambda: calendar(vevent(TEN_TUESDAY, r"DESCRIPTION:one\ntwo")), "instructions", "one\ntwo"),
        (lambda: calendar(vevent(TEN_TUESDAY, r"LOCATION;LANGUAGE=en:C:\temp\, left")), "place", r"C:\temp, left"),
    ],
)
def test_text(make: Callable[[], bytes], field: str, value: str, tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    imported(database, make(), now=NOW)
    connection = database.connect()
    assert connection.execute(f"SELECT {field} FROM appointment").fetchone()[0] == value
    connection.close()
    database.dispose()

"""What people type: a quick line, a search, a wish for a time, days, lengths, hours, money, rules."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from couchcal.cli import moments
from couchcal.errors import Invalid, UsageProblem
from couchcal.practice import client_changes, finder
from couchcal.practice.search import find_all
from couchcal.scheduling.finder import parse_wish
from couchcal.scheduling.hours import check_hours, hours_words, parse_hours
from couchcal.scheduling.quickadd import ClientName, ServiceHint, parse
from couchcal.scheduling.quickadd_when import parse_day, parse_when
from couchcal.scheduling.recurrence_rule import parse_rule
from couchcal.scheduling.wallclock import zone
from couchcal.tui.forms.appointment_values import TimeText, follow, read_length, read_times
from couchcal.tui.forms.event_type_values import parse_count, parse_duration
from couchcal.tui.forms.money import parse_cents
from couchcal.tui.forms.time_off_values import Typed
from couchcal.tui.forms.time_off_values import read as read_time_off
from tests.fuzz.target import Run, Target
from tests.support.demo import NOW, at, session
from tests.support.practice import make_practice

NOW_LOCAL = datetime(2026, 3, 3, 10, 42)  # noqa: DTZ001  wall clock
TODAY = NOW_LOCAL.date()
TZ = zone("America/New_York")
ORDERS: tuple[Literal["mdy", "dmy", "ymd"], ...] = ("mdy", "dmy", "ymd")
CLIENTS = (
    ClientName(1, "Jane", "Doe", "C-0001"), ClientName(2, "Jane", "Roe", "C-0002", "J"),
    ClientName(3, "İpek", "ŉaß", "C-0003"), ClientName(4, "Mon", "May", "C-0004", "90837"),
)  # fmt: skip
SERVICES = {"90837": ServiceHint(53), "90834": ServiceHint(45, frozenset({"95"})), "H0004": ServiceHint()}
_DAYS = (
    b"tomorrow", b"tue", b"tuesday", b"12/3", b"2026-03-02", b"3.4.", b"+2w", b"-1d", b"in 3 weeks", b"next fri",
    b"mar 3", b"3rd", b"31 feb", b"29 feb", b"today", b"9999-12-31", b"0001-01-01", b"12/31/9999", b"+99999w",
    b"next month", b"weekend", b"this", b"last", b"noon", b"midnight", b"3pm", b"15:00", b"25:99", b"3-4", b"9-5pm",
    b"12am", b"50m", b"1h30", b"1.5h", b"99999m", b"weekly", b"every 2 weeks", b"monthly", b"until", b"until 2027",
    b"24:00", b"2:30am", b"8 mar", b"8 mar 2:30", b"1 nov 1:30", b" - ", b"to", b"at", b"\xc2\xa0", b"+1d", b"+30m",
)  # fmt: skip
_NAMES = (
    b"jane d", b"jane", b"C-0001", b"90837-95-xx", b"90834", b"tele", b"office", b"lunch", b"call", b"email",
    b"with",
    b"Mon", b"May", b"J",
)  # fmt: skip
_WISHES = (
    b"not monday", b"mornings", b"after 3", b"before noon", b"between 9 and 11", b"within 2 weeks",
    b"next 999 days",
    b"weekdays", b"for jane", b"or", b"except", b"50 min", b"in march", b"2 hours", b"evening", b"is:no-show",
    b"in:march", b"in:9999", b"in:9999-12", b"is:", b"in:", b"is:late,uns", b'"', b"*", b"NEAR", b"AND", b"^", b"(",
)  # fmt: skip
_RULES = (
    b"FREQ=WEEKLY", b"FREQ=SECONDLY", b"INTERVAL=0", b"INTERVAL=99999999999", b"COUNT=0", b"UNTIL=99991231T235959Z",
    b"BYDAY=-53MO,+5TU", b"BYMONTH=13", b"BYSETPOS=-366", b"WKST=XX", b"BYWEEKNO=53", b"BYYEARDAY=-366",
    b"09:00-12:00,13:00-17:00", b"9-24", b"22-2", b"1,234.56", b"$12", b"-1", b"1e5", b"45 days", b"2 weeks",
)  # fmt: skip


def quick_add() -> Target:
    """A line of quick add, dates read in each order."""

    def prepare(_folder: Path) -> Run:
        return _quick_add

    seeds = (
        b"Tue 3pm 50m Jane D 90837", b"tomorrow 9:30 jane 90834-95 tele weekly", b"lunch fri 12-1",
        b"call C-0001 +2d 4pm",
        b"2026-03-08 2:30am \xc4\xb0pek", b"block 12/3 9-17 every 2 weeks until 2027-01-01",
        b"24:00 31.12. email Mon May",
        b"monthly jane roe noon 1h30 office H0004",
    )  # fmt: skip
    return Target("quick-add", prepare, seeds, (*_DAYS, *_NAMES), longest=600)


def _quick_add(data: bytes) -> Hashable:
    text = data.decode("utf-8", "replace")
    came = []
    for order in ORDERS:
        draft = parse(text, now_local=NOW_LOCAL, clients=CLIENTS, services=SERVICES, order=order)
        if draft.start_local is not None and draft.end_local is not None:
            assert draft.end_local > draft.start_local
        assert not (draft.client_id is not None and draft.candidates)
        came.append((
            draft.kind, draft.client_id, draft.service, draft.repeats, draft.location, len(draft.leftover),
            draft.day is None, draft.start_local is None, draft.problems[:1],
        ))  # fmt: skip
    return tuple(came)


def words() -> Target:
    """A search, and a wish for a time, against a practice."""

    def prepare(folder: Path) -> Run:
        database = make_practice(folder)
        for number, name in enumerate(("Jane Doe", "İpek Straße", "Mon May"), 1):
            client_changes.add(database, name, clock=lambda: NOW)
            session(database, number, at(4 + number, 9))
        connection = database.connect()

        def run(data: bytes) -> Hashable:
            text = data.decode("utf-8", "replace")
            wish = parse_wish(text, TODAY, order=ORDERS[len(data) % 3])
            assert wish.first <= wish.last
            sought = finder.sought(connection, wish)
            times = finder.find_times(connection, wish, NOW, TZ, minutes=sought.minutes)
            assert times == sorted(set(times))
            try:
                found = find_all(connection, text, TZ, now=NOW)
            except Invalid as error:
                return error.message[:8], wish.problems, len(wish.unknown)
            return len(found.entries), len(found.clients), wish.problems, len(wish.unknown), bool(times)

        return run

    seeds = (
        b"jane is:no-show in:march", b"\xc4\xb0pek stra\xc3\x9fe", b"in:2026-03 is:unsigned,cancelled doe",
        b"C-0001",
        b"50 min for jane next week mornings not monday", b"tue or thu after 3pm within 3 weeks",
        b"weekend in april 9-11",
        b"90837 office \"quoted\" OR NEAR(a b)",
    )  # fmt: skip
    return Target("words", prepare, seeds, (*_WISHES, *_NAMES, *_DAYS), longest=600)


def dates() -> Target:
    """Days, times, lengths, hours, money and rules, as the fields of forms and the command line take them."""

    def prepare(_folder: Path) -> Run:
        return _dates

    seeds = (
        b"2026-03-02\n9:00\n9:50\n50m\n2026-03-02", b"tue\n3pm\n\n1h30\n", b"+2w\n24:00\n1:00\n99\nmon",
        b"8 mar\n2:30\n3:30\n60\n", b"1 nov\n1:30\n1:30\n120\n1 nov", b"31.12.9999\n23:59\n0:30\n45\n31.12.9999",
        b"FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1;COUNT=5;WKST=SU", b"FREQ=DAILY;UNTIL=20261231T000000Z;INTERVAL=2",
        b"09:00-12:00, 13-17", b"1,234.50", b"2 weeks", b"+30m\n+1d\n-1w",
    )  # fmt: skip
    return Target("dates", prepare, seeds, (*_DAYS, *_RULES), shape="lines", longest=600)


def _dates(data: bytes) -> Hashable:
    text = data.decode("utf-8", "replace")
    day, start, end, length, last, *_ = (*text.split("\n"), "", "", "", "")[:5]
    came: list[Hashable] = []
    for order in ORDERS:
        parse_day(text, TODAY, order=order)
        parse_when(text, now_local=NOW_LOCAL, base_local=NOW_LOCAL + timedelta(hours=1), order=order)
        typed = Typed(day, last, all_day=False, start=start, end=end)
        came.append(tuple(sorted(read_time_off(typed, TODAY, TZ, order=order).errors)))
    for all_day in (False, True):
        for name in ("America/New_York", "Pacific/Apia", length):
            typed_text = TimeText(day, start, end, length, last, name, all_day=all_day)
            for edited in ("day", "start", "end", "length"):
                follow(typed_text, edited, timedelta(minutes=50), NOW_LOCAL)
            read = read_times(typed_text, NOW_LOCAL)
            if read.times is not None:
                assert read.times.end >= read.times.start
            came.append(tuple(sorted(read.errors)))
    for line in (text, day):
        came += [read_length(line) is None]
        came += [_refusal(read, line) for read in (parse_cents, parse_duration, parse_count, parse_rule, _hours)]
        came += [_refusal(read, line) for read in (_day, _moment)]
    return tuple(came)


def _refusal(read: Callable[[str], object], text: str) -> str:
    """What is said of a text that is no such thing."""
    try:
        read(text)
    except (ValueError, UsageProblem) as error:
        return str(error)[:12]
    return ""


def _hours(text: str) -> None:
    blocks = parse_hours(text)
    check_hours(blocks)
    assert parse_hours(hours_words(blocks)) == blocks, "hours are read as they are written"


def _day(text: str) -> None:
    moments.day(text, TODAY)


def _moment(text: str) -> None:
    moments.when(text, NOW_LOCAL, None)

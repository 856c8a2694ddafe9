"""Reports as people read them: tables of words with totals. For programs: `report_records`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from couchcal.practice.names import client_label
from couchcal.practice.reports import Missed, Report, WeekSessions, WeekUse

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Line(NamedTuple):
    """A row of a table; `part` is how long its bar is, 0 to 1, more where it overflows, None for no bar."""

    cells: tuple[str, ...]
    part: float | None = None


class Table(NamedTuple):
    """A table of words. The first `texts` columns are text, the others are numbers.

    `note` says what the numbers are; `empty` is shown when there are no lines.
    """

    name: str
    title: str
    headings: tuple[str, ...]
    texts: int
    lines: list[Line]
    total: tuple[str, ...] | None
    note: str
    empty: str


def table(report: Report, name: str, names: str) -> Table:
    """The table `name` in words, clients called by `names`."""
    if name == "hours":
        return _hours_table(report)
    if name == "utilisation":
        return _use_table(report)
    if name == "cancellations":
        return _missed_table(report, names)
    return _weeks_table(report)


def _hours_table(report: Report) -> Table:
    rows = report.hours
    fees = [row.fee_cents for row in rows if row.fee_cents is not None]
    return Table(
        "hours",
        "Hours by service",
        ("Service", "Sessions", "Hours", "Share", "Fees"),
        1,
        [
            Line(
                (
                    f"{row.code} {row.label}".strip(),
                    str(row.sessions),
                    _hours_words(row.seconds),
                    _percent(row.share),
                    _money(row.fee_cents),
                ),
                row.share,
            )
            for row in rows
        ],
        (
            "Total",
            str(sum(row.sessions for row in rows)),
            _hours_words(sum(row.seconds for row in rows)),
            "",
            _money(sum(fees) if fees else None),
        ),
        "Sessions that are not cancelled, in the hours they took; a group is one hour however many came. "
        "Fees are those of the service list now.",
        "No sessions in this time.",
    )


def _use_table(report: Report) -> Table:
    rows = report.utilisation
    booked = sum(row.booked for row in rows)
    available = sum(row.available or 0 for row in rows)
    unset = any(row.available is None for row in rows)
    return Table(
        "utilisation",
        "Utilisation",
        ("Week of", "Booked", "Available", "Used"),
        1,
        [
            Line(
                (
                    _week_words(row.week, report),
                    _hours_words(row.booked),
                    "none set" if row.available is None else _hours_words(row.available),
                    "" if row.share is None else _percent(row.share),
                ),
                row.share,
            )
            for row in rows
        ],
        (
            "Total",
            _hours_words(booked),
            "" if unset else _hours_words(available),
            _percent(booked / available) if available else "",
        ),
        _starred(rows, report)
        + "Hours with clients, of the weekly hours less time off."
        + (
            " No weekly hours are set yet."
            if unset
            else " Weekly hours are those of now, for past weeks, too; sessions outside them count."
        ),
        "No week in this time.",
    )


def _missed_table(report: Report, names: str) -> Table:
    rows = report.cancellations
    most = max((row.late_cancels + row.no_shows for row in rows), default=1)
    return Table(
        "cancellations",
        "Late cancels and no-shows",
        ("Month", "Client", "Late", "No-shows", "Fees"),
        2,
        [
            Line(
                (
                    _month_words(row.month),
                    _client(row, names),
                    str(row.late_cancels),
                    str(row.no_shows),
                    _money(row.fee_cents or None),
                ),
                (row.late_cancels + row.no_shows) / most,
            )
            for row in rows
        ],
        (
            "Total",
            "",
            str(sum(row.late_cancels for row in rows)),
            str(sum(row.no_shows for row in rows)),
            _money(sum(row.fee_cents for row in rows) or None),
        ),
        "Fees are those recorded with the cancellations.",
        "No late cancels and no no-shows in this time.",
    )


def _weeks_table(report: Report) -> Table:
    rows = report.weeks
    most = max((row.kept + row.upcoming for row in rows), default=0) or 1
    return Table(
        "weeks",
        "Sessions per week",
        ("Week of", "Kept", "To come", "Cancelled"),
        1,
        [
            Line(
                (_week_words(row.week, report), str(row.kept), str(row.upcoming), str(row.cancelled)),
                (row.kept + row.upcoming) / most,
            )
            for row in rows
        ],
        (
            "Total",
            str(sum(row.kept for row in rows)),
            str(sum(row.upcoming for row in rows)),
            str(sum(row.cancelled for row in rows)),
        ),
        _starred(rows, report) + "Kept are over and not cancelled; cancelled for whatever reason.",
        "No week in this time.",
    )


def range_words(first: date, until: date) -> str:
    """`1 Mar 2026 to 31 Mar 2026`, of the half-open range `[first, until)`; whole months and years by name."""
    if first.day == 1 and until.day == 1:
        if (first.month, until.month, until.year - first.year) == (1, 1, 1):
            return str(first.year)
        if until == (first + timedelta(days=32)).replace(day=1):
            return _month_words(first)
    last = max(first, until - timedelta(days=1))
    return _day_words(first) if last == first else f"{_day_words(first)} to {_day_words(last)}"


def _client(row: Missed, names: str) -> str:
    label = client_label(row.internal_id, row.first, row.last, names)
    return label if label == row.internal_id else f"{label} · {row.internal_id}"


def _week_words(week: date, report: Report) -> str:
    """`Mon 2 Mar 2026`; a star where the range has not all of the week."""
    star = "" if _is_whole(week, report) else " *"
    return f"{_WEEKDAYS[week.weekday()]} {_day_words(week)}{star}"


def _starred(rows: Iterable[WeekUse | WeekSessions], report: Report) -> str:
    return "* of these weeks only a part. " if any(not _is_whole(row.week, report) for row in rows) else ""


def _is_whole(week: date, report: Report) -> bool:
    return report.first <= week and week.toordinal() + 7 <= report.until.toordinal()


def _day_words(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _month_words(month: date) -> str:
    return f"{_MONTHS[month.month - 1]} {month.year}"


def _hours_words(seconds: int) -> str:
    return f"{seconds / 3600:.2f}"


def _percent(part: float) -> str:
    return f"{part:.0%}"


def _money(cents: int | None) -> str:
    return "" if cents is None else f"{cents // 100}.{cents % 100:02}"

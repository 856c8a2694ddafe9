"""The last line of the appointment form: when it is, what it overlaps, what a biller would say. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

from textual.content import Content

from couchcal import clock_words
from couchcal.practice.agenda import Entry
from couchcal.practice.services import advice
from couchcal.scheduling.wallclock import to_local, zone, zone_or_utc
from couchcal.tui.calendar.words import name_of
from couchcal.tui.forms.appointment_data import FormData
from couchcal.tui.forms.appointment_state import Raw, ReadForm, automatic_modifier
from couchcal.tui.forms.appointment_values import Times
from couchcal.tui.forms.plain import QUIET, joined, plain

_MOST = 2
_NTH = ("1st", "2nd", "3rd", "4th", "last")


def zone_name(tz: str) -> str:
    """`New York` of `America/New_York`."""
    return tz.rpartition("/")[2].replace("_", " ")


def day_words(day: date, this_year: int) -> str:
    """`Tue 3 Mar`, with the year if it is another."""
    return f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if day.year != this_year else "")


def span_words(times: Times, tz: tzinfo, this_year: int) -> str:
    """`Tue 3 Mar 15:00–15:50` where `tz` is, `Tue 3 Mar 3:00–3:50pm` on a 12-hour clock."""
    if times.all_day:
        first, last = times.start.date(), times.end.date() - timedelta(days=1)
        words = day_words(first, this_year)
        return f"{words}, all day" if last == first else f"{words} – {day_words(last, this_year)}"
    start, end = to_local(times.start, tz), to_local(times.end, tz)
    day = day_words(start.date(), this_year)
    if end.date() == start.date():
        return f"{day} {clock_words.span_words(start, end)}"
    end_day = day_words(end.date(), this_year)
    return f"{day} {clock_words.clock_words(start)}–{end_day} {clock_words.clock_words(end)}"


def nth_words(day: date) -> str:
    """`the 1st Tuesday`, the day a monthly series falls on; a fifth one is the last."""
    return f"the {_NTH[min(4, (day.day - 1) // 7)]} {day:%A}"


def hints(read: ReadForm, raw: Raw, data: FormData, now_local: datetime) -> dict[str, str]:
    """What is understood, by row, to show beside the field."""
    found = dict.fromkeys(
        ("client", "modifiers", "day", "times", "last_day", "tz", "repeats", "until", "telehealth_url"), ""
    )
    fresh = sum(isinstance(one, str) for one in read.clients)
    if fresh:
        found["client"] = "added on saving"
    elif len(read.clients) > 1:
        found["client"] = f"{len(read.clients)} clients, one group"
    found["telehealth_url"] = link_hint(raw, data)
    automatic = automatic_modifier(raw, data)
    if automatic and raw["kind"] == "client_session":
        found["modifiers"] = f"+ {automatic} automatic"
    if read.repeat is not None:
        found["until"] = day_words(read.repeat.until, now_local.year) if read.repeat.until else "until stopped"
    times = read.time.times
    if times is None:
        return found
    if times.all_day:
        first = times.start.date()
        found["last_day"] = f"{(times.end.date() - timedelta(days=1)):%A}"
    else:
        start, end = (to_local(instant, zone(times.tz)) for instant in (times.start, times.end))
        first = start.date()
        found["times"] = "next day" if (end.date() - first).days == 1 else ""
        if times.tz != data.facts.tz:
            here = span_words(times, zone(data.facts.tz), now_local.year)
            here = here.removeprefix(f"{day_words(first, now_local.year)} ")
            found["tz"] = f"{here} {zone_name(data.facts.tz)}"
    found["day"] = f"{first:%A}"
    if raw["repeats"] == "monthly":
        found["repeats"] = nth_words(first)
    elif raw["repeats"] == "monthly-last":
        found["repeats"] = f"the last {first:%A}"
    elif raw["repeats"] not in ("none", "keep", "stop"):
        found["repeats"] = f"on {first:%A}s only"
    return found


def link_hint(raw: Raw, data: FormData) -> str:
    """What saving does with the link of a telehealth session (VID-01)."""
    telehealth = raw["visit_type"] == "telehealth" and raw["kind"] == "client_session"
    if telehealth and not raw["telehealth_url"].strip() and data.telehealth_template:
        given = data.stored and data.stored["visit_type"] == "telehealth"
        return "" if given else "a link is made on saving"
    return ""


def theirs_words(read: ReadForm, data: FormData, this_year: int) -> list[str]:
    """`= 21:00–21:50 Berlin, theirs`, for each zone of a client that is another than the appointment's (TZ-02)."""
    times = read.time.times
    if times is None or times.all_day:
        return []
    found = []
    rows = (data.client(one) for one in read.clients if isinstance(one, int))
    here = day_words(to_local(times.start, zone(times.tz)).date(), this_year)
    for name in dict.fromkeys(row.tz for row in rows if row is not None and row.tz):
        tz = zone_or_utc(name)
        start, end = (to_local(instant, tz) for instant in (times.start, times.end))
        if (start, end) == tuple(to_local(instant, zone(times.tz)) for instant in (times.start, times.end)):
            continue
        shown = span_words(times, tz, this_year).removeprefix(f"{here} ")
        found.append(f"= {shown} {zone_name(name)}, theirs")
    return found


def overlap_words(entries: Sequence[Entry], clients: Sequence[int | str], names: str = "full") -> str:
    """`overlaps Bob R. and 2 more`; a client's own other session is named first (GRP-01)."""
    if not entries:
        return ""
    own = [entry for entry in entries if entry.client_id is not None and entry.client_id in clients]
    if own and len(clients) == 1:
        return "this client is already scheduled then"
    if own:
        called = list(dict.fromkeys(name_of(entry, names) for entry in own))
        return f"{', '.join(called)} {'is' if len(called) == 1 else 'are'} already scheduled then"
    called = [name_of(entry, names) for entry in entries]
    more = f" and {len(called) - _MOST} more" if len(called) > _MOST else ""
    return f"overlaps {', '.join(called[:_MOST])}{more}"


def advice_words(read: ReadForm, raw: Raw, data: FormData) -> tuple[str, ...]:
    """Remarks on length and modifiers; they never keep anybody from saving."""
    times = read.time.times
    if times is None or "service" not in read.values:
        return ()
    minutes = int((times.end - times.start).total_seconds()) // 60
    location = data.location(read.values.get("location_id"))
    codes = [code for code in read.values["modifiers"] if not code.startswith("-")]
    automatic = automatic_modifier(raw, data)
    return advice(
        data.service(read.values["service"]),
        minutes,
        [*codes, automatic] if automatic else codes,
        telehealth=location is not None and location.telehealth,
    )


def live_line(
    read: ReadForm, raw: Raw, data: FormData, overlaps: Sequence[Entry], now_local: datetime, terminal: int
) -> Content:
    """`Tue 3 Mar 15:00–15:50 New York · overlaps Bob R. (saves anyway) · needs 53 min for 90837`.

    Args:
        terminal: cells of its width.
    """
    times = read.time.times
    if times is None:
        told = next(iter(read.time.errors.values()), "")
        return plain(f"{told[:1].upper()}{told[1:]}", QUIET)
    where = "" if times.all_day else f" {zone_name(times.tz)}"
    when = f"{span_words(times, zone(times.tz), now_local.year)}{where}"
    parts = [plain(" ".join([when, *theirs_words(read, data, now_local.year)]), "bold")]
    parts += [plain(note, "$text-warning") for note in read.time.notes]
    cancelled = data.entry is not None and data.entry.cancelled
    busy = read.values.get("busy", True) and not cancelled
    clash = overlap_words(overlaps, read.clients, data.names) if busy else ""
    if clash:
        parts.append(plain(f"{clash} (saves anyway)", "$text-warning"))
    parts += [plain(words, "$text-warning") for words in advice_words(read, raw, data)]
    return joined(parts, terminal)

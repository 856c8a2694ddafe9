"""The day sheet as one HTML page for paper: no script, nothing fetched, all text of people escaped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from html import escape

from couchcal.cli.context import Practice
from couchcal.cli.day_sheet import Day, length_words, nothing_words, service_words, sheet_days
from couchcal.cli.occurrence_json import place_of
from couchcal.cli.plain import clean, day_words, marks, time_words, title_words
from couchcal.practice.agenda import Entry
from couchcal.practice.cadence import repeat_phrase

_NOTE_LINES = 4
"""Ruled lines below a day, to write on by hand."""
_COLUMNS = (("time", "Time"), ("who", "Who"), ("service", "Service"), ("place", "Place"), ("", "Notes"))
"""Class and heading; the last one is left empty for writing."""
_STYLE = """\
@page { margin: 16mm 14mm; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 190mm; color: #111; background: #fff;
  font: 10.5pt/1.35 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 8mm;
  border-bottom: 0.5mm solid #111; padding-bottom: 1.5mm; }
h1 { font-size: 12pt; margin: 0; }
header p { margin: 0; color: #444; }
section { margin-top: 7mm; }
h2 { font-size: 14pt; margin: 0 0 1.5mm; break-after: avoid; }
h2 small { font-size: 9.5pt; font-weight: normal; color: #444; margin-left: 3mm; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th { text-align: left; font-size: 8.5pt; font-weight: normal; color: #444; padding: 0 2mm 1mm 0; }
td { vertical-align: top; padding: 1.6mm 2mm 1.6mm 0; border-top: 0.2mm solid #999; overflow-wrap: anywhere; }
tr { break-inside: avoid; }
.time { width: 31mm; font-variant-numeric: tabular-nums; }
.who { width: 40mm; }
.name { font-weight: bold; }
.service { width: 25mm; }
.place { width: 27mm; }
.marks { color: #444; font-size: 9pt; display: block; }
.cancelled .time, .cancelled .name { text-decoration: line-through; }
.free td { color: #555; padding: 0.6mm 2mm 0.6mm 0; font-size: 9pt; border-top: 0.2mm dotted #bbb; }
.lines div { border-bottom: 0.2mm solid #bbb; height: 8mm; }
.lines { break-inside: avoid; margin-top: 2mm; }
@media print { .paged section + section { break-before: page; margin-top: 0; } }
@media screen { body { padding: 10mm; } }
"""


def page(practice: Practice, entries: list[Entry], first: date, until: date, *, page_per_day: bool = False) -> str:
    """The entries of the days `[first, until)` as a page that prints on A4 and on letter paper.

    Args:
        page_per_day: whether each day begins on a new sheet.
    """
    found = sheet_days(entries, first, practice.tz)
    last = max(first, until - timedelta(days=1))
    days = day_words(first, year=True) + ("" if last == first else f" to {day_words(last, year=True)}")
    name = clean(practice.facts.name)
    title = f"Day sheet{f' · {name}' if name else ''}"
    body = "".join(line for day in found for line in _day(practice, day))
    if not found:
        body = f"<p>{escape(nothing_words(first, until))}</p>\n"
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="robots" content="noindex">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(f'{title}, {days}')}</title>\n<style>\n{_STYLE}</style>\n</head>\n"
        f"<body{_class('paged' if page_per_day else '')}>\n"
        f"<header><h1>{escape(title)}</h1><p>{escape(days)}, times of {escape(practice.facts.tz)}</p></header>\n"
        f"<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _day(practice: Practice, day: Day) -> Iterator[str]:
    total = f"<small>{escape(day.total)}</small>" if day.total else ""
    yield f"<section>\n<h2>{escape(day_words(day.day, year=True))}{total}</h2>\n<table>\n<thead><tr>"
    for name, words in _COLUMNS:
        yield f'<th scope="col"{_class(name)}>{words}</th>'
    yield "</tr></thead>\n<tbody>\n"
    for item in day.items:
        if isinstance(item, timedelta):
            yield f'<tr class="free"><td></td><td colspan="4">{length_words(item)} free</td></tr>\n'
        else:
            yield _entry(practice, item)
    yield "</tbody>\n</table>\n"
    yield f'<div class="lines" aria-hidden="true">{"<div></div>" * _NOTE_LINES}</div>\n</section>\n'


def _entry(practice: Practice, entry: Entry) -> str:
    remarks = " ".join(([clean(repeat_phrase(entry.rrule))] if entry.rrule else []) + marks(entry))
    when = time_words(entry, practice.tz)
    name = f"<span{_class('name')}>{_isolated(title_words(entry, practice.names))}</span>"
    below = f"<span{_class('marks')}>{escape(remarks)}</span>" if remarks else ""
    cells = (escape(when), name + below, escape(service_words(entry)), _isolated(place_of(entry) or ""), "")
    row = "".join(f"<td{_class(column)}>{cell}</td>" for (column, _), cell in zip(_COLUMNS, cells, strict=True))
    return f"<tr{_class('cancelled' if entry.cancelled else '')}>{row}</tr>\n"


def _isolated(text: str) -> str:
    """Text of a person: inert, and keeping its direction of writing to itself."""
    return f"<bdi>{escape(clean(text))}</bdi>"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""

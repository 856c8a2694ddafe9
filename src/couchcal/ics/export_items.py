"""What an export reads on the DB-API connection: appointments, series and time off; and the words for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from couchcal.ics.folding import escape, escape_line, fold, inert, utc_stamp
from couchcal.ics.kept_lines import kept_lines, modified
from couchcal.practice.names import client_label
from couchcal.store.connection import Connection

CANCELLED_PREFIX: Final = "[cancelled] "
_BATCH: Final = 400


class Item(NamedTuple):
    """Something to write. Times are seconds since the epoch, of an all-day one the UTC midnights of its dates.

    `key` names its occurrence in a series. `extra` holds the content lines kept from a file, None for a row whose
    file had nothing to say about it alone.
    """

    id: int
    uid: str
    origin: str
    start: int
    end: int
    tz: str
    all_day: bool
    status: str
    sequence: int
    updated: int
    version: int
    title: str
    place: str
    busy: bool
    instructions: str
    internal_id: str | None
    first: str | None
    last: str | None
    location: str | None
    extra: str | None
    key: str | None
    series_id: int | None


_COLUMNS = """
a.id, a.uid, a.origin, a.start_utc, a.end_utc, a.tz, a.all_day, a.status, a.sequence, a.updated_at, a.version,
a.title, a.place, a.busy, a.instructions, c.internal_id, coalesce(nullif(c.preferred, ''), c.first), c.last, l.name,
i.extra, a.series_key, a.series_id
"""
_JOINS = """
LEFT JOIN client c ON c.id = a.client_id
LEFT JOIN location l ON l.id = a.location_id
"""
_ROWS = f"SELECT {_COLUMNS} FROM appointment a {_JOINS} LEFT JOIN appointment_ics i ON i.appointment_id = a.id"  # noqa: S608  our names
_TEMPLATES = f"""
SELECT {_COLUMNS.replace("a.start_utc, a.end_utc", "0, 0").replace("a.series_key, a.series_id", "NULL, a.id")},
       a.start_local, a.duration_s, a.rrule, a.rdates, a.until_date, a.materialised_from, a.materialised_to
FROM series a {_JOINS} LEFT JOIN series_ics i ON i.series_id = a.id JOIN series s ON s.id = a.id
"""  # noqa: S608  no value is in the text, only our own fragments
SINGLE: Final = "a.series_id IS NULL AND a.origin <> 'google'"
"""SQL of the appointments that belong to no series."""


def items(connection: Connection, ids: Sequence[int]) -> Iterator[Item]:
    """The appointments of these ids, in their order, a batch at a time."""
    for begin in range(0, len(ids), _BATCH):
        batch = ids[begin : begin + _BATCH]
        marks = ", ".join("?" * len(batch))
        found = {row[0]: row for row in connection.execute(f"{_ROWS} WHERE a.id IN ({marks})", batch)}
        yield from (Item._make(found[row_id]) for row_id in batch)


def occurrences(connection: Connection, condition: str, values: tuple[object, ...]) -> Iterator[Item]:
    """Rows of series, by series and key; `condition` speaks of the series as `s`."""
    statement = f"{_ROWS} JOIN series s ON s.id = a.series_id WHERE {condition} ORDER BY a.series_id, a.series_key"
    return map(Item._make, connection.execute(statement, values))


def templates(connection: Connection, condition: str, values: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
    """Series by id: the columns of an `Item` (start and end are 0), then those of the recurrence."""
    yield from connection.execute(f"{_TEMPLATES} WHERE {condition} ORDER BY a.id", values)


def time_off(connection: Connection) -> Iterator[Item]:
    """Time off as items; its reason is nobody's business."""
    for row_id, uid, start, end, tz, all_day, updated, version in connection.execute(
        "SELECT id, uid, start_utc, end_utc, tz, all_day, updated_at, version FROM time_off"
    ):
        yield Item(
            row_id, uid, "couchcal", start, end, tz, all_day, "scheduled",
            version - 1, updated, version, "Time off", "", True, "", None, None, None, None,
            "X-MICROSOFT-CDO-BUSYSTATUS:OOF", None, None,
        )  # fmt: skip


def other_uids(connection: Connection) -> dict[tuple[str, int], str]:
    """New UIDs, by table and row id, for all but the first of those that have the same one.

    Within a file a UID is one event (RFC 5545 3.8.4.7), but two imported calendars may share one, and some programs
    give one to everything they write.
    """
    repeated = connection.execute(
        f"""SELECT a.uid FROM appointment a WHERE {SINGLE} GROUP BY a.uid HAVING count(*) > 1
        UNION SELECT uid FROM series GROUP BY uid HAVING count(*) > 1
        UNION SELECT a.uid FROM appointment a JOIN series s ON s.uid = a.uid WHERE {SINGLE}"""  # noqa: S608  our names
    ).fetchall()
    found: dict[tuple[str, int], str] = {}
    for (uid,) in repeated:
        rows = connection.execute(
            f"""SELECT 'series', id FROM series WHERE uid = ?
            UNION ALL SELECT 'appointment', a.id FROM appointment a WHERE a.uid = ? AND {SINGLE}
            ORDER BY 1 DESC, 2""",  # noqa: S608  our names
            (uid, uid),
        )
        for number, (table, row_id) in enumerate(rows, 1):
            if number > 1:
                found[table, row_id] = f"{uid}-{number}"
    return found


class Wording:
    """How entries are worded: the client by the identifier mode (SYNC-03), cancelled ones marked.

    Nothing but the client's label leaves in the modes id, initials and first; `full` adds the name of the place.
    Instructions of ours leave never; what came with an imported entry goes out whole.
    """

    def __init__(self, names: str) -> None:
        self._names = names

    def body(self, item: Item) -> str:
        """The properties that say what an item is, as folded lines each with its CRLF."""
        imported = item.origin == "ics"
        description = ""
        if item.internal_id is not None:
            summary = client_label(item.internal_id, item.first or "", item.last or "", self._names)
            place = item.location or "" if self._names == "full" else ""
        else:
            summary, place = item.title, item.place
            description = item.instructions if imported else ""
        summary = escape_line(summary) or "Untitled"
        if item.status == "cancelled" and not summary.startswith(CANCELLED_PREFIX):
            summary = CANCELLED_PREFIX + summary
        lines = [f"SUMMARY:{summary}"]
        if place:
            lines.append(f"LOCATION:{escape(place)}")
        if description:
            lines.append(f"DESCRIPTION:{escape(description)}")
        once, others = kept_lines(item.extra) if item.extra else ({}, [])
        once.setdefault("CLASS", "CLASS:PUBLIC" if imported else "CLASS:PRIVATE")
        lines.append(f"STATUS:{_STATUSES.get(item.status, 'CONFIRMED')}")
        lines.append("TRANSP:OPAQUE" if item.busy and item.status != "cancelled" else "TRANSP:TRANSPARENT")
        lines += once.values()
        lines += others
        return "".join([f"{fold(line)}\r\n" for line in lines])


_STATUSES: Final = {"tentative": "TENTATIVE", "cancelled": "CANCELLED"}


def stamps(item: Item) -> str:
    """DTSTAMP and LAST-MODIFIED, the time of the last change (RFC 5545 3.8.7.2); never the time of the export.

    An imported entry that nobody changed since keeps the LAST-MODIFIED of its file.
    """
    untouched = item.origin == "ics" and item.version == 1
    stamp = (modified(item.extra) if untouched and item.extra else None) or utc_stamp(item.updated)
    return f"DTSTAMP:{stamp}\r\nLAST-MODIFIED:{stamp}\r\n"


def event_lines(item: Item, times: str, body: str) -> str:
    """A VEVENT; `times` and `body` are folded lines with their CRLF."""
    return (
        f"BEGIN:VEVENT\r\n{fold(f'UID:{inert(item.uid)}')}\r\n{stamps(item)}SEQUENCE:{item.sequence}\r\n"
        f"{times}{body}END:VEVENT\r\n"
    )

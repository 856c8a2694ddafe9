"""Reading the audit trail for its screen, a page at a time, and checking it. Blocks: for threads."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice
from typing import NamedTuple

from textual.content import Content

from couchcal.clock_words import clock_cells, clock_words
from couchcal.practice import clients
from couchcal.practice.agenda import day_instant
from couchcal.practice.audit_trail import ACTIONS, Called, Wanted, entries
from couchcal.scheduling.wallclock import to_local
from couchcal.store import audit_anchor, audit_check
from couchcal.store.audit import Entry
from couchcal.store.connection import Database, database_errors
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import clean

PAGE = 200
ACTORS = (None, "user", "client", "worker", "google", "import", "setup")
"""Whom the list can be narrowed to, one after the other."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHO = {"user": "you"}


class Filter(NamedTuple):
    """What is listed: a day, an actor, a client by row id and in words; None is all."""

    day: date | None = None
    actor: str | None = None
    client_id: int | None = None
    client: str = ""


class Line(NamedTuple):
    """An entry as the list shows it."""

    entry_id: int
    content: Content


def read_page(database: Database, wanted: Filter, tz: tzinfo, names: str, before: int | None) -> list[Line]:
    """The newest entries that fit, those of lower numbers than `before`."""
    start = end = None
    if wanted.day is not None:
        start, end = day_instant(wanted.day, tz), day_instant(wanted.day + timedelta(days=1), tz)
    asked = Wanted(start, end, actor=wanted.actor, client_id=wanted.client_id)
    with database_errors(database.path), closing(database.connect()) as connection:
        called = Called(connection, names)
        found = islice(entries(connection, asked, newest_first=True, before=before), PAGE)
        return [Line(entry.id, _line(entry, called, tz)) for entry in found]


def find_client(database: Database, text: str) -> tuple[int, str]:
    """The client that `text` names: row id and internal id.

    Raises:
        NotFound, Refused: nobody or several are.
    """
    with database_errors(database.path), closing(database.connect()) as connection:
        row = clients.resolve(connection, text)
        return row.id, row.internal_id


def check(database: Database) -> audit_check.Verdict:
    """Follow the whole chain."""
    anchor = audit_anchor.read(database.path)
    with database_errors(database.path), closing(database.connect()) as connection:
        return audit_check.verify(connection, anchor)


def _line(entry: Entry, called: Called, tz: tzinfo) -> Content:
    at = to_local(_EPOCH + timedelta(seconds=entry.at), tz)
    actor, _, client = called.actor(entry).partition(" ")
    did = f"{ACTIONS.get(entry.action, entry.action)} {called.record(entry)}"
    if client and client not in did:
        did = f"{did}  {client}"  # behind what they did: names are of any length, and this is a column
    parts = [
        Content.styled(f"{at:%Y-%m-%d} {clock_words(at):>{clock_cells()}}  ", QUIET),
        Content(clean(f"{_WHO.get(actor, actor):<8}  {did}".rstrip())),
    ]
    if entry.fields:
        parts.append(Content.styled(clean(f"  {entry.fields.replace('_', ' ')}"), QUIET))
    return Content("").join(parts)

"""A busy practice full of words that must not leave this computer, nor be written where nobody looks for them.

SYNC-03, SYNC-04, SYNC-27: everything a stranger can see is searched: each request, what commands print by default,
the log of the sync and of the worker, what is to be reviewed, errors that are provoked, and files beside the
database.
"""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import unquote

import pytest

from tests.sync.http.conftest import PlaceOf
from tests.sync.http.place import EMAIL, Place, until

CLIENTS = (
    ("Wilhelmina", "Ashgrove", "mina.canary@mail.example", "+1 212 555 0143"),
    ("Thaddeus", "Moorland", "thad.canary@mail.example", "+1 212 555 0187"),
)
SECRETS = (
    "Wilhelmina", "Ashgrove", "Minchen", "Thaddeus", "Moorland", "mina.canary", "thad.canary", "555 0143",
    "555 0187", "F41.1", "Zwangsgedanken", "Lindenhof", "Kranichweg", "Blaueszimmer", "Opernkarten", "Parkhaus",
    "Steuerberater", "Probesitzung", "krankgemeldet", "Umgangsrecht", "geheimerlink", "Grossmutter", "Schwimmbad",
)  # fmt: skip
"""Names, addresses, diagnosis, notes, places, titles, reasons: each in one place of the practice."""
PEOPLE = SECRETS[:8]
"""Of these no command says anything unless it is asked for; of the rest those that sync say nothing."""
SYNCING = ("sync", "google", "worker", "doctor")
OF_GOOGLE = ("Schwimmbad",)
"""Stands in Google to begin with, in the person's own calendar."""
ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//elsewhere//EN
BEGIN:VEVENT
UID:opera@elsewhere.example
DTSTAMP:20261101T000000Z
DTSTART:20261204T190000Z
DTEND:20261204T220000Z
SUMMARY:Opernkarten
LOCATION:Parkhaus
DESCRIPTION:mit Thaddeus
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def busy(place_of: PlaceOf) -> Place:
    """A practice with something to hide everywhere, connected."""
    place = place_of(canaries=[secret for secret in SECRETS if secret not in OF_GOOGLE])
    place.made()
    for number, (first, last, email, phone) in enumerate(CLIENTS, 1):
        place.run(
            "client", "edit", f"C-000{number}", f"first={first}", f"last={last}", f"email={email}",
            f"phone={phone}", "notes_admin=Umgangsrecht",
        )  # fmt: skip
    place.run("client", "edit", "C-0001", "preferred=Minchen")
    place.run("place", "add", "Lindenhof", "pos=11", "address=Kranichweg 5")
    place.run("room", "add", "Blaueszimmer", "place=Lindenhof")
    place.run("service", "add", "90899", "label=Probesitzung", "length=45")
    (place.directory / "home.ics").write_text(ICS, "utf-8")
    place.connected()
    return place


def a_day(place: Place) -> None:
    """Everything that people do with a calendar and its sync."""
    ids = [place.add(f"2026-12-0{day} 15:00") for day in (1, 2, 3)]
    place.run(
        "edit", ids[0], "place=Lindenhof", "room=Blaueszimmer", "diagnoses=F41.1", "instructions=Zwangsgedanken",
        "link=https://meet.example/geheimerlink", "service=90899",
    )  # fmt: skip
    place.run("import", "home.ics", "--calendar", "Steuerberater")
    place.run("time-off", "add", "2026-12-24", "2026-12-26", "--reason", "Grossmutter")
    place.run("waitlist", "add", "C-0002", "--note", "krankgemeldet")
    place.person(
        "create", calendar=EMAIL, summary="Schwimmbad", start={"dateTime": "2026-12-01T09:00:00-05:00"},
        end={"dateTime": "2026-12-01T10:00:00-05:00"},
    )  # fmt: skip
    place.json("google", "enable", EMAIL)
    place.run("sync", "--dry-run")
    place.run("sync")
    place.settled()
    events = {event["start"]["wall"][8:10]: event["id"] for event in place.events() if "wall" in event["start"]}
    place.run("cancel", ids[1], "--type", "no_show", "--reason", "krankgemeldet")
    place.run("sync")
    place.run("restore", ids[1])
    place.person("move_time", events["01"], by_minutes=30)
    place.json("move", ids[0], "2026-12-01T18:00")
    place.person("delete", events["03"])
    place.run("sync")
    place.sync()
    for argv in ("status", "review", "log"):
        place.run("sync", argv)
        place.json("sync", argv)
    place.run("mark", ids[1], "note-signed")
    for item in place.json("sync", "review"):
        choice = "restore" if "restore" in item["choices"] else item["choices"][0]
        place.run("sync", "resolve", item["id"], choice)
    place.settled()
    place.run("google", "calendars")
    for options in ((), ("--json",)):
        place.told(place.start("doctor", *options))


def provoke(place: Place) -> None:
    """Errors of every kind."""
    entry = place.add("2026-12-08 15:00")
    place.fault("status", "events.insert", code=400, reason="invalid", message="Bad Wilhelmina")
    place.told(place.start("sync"))
    place.told(place.start("sync", "--json"))
    place.well()
    place.run("sync", "resolve", entry, "retry")
    place.fault("garbage")
    place.run("sync", code=4)
    place.well()
    place.run("sync")
    place.json("move", entry, "2026-12-09T15:00")
    with closing(sqlite3.connect(place.home / "couchcal.db")) as connection:
        connection.execute("UPDATE event_map SET ours = '{' || ours")
        connection.commit()
    place.told(place.start("sync"))
    worker = place.start("worker")
    until(lambda: "went wrong" in worker.err.read_text("utf-8") or worker.poll() is not None)
    worker.end(signal.SIGTERM)
    place.told(worker)


def written(place: Place) -> Iterator[tuple[str, str]]:
    """All that is said and written by what syncs, with where."""
    for argv, done in place.said:
        if argv[0] in SYNCING:
            yield " ".join(argv), done.out + done.err
    for path in place.home.rglob("*"):
        if path.is_file() and not path.name.startswith("couchcal.db"):
            yield str(path), path.read_bytes().decode("utf-8", "replace")
    with closing(sqlite3.connect(place.home / "couchcal.db")) as connection:
        for column, table in (
            ("text", "sync_log"), ("detail", "sync_review"), ("ours", "sync_review"), ("theirs", "sync_review"),
            ("error", "sync_outbox"), ("last_error", "calendar_link"), ("last_error", "calendar_account"),
            ("progress", "worker_lease"),
        ):  # fmt: skip
            for (text,) in connection.execute(f"SELECT {column} FROM {table}"):
                yield f"{table}.{column}", str(text)


def answered(place: Place) -> Iterator[tuple[str, str]]:
    """What all commands said."""
    for argv, done in place.said:
        yield " ".join(argv), done.out + done.err


def sent(place: Place) -> Iterator[tuple[str, str]]:
    """All that Google was asked."""
    for entry in place.emulator.log:
        yield entry.op, json.dumps(entry.body, ensure_ascii=False) + unquote(entry.target)


def leaks(texts: Iterator[tuple[str, str]], secrets: tuple[str, ...] = SECRETS) -> list[tuple[str, str]]:
    """Where which secret stands."""
    return [(where, secret) for where, text in texts for secret in secrets if secret.casefold() in text.casefold()]


def test_a_day_tells_nobody_anything(busy: Place) -> None:
    temporary = busy.directory / "tmp"
    temporary.mkdir()
    busy.env["TMPDIR"] = str(temporary)
    busy.said.clear()
    a_day(busy)
    assert leaks(sent(busy), tuple(secret for secret in SECRETS if secret not in OF_GOOGLE)) == []
    assert [each for each in busy.lint() if each["rule"] == "canary"] == []
    assert leaks(written(busy)) == []
    assert leaks(answered(busy), PEOPLE) == []
    assert all("\x1b" not in text for _, text in answered(busy)), "no title of a window, no colours"
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    there = b"".join(path.read_bytes() for path in busy.home.glob("couchcal.db*"))
    assert [secret for secret in SECRETS if secret.encode() not in there] == [], "else this would prove nothing"
    summaries = {event["summary"] for event in busy.events()}
    assert summaries == {"\N{LOCK} C-0001", "Busy"}
    assert {event["location"] for event in busy.events()} <= {"", None, "Office"}


def test_errors_tell_nobody_anything(busy: Place) -> None:
    busy.add("2026-12-01 15:00")
    busy.settled()
    busy.said.clear()
    provoke(busy)
    assert len(busy.said) > 5
    assert leaks(written(busy)) == []
    assert leaks(answered(busy), PEOPLE) == []
    assert not any("Traceback" in text for _, text in answered(busy))


def test_full_names_are_the_name_and_nothing_else(busy: Place) -> None:
    busy.control("config", canaries=[])
    busy.run("settings", "set", "practice.identifier_mode", "full", code=2)
    busy.run("settings", "set", "practice.identifier_mode", "full", "--yes")
    since = len(busy.emulator.log)
    a_day(busy)
    chosen = ("Minchen", "Ashgrove")
    others = tuple(secret for secret in SECRETS if secret not in (*chosen, *OF_GOOGLE))
    assert leaks(sent(busy), others) == []
    assert since
    assert {event["summary"] for event in busy.events()} == {"\N{LOCK} Minchen Ashgrove", "Busy"}

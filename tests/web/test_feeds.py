"""Calendars that other programs subscribe to: what is in them, and how they are asked for."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from couchcal.mail import links
from couchcal.practice import appointments, client_changes, feeds, invites, marks, practice_settings
from couchcal.practice.draft import Draft
from couchcal.web.app import create_app
from couchcal.web.site import Site
from tests.mail.desk import CANARY, NOON, SECRET_WORDS, Desk
from tests.support.ics_files import imported
from tests.support.ics_reading import components, properties
from tests.support.practice import make_practice

PLAIN = {"accept-encoding": "identity"}
DAYS: dict[str, Any] = {
    "all_day": True,
    "start": datetime(2026, 3, 5, tzinfo=UTC),
    "end": datetime(2026, 3, 7, tzinfo=UTC),
}


class Reader:
    """A program that reads feeds of a practice over HTTP."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        app = create_app(Site(desk.database, clock=desk.now))
        self.http = TestClient(app, follow_redirects=False, headers=PLAIN)

    def feed(self, client: int | None = None) -> str:
        """A new feed; its path."""
        return links.feed("", feeds.make(self.desk.database, client, clock=self.desk.now))

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def events(self, path: str) -> list[Any]:
        answer = self.get(path)
        assert answer.status_code == 200
        return components(answer.content)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    desk = Desk(tmp_path)
    yield Reader(desk)
    desk.database.dispose()


def other_event(reader: Reader, **fields: Any) -> None:
    start = NOON + timedelta(days=1)
    given: dict[str, Any] = {"start": start, "end": start + timedelta(hours=1), "tz": "America/New_York", **fields}
    appointments.book(reader.desk.database, Draft(kind="other_event", **given), clock=reader.desk.now)


def test_the_practitioners_calendar_as_another_program_reads_it(reader: Reader) -> None:  # SYNC-16
    row_id = reader.desk.book(48)
    path = reader.feed()
    answer = reader.get(path)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    (event,) = components(answer.content)
    uid, sequence, updated = reader.desk.rows(
        "SELECT uid, sequence, updated_at FROM appointment WHERE id = ?", row_id
    )[0]
    assert (str(event["UID"]), event["SEQUENCE"]) == (uid, sequence)
    assert event["DTSTAMP"].dt == datetime.fromtimestamp(updated, UTC)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (
        NOON + timedelta(hours=48), NOON + timedelta(hours=48, minutes=50),
    )  # fmt: skip
    assert (str(event["CLASS"]), str(event["TRANSP"]), str(event["STATUS"])) == ("PRIVATE", "OPAQUE", "CONFIRMED")
    head = {name: properties(answer.content, name) for name in ("X-WR-CALNAME", "NAME", "METHOD", "X-WR-TIMEZONE")}
    assert head == {
        "X-WR-CALNAME": ["X-WR-CALNAME:Quiet Room"], "NAME": ["NAME:Quiet Room"], "METHOD": ["METHOD:PUBLISH"],
        "X-WR-TIMEZONE": ["X-WR-TIMEZONE:America/New_York"],
    }  # fmt: skip
    assert properties(answer.content, "REFRESH-INTERVAL") == ["REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    assert properties(answer.content, "X-PUBLISHED-TTL") == ["X-PUBLISHED-TTL:PT1H"]


def test_an_importer_makes_the_same_times_of_it(reader: Reader, tmp_path: Path) -> None:
    reader.desk.book(48)
    reader.desk.book(72)
    other_event(reader, title="Supervision; a, b\\c")
    other_event(reader, title="Away", **DAYS)
    elsewhere = make_practice(tmp_path / "elsewhere")
    report = imported(elsewhere, reader.get(reader.feed()).content, now=NOON)
    assert (report.read, report.added, len(report.skipped)) == (4, 4, 0)
    statement = "SELECT start_utc, end_utc, all_day FROM appointment ORDER BY start_utc"
    connection = elsewhere.connect()
    assert connection.execute(statement).fetchall() == reader.desk.rows(statement)
    connection.close()


@pytest.mark.parametrize("mode", ["id", "initials", "first", "full"])
def test_a_name_only_as_the_practice_lets_it_out(reader: Reader, mode: str) -> None:  # SYNC-03, SYNC-27
    reader.desk.book(48, pos="10", telehealth_url="https://video.example/Kestrel")
    practice_settings.change(reader.desk.database, {"identifier_mode": mode}, clock=reader.desk.now)
    text = reader.get(reader.feed()).text.replace("\r\n ", "")
    for word in SECRET_WORDS:
        shown = {"first": (CANARY,), "full": (CANARY, "Quetzal")}.get(mode, ())
        assert (word.lower() in text.lower()) == (word in shown), word
    assert "DESCRIPTION" not in text


def test_it_is_the_same_bytes_until_something_changes(reader: Reader) -> None:
    row_id = reader.desk.book(48)
    path = reader.feed()
    first = reader.get(path)
    reader.desk.wait(hours=6)
    assert reader.get(path).content == first.content
    reader.desk.wait(hours=12)  # another day, and nothing left or entered what a feed covers
    assert reader.get(path).content == first.content
    moved = NOON + timedelta(days=4)
    length = timedelta(minutes=50)
    appointments.reschedule(reader.desk.database, row_id, moved, moved + length, clock=reader.desk.now)
    after = reader.get(path)
    assert after.headers["etag"] != first.headers["etag"]
    (before,), (event,) = components(first.content), components(after.content)
    assert event["UID"] == before["UID"]
    assert event["SEQUENCE"] > before["SEQUENCE"]
    assert event["DTSTAMP"].dt > before["DTSTAMP"].dt
    assert event["DTSTART"].dt == moved


def test_asking_again_costs_nothing(reader: Reader) -> None:
    reader.desk.book(48)
    path = reader.feed()
    full = reader.get(path)
    tag = full.headers["etag"]
    assert tag.startswith('"')
    assert (full.headers["cache-control"], full.headers["vary"]) == ("private, no-cache", "Accept-Encoding")
    assert "set-cookie" not in full.headers
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = reader.get(path, if_none_match=known)
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["etag"], again.headers["cache-control"]) == (tag, "private, no-cache")
    assert reader.get(path, if_none_match='"other"').status_code == 200
    head = reader.http.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert head.headers["content-length"] == str(len(full.content))
    reader.desk.book(72)
    assert reader.get(path, if_none_match=tag).status_code == 200


def test_it_is_packed_for_who_takes_it_so(reader: Reader) -> None:
    for hours in range(24, 240, 24):
        reader.desk.book(hours)
    path = reader.feed()
    plain = reader.get(path)
    for asked in ("gzip", "deflate, gzip;q=0.5, br", "x-gzip", "GZIP; q=1.0"):
        packed = reader.get(path, accept_encoding=asked)
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content  # as the client unpacks it
        assert int(packed.headers["content-length"]) < len(plain.content) / 3
        assert packed.headers["etag"] != plain.headers["etag"]  # other bytes, another tag
    again = reader.get(path, accept_encoding="gzip", if_none_match=packed.headers["etag"])
    assert again.status_code == 304
    for asked in ("gzip;q=0", "gzip;q=0.000", "identity", "br", ""):
        assert "content-encoding" not in reader.get(path, accept_encoding=asked).headers
    raw = reader.http.build_request("GET", path, headers={"accept-encoding": "gzip"})
    answer = reader.http.send(raw, stream=True)
    assert gzip.decompress(b"".join(answer.iter_raw())) == plain.content


def test_what_ended_looks_as_if_it_had_never_been(reader: Reader) -> None:
    desk = reader.desk
    desk.book(48)
    nowhere = reader.get("/nowhere")

    def gone(path: str) -> bool:
        answer = reader.get(path)
        return (answer.status_code, answer.text) == (404, nowhere.text)

    ours, theirs = reader.feed(), reader.feed(desk.client)
    assert gone("/feed/" + "x" * 43 + ".ics")
    assert gone("/feed/.ics")
    assert gone(ours.removesuffix(".ics"))
    renewed = reader.feed()
    assert gone(ours)
    assert reader.get(renewed).status_code == 200
    assert feeds.revoke(desk.database, clock=desk.now) == 1
    assert gone(renewed)
    assert reader.get(theirs).status_code == 200
    invites.revoke(desk.database, desk.client, clock=desk.now)
    assert gone(theirs)


def test_no_other_token_opens_a_feed(reader: Reader) -> None:
    desk = reader.desk
    desk.book(48)
    path = reader.feed()
    desk.write("UPDATE portal_token SET purpose = 'session', client_id = ?", desk.client)
    assert reader.get(path).status_code == 404


def test_a_client_sees_when_they_come_and_nothing_else(reader: Reader) -> None:  # SYNC-27
    desk = reader.desk
    mine = desk.book(48, pos="10", telehealth_url="https://video.example/Kestrel")
    cancelled = desk.book(96)
    appointments.cancel(desk.database, cancelled, "other", clock=desk.now)
    other = client_changes.add(desk.database, "Other Person", clock=desk.now).id
    me, desk.client = desk.client, other
    desk.book(72)
    other_event(reader, title="Supervision")
    path = reader.feed(me)
    (event,) = reader.events(path)
    text = reader.get(path).text
    assert str(event["UID"]) == desk.value("SELECT uid FROM appointment WHERE id = ?", mine)
    assert str(event["SUMMARY"]) == "Appointment (Quiet Room)"
    assert set(event) == {
        "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "CLASS", "STATUS", "TRANSP",
    }  # fmt: skip
    assert not [word for word in (*SECRET_WORDS, "Supervision", "C-0001") if word in text]


def test_a_client_learns_nothing_of_work_on_their_record(reader: Reader) -> None:  # SYNC-27
    row_id = reader.desk.book(48)
    path = reader.feed(reader.desk.client)
    before = reader.get(path).content
    reader.desk.wait(hours=3)
    marks.mark(reader.desk.database, row_id, "note-signed", clock=reader.desk.now)
    assert reader.desk.value("SELECT updated_at FROM appointment WHERE id = ?", row_id) == reader.desk.seconds()
    assert reader.get(path).content == before


def test_whole_days_free_time_and_odd_titles(reader: Reader) -> None:
    practice_settings.change(reader.desk.database, {"google_event_titles": True}, clock=reader.desk.now)
    odd = "Büro, 東京; a\\b \x1b]52;c\x07 " + "lang " * 30
    other_event(reader, title=odd, busy=False)
    other_event(reader, title="Away", **DAYS)
    path = reader.feed()
    free, away = reader.events(path)
    assert (away["DTSTART"].dt, away["DTEND"].dt) == (date(2026, 3, 5), date(2026, 3, 7))
    assert (str(free["TRANSP"]), str(away["TRANSP"])) == ("TRANSPARENT", "OPAQUE")
    assert str(free["SUMMARY"]).startswith("Büro, 東京; a\\b ]52;c lang lang")
    content = reader.get(path).content
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    assert b"\x1b" not in content
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_calendar_with_nothing_in_it_is_one(reader: Reader) -> None:
    answer = reader.get(reader.feed())
    assert components(answer.content) == []
    assert b"BEGIN:VTIMEZONE" in answer.content  # RFC 5545 3.6: a calendar has at least one component


def test_what_is_long_past_or_far_ahead_is_left_out(reader: Reader) -> None:
    for hours in (-91 * 24, -89 * 24, 24, 399 * 24, 402 * 24):
        reader.desk.book(hours)
    assert len(reader.events(reader.feed())) == 3


def test_programs_may_ask_often_and_take_nothing_from_people(reader: Reader) -> None:
    path = reader.feed()
    codes = [reader.get(path, if_none_match="*").status_code for _ in range(121)]
    assert codes == [304] * 120 + [429]
    assert 1 <= int(reader.get(path).headers["retry-after"]) <= 60
    assert reader.get("/verify").status_code == 200


def test_an_address_gets_into_no_log(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "couchcal.web")
    path = reader.feed()
    assert reader.get(path).status_code == 200
    reader.get(path.replace("/feed/", "/feed/x"))
    assert path.removeprefix("/feed/").removesuffix(".ics") not in caplog.text
    assert "GET /feed/{token}.ics 200" in caplog.text

from __future__ import annotations

import json
from contextlib import closing
from datetime import date, datetime

import pytest

from couchcal.practice import appointments, clients
from couchcal.practice.draft import Draft
from couchcal.store.connection import Database
from couchcal.store.records import Appointment, BookingRequest, TimeOff
from couchcal.store.session import write_session
from tests.cli.conftest import Cli

KEYS = [
    "id", "uid", "kind", "title", "client", "service", "modifiers", "location", "start", "end", "all_day",
    "time_zone", "status", "cancellation", "busy", "conflict", "locked", "series", "repeats", "origin", "calendar",
]  # fmt: skip


def all_day(database: Database, first: str, until: str, title: str, **fields: object) -> None:
    """Book an all-day event from the date `first` up to the date `until`."""
    bounds = (datetime.fromisoformat(f"{text}T00:00:00+00:00") for text in (first, until))
    start, end = bounds
    appointments.book(
        database,
        Draft("other_event", start, end, "America/New_York", all_day=True, title=title, **fields),  # type: ignore[arg-type]  # names of the draft
    )


def test_an_occurrence_has_every_key_in_order_and_null_where_there_is_nothing(cli: Cli) -> None:
    cli("add", "wed 3pm 45m jane doe 90834 tele weekly")
    cli("add", "lunch wed 12-1")
    lunch, session = cli.json("agenda")
    assert list(lunch) == list(session) == KEYS
    assert {key: session[key] for key in KEYS if key not in ("id", "uid", "series")} == {
        "kind": "client_session",
        "title": "C-0001",
        "client": "C-0001",
        "service": "90834",
        "modifiers": ["95"],
        "location": "Telehealth",
        "start": "2026-03-04T15:00:00-05:00",
        "end": "2026-03-04T15:45:00-05:00",
        "all_day": False,
        "time_zone": "America/New_York",
        "status": "scheduled",
        "cancellation": None,
        "busy": True,
        "conflict": False,
        "locked": [],
        "repeats": "weekly",
        "origin": "couchcal",
        "calendar": None,
    }
    assert session["uid"].endswith("@couchcal")
    assert session["series"]
    assert [lunch[key] for key in ("client", "service", "location", "series", "repeats")] == [None] * 5
    assert lunch["title"] == "Lunch"


def test_ranges_are_half_open_days_of_the_practice_from_today_for_seven_days(cli: Cli) -> None:
    cli("add", "2026-03-02 23:30 10m bob 90832")  # yesterday
    cli("add", "2026-03-03 00:00 10m bob 90832")
    cli("add", "2026-03-09 23:50 10m bob 90832")
    cli("add", "2026-03-10 00:00 10m bob 90832")  # the eighth day

    def starts(*options: str) -> list[str]:
        return [entry["start"][:16] for entry in cli.json("agenda", *options)]

    assert starts() == ["2026-03-03T00:00", "2026-03-09T23:50"]
    assert starts("--from", "today", "--to", "+1d") == ["2026-03-03T00:00"]
    assert starts("--from", "2026-03-02", "--to", "2026-03-03") == ["2026-03-02T23:30"]
    assert starts("--from", "-1d") == ["2026-03-02T23:30", "2026-03-03T00:00"]
    assert starts("--from", "tue", "--to", "tue") == []
    assert starts("--from", "+1w") == ["2026-03-10T00:00"]
    assert "after" in cli("agenda", "--from", "fri", "--to", "2026-03-04", code=2).err
    assert starts("--from", "fri", "--to", "wed") == starts("--from", "2026-03-06", "--to", "2026-03-11") != []
    assert "is no day" in cli("agenda", "--from", "someday", code=2).err


def test_starts_carry_the_offset_of_the_entrys_own_zone_on_both_sides_of_dst(cli: Cli) -> None:
    cli("add", "wed 9am 45m bob 90834 weekly")
    (first, second) = cli.json("agenda", "--to", "+2w")  # clocks go forward on 8 March
    assert first["start"] == "2026-03-04T09:00:00-05:00"
    assert second["start"] == "2026-03-11T09:00:00-04:00"
    cli("edit", first["id"], "tz=Asia/Kathmandu")
    assert cli.json("show", first["id"])["start"] == "2026-03-04T19:45:00+05:45"


def test_all_day_entries_have_dates_with_an_exclusive_end(cli: Cli) -> None:
    all_day(cli.database, "2026-03-05", "2026-03-07", "Conference", busy=False, place="Town hall")
    (entry,) = cli.json("agenda")
    assert (entry["start"], entry["end"], entry["all_day"]) == ("2026-03-05", "2026-03-07", True)
    assert (entry["busy"], entry["location"]) == (False, "Town hall")
    assert "[until Fri 6 Mar]" in cli("agenda").out
    assert len(cli.json("agenda", "--from", "2026-03-06", "--to", "2026-03-07")) == 1
    assert cli.json("agenda", "--from", "2026-03-07", "--to", "2026-03-08") == []


def test_a_series_is_topped_up_before_a_far_window_is_shown(cli: Cli) -> None:  # REC-08
    cli("add", "wed 9am 45m bob 90834 weekly")
    far = cli.json("agenda", "--from", "2031-03-01", "--to", "2031-04-01")
    assert [entry["start"][:10] for entry in far] == ["2031-03-05", "2031-03-12", "2031-03-19", "2031-03-26"]
    assert [entry["start"][11:] for entry in far] == ["09:00:00-05:00"] + ["09:00:00-04:00"] * 3
    assert len({entry["id"] for entry in far}) == 4
    assert cli.json("agenda", "--from", "2031-03-01", "--to", "2031-04-01") == far


def test_past_appointments_with_a_client_are_completed_other_events_are_not(cli: Cli) -> None:
    cli("add", "2026-03-03 9am 45m bob 90834")  # over since 9:45
    cli("add", "2026-03-03 10:00 60m jane doe 90837")  # runs
    cli("add", "block 2026-03-03 8-9am")
    cli("add", "call maria 2026-03-03 7am 15m")
    found = {entry["start"][11:13]: entry["status"] for entry in cli.json("agenda")}
    assert found == {"07": "completed", "08": "scheduled", "09": "completed", "10": "scheduled"}


def test_cancelled_entries_only_on_request_with_type_reason_and_fee(cli: Cli) -> None:  # CXL-02
    cli("add", "wed 9am 45m bob 90834")
    (entry,) = cli.json("agenda")
    cli("cancel", entry["id"], "--type", "no_show", "--reason", "overslept", "--fee", "25.00")
    assert cli.json("agenda") == []
    (cancelled,) = cli.json("agenda", "--cancelled")
    assert cancelled["status"] == "cancelled"
    assert cancelled["cancellation"] == {"type": "no_show", "reason": "overslept", "fee": 25.0}
    assert cancelled["locked"] == []
    assert "[no show]" in cli("agenda", "--cancelled").out


def test_names_are_ids_unless_asked_for_or_set(cli: Cli, isolated_home: object) -> None:  # SYNC-03
    cli("add", "wed 9am 45m jane doe 90834")

    def title(*options: str) -> str:
        return str(cli.json("agenda", *options)[0]["title"])

    assert title() == "C-0001"
    assert [title("--names", mode) for mode in ("initials", "first", "full")] == ["J.D.", "Jane", "Jane Doe"]
    assert "Jane" not in cli("agenda").out + cli("find", "jane").out + cli("agenda", "--json").out
    (cli.database.path.parent / "config.toml").write_text('cli_names = "first"\nsurprise = 1\n', "utf-8")
    assert title() == "Jane"
    assert title("--names", "id") == "C-0001"
    assert "there is no setting 'surprise'" in cli("agenda").err


def test_requests_and_time_off_are_on_the_agenda_with_their_locks(cli: Cli) -> None:
    start, end = (datetime.fromisoformat(f"2026-03-05T{hour}:00:00-05:00") for hour in (14, 15))
    midnight = datetime.fromisoformat("2026-03-06T00:00:00+00:00")
    with write_session(cli.database, "test") as session:
        session.add(
            BookingRequest(
                uid="r1@couchcal", client_id=1, service="90834", start_utc=start, end_utc=end, idempotency_key="1"
            )
        )
        session.add(
            TimeOff(start_utc=midnight, end_utc=midnight.replace(day=7), tz="America/New_York", reason="Holiday")
        )
    request, off = cli.json("agenda")
    assert (request["kind"], request["status"], request["locked"], request["title"]) == (
        "request", "pending", ["request"], "C-0001",
    )  # fmt: skip
    assert (off["kind"], off["locked"], off["start"], off["location"]) == (
        "time_off",
        ["time_off"],
        "2026-03-06",
        None,
    )
    for entry in (request, off):
        assert cli.json("show", entry["id"])["id"] == entry["id"]
        refused = cli.json("move", entry["id"], "+1d", code=1)
        assert refused["error"]["code"] == f"locked_{entry['kind']}"


def test_conflicts_are_marked_on_both_sides(cli: Cli) -> None:  # CNF-01
    cli("add", "wed 9am 45m bob 90834")
    cli("add", "wed 9:30 45m maria 90834")
    cli("add", "wed 10:15 45m jane doe 90834")  # back to back
    assert [entry["conflict"] for entry in cli.json("agenda")] == [True, True, False]
    assert cli("agenda").out.count("[conflict]") == 2


def test_locks_are_named_without_cancelled(cli: Cli) -> None:
    cli("add", "2026-03-02 9am 45m bob 90834")
    (entry,) = cli.json("agenda", "--from", "2026-03-02")
    for mark in ("note-signed", "billing-started", "claim-submitted"):
        cli("mark", entry["id"], mark)
    assert set(cli.json("show", entry["id"])["locked"]) == {"note_signed", "billing_started", "claim"}
    assert "[note signed]" in cli("agenda", "--from", "2026-03-02").out


def test_the_list_is_sorted_by_start_then_id(cli: Cli) -> None:
    for name in ("bob", "maria", "jane doe", "janet"):
        cli("add", f"wed 9am 45m {name} 90834")
    cli("add", "tue 5pm 45m bob 90834")
    found = [(datetime.fromisoformat(entry["start"]), entry["id"]) for entry in cli.json("agenda")]
    assert found == sorted(found)
    assert len(found) == 5


def test_plain_agenda_is_grouped_by_day_and_aligned(cli: Cli) -> None:
    cli("add", "wed 9am 45m bob 90834-GT")
    cli("add", "thu 22:00 3h maria 90837")
    cli("add", "call maria thu 8am 15m")
    out = cli("agenda").out
    ids = [entry["id"] for entry in cli.json("agenda")]
    assert out.splitlines() == [
        "Wed 4 Mar 2026",
        f"   9:00-9:45      {ids[0]}  C-0003  90834-GT  Office",
        "  1 session, 45 min",
        "",
        "Thu 5 Mar 2026",
        f"   8:00-8:15      {ids[1]}  C-0004  contact   Office",
        "                  13 h 45 min free",
        f"  22:00-Fri 1:00  {ids[2]}  C-0004  90837     Office",
        "  1 session, 3 h; 1 contact",
    ]


def test_an_empty_agenda_says_so(cli: Cli) -> None:
    assert cli("agenda").out == "Nothing on the calendar from Tue 3 Mar 2026 until Tue 10 Mar 2026.\n"


def test_bare_couchcal_without_a_terminal_prints_today(cli: Cli) -> None:
    cli("add", "today 5pm 45m bob 90834")
    cli("add", "tomorrow 5pm 45m maria 90834")
    out = cli().out
    assert "C-0003" in out
    assert "C-0004" not in out


@pytest.mark.parametrize("mode", ["id", "full"])
def test_nothing_in_a_name_or_title_acts_on_the_terminal(cli: Cli, mode: str) -> None:
    evil = "[red]\x1b]52;c;aGk=\x07\u202e\x9b2J"
    with write_session(cli.database, "test") as session:
        client = clients.list_clients(cli.database.connect())[0]
        start = datetime.fromisoformat("2026-03-04T09:00:00-05:00")
        session.add(
            Appointment(
                uid="evil", kind="other_event", start_utc=start, end_utc=start.replace(hour=10),
                tz="America/New_York", title=evil, place=evil, origin="ics",
            )
        )  # fmt: skip
    with closing(cli.database.connect()) as raw:
        raw.execute("UPDATE client SET first = ?, last = ? WHERE id = ?", (evil, evil, client.id))
    cli("add", f"wed 11am 45m {client.internal_id} 90834")
    first, second = cli.json("agenda", "--names", mode)
    texts = [
        cli("agenda", "--names", mode).out,
        cli("show", first["id"], "--names", mode).out,
        cli("show", second["id"], "--names", mode).out,
        cli("client", "list").out,
        cli("client", "show", client.internal_id).out,
        cli("agenda", "--json", "--names", mode).out,
        cli("find", "red", "--names", mode).out,
    ]
    for text in texts:
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
    assert first["title"] == evil  # JSON escapes it


def test_find_searches_words_in_names_titles_and_places(cli: Cli) -> None:
    cli("add", "wed 9am 45m jane doe 90834")
    cli("add", "meeting with the board thu 9am")
    assert [entry["client"] for entry in cli.json("find", "doe")] == ["C-0001"]
    assert [entry["kind"] for entry in cli.json("find", "board", "meeting")] == ["other_event"]
    assert cli.json("find", "nothing") == []
    assert cli("find", "nothing").out == "Nothing fits. Fewer words or letters find more.\n"
    assert "C-0001" in cli("find", "doe").out
    (entry,) = cli.json("find", "doe")
    cli("cancel", entry["id"], "--type", "other")
    assert cli.json("find", "doe") == []
    assert len(cli.json("find", "doe", "--cancelled")) == 1


def test_show_takes_a_unique_beginning_of_an_id_and_the_id_of_a_series(cli: Cli) -> None:
    cli("add", "wed 9am 45m bob 90834 weekly")
    first, *others = cli.json("agenda", "--to", "+20w")
    assert cli.json("show", first["id"][:6]) == first
    assert cli.json("show", first["series"])["id"] == first["id"]
    assert "every week" in cli("show", first["id"]).out
    assert cli.json("show", "zzzz", code=1)["error"]["code"] == "not_found"
    assert cli.json("show", "00000000", code=1)["error"]["code"] == "not_found"
    digits = [entry["id"][0] for entry in (first, *others)]
    shared = next(digit for digit in digits if digits.count(digit) > 1)  # 17 ids or more share a digit
    assert "begin with" in cli("show", shared, code=1).err
    assert "whole series" in cli("cancel", first["series"], "--type", "other", code=1).err


def test_json_is_ascii_so_that_any_locale_can_print_it(cli: Cli) -> None:
    cli("client", "add", "Zoë", "Müller")
    cli("add", "wed 9am 45m zoe 90834")
    out = cli("agenda", "--json", "--names", "full").out
    assert out.isascii()
    assert json.loads(out)[0]["title"] == "Zoë Müller"


def test_days_at_the_ends_of_the_calendar(cli: Cli) -> None:
    assert cli.json("agenda", "--from", "9999-12-31") == []
    assert cli.json("agenda", "--from", "0001-01-01") == []
    assert cli.json("agenda", "--from", date.min.isoformat(), "--to", date.max.isoformat()) == []

"""Quick add: words in any order, the documented lines exactly, and no text that breaks it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from couchcal.scheduling.quickadd import (
    ClientName,
    DateOrder,
    Draft,
    ServiceHint,
    Shift,
    parse,
    parse_day,
    parse_when,
)

TODAY = date(2026, 11, 20)  # a Friday
NOW = datetime.combine(TODAY, time(10))
CLIENTS = (
    ClientName(1, "Jane", "Doe", "C-0001"),
    ClientName(2, "Janet", "Roe", "C-0002"),
    ClientName(3, "Bob", "Stone", "C-0003"),
    ClientName(7, "Maria", "Lopez", "C-0007"),
    ClientName(8, "Séan", "O'Brien-Katz", "C-0008", preferred="Shay"),
    ClientName(9, "Janet", "Roedean", "C-0009"),
)
SERVICES = {
    "90791": ServiceHint(60),
    "90832": ServiceHint(30),
    "90834": ServiceHint(45),
    "90837": ServiceHint(60),
    "CONSULT": ServiceHint(15, frozenset({"95"})),
}
FOUR = CLIENTS[:4]


def read(text: str, clients: tuple[ClientName, ...] = FOUR, **options: Any) -> Draft:
    return parse(text, now_local=NOW, clients=clients, services=SERVICES, **options)


def times(draft: Draft) -> str:
    assert draft.start_local is not None
    assert draft.end_local is not None
    return f"{draft.start_local:%a %d %b %H:%M}-{draft.end_local:%H:%M}"


@pytest.mark.parametrize(
    ("text", "when", "expected"),
    [
        ("Tue 3pm 50m Jane D 90837", "Tue 24 Nov 15:00-15:50", {"client_id": 1, "service": "90837"}),
        ("Tue 3pm 50m Jane 90837", "Tue 24 Nov 15:00-15:50", {"candidates": CLIENTS[:2], "service": "90837"}),
        (
            "tomorrow 9:30 bob 90834-95 tele",
            "Sat 21 Nov 09:30-10:15",
            {"client_id": 3, "service": "90834", "modifiers": ("95",), "location": "telehealth"},
        ),
        ("fri 14:00-14:50 maria", "Fri 20 Nov 14:00-14:50", {"client_id": 7}),
        ("fri 9am bob", "Fri 27 Nov 09:00-09:50", {"client_id": 3}),
        ("next fri 3pm bob", "Fri 27 Nov 15:00-15:50", {"client_id": 3}),
        ("3 maria weekly", "Fri 20 Nov 15:00-15:50", {"client_id": 7, "repeats": "weekly"}),
        ("+2w 4pm bob biweekly", "Fri 04 Dec 16:00-16:50", {"client_id": 3, "repeats": "2w"}),
        ("12/3 2-2:50pm bob", "Thu 03 Dec 14:00-14:50", {"client_id": 3}),
        ("dec 3 11 jane doe 90791", "Thu 03 Dec 11:00-12:00", {"client_id": 1, "service": "90791"}),
        ("2026-12-31 noon bob 1h30", "Thu 31 Dec 12:00-13:30", {"client_id": 3}),
        ("lunch 12-1", "Fri 20 Nov 12:00-13:00", {"kind": "other_event", "title": "Lunch"}),
        ("block mon 9-11", "Mon 23 Nov 09:00-11:00", {"kind": "other_event", "title": "Block"}),
        (
            "call bob 5pm 15m",
            "Fri 20 Nov 17:00-17:15",
            {"kind": "client_contact", "medium": "phone", "client_id": 3},
        ),
    ],
)
def test_documented_lines(text: str, when: str, expected: dict[str, Any]) -> None:
    draft = read(text)
    assert times(draft) == when
    assert draft.start_local is not None
    plain = Draft("client_session", draft.start_local.date(), draft.start_local, draft.end_local)
    for name in Draft.__dataclass_fields__:
        assert getattr(draft, name) == expected.get(name, getattr(plain, name)), name
    assert draft.ready == ("candidates" not in expected)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        # days
        ("2026-12-31 3pm", "Thu 31 Dec 15:00-15:50"),
        ("2026-12-31T15:00", "Thu 31 Dec 15:00-15:50"),
        ("31.12. 3pm", "Thu 31 Dec 15:00-15:50"),
        ("31.12 3pm", "Thu 31 Dec 15:00-15:50"),
        ("31.12.2027 3pm", "Fri 31 Dec 15:00-15:50"),
        ("31/12 3pm", "Thu 31 Dec 15:00-15:50"),
        ("12/31/26 3pm", "Thu 31 Dec 15:00-15:50"),
        ("3rd dec 3pm", "Thu 03 Dec 15:00-15:50"),
        ("on December 3rd, 2026 3pm", "Thu 03 Dec 15:00-15:50"),
        ("the 3rd 3pm", "Thu 03 Dec 15:00-15:50"),
        ("jan 4 3pm", "Mon 04 Jan 15:00-15:50"),
        ("feb 29 3pm", "Tue 29 Feb 15:00-15:50"),
        ("thu dec 3 3pm", "Thu 03 Dec 15:00-15:50"),
        ("today 9am", "Fri 20 Nov 09:00-09:50"),
        ("yesterday 3pm", "Thu 19 Nov 15:00-15:50"),
        ("day after tomorrow 3pm", "Sun 22 Nov 15:00-15:50"),
        ("next week tue 3pm", "Tue 24 Nov 15:00-15:50"),
        ("tue next week 3pm", "Tue 24 Nov 15:00-15:50"),
        ("next week 3pm", "Fri 27 Nov 15:00-15:50"),
        ("next sat 3pm", "Sat 28 Nov 15:00-15:50"),
        ("sat 3pm", "Sat 21 Nov 15:00-15:50"),
        ("this fri 3pm", "Fri 20 Nov 15:00-15:50"),
        ("thursday, 3pm", "Thu 26 Nov 15:00-15:50"),
        ("+3d 3pm", "Mon 23 Nov 15:00-15:50"),
        ("-3d 3pm", "Tue 17 Nov 15:00-15:50"),
        ("in 2 weeks 3pm", "Fri 04 Dec 15:00-15:50"),
        ("tue in 2 weeks 3pm", "Tue 01 Dec 15:00-15:50"),
        ("fri 10am", "Fri 20 Nov 10:00-10:50"),
        ("9am", "Sat 21 Nov 09:00-09:50"),
        # times
        ("noon", "Fri 20 Nov 12:00-12:50"),
        ("sat midnight", "Sat 21 Nov 00:00-00:50"),
        ("midnight", "Sat 21 Nov 00:00-00:50"),
        ("14.30", "Fri 20 Nov 14:30-15:20"),
        ("1430", "Fri 20 Nov 14:30-15:20"),
        ("at 3", "Fri 20 Nov 15:00-15:50"),
        ("@3", "Fri 20 Nov 15:00-15:50"),
        ("6", "Fri 20 Nov 18:00-18:50"),
        ("sat 7", "Sat 21 Nov 07:00-07:50"),
        ("3:30", "Fri 20 Nov 15:30-16:20"),
        ("sat 03:30", "Sat 21 Nov 03:30-04:20"),
        ("3 p.m.", "Fri 20 Nov 15:00-15:50"),
        ("3:15p", "Fri 20 Nov 15:15-16:05"),
        ("sat 12am", "Sat 21 Nov 00:00-00:50"),
        ("12pm", "Fri 20 Nov 12:00-12:50"),
        # ranges
        ("2pm to 3pm", "Fri 20 Nov 14:00-15:00"),
        ("from 2 to 3", "Fri 20 Nov 14:00-15:00"),
        ("2 – 3:15", "Fri 20 Nov 14:00-15:15"),
        ("6-7", "Fri 20 Nov 18:00-19:00"),
        ("11-1pm", "Fri 20 Nov 11:00-13:00"),
        ("10-11pm", "Fri 20 Nov 22:00-23:00"),
        ("2pm-3", "Fri 20 Nov 14:00-15:00"),
        ("22:00-00:30", "Fri 20 Nov 22:00-00:30"),
        ("22:30-24:00", "Fri 20 Nov 22:30-00:00"),
        ("11pm-1", "Fri 20 Nov 23:00-01:00"),
        ("3pm until 4:20", "Fri 20 Nov 15:00-16:20"),
        ("2pm tele until 2:50pm", "Fri 20 Nov 14:00-14:50"),
        ("2-2:50pm 50m", "Fri 20 Nov 14:00-14:50"),
        # lengths
        ("3pm 1h30", "Fri 20 Nov 15:00-16:30"),
        ("3pm 1h 30m", "Fri 20 Nov 15:00-16:30"),
        ("3pm 1 hour and 30 minutes", "Fri 20 Nov 15:00-16:30"),
        ("3pm 1.5h", "Fri 20 Nov 15:00-16:30"),
        ("3pm 90m", "Fri 20 Nov 15:00-16:30"),
        ("3pm for 50 min", "Fri 20 Nov 15:00-15:50"),
        ("3pm for 45", "Fri 20 Nov 15:00-15:45"),
        ("3pm for an hour", "Fri 20 Nov 15:00-16:00"),
        ("3pm half an hour", "Fri 20 Nov 15:00-15:30"),
        ("11pm 90m", "Fri 20 Nov 23:00-00:30"),
        # the code's usual length, unless one is given
        ("3pm 90832", "Fri 20 Nov 15:00-15:30"),
        ("3pm 90832 45m", "Fri 20 Nov 15:00-15:45"),
    ],
)
def test_days_times_and_lengths(text: str, when: str) -> None:
    for line in (f"{text} bob", f"bob {text}", f"  BOB   {text.upper()} "):
        draft = read(line)
        assert draft.problems == ()
        assert times(draft) == when
        assert draft.client_id == 3


def test_a_session_over_midnight_ends_the_next_day() -> None:
    draft = read("bob 11pm 90m")
    assert draft.end_local == datetime.combine(date(2026, 11, 21), time(0, 30))


def test_default_length() -> None:
    assert times(read("3pm bob", default_minutes=45)) == "Fri 20 Nov 15:00-15:45"


@pytest.mark.parametrize(
    ("text", "repeats", "day"),
    [
        ("every tue 3pm bob", "weekly", 24),
        ("tuesdays 3pm bob", "weekly", 24),
        ("every week tue 3pm bob", "weekly", 24),
        ("every other tue 3pm bob", "2w", 24),
        ("every 2 weeks tue 3pm bob", "2w", 24),
        ("tue fortnightly 3pm bob", "2w", 24),
        ("bi-weekly tue 3pm bob", "2w", 24),
        ("every 3 weeks tue 3pm bob", "3w", 24),
        ("4w tue 3pm bob", "4w", 24),
        ("tue 3pm bob monthly", "monthly", 24),
        ("every month tue 3pm bob", "monthly", 24),
        ("tue 3pm bob", None, 24),
    ],
)
def test_repeats(text: str, repeats: str | None, day: int) -> None:
    draft = read(text)
    assert draft.problems == ()
    assert draft.repeats == repeats
    assert draft.day == date(2026, 11, day)


@pytest.mark.parametrize(
    ("words", "location"),
    [
        ("tele", "telehealth"),
        ("telehealth", "telehealth"),
        ("via video", "telehealth"),
        ("office", "office"),
        ("at the office", "office"),
        ("in person", "office"),
        ("in-person", "office"),
    ],
)
def test_places(words: str, location: str) -> None:
    draft = read(f"3pm bob {words}")
    assert (draft.location, draft.problems) == (location, ())


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("c-0007", [7]),
        ("maria C-0007", [7]),
        ("with maria", [7]),
        ("lopez, maria", [7]),
        ("ma lo", [7]),
        ("jane", [1, 2, 9]),
        ("jane d", [1]),
        ("janet roe", [2]),  # a full name means that one, though it begins another
        ("janet ro", [2, 9]),
        ("sean", [8]),
        ("SÉAN obrien", [8]),
        ("o'brien", [8]),
        ("o’brien-katz", [8]),
        ("shay", [8]),
    ],
)
def test_clients(words: str, ids: list[int]) -> None:
    draft = read(f"tue 3pm {words}", CLIENTS)
    assert draft.problems == ()
    assert draft.leftover == ()
    if len(ids) == 1:
        assert (draft.client_id, draft.candidates) == (ids[0], ())
    else:
        assert draft.client_id is None
        assert [client.id for client in draft.candidates] == ids


def test_an_internal_id_of_digits_does_not_swallow_a_time() -> None:
    draft = read("3 ann", (ClientName(5, "Ann", "Lee", "3"),))
    assert (draft.client_id, times(draft)) == (5, "Fri 20 Nov 15:00-15:50")


@pytest.mark.parametrize(
    ("text", "title", "when"),
    [
        ("lunch with Sam tue 12-1", "Lunch with Sam", "Tue 24 Nov 12:00-13:00"),
        ("tue 12-1 lunch", "Lunch", "Tue 24 Nov 12:00-13:00"),
        ("Meeting: budget 3pm 30m", "Meeting: budget", "Fri 20 Nov 15:00-15:30"),
        ("meeting Budget 3pm 30m", "Meeting Budget", "Fri 20 Nov 15:00-15:30"),
        ("break 3pm 15m weekly", "Break", "Fri 20 Nov 15:00-15:15"),
    ],
)
def test_other_events(text: str, title: str, when: str) -> None:
    draft = read(text)
    assert (draft.kind, draft.title, draft.problems) == ("other_event", title, ())
    assert (draft.client_id, draft.candidates) == (None, ())
    assert times(draft) == when


@pytest.mark.parametrize(
    ("word", "medium"), [("call", "phone"), ("phone", "phone"), ("email", "email"), ("Email", "email")]
)
def test_contacts(word: str, medium: str) -> None:
    draft = read(f"5pm {word} maria 15m")
    assert (draft.kind, draft.medium, draft.client_id, draft.problems) == ("client_contact", medium, 7, ())


@pytest.mark.parametrize(
    ("text", "service", "modifiers"),
    [
        ("90834-95-ho 3pm bob", "90834", ("95", "HO")),
        ("90834-95-95 3pm bob", "90834", ("95",)),
        ("consult-95 3pm bob", "CONSULT", ("95",)),
        ("3pm bob", None, ()),
    ],
)
def test_services(text: str, service: str | None, modifiers: tuple[str, ...]) -> None:
    draft = read(text)
    assert (draft.service, draft.modifiers, draft.problems) == (service, modifiers, ())


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ("no time given", "no client named")),
        ("bob", ("no time given",)),
        ("tue bob", ("no time given",)),
        ("3pm", ("no client named",)),
        ("3pm zoe", ("unknown client 'zoe'",)),
        ("3pm Zoe Xu", ("unknown client 'Zoe Xu'",)),
        ("3pm jane stone", ("unknown client 'jane stone'",)),
        ("3pm bob followup", ("not understood: 'followup'",)),
        ("3pm bob mon tue", ("not understood: 'tue'",)),
        ("3pm 4pm bob", ("not understood: '4pm'",)),
        ("13pm bob", ("'13pm' is not a time",)),
        ("25:00 bob", ("'25:00' is not a time",)),
        ("3:75 bob", ("'3:75' is not a time",)),
        ("2pm-25 bob", ("'2pm-25' is not a time",)),
        ("3pm bob until 25", ("'25' is not a time",)),
        ("24:00 bob", ("'24:00' is not a time",)),
        ("2026-02-30 3pm bob", ("'2026-02-30' is not a date",)),
        ("13/32 3pm bob", ("'13/32' is not a date",)),
        ("3pm-2pm bob", ("the end 14:00 is before the start 15:00",)),
        ("14:00-13:00 bob", ("the end 13:00 is before the start 14:00",)),
        ("14:00-12:00 bob", ("the end 12:00 is before the start 14:00",)),
        ("2-3pm 30m bob", ("30 minutes do not fit the end that was given",)),
        ("3pm 0m bob", ("a length is between 1 minute and 24 hours",)),
        ("3pm 99h bob", ("a length is between 1 minute and 24 hours",)),
        ("wed dec 3 3pm bob", ("2026-12-03 is a Thursday, not a Wednesday",)),
        ("99999 3pm bob", ("unknown service code '99999'",)),
        ("90834 90837 3pm bob", ("a second service code: 90837",)),
        ("90834-9 3pm bob", ("unknown modifier '9'",)),
        ("consult-hq 3pm bob", ("unknown modifier 'HQ'",)),
        ("90834-11-12-13-14-15 3pm bob", ("at most 4 modifiers",)),
        ("lunch 12-1 90834", ("service 90834 needs a client session",)),
        ("daily 3pm bob", ("'daily': a series repeats weekly, every 2, 3 or 4 weeks, or monthly",)),
        ("every 6 weeks 3pm bob", ("'every 6 weeks': a series repeats weekly, every 2, 3 or 4 weeks, or monthly",)),
        ("9999-12-31 11pm 90m bob", ("the calendar ends with the year 9999",)),
    ],
)
def test_problems_are_said(text: str, problems: tuple[str, ...]) -> None:
    draft = read(text)
    assert draft.problems == problems
    assert not draft.ready


def test_a_day_without_a_time_is_kept_for_the_form() -> None:
    draft = read("tue bob 90834")
    assert (draft.day, draft.start_local, draft.service) == (date(2026, 11, 24), None, "90834")


def test_leftover_words_are_given_back_as_typed() -> None:
    assert read("3pm Bob Followup (NEW)").leftover == ("Followup", "NEW")


def test_control_characters_and_escape_codes_are_stripped() -> None:
    draft = read("\x1b[31mlunch\x1b[0m with\tSa\u202em\x07 \x1b]0;title\x07 12-1\r\n")
    assert draft.title == "Lunch with Sam"
    assert times(draft) == "Fri 20 Nov 12:00-13:00"


def test_wide_digits_and_spaces_are_read() -> None:
    draft = read("\uff13\uff50\uff4d\u3000bob\u00a0\uff15\uff10m")  # fullwidth 3pm and 50
    assert (times(draft), draft.client_id) == ("Fri 20 Nov 15:00-15:50", 3)


def test_a_very_long_line_says_so() -> None:
    draft = read("3pm bob" + " " * 600 + "x")
    assert draft.problems == ("only the first 500 characters were read",)


SCRAPS = """
tue next week 3pm 12/3 +9999w -9999d every other 2w 90837 90837-95 call lunch until to - 12 25:99 0:00 31.12.
2-2:50pm midnight 9999-12-31 feb 29 30 the 31st for 0m 999h tele in a jane c-0001 \x1b[0m \0 ß İ
"""
WORDS = st.sampled_from(SCRAPS.split())
NOWS = st.sampled_from(
    [
        NOW,
        datetime.combine(date.min, time.min),
        datetime.combine(date.max, time.max),
        datetime.combine(date(2024, 2, 29), time(23, 59)),
    ]
)


def well_formed(draft: Draft) -> None:
    if draft.start_local is not None:
        assert draft.end_local is not None
        assert timedelta(0) < draft.end_local - draft.start_local <= timedelta(days=1)
        assert draft.day == draft.start_local.date()
    assert not (draft.client_id is not None and draft.candidates)
    assert len(draft.candidates) != 1
    shown = " ".join([draft.title or "", *draft.problems, *draft.leftover])
    assert all(character.isprintable() for character in shown)


@given(st.text(max_size=700), NOWS)
@example("\ud800 3pm", NOW)
@example("²³ 3pm ½", NOW)
def test_no_text_breaks_it(text: str, now: datetime) -> None:
    well_formed(parse(text, now_local=now, clients=CLIENTS, services=SERVICES))
    parse_day(text, now.date())
    parse_when(text, now_local=now, base_local=now)


@given(st.lists(WORDS, max_size=12), NOWS, st.sampled_from(get_args(DateOrder)))
def test_no_mix_of_words_breaks_it(words: list[str], now: datetime, order: DateOrder) -> None:
    text = " ".join(words)
    well_formed(parse(text, now_local=now, clients=CLIENTS, services=SERVICES, order=order))
    parse_day(text, now.date(), order=order)
    parse_when(text, now_local=now, base_local=now, order=order)


@given(st.permutations(["tue", "3pm", "50m", "90837-95", "tele", "weekly", "maria"]))
def test_the_order_of_words_does_not_matter(words: list[str]) -> None:
    assert read(" ".join(words)) == read("tue 3pm 50m 90837-95 tele weekly maria")


BASE = datetime.combine(date(2026, 12, 1), time(9, 20))  # a Tuesday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-03T15:00", "2026-03-03 15:00"),
        ("2026-03-03 15:00", "2026-03-03 15:00"),
        ("tue 3pm", "2026-11-24 15:00"),
        ("14:05", "2026-12-01 14:05"),
        ("at 3", "2026-12-01 15:00"),
        ("fri", "2026-11-27 09:20"),  # 09:20 has passed today
        ("dec 3", "2026-12-03 09:20"),
        ("tomorrow", "2026-11-21 09:20"),
        ("+1d 4pm", "2026-12-02 16:00"),
    ],
)
def test_when_with_a_base(text: str, expected: str) -> None:
    found = parse_when(text, now_local=NOW, base_local=BASE)
    assert isinstance(found, datetime)
    assert f"{found:%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("text", "shift"),
    [
        ("+1d", Shift(days=1)),
        ("-30m", Shift(minutes=-30)),
        ("−30min", Shift(minutes=-30)),
        ("+2w", Shift(days=14)),
        ("+1h30m", Shift(minutes=90)),
        ("-1d2h", Shift(days=-1, minutes=-120)),
    ],
)
def test_when_may_be_a_shift(text: str, shift: Shift) -> None:
    assert parse_when(text, now_local=NOW, base_local=BASE) == shift


@pytest.mark.parametrize(
    "text", ["", "bob", "3pm bob", "2026-02-30", "2-3pm", "50m", "13pm", "tuesdays 3pm", "x" * 600]
)
def test_when_is_nothing_else(text: str) -> None:
    assert parse_when(text, now_local=NOW, base_local=BASE) is None


def test_when_without_a_base() -> None:
    assert parse_when("fri", now_local=NOW) is None
    assert parse_when("9am", now_local=NOW) == datetime.combine(date(2026, 11, 21), time(9))
    assert parse_when("+1d 4pm", now_local=NOW) == datetime.combine(date(2026, 11, 21), time(16))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02", date(2026, 3, 2)),
        ("today", TODAY),
        ("tomorrow", date(2026, 11, 21)),
        ("yesterday", date(2026, 11, 19)),
        ("+2w", date(2026, 12, 4)),
        ("-3d", date(2026, 11, 17)),
        ("mon", date(2026, 11, 23)),
        ("fri", TODAY),
        ("next fri", date(2026, 11, 27)),
        ("dec 3", date(2026, 12, 3)),
        ("3 dec", date(2026, 12, 3)),
        ("nov 19", date(2027, 11, 19)),
        ("12/3", date(2026, 12, 3)),
        ("", None),
        ("3pm", None),
        ("2026-02-30", None),
        ("mon bob", None),
        ("mondays", None),
        ("+9999w", date(2218, 7, 10)),
    ],
)
def test_days(text: str, expected: date | None) -> None:
    assert parse_day(text, TODAY) == expected


def test_days_at_the_end_of_time() -> None:
    assert parse_day("tomorrow", date.max) is None
    assert parse_day("+1w", date.max) is None

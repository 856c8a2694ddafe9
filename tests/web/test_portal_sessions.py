"""What a client does in the portal: see, book, move, cancel, withdraw, say how it was, subscribe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from couchcal.practice import door, request_answers
from couchcal.practice.cadence import Repeat
from tests.web.portal import ANN, BOB, PUBLIC, VIDEO, Guest, at, book, key, portal_guest

CANCEL, MOVE = f"/portal/session/{key(4)}/cancel", f"/portal/session/{key(4)}/move"
FREE = "2026-03-12T14:00Z"
"""Ten o'clock on a Thursday, when nobody is there."""


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    """Ann, signed in."""
    with portal_guest(tmp_path) as found:
        found.enter()
        yield found


def letters(guest: Guest) -> list[tuple[str, bool]]:
    """What is on its way since the sign-in: kinds, and whether to the practitioner."""
    rows = guest.rows("outbox_email")
    return [(row["kind"], bool(row["to_practitioner"])) for row in rows if row["kind"] != "sign_in"]


def asking(guest: Guest) -> None:
    """The practice decides about what clients of the portal want."""
    guest.write("UPDATE practice SET confirm_portal = 'request'")


def test_home_has_what_is_scheduled_and_where(guest: Guest) -> None:  # PORTAL-01, VID-02, TZ-01
    page = guest.client.get("/portal", headers={"accept-language": "en-US"}).text
    upcoming = page[page.index('id="upcoming"') :]
    assert re.findall(r"<h3>([^<]+)</h3>", upcoming) == [
        "Tuesday, March 3, 2026", "Tuesday, March 10, 2026", "Tuesday, March 17, 2026",
    ]  # fmt: skip
    assert "4:00 pm to 4:50 pm" in upcoming
    assert upcoming.count(f'href="{VIDEO}"') == 2
    assert "In person, 7 Willow Lane, Albany, NY 12207" in upcoming
    assert "Times are in New York time." in page
    assert "Less than 24 hours ahead" in upcoming
    assert f"/portal/session/{key(3)}/" not in page  # no button for what is too near


def test_times_in_the_zone_that_is_chosen_and_kept(guest: Guest) -> None:  # TZ-01
    guest.write("UPDATE client SET tz = 'Asia/Tokyo' WHERE id = ?", ANN)
    assert "Times are in Tokyo time." in guest.get("/portal").text
    paris = guest.get("/portal", zone="Europe/Paris").text
    assert "Times are in Paris time." in paris
    assert "20:00 to 20:50" in paris
    assert "Times are in Paris time." in guest.get("/portal").text
    cancelling = guest.get(CANCEL).text
    assert "20:00 to 20:50" in cancelling
    assert "15:00 in New York time, where the practice is" in cancelling
    assert "Times are in Paris time." in guest.get("/portal", zone="../etc/passwd").text


def test_a_link_that_is_none_of_the_web_is_no_link(guest: Guest) -> None:
    guest.write("UPDATE appointment SET telehealth_url = 'javascript:alert(1)' WHERE id = 3")
    page = guest.get("/portal").text
    assert 'href="javascript' not in page
    assert "<p>javascript:alert(1)</p>" in page


def test_cancelling_asks_first(guest: Guest) -> None:  # PORTAL-04, CXL-06
    page = guest.get(CANCEL).text
    assert "Cancel session</button>" in page
    assert '<a class="button quiet" href="/portal">Keep session</a>' in page
    assert "until Monday 9 March 2026, 15:00 (New York time): 24 hours before" in page
    assert guest.rows("appointment")[3]["status"] == "scheduled"


def test_cancelling_and_what_the_practitioner_hears(guest: Guest) -> None:  # CXL-06, CXL-07, INV-B6
    page = guest.get(CANCEL).text
    first, second = (guest.post(CANCEL, page, reason="I am\r\nill") for _ in range(2))
    assert first.headers["location"] == second.headers["location"] == "/portal"  # two clicks are one
    assert guest.rows("appointment")[3]["status"] == "cancelled"
    (row,) = guest.rows("cancellation")
    assert (row["type"], row["cancelled_by"], row["reason"]) == ("other", "client", "I am\nill")
    assert letters(guest) == [("cancelled_by_client", True)]
    home = guest.get("/portal").text
    assert "Your session on Tuesday 10 March 2026, 15:00 is cancelled." in home
    assert "Cancelled" in home[home.index('id="upcoming"') :]
    assert "is cancelled. The practice" not in guest.get("/portal").text  # said once


@pytest.mark.parametrize(("seconds", "status"), [(0, 303), (1, 409)])
def test_the_last_moment_to_cancel(guest: Guest, seconds: int, status: int) -> None:  # CXL-06, INV-B6
    guest.clock.now = at("2026-03-09 14:45")
    guest.sign_in()
    page = guest.get(CANCEL).text
    guest.clock.now = at("2026-03-10 15:00") - timedelta(hours=24) + timedelta(seconds=seconds)
    answer = guest.post(CANCEL, page)
    assert answer.status_code == status
    assert guest.rows("appointment")[3]["status"] == ("cancelled" if status == 303 else "scheduled")
    if status == 409:
        assert "until 24 hours before" in answer.text
        assert "mailto:hello@example.org" in answer.text


def test_too_late_says_why_and_whom_to_ask(guest: Guest) -> None:  # CXL-06
    for what in ("cancel", "move"):
        page = guest.get(f"/portal/session/{key(3)}/{what}").text
        assert "until 24 hours before" in page
        assert "mailto:hello@example.org" in page
        assert '<button type="submit">' not in page
    over = guest.get(f"/portal/session/{key(2)}/cancel").text
    assert "It has begun already." in over
    assert "mailto:" not in over


def test_a_reason_that_is_too_long_is_kept_on_the_page(guest: Guest) -> None:
    answer = guest.post(CANCEL, guest.get(CANCEL).text, reason="kept " + "x" * 500)
    assert answer.status_code == 400
    assert "kept xxx" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_moving_shows_both_times_and_swaps_them(guest: Guest) -> None:  # PORTAL-03, C-07
    choosing = guest.get(MOVE).text
    assert "Choose a new time" in choosing
    assert 'aria-current="date"' in choosing
    assert f'href="{MOVE}/details?at=2026-03-10T18%3A00Z"' in choosing  # on the same day
    assert "at=2026-03-10T19%3A00Z" not in choosing  # not the time it has
    asking_page = guest.get(f"{MOVE}/details", at=FREE).text
    assert "Tuesday 10 March 2026, 15:00 to 15:50" in asking_page
    assert "Thursday 12 March 2026, 10:00" in asking_page
    answers = [guest.post(f"{MOVE}/details", asking_page) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == ["/portal"] * 2  # INV-B2
    assert guest.starts() == ["02-17 15:00", "02-24 15:00", "03-03 16:00", "03-12 10:00", "03-17 15:00"]
    assert "Your session is moved to Thursday 12 March 2026, 10:00." in guest.get("/portal").text
    assert ("moved_by_client", True) in letters(guest)


def test_a_second_click_on_a_move_into_the_last_day_is_no_refusal(guest: Guest) -> None:  # INV-B2
    page = guest.get(f"{MOVE}/details", at="2026-03-04T14:00Z").text
    assert [guest.post(f"{MOVE}/details", page).status_code for _ in range(2)] == [303, 303]
    assert "03-04 09:00" in guest.starts()


def test_losing_the_new_time_keeps_the_old_one(guest: Guest) -> None:  # INV-B5, BOOK-05
    page = guest.get(f"{MOVE}/details", at=FREE).text
    before = guest.starts()
    bob = Guest(guest.site, guest.clock)
    bob.enter(BOB)
    bob.follow(bob.press(f"/portal/book/details?for=1&how=in_person&at={FREE}"))
    answer = guest.post(f"{MOVE}/details", page)
    assert answer.status_code == 409
    assert "Your session stays as it is" in answer.text
    assert guest.starts() == before
    others = re.findall(r'type="radio" name="at" id="at\d" value="([^"]+)"', answer.text)
    assert others
    assert FREE not in others
    guest.follow(guest.post(f"{MOVE}/details", answer.text, at=others[0]))
    assert guest.starts() != before


@pytest.mark.parametrize(
    "when", ["2026-03-14T14:00Z", "2026-03-12T14:07Z", "2026-03-03T14:00Z", "2026-03-10T19:00Z"]
)
def test_a_time_that_is_not_offered_cannot_be_moved_to(guest: Guest, when: str) -> None:
    before = guest.starts()
    page = guest.get(f"{MOVE}/details", at=FREE).text
    assert "not free any more" in guest.get(f"{MOVE}/details", at=when).text
    answer = guest.post(f"{MOVE}/details", page, at=when)
    assert answer.status_code in (303, 409)  # the time it has is no change
    assert guest.starts() == before


def test_without_moving_one_cancels_and_books(guest: Guest) -> None:  # C-07, PORTAL-07
    guest.write("UPDATE practice SET allow_reschedule = false")
    assert MOVE not in guest.get("/portal").text
    page = guest.get(MOVE).text
    assert "You can cancel it and book another time." in page
    assert f'href="{CANCEL}"' in page


def test_asking_to_move_keeps_the_old_time_until_the_answer(guest: Guest) -> None:  # C-06, REQ-11
    asking(guest)
    before = guest.starts()
    answer = guest.press(f"{MOVE}/details?at={FREE}", note="after work, please")
    home = guest.follow(answer)
    assert "It stays as it is until the practice answers." in home
    assert "You asked to move it to Thursday 12 March, 10:00." in home
    assert "Would move your session on Tuesday 10 March, 15:00." in home
    assert "First talk" not in home  # it is still called what it was
    assert guest.starts() == before
    assert [row["message"] for row in guest.rows("booking_request")] == ["after work, please"]


def test_booking_again_at_once(guest: Guest) -> None:  # PORTAL-05, PORTAL-07
    assert "What would you like to book?" in guest.get("/portal/book").text
    assert "By video" in guest.get("/portal/book", **{"for": "1"}).text
    assert "Choose a time" in guest.get("/portal/book", **{"for": "2"}).text
    form = guest.get("/portal/book/details", **{"for": "2", "at": FREE}).text
    assert "Book this time?" in form
    assert 'name="email"' not in form
    answers = [guest.post("/portal/book/details", form) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == ["/portal"] * 2  # INV-B2
    assert guest.starts().count("03-12 10:00") == 1
    assert "You are booked: Thursday 12 March 2026, 10:00 (New York time)." in guest.get("/portal").text
    assert guest.rows("appointment")[-1]["origin"] == "portal"


def test_booking_asks_the_practice_where_it_decides(guest: Guest) -> None:  # REQ-01, REQ-02
    asking(guest)
    form = guest.get("/portal/book/details", **{"for": "2", "at": FREE}).text
    assert "Ask for this time?" in form
    home = guest.follow(guest.post("/portal/book/details", form, note="A <b>note</b>"))
    assert "Waiting for the practice" in home
    assert ("request_received", True) in letters(guest)
    assert [row["status"] for row in guest.rows("booking_request")] == ["pending"]
    assert guest.starts().count("03-12 10:00") == 0


def test_what_is_taken_meanwhile_is_answered_with_other_times(guest: Guest) -> None:  # BOOK-05
    form = guest.get("/portal/book/details", **{"for": "2", "at": FREE}).text
    bob = Guest(guest.site, guest.clock)
    bob.enter(BOB)
    bob.follow(bob.press(f"/portal/book/details?for=2&at={FREE}"))
    answer = guest.post("/portal/book/details", form, note="kept")
    assert answer.status_code == 409
    assert "kept</textarea>" in answer.text
    others = re.findall(r'type="radio" name="at" id="at\d" value="([^"]+)"', answer.text)
    assert guest.post("/portal/book/details", answer.text, at=others[0]).status_code == 303


def test_three_requests_wait_at_most(guest: Guest) -> None:
    asking(guest)
    answers = [guest.press(f"/portal/book/details?for=2&at=2026-03-{day}T14:00Z") for day in (12, 13, 16, 18)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert "several requests that wait" in answers[3].text


def test_who_may_not_schedule_sees_and_asks(guest: Guest) -> None:  # PORTAL-01, PORTAL-02
    form = guest.get("/portal/book/details", **{"for": "2", "at": FREE}).text
    guest.write("UPDATE client SET self_scheduling = 'off' WHERE id = ?", ANN)
    home = guest.get("/portal").text
    assert "Tuesday 10 March 2026" in home
    assert "/portal/session/" not in home[home.index('id="upcoming"') :]
    assert "mailto:hello@example.org" in home
    assert "not open to you" in guest.get("/portal/book").text
    assert guest.post("/portal/book/details", form).status_code == 200
    assert "The practice changes it for you." in guest.get(CANCEL).text
    assert guest.rows("booking_request") == []


def test_what_is_only_for_strangers_or_clients(guest: Guest) -> None:
    guest.write("UPDATE event_type SET audience = 'public' WHERE id = 1")
    guest.write("UPDATE event_type SET audience = 'portal' WHERE id = 3")
    page = guest.get("/portal/book").text
    assert ("First talk" in page, "Couple" in page) == (False, True)


def test_withdrawing_while_it_waits(guest: Guest) -> None:  # REQ-11
    asking(guest)
    home = guest.follow(guest.press(f"/portal/book/details?for=2&at={FREE}"))
    (link,) = re.findall(r'href="(/portal/request/\w+/withdraw)"', home)
    page = guest.get(link).text
    assert "Withdraw this request?" in page
    answers = [guest.post(link, page) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert "Your request for Thursday 12 March 2026, 10:00 is withdrawn." in guest.get("/portal").text
    assert [row["status"] for row in guest.rows("booking_request")] == ["withdrawn"]
    with closing(guest.site.database.connect()) as connection:
        day = at("2026-03-12 10:00").date()
        free = door.slots(connection, 2, "telehealth", day, day, now=guest.clock.now)
    assert at("2026-03-12 10:00") in free
    assert "Withdrawn" in guest.get("/portal/past").text


def test_what_is_decided_is_not_withdrawn(guest: Guest) -> None:  # INV-B3, REQ-13
    asking(guest)
    home = guest.follow(guest.press(f"/portal/book/details?for=2&at={FREE}"))
    (link,) = re.findall(r'href="(/portal/request/\w+/withdraw)"', home)
    page = guest.get(link).text
    (row,) = guest.rows("booking_request")
    request_answers.decline(guest.site.database, row["id"], "I am <away>", clock=guest.clock)
    assert guest.post(link, page).headers["location"] == "/portal"
    assert [row["status"] for row in guest.rows("booking_request")] == ["declined"]
    home = guest.get("/portal").text
    assert "Declined by the practice" in home
    assert "I am &lt;away&gt;" in home
    assert "is withdrawn" not in home


def test_reminders_off_and_on(guest: Guest) -> None:  # REM-05
    home = guest.get("/portal").text
    assert "no more reminders" in guest.follow(guest.post("/portal/reminders", home))
    assert guest.rows("client")[0]["unsubscribed_at"] is not None
    guest.post("/portal/reminders", home)  # twice the same is the same
    home = guest.get("/portal").text
    assert "from now on" in guest.follow(guest.post("/portal/reminders", home))
    assert guest.rows("client")[0]["unsubscribed_at"] is None
    guest.write("UPDATE practice SET reminders_on = false")
    assert "/portal/reminders" not in guest.get("/portal").text


def test_saying_how_it_was(guest: Guest) -> None:  # APT-17
    path = f"/portal/session/{key(1)}/feedback"
    assert path in guest.get("/portal").text
    page = guest.get(path).text
    wrong = guest.post(path, page, rating="6", text="typed already")
    assert wrong.status_code == 400
    assert re.findall(r'id="(\w+)-error"', wrong.text) == ["rating", "heard"]
    assert "typed already" in wrong.text
    answers = [guest.post(path, page, rating="5", heard="4", text="Thank\r\nyou") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    (row,) = guest.rows("feedback")
    assert (row["rating"], row["heard"], row["text"]) == (5, 4, "Thank\nyou")
    home = guest.get("/portal").text
    assert "Thank you for saying how it was." in home
    assert path not in home
    assert guest.get(path).status_code == 404
    assert guest.get(f"/portal/session/{key(2)}/feedback").status_code == 404  # nobody asks


def test_a_calendar_of_ones_own(guest: Guest) -> None:
    made = guest.follow(guest.press("/portal/calendar"))
    (address,) = re.findall(r'value="(https://book\.example\.org/feed/[\w-]{43}\.ics)"', made)
    assert f'href="webcal://{address.removeprefix("https://")}"' in made
    path = address.removeprefix(PUBLIC)
    served = Guest(guest.site, guest.clock).get(path)
    assert served.headers["content-type"].startswith("text/calendar")
    assert served.text.count("BEGIN:VEVENT") == 5
    assert "Sample" not in served.text
    assert address in guest.get("/portal/calendar").text  # loading again shows the same one
    guest.clock.later(minutes=11)
    guest.client.cookies.delete("feed")  # its ten minutes are over
    later = guest.get("/portal/calendar").text
    assert address not in later
    assert "There is a calendar of yours already." in later
    second = guest.follow(guest.post("/portal/calendar", later))
    assert guest.get(path).status_code == 404
    (renewed,) = re.findall(r'value="https://book\.example\.org(/feed/[\w-]{43}\.ics)"', second)
    assert guest.get(renewed).status_code == 200
    ending = second[second.index('name="end"') - 300 :]
    assert "has ended" in guest.follow(guest.post("/portal/calendar", ending, end="yes"))
    assert guest.get(renewed).status_code == 404


def test_past_sessions_some_on_a_page(guest: Guest) -> None:  # PORTAL-01
    for n in range(20):
        book(guest.site.database, ANN, f"2026-01-{n + 5:02} 09:00")
    pages = [guest.get("/portal/past", page=page).text for page in ("1", "2", "3", "0", "x", "٣")]
    days = [re.findall(r"<h2>\w+ ([^<]+) 2026</h2>", page) for page in pages]
    assert days[0][:4] == ["24 February", "17 February", "24 January", "23 January"]
    assert days[1] == ["6 January", "5 January"]
    assert "Page 2 of 2" in pages[1]
    assert days[2:] == [days[1], days[0], days[0], days[0]]


def test_one_of_a_series_is_moved_and_cancelled_alone(guest: Guest) -> None:  # PORTAL-03, PORTAL-04
    book(guest.site.database, ANN, "2026-03-05 09:00", repeat=Repeat("weekly"))
    first = next(row["id"] for row in guest.rows("appointment") if row["series_id"])
    before = guest.starts()
    guest.follow(guest.press(f"/portal/session/{key(first)}/move/details?at=2026-03-06T15:00Z"))
    guest.follow(guest.press(f"/portal/session/{key(first + 1)}/cancel"))
    expected = sorted({*before} - {"03-05 09:00", "03-12 09:00"} | {"03-06 10:00"})
    assert guest.starts() == expected


def test_no_more_than_five_cancellations_in_ten_minutes(guest: Guest) -> None:
    guest.another_site()
    page = guest.get(CANCEL).text
    for _ in range(5):
        guest.post(CANCEL, page, reason="x" * 501)
    answer = guest.post(CANCEL, page, reason="kept")
    assert (answer.status_code, "kept</textarea>" in answer.text) == (429, True)
    assert guest.rows("appointment")[3]["status"] == "scheduled"

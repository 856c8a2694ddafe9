"""The booking page from the first choice to what is in the database."""

from __future__ import annotations

import re
from datetime import datetime

from sqlmodel import select

from couchcal.practice import letters
from couchcal.store.records import OutboxEmail
from couchcal.store.session import write_session
from tests.web.conftest import SLUG, Visitor


def test_the_front_leads_to_the_page_of_the_practice(visitor: Visitor) -> None:  # BOOK-01
    answer = visitor.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/book/{SLUG}")


def test_what_then_how_then_when(visitor: Visitor) -> None:  # BOOK-03, VIS-03
    what = visitor.get(f"/book/{SLUG}")
    assert [title in what.text for title in ("First talk", "Short", "Couple")] == [True] * 3
    how = visitor.get(f"/book/{SLUG}", **{"for": "1"})
    assert "By video" in how.text
    assert "In person" in how.text
    assert "7 Willow Lane, Albany, NY 12207" in how.text  # VIS-02
    when = visitor.get(f"/book/{SLUG}", **{"for": "1", "how": "in_person"})
    assert "March 2026" in when.text


def test_one_way_to_meet_is_no_question(visitor: Visitor) -> None:  # VIS-03
    assert "Choose a time" in visitor.get(f"/book/{SLUG}", **{"for": "2"}).text
    assert "Choose a time" in visitor.get(f"/book/{SLUG}", **{"for": "3"}).text


def test_one_thing_to_book_is_no_question(visitor: Visitor) -> None:
    visitor.write("UPDATE event_type SET active = false WHERE id <> 2")
    assert "Choose a time" in visitor.get(f"/book/{SLUG}").text


def test_the_times_of_a_day_in_the_visitors_zone(visitor: Visitor) -> None:  # BOOK-02, TZ-01
    path = f"/book/{SLUG}"
    choice = {"for": "2", "day": "2026-03-04"}
    home = visitor.client.get(path, params=choice, headers={"accept-language": "en-US"}).text
    assert re.findall(r'class="slot"[^>]*>([^<]+)<', home)[:3] == ["9:00 am", "9:30 am", "10:00 am"]
    away = visitor.client.get(
        path, params={**choice, "zone": "Europe/Paris"}, headers={"accept-language": "fr-FR"}
    ).text
    assert re.findall(r'class="slot"[^>]*>([^<]+)<', away)[:3] == ["15:00", "15:30", "16:00"]
    assert re.findall(r"at=([^\"&]+)", home) == re.findall(r"at=([^\"&]+)", away)  # the same instants


def test_a_day_abroad_holds_times_of_two_days_at_home(visitor: Visitor) -> None:  # TZ-01
    page = visitor.get(f"/book/{SLUG}", **{"for": "2", "day": "2026-03-05", "zone": "Asia/Tokyo"}).text
    found = re.findall(r"at=([^\"&]+)", page)
    assert (found[0], found[-1]) == ("2026-03-04T15%3A00Z", "2026-03-05T14%3A30Z")
    assert "Thursday 5 March" in page


def test_today_needs_half_an_hour_of_notice(visitor: Visitor) -> None:  # BOOK-04
    page = visitor.get(f"/book/{SLUG}", **{"for": "2", "day": "2026-03-03"}).text
    assert re.findall(r"at=([^\"&]+)", page)[0] == "2026-03-03T16%3A30Z"


def test_a_wish_is_held_until_the_address_is_confirmed(visitor: Visitor) -> None:  # BOOK-03
    answer = visitor.send({**visitor.form(), "note": "I use a wheelchair"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/book/{SLUG}/done")
    (request,) = visitor.rows("booking_request")
    assert request["status"] == "unverified"
    assert request["start_utc"] == datetime.fromisoformat("2026-03-04T14:00Z").timestamp()
    assert (request["visit_type"], request["client_tz"], request["email"]) == (
        "telehealth", "America/New_York", "dee@example.org",
    )  # fmt: skip
    assert (request["first"], request["last"], request["message"]) == ("Dee", "New", "I use a wheelchair")
    done = visitor.get(answer.headers["location"])
    assert "Look into your mail" in done.text
    assert "Wednesday 4 March 2026, 9:00" in done.text
    assert "dee@example.org" not in done.text


def test_without_mail_the_practice_decides(visitor: Visitor) -> None:
    visitor.another_site(mail=False)
    answer = visitor.send(visitor.form())
    assert [row["status"] for row in visitor.rows("booking_request")] == ["pending"]
    assert "Your request is sent" in visitor.get(answer.headers["location"]).text


def test_two_clicks_are_one_wish(visitor: Visitor) -> None:  # INV-B2
    form = visitor.form()
    first, second = visitor.send(form), visitor.send(form)
    assert first.headers["location"] == second.headers["location"]
    assert len(visitor.rows("booking_request")) == 1


def test_what_somebody_else_took_is_answered_with_the_next_times(visitor: Visitor) -> None:  # BOOK-05
    form = visitor.form()
    other = Visitor(visitor.site, visitor.clock)
    assert other.send({**other.form(), "email": "bob@example.org"}).status_code == 303
    answer = visitor.send({**form, "phone": "555-0100", "note": "A <b>note</b>"})
    assert answer.status_code == 409
    assert "not free any more" in answer.text
    assert 'value="Dee New"' in answer.text
    assert 'value="dee@example.org"' in answer.text
    assert "A &lt;b&gt;note&lt;/b&gt;" in answer.text
    others = re.findall(r'type="radio" name="at" id="at\d" value="([^"]+)"', answer.text)
    assert others
    assert "2026-03-04T14:00Z" not in others
    visitor.clock.later(seconds=5)
    again = visitor.send({**form, **visitor.fields(answer.text), "at": others[0]})
    assert again.status_code == 303
    assert len(visitor.rows("booking_request")) == 2


def test_a_time_that_is_not_offered_cannot_be_asked_for(visitor: Visitor) -> None:  # BOOK-05
    form = visitor.form()
    never = (
        "2026-03-04T14:07Z",
        "2026-03-07T14:00Z",
        "2026-03-03T14:00Z",
        "2027-03-04T14:00Z",
        "2026-03-04T03:00Z",
    )
    for at in never:
        assert visitor.send({**form, "at": at}).status_code == 409
        assert "not free any more" in visitor.get(f"/book/{SLUG}/details", **{"for": "2", "at": at}).text
    assert visitor.rows("booking_request") == []


def mailed_token(visitor: Visitor) -> str:
    """The secret of the link in the mail that waits."""
    with write_session(visitor.site.database, "Sent", actor="worker", clock=visitor.clock) as session:
        row = session.exec(select(OutboxEmail).where(OutboxEmail.kind == "request_verify")).one()
        return letters.secrets(session, row).token


def test_the_mailed_link_shows_a_button_and_the_button_books(visitor: Visitor) -> None:  # INT-01, BOOK-03
    visitor.send(visitor.form())
    token = mailed_token(visitor)
    for _ in range(3):  # programs that look at mail follow its links
        page = visitor.get("/verify", token=token)
        assert page.status_code == 200
    assert visitor.rows("appointment") == []
    other = Visitor(visitor.site, visitor.clock)  # mail is often read elsewhere
    form = other.fields(other.get("/verify", token=token).text)
    answer = other.client.post("/verify", data=form)
    assert "You are booked" in answer.text
    (appointment,) = visitor.rows("appointment")
    assert appointment["origin"] == "booking_page"
    assert [row["state"] for row in visitor.rows("client")] == ["intake"]
    again = other.client.post("/verify", data=form)
    assert "You are booked" in again.text
    assert len(visitor.rows("appointment")) == 1


def test_a_link_that_is_over_says_so(visitor: Visitor) -> None:
    visitor.send(visitor.form())
    token = mailed_token(visitor)
    visitor.clock.later(minutes=21)
    for said in (token, "nonsense", ""):
        form = visitor.fields(visitor.get("/verify", token=said).text)
        answer = visitor.client.post("/verify", data=form)
        assert (answer.status_code, "not valid any more" in answer.text) == (410, True)
    assert visitor.rows("appointment") == []


def test_the_button_is_for_the_browser_that_shows_it(visitor: Visitor) -> None:
    visitor.send(visitor.form())
    form = visitor.fields(visitor.get("/verify", token=mailed_token(visitor)).text)
    assert visitor.another().post("/verify", data=form).status_code == 400
    assert visitor.rows("appointment") == []


def test_with_confirmation_by_the_practice_the_button_asks_for_it(visitor: Visitor) -> None:
    visitor.write("UPDATE practice SET confirm_public = 'request'")
    form = visitor.form()
    visitor.send(form)
    answer = visitor.client.post(
        "/verify", data=visitor.fields(visitor.get("/verify", token=mailed_token(visitor)).text)
    )
    assert "Your request is sent" in answer.text
    assert [row["status"] for row in visitor.rows("booking_request")] == ["pending"]


def test_a_month_without_a_free_time_names_the_next_one(visitor: Visitor) -> None:
    visitor.write("UPDATE practice SET min_notice_min = 60 * 24 * 40")
    page = visitor.get(f"/book/{SLUG}", **{"for": "2", "month": "2026-03"}).text
    assert "There is nothing free in March 2026." in page
    assert "Go to Monday 13 April" in page
    assert "April 2026" in visitor.get(f"/book/{SLUG}", **{"for": "2"}).text  # the first month with times


def test_a_practice_without_hours_says_so(visitor: Visitor) -> None:
    visitor.write("DELETE FROM availability_block")
    assert "There are no free times" in visitor.get(f"/book/{SLUG}", **{"for": "2"}).text


def test_an_address_that_is_not_shown_is_on_no_page(visitor: Visitor) -> None:  # VIS-02
    visitor.write("UPDATE practice SET reveal_address = 'after_accept'")
    for query in ({}, {"for": "1"}, {"for": "3"}):
        assert "Willow" not in visitor.get(f"/book/{SLUG}", **query).text
    assert "once your session is confirmed" in visitor.get(f"/book/{SLUG}", **{"for": "1"}).text


def test_what_is_for_clients_alone_is_not_on_the_public_page(visitor: Visitor) -> None:
    visitor.write("UPDATE event_type SET audience = 'portal' WHERE id = 3")
    assert "Couple" not in visitor.get(f"/book/{SLUG}").text
    assert visitor.get(f"/book/{SLUG}/details", **{"for": "3", "at": "2026-03-04T14:00Z"}).status_code == 303


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(visitor: Visitor) -> None:
    form = {**visitor.form(), "name": "", "email": "nonsense", "phone": "none", "note": "kept" + "x" * 500}
    answer = visitor.send(form)
    assert answer.status_code == 400
    assert re.findall(r'id="(\w+)-error"', answer.text) == ["name", "email", "phone", "note"]
    assert re.findall(r'href="#(\w+)"', answer.text)[1:] == ["name", "email", "phone", "note"]
    assert "keptxxx" in answer.text
    assert "<title>Error: " in answer.text
    assert visitor.rows("booking_request") == []

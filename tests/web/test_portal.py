"""Into the portal and out of it: links, codes, invitations, sessions that end, and nobody else's sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from couchcal.practice import invites
from tests.web.portal import ANN, BOB, Guest, key, portal_guest

PAGES = (
    "/portal", "/portal/past", "/portal/calendar", "/portal/book", "/portal/book?for=1", "/portal/book?for=2",
    "/portal/book/details?for=2&at=2026-03-12T14:00Z", f"/portal/session/{key(4)}/cancel",
    f"/portal/session/{key(3)}/cancel", f"/portal/session/{key(4)}/move",
    f"/portal/session/{key(4)}/move/details?at=2026-03-12T14:00Z",
    f"/portal/session/{key(4)}/move/details?at=2026-03-14T14:00Z", f"/portal/session/{key(1)}/feedback",
)  # fmt: skip
"""Every page for who is signed in."""
DOORS = ("/portal", "/portal/code", "/portal/open?token=x")


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    """A browser at the portal, not signed in."""
    with portal_guest(tmp_path) as found:
        yield found


def inside(guest: Guest) -> bool:
    """Whether the browser's session is open."""
    return "Signed in as" in guest.get("/portal").text


def test_in_by_the_link_of_the_letter(guest: Guest) -> None:  # PORTAL-01, PORTAL-08
    assert not inside(guest)
    guest.ask()
    token = guest.secrets().token
    for _ in range(3):  # programs that look at mail follow its links
        assert "Open the portal" in guest.get("/portal/open", token=token).text
    home = guest.follow(guest.press(f"/portal/open?token={token}"))
    assert "Signed in as Annabel" in home
    assert "Tuesday 10 March 2026" in home


def test_in_by_the_code_in_the_same_browser(guest: Guest) -> None:
    answer = guest.ask()
    assert answer.headers["location"] == "/portal/code"
    code = guest.secrets().code
    spaced = f" {code[:3]} {code[3:]} "
    assert "Signed in as Annabel" in guest.follow(guest.press("/portal/code", code=spaced))


def test_the_code_is_for_the_browser_that_asked(guest: Guest) -> None:
    guest.ask()
    code = guest.secrets().code
    other = Guest(guest.site, guest.clock)
    other.ask("nobody@example.org")
    assert other.press("/portal/code", code=code).status_code == 400
    assert not inside(other)
    assert Guest(guest.site, guest.clock).get("/portal/code").headers["location"] == "/portal"


def test_after_five_wrong_codes_the_right_one_is_none(guest: Guest) -> None:
    guest.ask()
    code = guest.secrets().code
    assert guest.press("/portal/code", code="12 34").status_code == 400  # no code at all: not counted
    for n in range(5):
        wrong = guest.press("/portal/code", code=f"{(int(code) + 1 + n) % 1_000_000:06}")
        assert (wrong.status_code, "wrong or too old" in wrong.text) == (400, True)
    assert guest.press("/portal/code", code=code).status_code == 400
    assert not inside(guest)


def test_a_link_works_once(guest: Guest) -> None:
    guest.ask()
    token = guest.secrets().token
    other = Guest(guest.site, guest.clock)
    form = guest.get("/portal/open", token=token).text
    guest.follow(guest.post("/portal/open", form))
    again = other.press(f"/portal/open?token={token}")
    assert (again.status_code, "not valid any more" in again.text) == (410, True)
    assert guest.follow(guest.post("/portal/open", form)).count(
        "Signed in as Annabel"
    )  # a second click is no matter


def test_the_code_is_used_up_by_the_link(guest: Guest) -> None:
    guest.ask()
    secrets = guest.secrets()
    Guest(guest.site, guest.clock).press(f"/portal/open?token={secrets.token}")
    assert guest.press("/portal/code", code=secrets.code).status_code == 400


def test_what_is_no_link_opens_nothing(guest: Guest) -> None:
    for token in ("", "nonsense", "x" * 43, "ä\x00", "'; --"):
        shown = guest.get("/portal/open", token=token)
        assert guest.post("/portal/open", shown.text).status_code == 410


def test_a_link_is_over_after_half_an_hour(guest: Guest) -> None:
    guest.ask()
    secrets = guest.secrets()
    guest.clock.later(minutes=31)
    assert guest.press(f"/portal/open?token={secrets.token}").status_code == 410
    assert guest.press("/portal/code", code=secrets.code).status_code == 400


def test_an_invitation_opens_the_portal(guest: Guest) -> None:  # PORTAL-08
    guest.write("UPDATE client SET portal_state = 'none' WHERE id = ?", ANN)
    invites.invite(guest.site.database, ANN, clock=guest.clock)
    token = guest.secrets("portal_invite").token
    guest.clock.later(days=3)
    assert "Signed in as Annabel" in guest.follow(guest.press(f"/portal/open?token={token}"))
    assert guest.rows("client")[0]["portal_state"] == "accepted"


def test_known_and_unknown_addresses_see_the_same(guest: Guest) -> None:
    guest.write("UPDATE client SET portal_state = 'none' WHERE id = ?", BOB)
    seen = []
    for email in ("annabel@example.org", "bobby@example.org", "nobody@example.org"):
        browser = Guest(guest.site, guest.clock)
        answer = browser.ask(email)
        page = browser.get(answer.headers["location"]).text
        wrong = browser.press("/portal/code", code="000000")
        plain = [re.sub(r'name="form" value="[^"]+"', "", text) for text in (page, wrong.text)]
        cookies = sorted(re.sub("=.*", "", cookie) for cookie in answer.headers.get_list("set-cookie"))
        seen.append((answer.status_code, answer.headers["location"], plain, wrong.status_code, cookies))
        assert email not in page
    assert seen[0] == seen[1] == seen[2]
    assert [row["kind"] for row in guest.rows("outbox_email")] == ["sign_in"]


def test_three_letters_in_a_quarter_of_an_hour(guest: Guest) -> None:
    guest.another_site()
    for email in ("annabel@example.org", "nobody@example.org"):
        assert [guest.ask(email).status_code for _ in range(4)] == [303, 303, 303, 429]
    assert "annabel@example.org" in guest.ask().text  # nothing typed is lost


def test_what_is_no_address_is_said_at_once(guest: Guest) -> None:
    for typed, words in (("", "Enter your e-mail address"), ("annabel", "such as name@example.com")):
        answer = guest.ask(typed)
        assert (answer.status_code, words in answer.text) == (400, True)
    assert guest.rows("outbox_email") == []


def test_without_mail_nobody_signs_in(guest: Guest) -> None:
    guest.another_site(mail=False, contact="hello@example.org")
    page = guest.get("/portal").text
    assert "mailto:hello@example.org" in page
    assert '<form method="post"' not in page
    assert guest.client.post("/portal", data={"email": "annabel@example.org"}).status_code == 409


def test_a_session_ends_after_half_an_hour_of_quiet(guest: Guest) -> None:
    guest.enter()
    for _ in range(3):
        guest.clock.later(minutes=29)
        assert inside(guest)
    guest.clock.later(minutes=31)
    assert "signed out, since some time has passed" in guest.get("/portal").text
    assert not guest.client.cookies.get("portal")


def test_a_session_ends_after_twelve_hours(guest: Guest) -> None:
    guest.enter()
    for _ in range(24):
        guest.clock.later(minutes=29)
        assert guest.client.head("/portal/past").status_code == 200
    guest.clock.later(minutes=29)
    assert guest.client.head("/portal/past").status_code == 303


def test_signing_out_ends_the_session_for_good(guest: Guest) -> None:
    home = guest.sign_in()
    cookie = guest.client.cookies["portal"]
    assert guest.get("/portal/leave").status_code == 405
    assert "You are signed out." in guest.follow(guest.post("/portal/leave", home))
    guest.client.cookies.set("portal", cookie)
    assert not inside(guest)


def test_another_client_in_the_same_browser_ends_the_session_before(guest: Guest) -> None:
    home = guest.sign_in()
    cookie = guest.client.cookies["portal"]
    assert "Signed in as Bobby" in guest.sign_in("bobby@example.org")
    earlier = Guest(guest.site, guest.clock)
    earlier.client.cookies.set("portal", cookie)
    assert not inside(earlier)
    guest.post("/portal/reminders", home)  # a page of the client before is no form of this one
    assert all(row["unsubscribed_at"] is None for row in guest.rows("client"))


def test_a_revoked_client_is_out_at_once(guest: Guest) -> None:
    home = guest.sign_in()
    guest.ask()
    token = guest.secrets().token
    guest.revoke()
    assert guest.post("/portal/reminders", home).headers["location"] == "/portal"
    assert all(row["unsubscribed_at"] is None for row in guest.rows("client"))
    assert not inside(guest)
    assert guest.press(f"/portal/open?token={token}").status_code == 410


def test_an_archived_client_is_out_at_once(guest: Guest) -> None:
    guest.enter()
    guest.write("UPDATE client SET state = 'archived' WHERE id = ?", ANN)
    assert not inside(guest)


def test_the_cookie_is_for_this_host_and_for_no_script(guest: Guest) -> None:
    guest.another_site(https=True)
    browser = guest.another(base_url="https://testserver")
    guest.client = browser
    guest.ask()
    answer = guest.press(f"/portal/open?token={guest.secrets().token}")
    (cookie,) = (text for text in answer.headers.get_list("set-cookie") if text.startswith("__Host-portal="))
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"httponly", "secure", "samesite=lax", "path=/"}  # no age: it ends with the browser


def test_nobody_sees_anything_without_a_session(guest: Guest) -> None:
    for path in PAGES[1:]:
        answer = guest.client.get(path)
        assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/portal", ""), path


def test_pages_are_kept_by_nobody_and_name_nobody(guest: Guest) -> None:
    guest.ask()
    doors = [guest.client.get(path) for path in DOORS]
    guest.enter()
    for answer in (*doors, *(guest.client.get(path) for path in PAGES)):
        assert answer.status_code == 200, answer.url
        (title,) = re.findall("<title>(.*)</title>", answer.text)
        assert "Annabel" not in title
        assert "Sample" not in answer.text
        assert "Bobby" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", answer.text)
        assert not re.search(r'(?:src|action)="(?:https?:)?//', answer.text)


def test_somebody_elses_session_is_like_none(guest: Guest) -> None:
    guest.enter()
    mine = guest.get(f"/portal/session/{key(4)}/cancel").text
    fields = {
        "form": re.findall(r'name="form" value="([^"]+)"', mine)[1], "at": "2026-03-12T14:00Z", "rating": "3",
        "heard": "3",
    }  # fmt: skip
    for what in ("cancel", "move", "move/details?at=2026-03-12T14:00Z", "feedback"):
        keys = (key(6), key(999), "x", "' or 1=1")
        shown = {guest.client.get(f"/portal/session/{uid}/{what}").text for uid in keys}
        assert len(shown) == 1
        assert "There is no such page" in shown.pop()
        path = what.partition("?")[0]
        sent = [guest.client.post(f"/portal/session/{uid}/{path}", data=fields) for uid in keys]
        assert {answer.status_code for answer in sent} == {405 if what == "move" else 404}
        assert len({answer.text for answer in sent}) == 1
    assert guest.rows("appointment")[5]["status"] == "scheduled"
    assert guest.rows("booking_request") == []


def test_somebody_elses_request_is_like_none(guest: Guest) -> None:  # REQ-11
    guest.write("UPDATE practice SET confirm_portal = 'request'")
    bob = Guest(guest.site, guest.clock)
    bob.enter(BOB)
    bob.press("/portal/book/details?for=2&at=2026-03-12T14:00Z")
    (link,) = re.findall(r'href="(/portal/request/\w+/withdraw)"', bob.get("/portal").text)
    guest.enter()
    home = guest.get("/portal").text
    assert guest.get(link).status_code == 404
    form = {"form": re.findall(r'name="form" value="([^"]+)"', home)[0]}
    assert guest.client.post(link, data=form).status_code == 404
    assert [row["status"] for row in guest.rows("booking_request")] == ["pending"]


def test_forms_are_for_one_browser_and_one_client(guest: Guest) -> None:
    guest.sign_in()
    path = f"/portal/session/{key(4)}/cancel"
    page = guest.get(path).text
    twin = Guest(guest.site, guest.clock)
    twin.sign_in()
    assert twin.post(path, page).status_code == 400
    assert guest.client.post(path, data={"form": ""}).status_code == 400
    assert guest.client.post(path, data={"form": "x"}, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    guest.clock.later(hours=2, seconds=5)
    guest.sign_in()
    late = guest.post(path, page)
    assert (late.status_code, "open for a long time" in late.text) == (400, True)
    assert guest.rows("appointment")[3]["status"] == "scheduled"


def test_looking_changes_nothing(guest: Guest) -> None:
    guest.enter()
    before = [
        guest.rows(table) for table in ("appointment", "booking_request", "client", "outbox_email", "feedback")
    ]
    for path in (*PAGES, *DOORS):
        guest.client.get(path)
        guest.client.head(path)
    after = [
        guest.rows(table) for table in ("appointment", "booking_request", "client", "outbox_email", "feedback")
    ]
    assert before == after

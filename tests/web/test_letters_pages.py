"""The pages that letters link to: one session, and the end of reminders. Looking at them changes nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from couchcal.mail import words
from couchcal.practice import appointments, client_changes, door, invites, letters
from couchcal.store.records import Appointment, Client
from couchcal.store.session import write_session
from couchcal.web.app import create_app
from couchcal.web.site import Site
from couchcal.web.words import say
from tests.mail.desk import EMAIL, SITE, Desk
from tests.mail.post import Post, running
from tests.support.database import everything
from tests.support.practice import furnished_practice
from tests.web.conftest import Now
from tests.web.portal import ANN, PUBLIC, VIDEO, Guest, at, furnish_portal

_LINK = re.compile(r"https://book\.example\.org[^\s\"<>]*")


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    clock = Now()
    database = furnished_practice(tmp_path, furnish_portal)
    yield Guest(Site(database, mail=True, clock=clock, public_url=PUBLIC), clock)
    database.dispose()


def token_of(guest: Guest, row_id: int) -> str:
    """The link of a letter about an appointment."""
    with write_session(guest.site.database, "Told", clock=guest.clock) as session:
        row = session.get_one(Appointment, row_id)
        client = session.exec(select(Client).where(Client.id == row.client_id)).one()
        letters.queue(session, "booking_confirmed", client=client, appointment=row, facts={"for": row_id})
    return guest.secrets("booking_confirmed").token


def state(guest: Guest) -> dict[str, list[tuple[Any, ...]]]:
    with guest.site.reading() as connection:
        return everything(connection)


# The link to one session


def test_the_session_in_the_clients_own_zone(guest: Guest) -> None:  # TZ-01, VIS-02
    guest.write("UPDATE client SET tz = 'Europe/Paris' WHERE id = ?", ANN)
    token = token_of(guest, 4)
    page = guest.get("/manage", token=token).text
    assert "Tuesday 10 March 2026, 20:00 to 20:50" in page
    assert "Paris time; 15:00 in New York time" in page
    assert "7 Willow Lane" in page
    assert f'href="/manage/move?token={token}"' in page
    assert f'href="/manage/cancel?token={token}"' in page
    assert not re.search("Annabel|Sample|annabel@|90834|/portal/leave", page)


def test_by_video_there_is_the_link_to_join(guest: Guest) -> None:  # VID-02
    page = guest.get("/manage", token=token_of(guest, 5)).text
    assert f'href="{VIDEO}"' in page
    assert "Join by video" in page


def test_cancelling_asks_first_and_can_be_left(guest: Guest) -> None:  # PORTAL-04, CXL-06
    token = token_of(guest, 4)
    before = state(guest)
    page = guest.get("/manage/cancel", token=token).text
    assert [label in page for label in ("Cancel session", "Keep session")] == [True, True]
    assert f'href="/manage?token={token}"' in page
    assert state(guest) == before
    answer = guest.press(f"/manage/cancel?token={token}", reason="I am ill")
    done = guest.follow(answer)
    assert "Your session on Tuesday 10 March 2026, 15:00 is cancelled" in done
    assert "This session is cancelled" in done
    (row,) = guest.rows("cancellation")
    assert (row["appointment_id"], row["type"], row["cancelled_by"]) == (4, "other", "client")
    assert row["reason"] == "I am ill"
    told = [mail["kind"] for mail in guest.rows("outbox_email") if mail["to_practitioner"]]
    assert told == ["cancelled_by_client"]
    again = guest.get("/manage", token=token)
    assert (again.status_code, "This session is cancelled" in again.text) == (410, True)
    assert "15:00" not in again.text


def test_too_late_says_so_and_has_no_buttons(guest: Guest) -> None:  # CXL-06, INV-B6
    token = token_of(guest, 3)
    page = guest.get("/manage", token=token).text
    assert say("why_late", hours=24) in page
    assert "/manage/cancel" not in page
    assert "/manage/move" not in page
    refused = guest.get("/manage/cancel", token=token)
    assert say("why_late", hours=24) in refused.text
    assert "<button" not in refused.text


def test_the_last_moment_is_in_time(guest: Guest) -> None:  # INV-B6: elapsed hours, inclusive
    token = token_of(guest, 4)
    guest.clock.now = at("2026-03-09 15:00")
    assert "/manage/cancel" in guest.get("/manage", token=token).text
    guest.clock.later(seconds=1)
    assert "/manage/cancel" not in guest.get("/manage", token=token).text


def test_moving_ends_the_link_and_the_next_letter_has_another(guest: Guest) -> None:  # C-07, PORTAL-03, INV-B5
    guest.write("UPDATE client SET tz = 'Europe/Paris' WHERE id = ?", ANN)
    token = token_of(guest, 4)
    choose = guest.get("/manage/move", token=token, day="2026-03-12").text
    slot = next(unescape(link) for link in re.findall(r'class="slot" href="([^"]+)"', choose))
    assert f"token={token}" in slot
    assert slot.startswith("/manage/move/details?")
    check = guest.get(slot).text
    answer = guest.post("/manage/move/details", check)
    done = guest.follow(answer)
    assert "Your session is moved to Thursday 12 March 2026, 14:00." in done  # 9:00 in New York
    assert "Times are in Paris time." in done
    assert "a new link" in done
    assert guest.starts()[-1:] == ["03-17 15:00"]
    assert "03-12 09:00" in guest.starts()
    over = guest.get("/manage", token=token)
    assert (over.status_code, "not valid any more" in over.text) == (410, True)
    renewed = guest.secrets("rescheduled").token
    assert "14:00 to 14:50" in guest.get("/manage", token=renewed).text


def test_a_wish_to_move_leaves_the_link_as_it_is(guest: Guest) -> None:  # C-06
    guest.write("UPDATE practice SET confirm_portal = 'request'")
    guest.write("UPDATE event_type SET confirm = NULL")
    token = token_of(guest, 4)
    check = guest.get("/manage/move/details", token=token, at="2026-03-12T14:00Z").text
    done = guest.follow(guest.post("/manage/move/details", check))
    assert "It stays as it is until the practice answers" in done
    assert f'href="/manage?token={token}"' in done
    assert "03-10 15:00" in guest.starts()
    assert guest.get("/manage", token=token).status_code == 200


def test_a_link_that_is_over_is_told_kindly(guest: Guest) -> None:
    moved, cancelled, been, revoked = (token_of(guest, row_id) for row_id in (4, 5, 3, 5))
    nothing = guest.get("/manage", token="x" * 43)
    assert nothing.status_code == 410
    assert "newest e-mail" in nothing.text
    start = at("2026-03-12 09:00")
    appointments.reschedule(
        guest.site.database, 4, start, start + timedelta(minutes=50), notify=False, clock=guest.clock
    )
    guest.clock.later(hours=7)
    texts = {"been": guest.get("/manage", token=been)}
    appointments.cancel(guest.site.database, 5, "therapist_cancel", clock=guest.clock)
    texts["cancelled"] = guest.get("/manage", token=cancelled)
    guest.revoke()
    texts["revoked"] = guest.get("/manage", token=revoked)
    texts["moved"] = guest.get("/manage", token=moved)
    texts["none"] = guest.get("/manage")
    assert {answer.status_code for answer in texts.values()} == {410}
    assert "This session is over" in texts["been"].text
    assert "This session is cancelled" in texts["cancelled"].text
    assert texts["revoked"].text == texts["moved"].text == texts["none"].text == nothing.text
    for path in ("cancel", "move", "move/details"):
        assert guest.get(f"/manage/{path}", token=moved).text == nothing.text
        assert VIDEO not in texts["cancelled"].text


def test_a_link_opens_its_session_and_nothing_else(guest: Guest) -> None:
    token = token_of(guest, 4)
    guest.get("/manage", token=token)
    assert "Sign in" in guest.get("/portal").text
    assert guest.get("/portal/past").status_code == 303
    assert guest.get("/feed/" + token + ".ics").status_code == 404
    theirs = token_of(guest, 6)
    assert "11 March" in guest.get("/manage", token=theirs).text
    form = guest.get("/manage/cancel", token=token).text
    stolen = guest.post("/manage/cancel", form, token=theirs)  # the form of one session, the link of another
    assert stolen.status_code == 400
    assert guest.rows("cancellation") == []


def test_a_form_of_another_browser_or_site_does_nothing(guest: Guest) -> None:
    token = token_of(guest, 4)
    form = guest.get("/manage/cancel", token=token).text
    other = Guest(guest.site, guest.clock)
    assert other.post("/manage/cancel", form).status_code == 400
    answer = guest.client.post("/manage/cancel", data={"token": token}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert guest.rows("cancellation") == []


def test_no_token_gets_into_the_log(guest: Guest, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "couchcal.web")
    token = token_of(guest, 4)
    guest.get("/manage", token=token)
    guest.client.post(f"/unsubscribe?token={token}")
    assert "GET /manage 200" in caplog.text
    assert token not in caplog.text


# The end of reminders


class Mailed:
    """A desk that sends its letters to a real mail server, and a browser at the site they link to."""

    def __init__(self, directory: Path, port: int, post: Post) -> None:
        self.desk, self.post = Desk(directory, port), post

    def browser(self) -> TestClient:
        """A browser without a cookie, at a server that has counted nothing yet."""
        site = Site(self.desk.database, mail=True, clock=self.desk.now, public_url=SITE)
        return TestClient(create_app(site), base_url=SITE, follow_redirects=False)

    def reminder(self) -> EmailMessage:
        """A reminder as it arrives."""
        self.desk.reminders_on()
        self.desk.book(2)
        self.desk.wait(minutes=91)
        self.desk.remind()
        return self.post.messages[-1]

    def unsubscribed(self) -> Any:
        return self.desk.value("SELECT unsubscribed_at FROM client WHERE id = ?", self.desk.client)

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        with closing(self.desk.database.connect()) as connection:
            return everything(connection)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, Post]]:
    post = Post()
    with running(post) as port:
        yield port, post


@pytest.fixture
def mailed(tmp_path: Path, server: tuple[int, Post]) -> Iterator[Mailed]:
    port, post = server
    post.messages.clear()
    found = Mailed(tmp_path, port, post)
    yield found
    found.desk.database.dispose()


def links_of(message: EmailMessage) -> list[str]:
    """Every address in a message, its headers among them, as programs find them."""
    parts = (part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
    texts = [*(str(value) for value in message.values()), *(unescape(part.replace("\r\n ", "")) for part in parts)]
    return sorted({link for text in texts for link in _LINK.findall(text)})


def test_one_click_of_a_mail_program(mailed: Mailed) -> None:  # REM-05, RFC 8058
    message = mailed.reminder()
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message["List-Unsubscribe"].strip("<>")
    assert address.startswith(f"{SITE}/unsubscribe?token=")
    assert address in links_of(message)
    answer = mailed.browser().post(
        address, content=b"List-Unsubscribe=One-Click",
        headers={
            "content-type": "application/x-www-form-urlencoded", "origin": "https://mail.example",
            "sec-fetch-site": "cross-site",
        },
    )  # fmt: skip
    assert answer.status_code == 200
    assert mailed.unsubscribed() == mailed.desk.seconds()
    before = mailed.state()
    mailed.desk.wait(hours=1)
    files = {"List-Unsubscribe": (None, "One-Click")}  # RFC 8058 3.1: as multipart/form-data, too
    assert mailed.browser().post(address, files=files).text == answer.text
    assert mailed.state() == before  # done twice it is done
    mailed.desk.book(2)
    mailed.desk.wait(minutes=91)
    mailed.desk.remind()
    assert len(mailed.post.messages) == 1


@pytest.mark.parametrize("headers", [{"content-type": "multipart/form-data; boundary=x"}, {}])
def test_a_body_that_is_nothing_does_as_well(mailed: Mailed, headers: dict[str, str]) -> None:
    address = mailed.reminder()["List-Unsubscribe"].strip("<>")
    assert mailed.browser().post(address, content=b"\xff" * 9_000, headers=headers).status_code == 200
    assert mailed.unsubscribed() is not None


def test_a_body_without_end_is_not_read_to_it(mailed: Mailed) -> None:
    address = mailed.reminder()["List-Unsubscribe"].strip("<>")
    assert mailed.browser().post(address, content=b"\xff" * 40_000).status_code == 413
    assert mailed.unsubscribed() is None


def test_a_person_presses_the_button(mailed: Mailed) -> None:  # REM-05
    address = mailed.reminder()["List-Unsubscribe"].strip("<>")
    browser = mailed.browser()
    shown = browser.get(address).text
    assert "Stop reminders" in shown
    assert mailed.unsubscribed() is None
    (action,) = re.findall(r'<form method="post" action="([^"]+)">', shown)
    done = browser.post(unescape(action))
    assert (done.status_code, "Reminders are off" in done.text) == (200, True)
    assert mailed.unsubscribed() is not None


def test_every_token_gets_the_same_answer(mailed: Mailed) -> None:
    address = mailed.reminder()["List-Unsubscribe"].strip("<>")
    browser = mailed.browser()
    known = browser.post(address)
    for other in (f"{address}x", f"{SITE}/unsubscribe", f"{SITE}/unsubscribe?token=%00%F0%9F%92%A9"):
        answer = browser.post(other)
        assert (answer.status_code, answer.text) == (known.status_code, known.text)


def test_no_other_token_ends_reminders(mailed: Mailed) -> None:
    address = mailed.reminder()["List-Unsubscribe"].strip("<>")
    mailed.desk.write("UPDATE portal_token SET purpose = 'manage'")
    assert mailed.browser().post(address).status_code == 200
    assert mailed.unsubscribed() is None


# Programs that look at mail


def all_letters(mailed: Mailed) -> list[EmailMessage]:
    """One letter of each kind there is, sent: to clients, to the practitioner, and a reminder."""
    desk = mailed.desk
    desk.write("UPDATE practice SET slug = 'quiet-room'")
    request = desk.request()
    desk.wait(hours=2)
    reminder_at, row = desk.book(0.7), desk.book(48)
    for kind in ("booking_confirmed", "request_accepted", "rescheduled", "cancelled_by_practitioner"):
        desk.queue(kind, row)
    for kind in ("request_received", "request_declined", "request_expired"):
        desk.queue(kind, request=request)
    for kind in words.TO_PRACTITIONER:
        desk.queue(kind, row, practitioner=True, facts={"day": "2026-03-04"})
    unverified = desk.request(
        client_id=None, status="unverified", hold_until=desk.clock + timedelta(minutes=20), email="dee@example.org"
    )
    desk.queue("request_verify", request=unverified, recipient="dee@example.org", facts={"request": unverified})
    door.sign_in(desk.database, EMAIL, clock=desk.now)
    new = client_changes.add(desk.database, "Ann New", email="ann@example.org", clock=desk.now).id
    invites.invite(desk.database, new, clock=desk.now)
    desk.send()
    desk.reminders_on()
    desk.wait(minutes=12)
    desk.remind()
    assert desk.rows("SELECT kind, error FROM outbox_email WHERE state <> 'sent'") == []
    assert desk.rows("SELECT state FROM reminder WHERE appointment_id = ?", reminder_at) == [("sent",)]
    return mailed.post.messages


def test_a_program_that_follows_every_link_of_every_letter_changes_nothing(mailed: Mailed) -> None:
    messages = all_letters(mailed)
    kinds = len(words.TO_CLIENT) + len(words.TO_PRACTITIONER)
    assert len(messages) == kinds + 1
    found = sorted({link for message in messages for link in links_of(message)})
    paths = {link.removeprefix(SITE).partition("?")[0] for link in found}
    assert paths == {"/manage", "/unsubscribe", "/verify", "/portal", "/portal/open", "/book/quiet-room"}
    assert len([link for link in found if "?token=" in link]) == 7  # each letter has a link of its own
    before = mailed.state()
    for link in (*found, *found):
        browser = mailed.browser()
        for answer in (browser.get(link), browser.head(link), browser.get(link)):
            assert answer.status_code == 200, link
    assert mailed.state() == before

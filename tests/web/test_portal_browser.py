"""The portal in a real browser: without scripts, by keyboard, on a phone, and for barriers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from tests.web.portal import ANN, SESSIONS, Guest, key, portal_guest
from tests.web.serving import CHROMIUM, launched, no_barriers, serving
from tests.web.test_portal import DOORS, PAGES

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.xdist_group("browser"),
]
NAME = "(e => (e.labels?.[0] || e).textContent.replace(/\\s+/g, ' '))(document.activeElement)"
PHONE = {"width": 360, "height": 740}


class Portal(NamedTuple):
    """A practice and the address of its server."""

    guest: Guest
    origin: str


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with portal_guest(tmp_path) as guest, serving(guest.site) as origin:
        yield Portal(guest, origin)


def opened(browser: Browser, portal: Portal, *, inside: bool = True, **options: Any) -> Page:
    """A fresh browser, signed in as Ann."""
    options = {"timezone_id": "America/New_York", "locale": "en-US", "base_url": portal.origin, **options}
    context = browser.new_context(**options)
    if inside:
        context.add_cookies([{"name": "portal", "value": SESSIONS[ANN], "url": portal.origin}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto("/portal")
    return page


def test_in_and_out_and_all_that_is_between_on_a_phone_without_scripts(browser: Browser, portal: Portal) -> None:
    # PORTAL-03 to PORTAL-06
    page = opened(browser, portal, inside=False, java_script_enabled=False, viewport=PHONE)
    page.get_by_label("E-mail").fill("annabel@example.org")
    page.get_by_role("button", name="Send me the link").click()
    page.get_by_label("Code").fill(portal.guest.secrets().code)
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Your sessions"
    page.get_by_role("link", name="Move the session on Tuesday, March 10").click()
    page.get_by_role("link", name="Thursday, March 12").click()
    page.get_by_role("link", name="10:00 am", exact=True).click()
    page.get_by_role("button", name="Move session").click()
    assert "is moved to Thursday, March 12, 2026, 10:00 am." in page.get_by_role("status").inner_text()
    page.reload()
    page.get_by_role("link", name="Cancel the session on Tuesday, March 17").click()
    page.get_by_role("link", name="Keep session").click()
    page.get_by_role("link", name="Cancel the session on Tuesday, March 17").click()
    page.get_by_label("Would you like to say why?").fill("A holiday")
    page.get_by_role("button", name="Cancel session").click()
    page.get_by_role("link", name="Book a session").click()
    page.get_by_role("link", name="Short").click()
    page.get_by_role("link", name="Monday, March 16").click()
    page.get_by_role("link", name="2:00 pm", exact=True).click()
    page.get_by_role("button", name="Book this time").click()
    assert "You are booked: Monday, March 16, 2026, 2:00 pm" in page.get_by_role("status").inner_text()
    assert portal.guest.starts()[2:] == ["03-03 16:00", "03-12 10:00", "03-16 14:00"]
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Sign in"
    page.go_back()
    assert "Tuesday, March 3" not in page.inner_text("main")  # nothing is kept by the browser
    page.context.close()


def test_in_by_the_link_in_another_browser_and_cancel_by_keyboard(browser: Browser, portal: Portal) -> None:
    portal.guest.ask()
    page = opened(browser, portal, inside=False)
    page.goto(f"/portal/open?token={portal.guest.secrets().token}")

    def tab_to(words: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if words in (page.evaluate(NAME) or ""):
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(words)

    def go(words: str, title: str) -> None:
        tab_to(words)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.title().startswith(title)

    go("Open the portal", "Your sessions")
    go("Cancel the session on Tuesday, March 10", "Cancel this session?")
    tab_to("Would you like to say why?")
    page.keyboard.type("A cold")
    go("Cancel session", "Your sessions")
    assert page.evaluate("document.activeElement.id") == "told"  # a reader of the screen hears what was done
    go("How was your session on", "How was your session?")
    tab_to("1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    tab_to("1")
    page.keyboard.press("ArrowLeft")
    go("Send", "Your sessions")
    (row,) = portal.guest.rows("feedback")
    assert (row["rating"], row["heard"]) == (3, 5)
    assert [row["reason"] for row in portal.guest.rows("cancellation")] == ["A cold"]
    page.context.close()


def test_times_are_in_the_zone_of_the_clients_computer(browser: Browser, portal: Portal) -> None:  # TZ-01
    page = opened(browser, portal, timezone_id="Europe/Paris")
    page.wait_for_url("**zone=Europe*")
    assert "8:00 pm to 8:50 pm" in page.inner_text("main")
    page.goto(f"/portal/session/{key(4)}/move")
    assert page.locator("#zone").input_value() == "Europe/Paris"
    page.context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_and_nothing_is_blocked(browser: Browser, portal: Portal, width: int) -> None:
    page = opened(browser, portal, viewport={"width": width, "height": 740})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in (*PAGES, "/portal/open?token=x"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        small = page.evaluate(
            "[...document.querySelectorAll('.button, .slot, .free, .card, button, input, select, nav a, .tool a')]"
            ".filter(e => e.type !== 'hidden').map(e => e.getBoundingClientRect())"
            ".filter(r => r.width < 24 || r.height < 24).length"
        )
        assert small == 0, path  # WCAG 2.2, 2.5.8
    assert said == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_that_a_machine_finds(
    browser: Browser, portal: Portal, scheme: str, request: pytest.FixtureRequest
) -> None:
    script = request.config.getoption("--axe")
    if not script:
        pytest.skip("needs --axe")
    page = opened(browser, portal, color_scheme=scheme, bypass_csp=True, inside=False)
    for path in DOORS:
        page.goto(path)
        no_barriers(page, script)
    page.goto("/portal")
    page.get_by_role("button", name="Send me the link").click()
    no_barriers(page, script)
    page.get_by_label("E-mail").fill("annabel@example.org")
    page.get_by_role("button", name="Send me the link").click()
    page.get_by_role("button", name="Sign in").click()
    no_barriers(page, script)
    page.context.add_cookies([{"name": "portal", "value": SESSIONS[ANN], "url": portal.origin}])
    for path in PAGES:
        page.goto(path)
        no_barriers(page, script)
    page.get_by_role("button", name="Send").click()
    page.wait_for_selector("#problem")
    no_barriers(page, script)
    page.goto("/portal/calendar")
    page.get_by_role("button", name="Make an address").click()
    page.wait_for_selector("#address")
    no_barriers(page, script)
    portal.guest.write("UPDATE practice SET confirm_portal = 'request'")
    page.goto("/portal/book/details?for=2&at=2026-03-12T14:00Z")
    page.get_by_role("button", name="Ask for this time").click()
    page.wait_for_selector("#told")
    no_barriers(page, script)
    page.get_by_role("link", name="Withdraw").click()
    no_barriers(page, script)
    portal.guest.write("UPDATE practice SET self_scheduling = false")
    for path in ("/portal", "/portal/book"):
        page.goto(path)
        no_barriers(page, script)
    page.context.close()

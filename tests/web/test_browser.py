"""The booking page in a real browser: with and without scripts, by keyboard, on small screens."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from couchcal.web.altcha import Altcha
from couchcal.web.app import create_app
from couchcal.web.limits import Limits
from couchcal.web.site import Site
from tests.support.practice import furnished_practice
from tests.web.conftest import SLUG, Now, Visitor, furnish

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.xdist_group("browser"),
]
WIDTHS = (320, 768, 1280)
NAME = """(e => e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText)(document.activeElement)"""


class Patient(Limits):
    """Nobody is kept waiting."""

    def wait(self, what: Any, *keys: str) -> int:
        """Never."""
        return 0


class Served(Visitor):
    """A practice and the address of its server."""

    origin = ""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Chromium's own sandbox is not there in containers; it opens nothing but our pages here.
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield found
        found.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    clock = Now()
    found = Served(Site(furnished_practice(tmp_path, furnish), mail=True, clock=clock, limits=Patient()), clock)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        found.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(create_app(found.site), log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield found
        server.should_exit = True
        thread.join()
    found.site.database.dispose()


def opened(browser: Browser, served: Served, path: str = "", **options: Any) -> Page:
    """A fresh browser at the booking page; a blank one for what the page itself logs."""
    options = {"timezone_id": "America/New_York", "locale": "en-US", "base_url": served.origin, **options}
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(15_000)
    page.goto(f"/book/{SLUG}{path}")
    return page


def until_a_time(page: Page) -> None:
    """Choose the first talk by video, on the first day that has times."""
    page.get_by_role("link", name="First talk").click()
    page.get_by_role("link", name="By video").click()
    page.get_by_role("link", name="Wednesday, March 4").click()


def send(page: Page, served: Served) -> None:
    """Fill in the form and send it, after as long as people need."""
    page.get_by_label("Your name").fill("Dee New")
    page.get_by_label("E-mail").fill("dee@example.org")
    served.clock.later(seconds=20)
    page.get_by_role("button", name="Book this time").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_visitor_books(browser: Browser, served: Served, scripts: bool) -> None:  # BOOK-03
    page = opened(browser, served, java_script_enabled=scripts)
    until_a_time(page)
    page.get_by_role("link", name="10:30 am").click()
    send(page, served)
    assert page.get_by_role("heading", level=1).inner_text() == "Look into your mail"
    assert "Wednesday, March 4, 2026, 10:30 am" in page.inner_text("main")
    page.reload()
    page.go_back()
    (request,) = served.rows("booking_request")
    assert request["start_utc"] == datetime(2026, 3, 4, 15, 30, tzinfo=UTC).timestamp()
    page.context.close()


def test_with_the_keyboard_alone(browser: Browser, served: Served) -> None:
    page = opened(browser, served)

    def tab_to(words: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            name = page.evaluate(NAME)
            if words in (name or ""):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none"
                return
        raise AssertionError(words)

    def go(words: str, title: str) -> None:
        tab_to(words)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.title().startswith(title)

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    go("First talk", "How would you like")
    go("By video", "Choose a time")
    go(" am", "Your details")
    tab_to("Your name")
    page.keyboard.type("Dee New")
    tab_to("E-mail")
    page.keyboard.type("dee@example.org")
    served.clock.later(seconds=20)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.title().startswith("Look into your mail")
    assert len(served.rows("booking_request")) == 1
    page.context.close()


def test_times_are_in_the_zone_of_the_visitors_computer(browser: Browser, served: Served) -> None:  # BOOK-02, TZ-01
    page = opened(browser, served, "?for=2", timezone_id="Asia/Kabul")
    page.wait_for_url("**zone=Asia*")
    assert page.locator("#zone").input_value() == "Asia/Kabul"
    assert "9:00 pm" in page.locator(".slots").first.inner_text()  # today 11:30 in New York
    page.locator("#zone").select_option("Europe/Paris")
    page.get_by_role("button", name="Show").click()
    assert "5:30 pm" in page.locator(".slots").first.inner_text()
    page.context.close()


def test_without_scripts_the_practices_zone_until_another_is_chosen(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "?for=2", timezone_id="Asia/Kabul", java_script_enabled=False)
    assert "11:30 am" in page.locator(".slots").first.inner_text()
    page.locator("#zone").select_option("Europe/Paris")
    page.get_by_role("button", name="Show").click()
    assert "5:30 pm" in page.locator(".slots").first.inner_text()
    page.context.close()


STEPS = ("", "?for=1", "?for=1&how=in_person", "?for=2&day=2026-03-04", "/details?for=2&at=2026-03-04T14:00Z",
         "/details?for=2&at=2026-03-07T14:00Z", "/nowhere")  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_and_nothing_is_blocked(browser: Browser, served: Served, width: int) -> None:
    page = opened(browser, served, viewport={"width": width, "height": 640})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if "404" not in message.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in STEPS:
        page.goto(f"/book/{SLUG}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        small = page.evaluate(
            "[...document.querySelectorAll('.slot, .free, .card, a.turn, button, input, select')]"
            ".filter(e => !e.closest('.unseen') && e.type !== 'hidden').map(e => e.getBoundingClientRect())"
            ".filter(r => r.width < 24 || r.height < 24).length"
        )
        assert small == 0, path  # WCAG 2.2, 2.5.8
    assert said == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_that_a_machine_finds(
    browser: Browser, served: Served, scheme: str, request: pytest.FixtureRequest
) -> None:
    script = request.config.getoption("--axe")
    if not script:
        pytest.skip("needs --axe")
    page = opened(browser, served, color_scheme=scheme, bypass_csp=True)
    for path in STEPS:
        page.goto(f"/book/{SLUG}{path}")
        check(page, script)
    page.goto(f"/book/{SLUG}/details?for=2&at=2026-03-04T14:00Z")
    served.clock.later(seconds=20)
    page.get_by_role("button", name="Book this time").click()
    page.wait_for_selector("#problem")
    check(page, script)
    send(page, served)
    page.wait_for_url("**/done")
    check(page, script)
    page.goto("/verify?token=x")
    check(page, script)
    page.context.close()


def check(page: Page, script: str) -> None:
    """No violation of WCAG 2.2 AA, or of what is good practice, that axe knows."""
    page.add_script_tag(path=script)
    found = page.evaluate("axe.run(document)")
    broken = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]
    assert broken == [], (page.url, json.dumps(broken, indent=1))
    assert found["passes"]


SLOWEST_WORK_MS = 90_000
"""The work takes a second; on a machine where everything else runs as well, many."""


def test_the_browser_does_the_work_that_keeps_programs_out(browser: Browser, served: Served) -> None:  # BOOK-03
    object.__setattr__(served.site, "altcha", Altcha())
    page = opened(browser, served, "/details?for=2&at=2026-03-04T14:00Z", java_script_enabled=False)
    assert "this form needs JavaScript" in page.inner_text("main")
    page.context.close()
    page = opened(browser, served)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"/book/{SLUG}/details?for=2&at=2026-03-04T14:00Z")
    served.clock.later(seconds=20)
    page.get_by_label("Your name").fill("Dee New")
    page.get_by_label("E-mail").fill("dee@example.org")
    page.get_by_text("Your browser is checked.").wait_for()
    page.get_by_role("button", name="Book this time").click()
    page.wait_for_url("**/done", timeout=SLOWEST_WORK_MS)
    assert page.get_by_role("heading", level=1).inner_text() == "Look into your mail"
    page.goto(f"/book/{SLUG}/details?for=2&at=2026-03-04T16:00Z")
    served.clock.later(seconds=20)
    page.evaluate(  # who is faster than the work is sent on when it is done
        "document.getElementById('name').value = 'Eve New';"
        "document.getElementById('email').value = 'eve@example.org';"
        "document.querySelector('input[name=altcha]').value = '';"
        "document.querySelector('main form button').click()"
    )
    page.wait_for_url("**/done", timeout=SLOWEST_WORK_MS)
    assert len(served.rows("booking_request")) == 2
    assert said == []
    page.context.close()

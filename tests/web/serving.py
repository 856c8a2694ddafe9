"""A real server and a real browser, for what HTTP alone does not show."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from couchcal.web.app import create_app
from couchcal.web.site import Site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser that opens nothing but our pages."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox is not there in containers.
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield found
        found.close()


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """The origin that a site is served at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(site), log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def no_barriers(page: Page, script: str) -> None:
    """No violation of WCAG 2.2 AA, or of what is good practice, that axe knows."""
    page.add_script_tag(path=script)
    found = page.evaluate("axe.run(document)")
    broken = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]
    assert broken == [], (page.url, json.dumps(broken, indent=1))
    assert found["passes"]

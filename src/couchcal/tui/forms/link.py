"""The booking link: shown, copied, as a QR code; and the practitioner's calendar as a feed. BOOK-01."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid
from couchcal.mail import links
from couchcal.practice import feeds
from couchcal.practice.booking_link import LOCAL_ORIGIN, booking_link, feed_since, slug
from couchcal.practice.outcome import Done
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.store.connection import Database
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.link_shown import CodeScreen, FeedAddress
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.plain import plain
from couchcal.tui.qr import Modules, drawn, modules
from couchcal.tui.text import clean

_KEYS = "y copy · Q code alone · f feed · esc close"
_CHROME_ROWS = 5
"""Rows that the frame and the link take of the screen."""
_LOCAL = (
    "This one works on this computer alone. Others reach it once couchcal serve runs behind a proxy with TLS"
    " (couchcal guide booking tells how), and “Page address” in the settings says where."
)


class Known(NamedTuple):
    """What the practice says of its link: its part of it, empty if it has none; since when there is a feed; how
    the practice is called and where its clock is."""

    slug: str
    feed_since: datetime | None
    label: str
    tz: str


def read_known(database: Database) -> Known:
    """Blocks; for a thread worker."""
    with closing(database.connect()) as connection:
        name, label, tz = connection.execute(
            "SELECT name, public_label, tz FROM practice ORDER BY id LIMIT 1"
        ).fetchone()
        return Known(slug(connection), feed_since(connection), label or name, tz)


def suggested(label: str) -> str:
    """`Quiet Rooms & Co.` as a part of an address: `quiet-rooms-co`."""
    return re.sub(r"[^a-z0-9]+", "-", label.casefold()).strip("-")[:40].rstrip("-")


class LinkDialog(Modal[Done]):
    """What clients are given. Without an address of its own the practice is asked for one.

    Args:
        public_url: where others reach the booking page, without a slash at its end; empty if that is not set.
    """

    SIZE = "-wide -link"
    AUTO_FOCUS = "#copy"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False),
        Binding("Q", "code", "Code", show=False),
        Binding("f", "feed", "Feed", show=False),
        Binding("F", "end_feed", "End the feed", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def __init__(self, database: Database, public_url: str, *, clock: Clock = system_clock) -> None:
        super().__init__("Booking link", _KEYS)
        self._database = database
        self._public_url = public_url
        self._clock = clock
        self._known: Known | None = None
        self._code: Modules = []
        self._done: Done | None = None

    def compose_body(self) -> ComposeResult:
        yield Static(id="link", markup=False)
        with Horizontal(id="link-columns"):
            with Vertical(id="link-words"):
                yield Static(id="link-state", markup=False)
                yield Field("Address", Input(id="slug", max_length=64), id="field-slug", long=True)
                yield Button(plain("Copy the link"), id="copy")
                yield Static(id="feed-state", markup=False)
                with Horizontal(id="feed-buttons"):
                    yield Button(plain("Make a feed"), id="feed")
                    yield Button(plain("End it"), id="end-feed", classes="-danger")
            yield Static(id="code", markup=False)

    def on_mount(self) -> None:
        for name in ("#code", "#field-slug", "#end-feed"):
            self.query_one(name).display = False
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """Draw as much of the code as there is room for."""
        self._show_code()

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        try:
            known = await in_thread(self, "read", partial(read_known, self._database))
            if known.slug and self._public_url:
                self._code = await in_thread(self, "code", partial(modules, self._link_of(known)))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        first, self._known = self._known is None, known
        self._show(known)
        if first and not known.slug:
            field = self.query_one("#slug", Input)
            field.value = suggested(known.label)
            field.focus()

    def _link_of(self, known: Known) -> str:
        return booking_link(self._public_url or LOCAL_ORIGIN, known.slug)

    @property
    def _link(self) -> str:
        return self._link_of(self._known) if self._known is not None and self._known.slug else ""

    def _show(self, known: Known) -> None:
        self.query_one("#link", Static).update(plain(self._link, "bold $accent"))
        self.query_one("#link").display = bool(known.slug)
        self.query_one("#field-slug").display = not known.slug
        self.query_one("#copy", Button).display = bool(known.slug)
        if not known.slug:
            state = Content("The practice has no booking link yet. Choose its address; Enter keeps it.")
        elif self._public_url:
            state = Content("Share it, print it, or let people point a camera at it: it leads to your open times.")
        else:
            state = plain(_LOCAL, "$text-warning")
        self.query_one("#link-state", Static).update(state)
        self._show_feed(known)
        self._show_code()

    def _show_feed(self, known: Known) -> None:
        since = known.feed_since
        if since is None:
            words = "none. A phone or another program can subscribe to one, to read it."
        else:
            day = to_local(since, zone_or_utc(known.tz))
            words = f"there is one since {day.day} {day:%b} {day.year}. Its address cannot be shown again."
        feed = Content.assemble(("Your calendar as a feed: ", "bold"), words)
        self.query_one("#feed-state", Static).update(feed)
        self.query_one("#feed", Button).label = plain("Make a feed" if since is None else "New address")
        self.query_one("#end-feed").display = since is not None

    def _show_code(self) -> None:
        code = self.query_one("#code", Static)
        content = None
        if self._code and not self.app.has_class("-ascii"):
            content = drawn(self._code, self.size.height - _CHROME_ROWS, ascii_only=False)
        code.display = content is not None
        if content is not None:
            code.update(content)

    # The link

    @on(Input.Submitted, "#slug")
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        self.write(partial(self._set_slug, event.value.strip()), self._kept)

    def _set_slug(self, text: str) -> Done:
        from couchcal.practice import practice_settings

        if not text:
            raise Invalid("the link needs an address", "such as quiet-room", field="slug")
        return practice_settings.change(self._database, {"slug": text}, clock=self._clock)

    def _kept(self, done: Done) -> None:
        self._done = done
        self.query_one("#copy").focus()
        self._read()

    @on(Input.Changed, "#slug")
    def _typed(self) -> None:
        self.query_one("#field-slug", Field).error("")

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Put the link into the clipboard, by way of the terminal (OSC 52)."""
        if self._link:
            self.app.copy_to_clipboard(self._link)
            self.notify("Copied, where the terminal lets programs copy", markup=False)

    def action_code(self) -> None:
        """Show the code alone, as large as it gets."""
        if self._code:
            self.app.push_screen(CodeScreen(self._link, self._code))
        else:
            self.notify("A code would lead nobody here yet: “Page address” in the settings is empty", markup=False)

    # The feed

    @on(Button.Pressed, "#feed")
    def action_feed(self) -> None:
        """Make a feed; one that is there is asked about first, since its address ends."""
        if self._known is None:
            return
        if self._known.feed_since is None:
            self._make_feed(True)
            return
        question = "A new address ends the one before: what subscribed to it has to be given the new one."
        self.app.push_screen(Confirm("New address", question, "New address", "Leave it"), self._make_feed)

    def _make_feed(self, yes: bool | None) -> None:
        if yes:
            self.write(partial(feeds.make, self._database, clock=self._clock), self._made)

    def _made(self, token: str) -> None:
        self._read()
        self.app.push_screen(
            FeedAddress(links.feed(self._public_url or LOCAL_ORIGIN, token), bool(self._public_url))
        )

    @on(Button.Pressed, "#end-feed")
    def action_end_feed(self) -> None:
        """End the feed, after asking."""
        if self._known is None or self._known.feed_since is None:
            self.notify("There is no feed", markup=False)
            return
        question = "Whatever subscribed to it reads nothing from now on."
        self.app.push_screen(Confirm("End the feed", question, "End it", "Keep it"), self._end_feed)

    def _end_feed(self, yes: bool | None) -> None:
        if yes:
            self.write(partial(feeds.revoke, self._database, clock=self._clock), self._ended)

    def _ended(self, _count: int) -> None:
        self.notify("The feed is ended", markup=False)
        self._read()

    def unwritten(self, error: Exception) -> None:
        if isinstance(error, Invalid) and error.field == "slug":
            self.query_one("#field-slug", Field).error(clean(error.message))
        super().unwritten(error)

    def action_leave(self) -> None:
        """Close with what was changed of the practice."""
        self.dismiss(self._done)

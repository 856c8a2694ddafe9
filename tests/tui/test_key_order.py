"""Keys that arrive in one chunk do what they would do one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual import events
from textual.app import ComposeResult
from textual.keys import key_to_character
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea

from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.client import ClientForm
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.key_order import KeysInOrder
from couchcal.tui.theme import THEMES
from tests.tui.conftest import AppFactory, settle

TOWNS = ("Oslo", "Olten", "Bern", "Berlin")


def burst(pilot: Pilot[None], keys: Iterable[str]) -> None:
    """Hand over keys all at once, as a terminal does that sends them in one chunk."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key_to_character(key) if len(key) > 1 else key))


class Fields(Screen[None]):
    """Fields of every kind that keys go to."""

    CSS = "Input { height: 1; border: none; } TextArea { height: 2; border: none; }"

    def compose(self) -> ComposeResult:
        yield Field("Name", Input(id="name"), id="row-name")
        yield Field("Town", Input(id="town"), id="row-town")
        yield Field(
            "Colour", Pick([("Red", "r"), ("Green", "g"), ("Blue", "b")], "r", id="colour"), id="row-colour"
        )
        yield Field("Size", Choice([("s", "S"), ("m", "M"), ("l", "L")], "s", id="size"), id="row-size")
        yield Field("Notes", TextArea(id="notes"), id="row-notes")
        yield Suggest("#town", lambda text: [town for town in TOWNS if town.lower().startswith(text.lower())])

    def on_input_submitted(self) -> None:
        self.focus_next()


class Small(KeysInOrder[None]):
    """An app of one screen."""

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "couchcal-dark"
        self.push_screen(Fields())


async def typed(keys: list[str], *, at_once: bool) -> tuple[object, ...]:
    app = Small()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        if at_once:
            burst(pilot, keys)
            await _quiet(pilot)
        else:
            for key in keys:
                await pilot.press(key)
        fields = app.screen
        texts = [(field.value, field.cursor_position) for field in fields.query(Input)]
        chosen = [fields.query_one(Pick).value, fields.query_one(Choice).value, fields.query_one(TextArea).text]
        focused = app.focused.id if app.focused is not None else None
        return (*texts, *chosen, focused)


async def _quiet(pilot: Pilot[None]) -> None:
    """Wait until keys that wait for one another are through."""
    for _ in range(2):
        await pilot.pause()
        while pilot.app.message_queue_size:
            await asyncio.sleep(0.002)


KEYS = st.one_of(
    st.sampled_from(["o", "b", "e", "g", "r", "s"]),
    st.sampled_from(["tab", "shift+tab", "backspace", "enter", "left", "right", "home", "down", "escape"]),
)


@settings(max_examples=10, deadline=None)
@given(st.lists(KEYS, max_size=12))
@example([*"jane", "tab", *"ol", "tab", "b", "enter", "tab", "right", "tab", *"so", "shift+tab"])
@example([*"jab", "backspace", *"ne", "enter", *"be", "down", "enter", "x", "shift+tab", "home", "o"])
def test_a_burst_is_as_one_key_after_the_other(keys: list[str]) -> None:
    assert asyncio.run(typed(keys, at_once=True)) == asyncio.run(typed(keys, at_once=False))


async def test_a_key_that_has_to_wait_is_not_overtaken() -> None:
    app = Small()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        burst(pilot, "a")
        app.call_later(lambda: None)  # due between two keys, as what an earlier key brought about may be
        burst(pilot, "bc")
        name = app.screen.query_one("#name", Input)
        while len(name.value) < 3:  # not by the pilot: it puts callbacks of its own into the queue
            await asyncio.sleep(0.002)
        assert name.value == "abc"


async def test_fast_typing_lands_in_the_right_fields_of_the_client_form(make: AppFactory) -> None:
    async with make().run_test(size=(100, 40)) as pilot:
        screen = await settle(pilot)
        form = ClientForm(screen.database, clock=screen.clock)
        await pilot.app.push_screen(form)
        await settle(pilot)
        burst(pilot, [*"Kim", "tab", *"Lo", "tab", *"Kiki"])
        await _quiet(pilot)
        values = [field.value for field in form.query(Input)][:3]
        assert values == ["Kim", "Lo", "Kiki"]


async def test_a_burst_from_the_calendar_through_the_form_to_the_store(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        await screen._build_form()
        burst(pilot, ["n", *"Kim Lo", "tab", "enter", *"90837", "enter"])
        await _quiet(pilot)
        form = app.screen
        assert isinstance(form, AppointmentForm)
        assert form.query_one("#client", Input).value == "+ new client Kim Lo"
        assert form.query_one("#service", Pick).value == "90837"
        burst(pilot, ["tab", *"hj", "ctrl+s"])
        await settle(pilot)
        assert app.screen is screen
    connection = screen.database.connect()
    found = connection.execute(
        "SELECT client.first, appointment.service, group_concat(code, ' ') FROM appointment"
        " JOIN client ON client.id = client_id JOIN appointment_modifier ON appointment_id = appointment.id"
        " WHERE client.last = 'Lo' AND source = 'manual' GROUP BY appointment.id"
    ).fetchall()
    connection.close()
    assert found == [("Kim", "90837", "HJ")]


async def test_a_key_that_opens_a_screen_loses_none_of_those_behind_it(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        burst(pilot, ["g", *"fri", "enter"])
        await settle(pilot)
        assert app.screen is screen
        assert screen.cursor.day.isoformat() == "2026-03-06"
        burst(pilot, ["a", *"wren"])
        await settle(pilot)
        assert app.screen.query_one(Input).value == "wren"
        await pilot.press("escape", "y")
        burst(pilot, ["n", *"kim"])  # the form is not built yet, and reads before it can be filled in
        await settle(pilot)
        assert app.screen.query_one("#client", Input).value == "kim"


async def test_a_screen_that_opens_another_passes_the_keys_on(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        burst(pilot, ["W", "n", *"wren"])
        await settle(pilot)
        assert app.screen.query_one("#client", Input).value == "wren"

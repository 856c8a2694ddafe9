"""Widgets look as Textual's own style sheet has them, whatever is remembered of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widgets import Checkbox, Input, OptionList

from couchcal.tui.app import CouchcalApp
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.field import Field
from couchcal.tui.screens.preferences import PreferencesScreen
from couchcal.tui.stylesheet import QuickStylesheet
from tests.support.demo import clock
from tests.support.practice import make_practice
from tests.tui.conftest import AppFactory, settle
from tests.tui.forms.host import Host
from tests.tui.forms.host import settle as host_settle


def looks(node: DOMNode) -> dict[str, Any]:
    """The styles of a node and of its parts, and what makes it ask for them again."""
    parts = {name: styles.base.get_rules() for name, styles in node._component_styles.items()}
    again = (node._has_hover_style, node._has_focus_within, node._has_order_style, node._has_odd_or_even)
    return {"own": node._css_styles.get_rules(), "parts": parts, "again": again}


def compare(app: CouchcalApp | Host) -> int:
    """Compare every node of all screens with what Textual makes of it; how many there are."""
    assert isinstance(app.stylesheet, QuickStylesheet)
    plain = Stylesheet(variables=app.get_css_variables())
    plain.source = dict(app.stylesheet.source)
    plain.parse()
    nodes: list[DOMNode] = [app]
    for screen in app.screen_stack:
        nodes += screen.walk_children(with_self=True)
    for node in nodes:
        here = looks(node)
        plain.apply(node)
        assert looks(node) == here, node
    return len(nodes)


@pytest.mark.parametrize("theme", ["couchcal-dark", "couchcal-light", "couchcal-ansi"])
async def test_a_form_looks_the_same_in_every_state(make: AppFactory, theme: str) -> None:
    app = make(theme=theme)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        compare(app)
        await pilot.press("j", "enter")
        await settle(pilot)
        assert compare(app) > 60
        for keys in (["tab"], ["shift+tab"], ["down", "down"], ["tab", "tab", "x"], ["ctrl+s"]):
            await pilot.press(*keys)
            await settle(pilot)
            compare(app)
        for field in app.screen.query(Field):
            field.error("no")
        for control in app.screen.query(Checkbox):
            control.disabled = True
        await settle(pilot)
        compare(app)
        await pilot.press("escape")
        await settle(pilot)
        compare(app)


async def test_other_colours_are_other_styles_at_once(tmp_path: Path) -> None:
    modal = PreferencesScreen(make_practice(tmp_path), clock=clock)
    app = Host(modal)
    async with app.run_test(size=(80, 24)) as pilot:
        await host_settle(pilot)
        compare(app)
        before = looks(modal.query_one("#text"))
        app.theme = "couchcal-light"
        await host_settle(pilot)
        compare(app)
        assert looks(modal.query_one("#text")) != before


class Later(OptionList):
    DEFAULT_CSS = "Later { height: 3; } Later:focus > .option-list--option { background: red; } #a { width: 7; }"
    SCOPED_CSS = False


async def test_a_style_that_comes_later_reaches_what_is_there() -> None:
    first = Input(id="a")
    app = Host(Confirm("Sure", "Are you sure?"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.screen.mount(first)
        compare(app)
        await app.screen.mount(Later("one", "two"))
        app.stylesheet.update(app.screen)
        await pilot.pause()
        compare(app)
        assert first.styles.width is not None
        assert first.styles.width.value == 7
